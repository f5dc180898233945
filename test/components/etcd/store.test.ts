import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createStore, type Store } from '../../../components/etcd/store.ts';

function emptyStore(): Store {
  return createStore({ onCommit: () => {}, onCompact: () => {} });
}

function put(store: Store, key: string, value: string, lease = 0n): void {
  store.write((txn) => txn.put(key, Buffer.from(value), lease));
}

function read(store: Store, start: string, end: string | null, revision = 0): string[] {
  return store.range({ start, end }, revision).map(({ key, record }) => `${key}=${record.value}`);
}

test('begins at revision 1 and makes one revision a transaction', () => {
  const store = emptyStore();
  expect(store.revision()).toBe(1);
  store.write((txn) => {
    txn.put('a', Buffer.from('1'), 0n);
    txn.put('b', Buffer.from('2'), 0n);
  });
  expect(store.revision()).toBe(2);
  expect(store.changesSince(2).map(({ key }) => key)).toEqual(['a', 'b']);
});

test('makes no revision when nothing changes', () => {
  const store = emptyStore();
  store.write((txn) => txn.delete({ start: 'a', end: null }));
  expect(store.revision()).toBe(1);
});

test('counts versions from 1 again after a delete', () => {
  const store = emptyStore();
  put(store, 'a', '1');
  put(store, 'a', '2');
  store.write((txn) => txn.delete({ start: 'a', end: null }));
  put(store, 'a', '3');
  expect(store.peek('a', 5)).toMatchObject({ version: 1, create: 5, mod: 5 });
  expect(store.peek('a', 3)).toMatchObject({ version: 2, create: 2, mod: 3 });
  expect(store.peek('a', 4)).toBeUndefined();
});

const ranges = [
  { name: 'one key', start: 'b', end: null, keys: ['b=2'] },
  { name: 'a half-open range', start: 'a', end: 'b/x', keys: ['a=1', 'b=2'] },
  { name: 'a prefix', start: 'b', end: 'c', keys: ['b=2', 'b/x=3'] },
  { name: 'everything from a key on', start: 'b', end: '', keys: ['b=2', 'b/x=3', 'c=4', '\xff=5'] },
  { name: 'an empty range', start: 'c', end: 'a', keys: [] },
] as const;

test.for(ranges)('reads $name in byte order', ({ start, end, keys }) => {
  const store = emptyStore();
  for (const [index, key] of ['a', 'b', 'b/x', 'c', '\xff'].entries()) put(store, key, String(index + 1));
  expect(read(store, start, end)).toEqual(keys);
});

test('keeps old revisions readable until they are compacted', () => {
  const store = emptyStore();
  put(store, 'a', '1');
  put(store, 'a', '2');
  put(store, 'a', '3');
  expect(read(store, 'a', null, 2)).toEqual(['a=1']);
  store.compact(3);
  expect(() => read(store, 'a', null, 2)).toThrow('etcdserver: mvcc: required revision has been compacted');
  expect(read(store, 'a', null, 3)).toEqual(['a=2']);
  expect(() => store.compact(3)).toThrow('has been compacted');
  expect(() => store.compact(9)).toThrow('etcdserver: mvcc: required revision is a future revision');
});

test('compaction frees deleted keys and old values', () => {
  const store = emptyStore();
  for (let round = 0; round < 100; round++) put(store, 'a', 'x'.repeat(1000));
  store.write((txn) => txn.delete({ start: 'a', end: null }));
  expect(store.sizeBytes()).toBeGreaterThan(100_000);
  store.compact(store.revision());
  expect(store.sizeBytes()).toBe(0);
  expect(store.dump()).toEqual([]);
});

test('knows which keys hang on a lease', () => {
  const store = emptyStore();
  put(store, 'a', '1', 7n);
  put(store, 'b', '1', 7n);
  put(store, 'a', '2', 8n);
  store.write((txn) => txn.delete({ start: 'b', end: null }));
  expect([...store.keysOf(7n)]).toEqual([]);
  expect([...store.keysOf(8n)]).toEqual(['a']);
});

/** A store that copies everything at each revision: slow, and obviously right. */
test('agrees with a store that copies everything at each revision', () => {
  const key = fc.constantFrom('a', 'b', 'b/1', 'b/2', 'c');
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.record({ op: fc.constant('put' as const), key, value: fc.string() }) },
    {
      weight: 3,
      arbitrary: fc.record({ op: fc.constant('delete' as const), start: key, end: fc.option(key) }),
    },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('compact' as const), back: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.record({ op: fc.constant('restore' as const) }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      let store = emptyStore();
      const copies = new Map<number, Map<string, string>>([[1, new Map()]]);
      let oldest = 1;
      for (const one of steps) {
        const now = new Map(copies.get(store.revision()));
        if (one.op === 'put') {
          put(store, one.key, one.value);
          now.set(one.key, Buffer.from(one.value).toString());
        } else if (one.op === 'delete') {
          const range = { start: one.start, end: one.end };
          store.write((txn) => txn.delete(range));
          for (const name of [...now.keys()]) {
            if (one.end === null ? name === one.start : name >= one.start && name < one.end) now.delete(name);
          }
        } else if (one.op === 'compact') {
          const revision = store.revision() - one.back;
          if (revision > Math.max(0, store.compacted())) {
            store.compact(revision);
            oldest = revision;
          }
        } else {
          const again = emptyStore();
          again.restore(store.revision(), store.compacted(), store.dump());
          store = again;
        }
        copies.set(store.revision(), now);
        for (let revision = oldest; revision <= store.revision(); revision++) {
          const copy = [...(copies.get(revision) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
          expect(read(store, '', '', revision)).toEqual(copy.map(([name, value]) => `${name}=${value}`));
        }
      }
    }),
    { numRuns: 200 },
  );
});
