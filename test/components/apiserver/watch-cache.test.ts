/** The watch cache over an etcd that is played: gaps, compaction, an etcd that went back in time. */
import { expect, test } from 'vitest';
import type { KubeObject } from '../../../components/api/object.ts';
import type { Change, EtcdGateway, KeyValue } from '../../../components/apiserver/etcd-gateway.ts';
import { type CacheEvent, openWatchCache } from '../../../components/apiserver/watch-cache.ts';

const POD = '/registry/pods/default/';

function kv(name: string, modRevision: number, value = name): KeyValue {
  return { key: POD + name, value: Buffer.from(value), modRevision, createRevision: modRevision };
}

/** What each read of everything finds, and how each watch ends. */
function play(
  reads: readonly { readonly revision: number; readonly kvs: readonly KeyValue[] }[],
  watches: readonly { readonly changes: readonly Change[]; readonly end: 'compacted' | 'ended' }[],
) {
  let read = 0;
  let watched = 0;
  const etcd = {
    async range(_key: string, options: { readonly keysOnly?: boolean } = {}) {
      const found = reads[Math.min(options.keysOnly ? read : read++, reads.length - 1)];
      return { revision: found?.revision ?? 0, kvs: found?.kvs ?? [], count: 0 };
    },
    async watch(
      _from: number,
      onChanges: (revision: number, changes: readonly Change[]) => void,
      signal: AbortSignal,
    ) {
      const script = watches[watched++];
      if (!script) {
        await new Promise<void>((resolve) => {
          if (signal.aborted) resolve();
          else signal.addEventListener('abort', () => resolve());
        });
        return 'ended';
      }
      onChanges(0, []);
      for (const change of script.changes) onChanges(change.kv.modRevision, [change]);
      return script.end;
    },
  } as unknown as EtcdGateway;
  const events: (string | null)[] = [];
  const cache = openWatchCache({
    etcd,
    decode: ({ value }) => {
      if (value.toString() === 'garbage') throw new Error('garbage');
      return { apiVersion: 'v1', kind: 'Pod', metadata: { name: value.toString() } } as KubeObject;
    },
    onLink: () => undefined,
    onFresh: () => undefined,
    onUnreadable: () => undefined,
  });
  const follower = (event: CacheEvent | null): void => {
    events.push(event && `${event.type} ${event.key.slice(POD.length)}@${event.revision}`);
  };
  return { cache, events, follower };
}

test('refuses to follow from before what it knows', async () => {
  const { cache, follower } = play([{ revision: 100, kvs: [kv('a', 50)] }], []);
  await cache.reached(100, 1000);
  expect(() => cache.follow(POD, 60, follower)).toThrow('too old resource version: 60 (100)');
  expect(cache.list(POD).map((entry) => entry.key)).toEqual([`${POD}a`]);
  await cache.close();
});

test('tells what changed while events were compacted away', async () => {
  const { cache, events, follower } = play(
    [
      { revision: 10, kvs: [kv('gone', 5), kv('same', 6), kv('changed', 7)] },
      { revision: 30, kvs: [kv('same', 6), kv('changed', 25), kv('new', 20)] },
    ],
    [{ changes: [], end: 'compacted' }],
  );
  await cache.reached(10, 1000);
  cache.follow(POD, 10, follower);
  expect(await cache.reached(30, 2000)).toBe(true);
  expect(events).toEqual(['DELETED gone@30', 'ADDED new@20', 'MODIFIED changed@25']);
  await cache.close();
});

test('starts anew when etcd came back with less than was known', async () => {
  const { cache, events, follower } = play(
    [
      { revision: 10, kvs: [kv('old', 5)] },
      { revision: 1, kvs: [] },
      { revision: 1, kvs: [] },
    ],
    [{ changes: [], end: 'ended' }],
  );
  await cache.reached(10, 1000);
  cache.follow(POD, 10, follower);
  await expect.poll(() => events).toEqual([null]);
  expect(cache.list(POD)).toEqual([]);
  expect(cache.revision()).toBe(1);
  await cache.close();
});

test('an object that cannot be read is left out, and nothing else', async () => {
  const { cache } = play([{ revision: 3, kvs: [kv('bad', 2, 'garbage'), kv('good', 3)] }], []);
  await cache.reached(3, 1000);
  expect(cache.list(POD).map((entry) => entry.key)).toEqual([`${POD}good`]);
  await cache.close();
});

test('waiting for a revision ends when the time is over', async () => {
  const { cache } = play([{ revision: 3, kvs: [] }], []);
  await cache.reached(3, 1000);
  expect(await cache.reached(4, 20)).toBe(false);
  await cache.close();
});
