/**
 * The multi-version store: every write transaction makes one new revision, and old revisions stay readable until
 * they are compacted. Synchronous and pure: no clock, no file, no socket.
 *
 * A change is applied, then told to `onCommit` (the data file, the watchers). Terms are etcd's.
 * @see etcd server/mvcc/kvstore.go, kvstore_txn.go, watchable_store.go
 */
import { refusal } from './errors.ts';
import { createKeySpace, type KeyHistory, type KeyRange, type KeyRecord, recordAt } from './keys.ts';

/** One key's change within a transaction. */
export interface Change {
  readonly key: string;
  readonly record: KeyRecord;
}

/** What a read finds: at most one record a key, in key order. */
export interface Found {
  readonly key: string;
  readonly record: KeyRecord;
}

/** A write transaction. Reads inside it see its own changes. */
export interface WriteTxn {
  /** The revision that a response's header has: the new one as soon as something changed. */
  revision(): number;
  get(key: string): KeyRecord | undefined;
  /** As `Store.range`; revision 0 sees what this transaction has done. */
  range(range: KeyRange, revision: number): readonly Found[];
  put(key: string, value: Buffer, lease: bigint): void;
  /** Delete what lives in a range; returns what was there. */
  delete(range: KeyRange): readonly Found[];
}

export interface Store {
  /** The newest revision; 1 when nothing was ever written. */
  revision(): number;
  /** The compacted revision; -1 when there was no compaction. */
  compacted(): number;
  /**
   * Everything alive in a range.
   * @param revision  0 for the newest
   * @throws          EtcdError Compacted, FutureRev
   */
  range(range: KeyRange, revision: number): readonly Found[];
  /** Throws what `range` would throw for this revision. */
  checkRevision(revision: number): void;
  /** The record of a live key at a revision, undefined when it is not alive or its past was compacted. */
  peek(key: string, revision: number): KeyRecord | undefined;
  write<T>(run: (txn: WriteTxn) => T): T;
  /** @throws EtcdError Compacted, FutureRev */
  compact(revision: number): void;
  /** Changes from a revision on, oldest first; those up to the compacted revision may be gone. */
  changesSince(revision: number): readonly Change[];
  /** The keys that hang on a lease. */
  keysOf(lease: bigint): ReadonlySet<string>;
  /** Bytes of all keys and values that are kept, history included. */
  sizeBytes(): number;
  /** Every record that is kept, in order of revision. */
  dump(): readonly Change[];
  /** Take over a past as it was saved: in order of revision. */
  restore(revision: number, compacted: number, changes: readonly Change[]): void;
}

/** Told of each new revision and each compaction, before the writer gets its answer. */
export interface StoreEvents {
  readonly onCommit: (revision: number, changes: readonly Change[]) => void;
  readonly onCompact: (revision: number) => void;
}

const NO_KEYS: ReadonlySet<string> = new Set();
const NO_VALUE = Buffer.alloc(0);

/** An empty store at revision 1, as etcd begins. */
export function createStore(events: StoreEvents): Store {
  const keys = createKeySpace();
  const byLease = new Map<bigint, Set<string>>();
  let log: Change[] = [];
  let current = 1;
  let compacted = -1;
  let size = 0;

  const checkRevision = (revision: number, newest = current): void => {
    if (revision > newest) throw refusal('FutureRev');
    if (revision > 0 && revision < compacted) throw refusal('Compacted');
  };

  const alive = (history: KeyHistory, revision: number): KeyRecord | undefined => {
    const record = recordAt(history, revision);
    return record && record.version > 0 ? record : undefined;
  };

  const find = (range: KeyRange, revision: number): Found[] => {
    const found: Found[] = [];
    for (const history of keys.within(range)) {
      const record = alive(history, revision);
      if (record) found.push({ key: history.key, record });
    }
    return found;
  };

  const attach = (key: string, before: KeyRecord | undefined, after: KeyRecord): void => {
    if (before && before.lease !== after.lease) {
      const left = byLease.get(before.lease);
      if (left?.delete(key) && left.size === 0) byLease.delete(before.lease);
    }
    if (after.lease === 0n) return;
    const held = byLease.get(after.lease);
    if (held) held.add(key);
    else byLease.set(after.lease, new Set([key]));
  };

  const apply = (change: Change): void => {
    const history = keys.ensure(change.key);
    attach(change.key, history.records.at(-1), change.record);
    history.records.push(change.record);
    log.push(change);
    size += change.key.length + change.record.value.length;
  };

  /** Drop what a compaction makes unreadable; true when the record at the revision itself stays. */
  const prune = (history: KeyHistory, revision: number): void => {
    const { records } = history;
    let keep = 0;
    while ((records[keep + 1]?.mod ?? Number.POSITIVE_INFINITY) <= revision) keep += 1;
    const kept = records[keep];
    if (kept && kept.mod <= revision && kept.version === 0) keep += 1;
    for (const gone of records.splice(0, keep)) size -= history.key.length + gone.value.length;
    if (records.length === 0) keys.remove(history.key);
  };

  const firstAfter = (revision: number): number => {
    let low = 0;
    let high = log.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((log[middle]?.record.mod ?? 0) < revision) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  const compact = (revision: number): void => {
    const cut = firstAfter(revision + 1);
    const old = log.slice(0, cut);
    compacted = revision;
    for (const key of new Set(old.map((change) => change.key))) {
      const history = keys.get(key);
      if (history) prune(history, revision);
    }
    // A watch may begin at the compacted revision itself: its changes stay as long as they can be read.
    const last = old.filter(
      ({ key, record }) => record.mod === revision && keys.get(key)?.records.includes(record),
    );
    log = [...last, ...log.slice(cut)];
  };

  return {
    revision: () => current,
    compacted: () => compacted,
    checkRevision: (revision) => checkRevision(revision),
    range(range, revision) {
      checkRevision(revision);
      return find(range, revision > 0 ? revision : current);
    },
    peek(key, revision) {
      const history = keys.get(key);
      return history && revision >= compacted ? alive(history, revision) : undefined;
    },
    write(run) {
      const next = current + 1;
      const changes: Change[] = [];
      const change = (key: string, record: KeyRecord): void => {
        const made = { key, record };
        apply(made);
        changes.push(made);
      };
      const newest = (key: string): KeyRecord | undefined => {
        const history = keys.get(key);
        return history && alive(history, next);
      };
      const result = run({
        revision: () => (changes.length > 0 ? next : current),
        get: newest,
        range: (range, revision) => find(range, revision > 0 ? revision : next),
        put(key, value, lease) {
          const before = newest(key);
          change(key, {
            mod: next,
            create: before?.create ?? next,
            version: (before?.version ?? 0) + 1,
            value,
            lease,
          });
        },
        delete(range) {
          const found = find(range, next);
          for (const { key } of found) {
            change(key, { mod: next, create: 0, version: 0, value: NO_VALUE, lease: 0n });
          }
          return found;
        },
      });
      if (changes.length > 0) {
        current = next;
        events.onCommit(next, changes);
      }
      return result;
    },
    compact(revision) {
      if (revision <= compacted) throw refusal('Compacted');
      if (revision > current) throw refusal('FutureRev');
      compact(revision);
      events.onCompact(revision);
    },
    changesSince: (revision) => log.slice(firstAfter(revision)),
    keysOf: (lease) => byLease.get(lease) ?? NO_KEYS,
    sizeBytes: () => size,
    dump() {
      const logged = new Set(log.map(({ record }) => record));
      const older = keys
        .all()
        .flatMap(({ key, records }) => records.map((record) => ({ key, record })))
        .filter(({ record }) => !logged.has(record))
        .sort((a, b) => a.record.mod - b.record.mod);
      return [...older, ...log];
    },
    restore(revision, compactedRevision, changes) {
      for (const change of changes) apply(change);
      current = revision;
      if (compactedRevision >= 0) compact(compactedRevision);
    },
  };
}
