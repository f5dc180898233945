/**
 * The last 10,000 handshakes of the lab, each in a few bytes: when, which connection, how it came out. What can be opened
 * in full is the history's matter; this is for looking back over an hour.
 */
import type { Trace } from '../../components/tls/trace.ts';
import type { Journal } from '../journal.ts';
import { json, type Route } from './route.ts';

const MOST = 10_000;

/** Handshakes, oldest first: one column per property. */
export interface ChronicleTable {
  /** Channel ids, by the numbers below. */
  readonly channels: readonly string[];
  readonly channel: readonly number[];
  /** Real time, milliseconds since the epoch. */
  readonly at: readonly number[];
  /** `ok`, `tls`, `401` …; `unsafe` where it succeeded and should not have. */
  readonly state: readonly string[];
  readonly trace: readonly string[];
}

/** The memory of one dashboard. */
export interface Chronicle {
  table(): ChronicleTable;
  close(): void;
}

interface Entry {
  readonly channel: string;
  readonly atMs: number;
  state: string;
  trace: string;
}

/** Follow a journal from now on; what it holds already comes first. */
export function openChronicle(journal: Journal): Chronicle {
  /** By the ClientHello's random: both halves of a handshake, told several times, are one entry. In order of arrival. */
  const entries = new Map<string, Entry>();

  const record = (trace: Trace): void => {
    if (trace.state === 'open') return;
    const key = trace.clientRandom || trace.id;
    const { layer } = trace.outcome;
    const state = layer === 'ok' && trace.unsafe.length > 0 ? 'unsafe' : layer;
    const known = entries.get(key);
    if (known) {
      known.state = state;
      known.trace = trace.id;
      return;
    }
    entries.set(key, { channel: trace.channel, atMs: trace.startedAtMs, state, trace: trace.id });
    if (entries.size > MOST) entries.delete(entries.keys().next().value ?? '');
  };

  for (const trace of journal.traces()) record(trace);
  const leave = journal.subscribe((event) => event.kind === 'trace' && record(event.trace));
  return {
    table: () => {
      const all = [...entries.values()].sort((one, other) => one.atMs - other.atMs);
      const channels = [...new Set(all.map(({ channel }) => channel))];
      const numbers = new Map(channels.map((id, number) => [id, number]));
      return {
        channels,
        channel: all.map(({ channel }) => numbers.get(channel) ?? 0),
        at: all.map(({ atMs }) => atMs),
        state: all.map(({ state }) => state),
        trace: all.map(({ trace }) => trace),
      };
    },
    close: leave,
  };
}

export const CHRONICLE = {
  'GET /chronicle': async ({ chronicle }) => json(chronicle.table()),
} as const satisfies Record<string, Route>;
