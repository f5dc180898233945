/**
 * Bounded memory of handshakes and events: both halves of each connection joined, the latest outcome of every
 * channel, and who wants to hear of changes.
 *
 * Components tell their host about traces; `cluster.ts` hands them on to here. A trace is told several times
 * (open, done, closed); the newest version replaces the older one.
 */
import type { InstanceId } from '../components/component.ts';
import { joinHalves } from '../components/tls/join.ts';
import type { Trace } from '../components/tls/trace.ts';
import { createRecoveries, type Recoveries } from './recovery.ts';

/** How many joined connections are kept per channel, and over all channels beyond each one's latest. */
const PER_CHANNEL = 8;
const OVERALL = 400;
const EVENTS = 500;
/** How long a client's success waits at most for the half of a server that runs here. */
const OTHER_HALF_MS = 5000;
/** A port is used again by another client after a while: halves that began further apart belong to two connections. */
const SAME_ADDRESSES_MS = 5000;

/** Something that happened to a component. */
export interface ComponentEvent {
  readonly kind: 'started' | 'stopped' | 'failed' | 'reloaded' | 'manifest' | 'suffers' | 'recovered';
  /** Empty for what concerns the cluster as a whole. */
  readonly component: InstanceId;
  /** One sentence. */
  readonly text: string;
  /** Real time, RFC 3339. */
  readonly at: string;
}

/** What observers are told. */
export type JournalEvent =
  | { readonly kind: 'trace'; readonly trace: Trace }
  | { readonly kind: 'component'; readonly event: ComponentEvent };

/** The lab's memory. */
export interface Journal {
  /** A half as a host told it. */
  record(half: Trace): void;
  note(event: Omit<ComponentEvent, 'at'>): void;
  /** The newest decided connection of a channel, both halves joined where both are known. */
  latest(channel: string): Trace | undefined;
  /** Joined connections, oldest first; of one channel when it is given. */
  traces(channel?: string): Trace[];
  /** Whether both sides have decided. */
  isDecided(trace: Trace): boolean;
  /** The same for a handshake that was held until then, milliseconds since the epoch: nobody could decide before. */
  isDecidedSince(trace: Trace, sinceMs: number): boolean;
  find(traceId: string): Trace | undefined;
  events(): readonly ComponentEvent[];
  /** What suffered and is over. */
  readonly recoveries: Recoveries;
  /** @returns a function that ends the subscription */
  subscribe(listener: (event: JournalEvent) => void): () => void;
  /**
   * Whose word about a successful handshake is waited for, because it runs here: a real etcd in its place tells
   * nothing.
   */
  expectServers(runsHere: (server: InstanceId) => boolean): void;
  /** Forget a channel: its client is gone, its old outcome means nothing any more. */
  forget(channel: string): void;
}

interface Entry {
  client: Trace | undefined;
  server: Trace | undefined;
  joined: Trace;
}

/** An empty journal. */
export function createJournal(): Journal {
  const byKey = new Map<string, Entry>();
  const keyOfTrace = new Map<string, string>();
  const channels = new Map<string, string[]>();
  const listeners = new Set<(event: JournalEvent) => void>();
  const events: ComponentEvent[] = [];
  let runsHere = (_server: InstanceId): boolean => false;

  const publish = (event: JournalEvent): void => {
    for (const listener of listeners) listener(event);
  };

  const drop = (key: string): void => {
    const entry = byKey.get(key);
    byKey.delete(key);
    for (const half of [entry?.client, entry?.server]) if (half) keyOfTrace.delete(half.id);
  };

  const file = (key: string, channel: string): void => {
    const keys = channels.get(channel) ?? [];
    if (keys.includes(key)) return;
    for (const [other, list] of channels) {
      if (other !== channel && list.includes(key)) list.splice(list.indexOf(key), 1);
    }
    keys.push(key);
    channels.set(channel, keys);
    while (keys.length > PER_CHANNEL) {
      // A watch that stays open outlives many rounds: it is what goes on after a break.
      const over = keys.findIndex((one) => byKey.get(one)?.joined.state === 'closed');
      drop(keys.splice(Math.max(over, 0), 1)[0] ?? '');
    }
    if (byKey.size > OVERALL + channels.size) dropOldest();
  };

  /** Of two ends on which no ClientHello was seen, known by their addresses; empty while one may come. */
  const sharedKey = (half: Trace): string => {
    const { state, clientAddress, serverAddress } = half;
    if (state === 'open' || clientAddress.port === 0 || serverAddress.port === 0) return '';
    const key = `${clientAddress.address}:${clientAddress.port} ${serverAddress.port}`;
    const entry = byKey.get(key);
    if (entry === undefined) return key;
    const mine = half.client === null ? entry.server : entry.client;
    const near = Math.abs(entry.joined.startedAtMs - half.startedAtMs) < SAME_ADDRESSES_MS;
    return mine?.id === half.id || (mine === undefined && near) ? key : '';
  };

  /** Insertion order is age; a channel's newest stays. */
  const dropOldest = (): void => {
    for (const [key, entry] of byKey) {
      const keys = channels.get(entry.joined.channel);
      if (keys !== undefined && keys.at(-1) === key) continue;
      if (keys) keys.splice(keys.indexOf(key), 1);
      drop(key);
      return;
    }
  };

  const note = (event: Omit<ComponentEvent, 'at'>): void => {
    const full = { ...event, at: new Date().toISOString() };
    events.push(full);
    if (events.length > EVENTS) events.shift();
    publish({ kind: 'component', event: full });
  };

  return {
    record: (half) => {
      const key = half.clientRandom || sharedKey(half) || keyOfTrace.get(half.id) || half.id;
      const early = keyOfTrace.get(half.id);
      const entry: Entry = byKey.get(key) ??
        (early === undefined ? undefined : byKey.get(early)) ?? {
          client: undefined,
          server: undefined,
          joined: half,
        };
      if (early !== undefined && early !== key) {
        byKey.delete(early);
        const keys = channels.get(entry.joined.channel);
        const at = keys?.indexOf(early) ?? -1;
        if (at >= 0) keys?.splice(at, 1);
      }
      if (half.client !== null) entry.client = half;
      else entry.server = half;
      entry.joined = join(entry, half);
      byKey.set(key, entry);
      keyOfTrace.set(half.id, key);
      file(key, entry.joined.channel);
      publish({ kind: 'trace', trace: entry.joined });
    },
    note,
    recoveries: createRecoveries((kind, text) => note({ kind, component: '', text })),
    latest: (channel) => {
      const keys = channels.get(channel) ?? [];
      for (let at = keys.length - 1; at >= 0; at--) {
        const trace = byKey.get(keys[at] ?? '')?.joined;
        if (trace && isDecided(trace, runsHere)) return trace;
      }
      return undefined;
    },
    traces: (channel) =>
      channel === undefined
        ? [...byKey.values()].map((entry) => entry.joined)
        : (channels.get(channel) ?? []).flatMap((key) => byKey.get(key)?.joined ?? []),
    find: (traceId) => {
      const key = keyOfTrace.get(traceId);
      return key === undefined ? undefined : byKey.get(key)?.joined;
    },
    events: () => events,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    expectServers: (test) => {
      runsHere = test;
    },
    isDecided: (trace) => isDecided(trace, runsHere),
    isDecidedSince: (trace, sinceMs) => isDecided(trace, runsHere, sinceMs),
    forget: (channel) => {
      for (const key of channels.get(channel) ?? []) drop(key);
      channels.delete(channel);
    },
  };
}

/**
 * In TLS 1.3 the client holds the handshake for complete before the server has judged it: its word alone counts only
 * when the server's stays away, as a real etcd's does. And a refused client has not learned of it yet when the server
 * tells: a client of the lab's own is waited for, a real kubectl never tells. A server that let a bad client in, as
 * Kubernetes does, has yet to answer 401.
 */
function isDecided(
  { state, channel, client, server, outcome, http, startedAtMs }: Trace,
  runsHere: (server: InstanceId) => boolean,
  sinceMs = startedAtMs,
): boolean {
  if (state === 'open') return false;
  const alone = client !== null && server === null && outcome.layer === 'ok';
  const unlearned = outcome.layer === 'tls' && outcome.by === 'server' && (client?.code ?? null) === null;
  const unanswered = state === 'done' && outcome.layer === 'ok' && server !== null && server.code !== null;
  const [from = '', to = ''] = channel.split('->');
  if (alone ? !runsHere(to) : !(unlearned || (unanswered && http === null)) || from === '?') return true;
  return Date.now() - sinceMs > OTHER_HALF_MS;
}

function join(entry: Entry, fallback: Trace): Trace {
  if (entry.client && entry.server) {
    return joinHalves(entry.client, entry.server);
  }
  return entry.client ?? entry.server ?? fallback;
}
