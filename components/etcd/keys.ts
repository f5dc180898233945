/**
 * The key space: every key that has a history, in byte order, each with its records from oldest to newest.
 *
 * Keys are strings of bytes (latin1), so that comparing strings compares bytes.
 */

/** One version of a key. `version` 0 is a tombstone: the key was deleted at `mod`. */
export interface KeyRecord {
  /** Revision at which this version came to be. */
  readonly mod: number;
  /** Revision at which the key was created last. */
  readonly create: number;
  readonly version: number;
  readonly value: Buffer;
  /** Lease id, 0 for none. */
  readonly lease: bigint;
}

/** A key and its history, oldest first; never empty outside a compaction. */
export interface KeyHistory {
  readonly key: string;
  readonly records: KeyRecord[];
}

/** A half-open range of keys: one key when `end` is null, everything from `start` on when it is ''. */
export interface KeyRange {
  readonly start: string;
  readonly end: string | null;
}

/** The keys of a store. */
export interface KeySpace {
  get(key: string): KeyHistory | undefined;
  /** The history of a key, made if there is none. */
  ensure(key: string): KeyHistory;
  remove(key: string): void;
  /** The histories whose keys lie in a range, in order; nothing outside the range is looked at. */
  within(range: KeyRange): readonly KeyHistory[];
  all(): readonly KeyHistory[];
}

/** etcd's spelling of a range: no end = one key, `\0` = everything from the key on. */
export function keyRange(key: Uint8Array, rangeEnd: Uint8Array): KeyRange {
  const end = latin1(rangeEnd);
  return { start: latin1(key), end: end === '' ? null : end === '\0' ? '' : end };
}

/** True when a key lies in a range. */
export function inRange(range: KeyRange, key: string): boolean {
  if (range.end === null) return key === range.start;
  return key >= range.start && (range.end === '' || key < range.end);
}

/** Bytes as a key. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The newest record of a history at a revision; undefined when the key did not exist yet. */
export function recordAt(history: KeyHistory, revision: number): KeyRecord | undefined {
  const { records } = history;
  for (let at = records.length - 1; at >= 0; at--) {
    const record = records[at];
    if (record && record.mod <= revision) return record;
  }
  return undefined;
}

/** An empty key space. */
export function createKeySpace(): KeySpace {
  const byKey = new Map<string, KeyHistory>();
  const sorted: KeyHistory[] = [];

  /** The first place whose key is not before `key`. */
  const lowerBound = (key: string): number => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((sorted[middle]?.key ?? '') < key) low = middle + 1;
      else high = middle;
    }
    return low;
  };

  return {
    get: (key) => byKey.get(key),
    ensure(key) {
      let history = byKey.get(key);
      if (!history) {
        history = { key, records: [] };
        byKey.set(key, history);
        sorted.splice(lowerBound(key), 0, history);
      }
      return history;
    },
    remove(key) {
      if (byKey.delete(key)) sorted.splice(lowerBound(key), 1);
    },
    within({ start, end }) {
      if (end === null) {
        const history = byKey.get(start);
        return history ? [history] : [];
      }
      return sorted.slice(
        lowerBound(start),
        end === '' ? undefined : Math.max(lowerBound(end), lowerBound(start)),
      );
    },
    all: () => sorted,
  };
}
