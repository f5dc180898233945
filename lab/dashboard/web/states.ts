/** The closed set of states: shape, words and class of each, safe without colour. */
import type { ChannelState } from '../../channel.ts';

/** How a state looks. */
export interface Look {
  readonly name: string;
  /** In a list, and on the line unless `badge` says otherwise. */
  readonly mark: string;
  readonly text: string;
  /** What the legend says about its shape. */
  readonly shape: string;
  /** What stands on the line: a round mark, a lozenge with a number, or a drawing. */
  readonly badge: 'round' | 'lozenge' | 'padlock' | 'pause';
  /** Broken connections come first in lists. */
  readonly rank: number;
}

export const LOOKS = {
  ok: {
    name: 'ok',
    mark: '✓',
    text: 'both accept',
    shape: 'whole line',
    badge: 'round',
    rank: 5,
  },
  tls: {
    name: 'tls',
    mark: '✗',
    text: 'refused in TLS',
    shape: 'line cut at the end that refuses',
    badge: 'round',
    rank: 0,
  },
  '401': {
    name: 's401',
    mark: '401',
    text: 'TLS fine, then 401: who are you?',
    shape: 'whole line, the number in a lozenge',
    badge: 'lozenge',
    rank: 1,
  },
  '403': {
    name: 's403',
    mark: '403',
    text: 'TLS fine, then 403: you may not',
    shape: 'whole line, the number in a lozenge',
    badge: 'lozenge',
    rank: 1,
  },
  http: {
    name: 'http',
    mark: '5xx',
    text: 'TLS fine, then a server error',
    shape: 'whole line, the number in a lozenge',
    badge: 'lozenge',
    rank: 1,
  },
  tcp: {
    name: 'tcp',
    mark: '⊘',
    text: 'unreachable',
    shape: 'dotted line',
    badge: 'round',
    rank: 1,
  },
  unsafe: {
    name: 'unsafe',
    mark: '⚠',
    text: 'connected, but unsafe',
    shape: 'double line, open padlock',
    badge: 'padlock',
    rank: 2,
  },
  held: {
    name: 'held',
    mark: '‖',
    text: 'held, step by step',
    shape: 'dashed line',
    badge: 'pause',
    rank: 3,
  },
  untried: {
    name: 'untried',
    mark: '·',
    text: 'not tried yet',
    shape: 'thin line',
    badge: 'round',
    rank: 4,
  },
} as const satisfies Record<string, Look>;

/** How a connection looks now. */
export function lookOf({ layer, unsafe, id }: ChannelState, held: readonly string[] = []): Look {
  if (held.includes(id)) return LOOKS.held;
  return layer === 'ok' && unsafe.length > 0 ? LOOKS.unsafe : LOOKS[layer];
}

/** The mark of a connection, with the number that was answered where it is known. */
export function markOf(channel: ChannelState, look: Look): string {
  return look.name === 'http' && channel.httpStatus !== null ? String(channel.httpStatus) : look.mark;
}

/** The two certificates that met; null where none was shown, as when nobody answered. */
export function metOf(channel: ChannelState): { readonly client: string; readonly server: string } | null {
  const { trace, layer, clientFile, serverFile, clientIdentity } = channel;
  if (trace === null || layer === 'tcp') return null;
  // A program outside the lab tells no file: its certificate has been seen on the wire.
  const client = clientFile === null && clientIdentity ? clientIdentity.cn : fileName(clientFile);
  return { client, server: fileName(serverFile) };
}

/** The last part of a host path. */
export function fileName(path: string | null): string {
  return path?.split('/').at(-1) ?? 'no certificate';
}

/** `10:02:31`, the browser's time. */
export function timeOf(rfc3339: string): string {
  return new Date(rfc3339).toLocaleTimeString('en-GB');
}

/** What is said about an old connection that is still open. */
export function stillOpenText(channel: ChannelState): string | null {
  const { stillOpen } = channel;
  if (stillOpen === null) return null;
  return `open since ${timeOf(stillOpen.since)}${stillOpen.oldCertificate ? ' with the OLD certificate' : ''}; not checked again`;
}
