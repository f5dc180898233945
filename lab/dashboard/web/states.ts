/** The closed set of states: shape, words and class of each, safe without colour. */
import type { ChannelState } from '../../channel.ts';

/** How a state looks. */
export interface Look {
  readonly name: string;
  readonly mark: string;
  readonly text: string;
  /** Broken connections come first in lists. */
  readonly rank: number;
}

const LOOKS = {
  tls: { name: 'tls', mark: '✗', text: 'refused in TLS', rank: 0 },
  '401': { name: 's401', mark: '401', text: 'answered 401', rank: 1 },
  '403': { name: 's403', mark: '403', text: 'answered 403', rank: 1 },
  http: { name: 'http', mark: '5xx', text: 'answered with an error', rank: 1 },
  tcp: { name: 'tcp', mark: '⊘', text: 'unreachable', rank: 1 },
  unsafe: { name: 'unsafe', mark: '⚠', text: 'connected, but unsafe', rank: 2 },
  untried: { name: 'untried', mark: '·', text: 'not tried yet', rank: 3 },
  ok: { name: 'ok', mark: '✓', text: 'both accept', rank: 4 },
} as const satisfies Record<string, Look>;

/** How a connection looks now. */
export function lookOf({ layer, unsafe }: ChannelState): Look {
  return layer === 'ok' && unsafe.length > 0 ? LOOKS.unsafe : LOOKS[layer];
}

/** The last part of a host path. */
export function fileName(path: string | null): string {
  return path?.split('/').at(-1) ?? 'no certificate';
}
