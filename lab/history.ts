/**
 * What the journal soon forgets: of each connection the runs of handshakes with the same outcome and the same
 * certificates, so that the one before a break can still be opened when a thousand have failed since.
 */
import type { Outcome, Trace } from '../components/tls/trace.ts';
import type { Journal } from './journal.ts';

/** Runs kept per connection, and handshakes kept per run: its first and its newest. */
const RUNS = 12;
const PER_RUN = 5;
/** Kept because somebody looks at them; the first ones that were looked at go. */
const PINNED = 60;
/** Over all connections; the oldest go. */
const OVERALL = 600;

/** Consecutive handshakes that came out alike. */
export interface Run {
  /** All that there were, kept or not. */
  readonly count: number;
  readonly outcome: Outcome;
  /** HTTP status over the finished handshake; null when there was none. */
  readonly status: number | null;
  /** Those that can be opened, newest first, and how many of the run came after each. */
  readonly traces: readonly { readonly trace: Trace; readonly newer: number }[];
}

/** The memory of one lab. */
export interface History {
  /** Newest first. */
  runs(channel: string): readonly Run[];
  /** A handshake by the id of the whole or of either half. */
  find(traceId: string): Trace | undefined;
  /** Keep this one: somebody looks at it. */
  pin(traceId: string): void;
  close(): void;
}

interface Kept {
  trace: Trace;
  readonly run: OpenRun;
  /** Its place in the run, from 1. */
  readonly place: number;
  /** Of the whole and of its halves. */
  readonly ids: Set<string>;
}

interface OpenRun {
  count: number;
  keys: string[];
}

/** Follow a journal, from what it holds now on. */
export function openHistory(journal: Journal): History {
  const kept = new Map<string, Kept>();
  const keyOfId = new Map<string, string>();
  const channels = new Map<string, OpenRun[]>();
  const pinned = new Set<string>();

  const forget = (key: string): void => {
    const entry = kept.get(key);
    kept.delete(key);
    if (!entry) return;
    entry.run.keys = entry.run.keys.filter((one) => one !== key);
    for (const id of entry.ids) keyOfId.delete(id);
  };

  const drop = (run: OpenRun, channel: string): void => {
    const runs = channels.get(channel) ?? [];
    const at = runs.indexOf(run);
    if (at >= 0) runs.splice(at, 1);
  };

  const file = (key: string, trace: Trace): void => {
    const runs = channels.get(trace.channel) ?? [];
    channels.set(trace.channel, runs);
    const last = runs.at(-1);
    const before = last && kept.get(last.keys.at(-1) ?? '')?.trace;
    const run = last && before && isAlike(before, trace) ? last : { count: 0, keys: [] };
    if (run !== last) runs.push(run);
    run.count += 1;
    run.keys.push(key);
    kept.set(key, { trace, run, place: run.count, ids: new Set([trace.id]) });
    keyOfId.set(trace.id, key);
    const [, ...passing] = run.keys.filter((one) => !pinned.has(one));
    if (passing.length >= PER_RUN) forget(passing[0] ?? '');
    while (runs.length > RUNS) for (const old of runs.shift()?.keys ?? []) forget(old);
    if (kept.size > OVERALL) forget(kept.keys().next().value ?? '');
  };

  const record = (trace: Trace): void => {
    if (trace.state === 'open') return;
    const key = trace.clientRandom || trace.id;
    const known = kept.get(key);
    if (!known && (keyOfId.has(trace.id) || seen.has(key))) return;
    remember(key);
    if (known && isAlike(known.trace, trace)) {
      known.trace = trace;
      known.ids.add(trace.id);
      keyOfId.set(trace.id, key);
      return;
    }
    if (known) {
      // The other half has spoken, and it came out otherwise.
      known.run.count -= 1;
      forget(key);
      if (known.run.count === 0) drop(known.run, known.trace.channel);
    }
    file(key, trace);
  };

  /** Handshakes that are not kept any more go on to be told until they close: they must not be counted again. */
  const seen = new Set<string>();
  const remember = (key: string): void => {
    seen.add(key);
    if (seen.size > 4 * OVERALL) seen.delete(seen.values().next().value ?? '');
  };

  for (const trace of journal.traces()) record(trace);
  const leave = journal.subscribe((event) => event.kind === 'trace' && record(event.trace));

  return {
    runs: (channel) =>
      (channels.get(channel) ?? [])
        .map(({ count, keys }) => {
          const traces = keys
            .flatMap((key) => kept.get(key) ?? [])
            .filter(({ trace }) => journal.isDecided(trace))
            .map(({ trace, place }) => ({ trace, newer: count - place }))
            .reverse();
          const first = traces.at(-1)?.trace;
          return first && { count, outcome: first.outcome, status: first.http?.status ?? null, traces };
        })
        .filter((run) => run !== undefined)
        .reverse(),
    find: (traceId) => journal.find(traceId) ?? kept.get(keyOfId.get(traceId) ?? '')?.trace,
    pin: (traceId) => {
      const key = keyOfId.get(traceId);
      if (key === undefined) return;
      pinned.add(key);
      if (pinned.size > PINNED) pinned.delete(pinned.values().next().value ?? '');
    },
    close: leave,
  };
}

/** Whether two handshakes tell the same story: outcome, mode, and the certificates that met. */
function isAlike(one: Trace, other: Trace): boolean {
  return (
    one.channel === other.channel &&
    one.outcome.layer === other.outcome.layer &&
    one.outcome.by === other.outcome.by &&
    one.outcome.code === other.outcome.code &&
    one.outcome.alert?.number === other.outcome.alert?.number &&
    (one.clientAuth ?? other.clientAuth) === (other.clientAuth ?? one.clientAuth) &&
    isSameLeaf(one, other, 'client') &&
    isSameLeaf(one, other, 'server')
  );
}

function isSameLeaf(one: Trace, other: Trace, side: 'client' | 'server'): boolean {
  const [a, b] = [one[side]?.presented[0], other[side]?.presented[0]];
  // What one half has not told yet makes no difference.
  return a === undefined || b === undefined || Buffer.compare(a, b) === 0;
}
