/** The shape of a route of the dashboard's server, and the answers that routes give. */
import type { History } from '../history.ts';
import type { Lab } from '../lab.ts';
import type { Chronicle } from './chronicle.ts';
import type { Stepper } from './stepper.ts';

/** What a route is asked with. Nothing in it is ever taken for a path: ids are looked up in tables. */
export interface Ask {
  readonly lab: Lab;
  /** Handshakes, longer than the journal keeps them. */
  readonly history: History;
  readonly chronicle: Chronicle;
  readonly stepper: Stepper;
  readonly query: URLSearchParams;
  /** The JSON body of a POST, at most 16 KiB; null when there is none. */
  readonly body: unknown;
  /** Tell the pages now what the files and the cluster say. */
  changed(): Promise<void>;
}

/** What is sent back. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Uint8Array;
  /** Offer it as a file of this name. */
  readonly fileName?: string;
}

/** One route: `METHOD /path` names it in a table. A LabError becomes 400 with its parts. */
export type Route = (ask: Ask) => Promise<Answer>;

/** A value as JSON. */
export function json(value: unknown, status = 200): Answer {
  return { status, type: 'application/json', body: JSON.stringify(value ?? null) };
}

/** Plain text. */
export function plain(text: string, status: number): Answer {
  return { status, type: 'text/plain', body: text };
}

/** A text of a JSON body; empty when it is not there or no text. */
export function textOf(body: unknown, name: string): string {
  const value =
    typeof body === 'object' && body !== null ? (body as Record<string, unknown>)[name] : undefined;
  return typeof value === 'string' ? value : '';
}
