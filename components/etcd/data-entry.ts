/**
 * What a line of the data file says, and the state that many lines add up to.
 */
import type { Lease } from './leases.ts';
import { FIRST_TERM } from './member.ts';
import type { Change } from './store.ts';

/** One thing that happened. */
export type Entry =
  | { readonly kind: 'start'; readonly term: number }
  | { readonly kind: 'commit'; readonly revision: number; readonly changes: readonly Change[] }
  | { readonly kind: 'compact'; readonly revision: number }
  | { readonly kind: 'lease'; readonly grant: bigint; readonly ttlSeconds: number }
  | { readonly kind: 'lease'; readonly revoke: bigint };

/** Everything that was known when the file was opened. */
export interface Past {
  readonly revision: number;
  /** -1 when there was no compaction. */
  readonly compacted: number;
  /** In order of revision. */
  readonly changes: readonly Change[];
  readonly leases: readonly Lease[];
  /** The term of this start: one more than the last. */
  readonly term: number;
}

/** An entry as JSON: bytes in base64, lease ids as decimal strings. */
export function printEntry(entry: Entry): string {
  switch (entry.kind) {
    case 'start':
      return JSON.stringify({ term: entry.term });
    case 'compact':
      return JSON.stringify({ compact: entry.revision });
    case 'lease':
      return 'grant' in entry
        ? JSON.stringify({ grant: String(entry.grant), ttl: entry.ttlSeconds })
        : JSON.stringify({ revoke: String(entry.revoke) });
    case 'commit':
      return JSON.stringify({ revision: entry.revision, changes: entry.changes.map(printChange) });
  }
}

/** Read what `printEntry` wrote. The line's checksum was right. */
export function parseEntry(text: string): Entry {
  const line = JSON.parse(text) as {
    term?: number;
    compact?: number;
    grant?: string;
    ttl?: number;
    revoke?: string;
    revision?: number;
    changes?: PrintedChange[];
  };
  if (line.term !== undefined) return { kind: 'start', term: line.term };
  if (line.compact !== undefined) return { kind: 'compact', revision: line.compact };
  if (line.grant !== undefined)
    return { kind: 'lease', grant: BigInt(line.grant), ttlSeconds: line.ttl ?? 0 };
  if (line.revoke !== undefined) return { kind: 'lease', revoke: BigInt(line.revoke) };
  return { kind: 'commit', revision: line.revision ?? 0, changes: (line.changes ?? []).map(parseChange) };
}

/** What a list of entries adds up to. */
export function foldEntries(entries: readonly Entry[]): Past {
  const changes: Change[] = [];
  const leases = new Map<bigint, Lease>();
  let revision = 1;
  let compacted = -1;
  let term = FIRST_TERM - 1;
  for (const entry of entries) {
    if (entry.kind === 'start') term = entry.term;
    else if (entry.kind === 'compact') compacted = entry.revision;
    else if (entry.kind === 'commit') {
      revision = entry.revision;
      changes.push(...entry.changes);
    } else if ('grant' in entry) leases.set(entry.grant, { id: entry.grant, ttlSeconds: entry.ttlSeconds });
    else leases.delete(entry.revoke);
  }
  return { revision, compacted, changes, leases: [...leases.values()], term: term + 1 };
}

/**
 * The entries that a state is written down as.
 * @param term  the current term
 */
export function* entriesOf(past: Past): Iterable<Entry> {
  yield { kind: 'start', term: past.term };
  for (const { id, ttlSeconds } of past.leases) yield { kind: 'lease', grant: id, ttlSeconds };
  let at = 0;
  while (at < past.changes.length) {
    const revision = past.changes[at]?.record.mod ?? 0;
    const start = at;
    while (past.changes[at]?.record.mod === revision) at += 1;
    yield { kind: 'commit', revision, changes: past.changes.slice(start, at) };
  }
  // The newest revision may have left nothing behind.
  yield { kind: 'commit', revision: past.revision, changes: [] };
  if (past.compacted > 0) yield { kind: 'compact', revision: past.compacted };
}

interface PrintedChange {
  readonly key: string;
  readonly mod: number;
  readonly create: number;
  readonly version: number;
  readonly value: string;
  readonly lease: string;
}

function printChange({ key, record }: Change): PrintedChange {
  return {
    key: Buffer.from(key, 'latin1').toString('base64'),
    mod: record.mod,
    create: record.create,
    version: record.version,
    value: record.value.toString('base64'),
    lease: String(record.lease),
  };
}

function parseChange(printed: PrintedChange): Change {
  return {
    key: Buffer.from(printed.key, 'base64').toString('latin1'),
    record: {
      mod: printed.mod,
      create: printed.create,
      version: printed.version,
      value: Buffer.from(printed.value, 'base64'),
      lease: BigInt(printed.lease),
    },
  };
}
