import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Engine } from '../../../components/etcd/engine.ts';
import { fromJson, toJson } from '../../../components/etcd/json.ts';
import type { WatchStream } from '../../../components/etcd/watches.ts';
import { memoryEngine } from './fixture.ts';

interface Told {
  readonly header: { readonly revision?: string };
  readonly watch_id?: string;
  readonly created?: boolean;
  readonly canceled?: boolean;
  readonly compact_revision?: string;
  readonly cancel_reason?: string;
  readonly fragment?: boolean;
  readonly events?: readonly {
    readonly type?: string;
    readonly kv: { readonly key: string; readonly value?: string; readonly mod_revision: string };
    readonly prev_kv?: { readonly value?: string };
  }[];
}

const b64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64');

let engine: Engine;
beforeEach(() => {
  engine = memoryEngine();
});
afterEach(() => engine.close());

/** A connection that can be full. */
function open(): { stream: WatchStream; told: Told[]; full: { now: boolean } } {
  const told: Told[] = [];
  const full = { now: false };
  const stream = engine.watches.open({
    send(response) {
      told.push(JSON.parse(toJson('WatchResponse', response)) as Told);
      return !full.now;
    },
  });
  return { stream, told, full };
}

function put(key: string, value = 'v'): void {
  engine.call('/etcdserverpb.KV/Put', fromJson('PutRequest', { key: b64(key), value: b64(value) }));
  engine.watches.flush();
}

function remove(key: string): void {
  engine.call('/etcdserverpb.KV/DeleteRange', fromJson('DeleteRangeRequest', { key: b64(key) }));
  engine.watches.flush();
}

function watch(stream: WatchStream, create: Record<string, unknown>): void {
  stream.request(fromJson('WatchRequest', { create_request: create }));
}

function summary(told: readonly Told[]): string[] {
  return told.flatMap((one) =>
    (one.events ?? []).map(
      ({ type, kv }) => `${type ?? 'PUT'} ${Buffer.from(kv.key, 'base64')} ${kv.mod_revision}`,
    ),
  );
}

test('tells what happens in its range, in order, and nothing else', () => {
  const { stream, told } = open();
  watch(stream, { key: b64('b'), range_end: b64('c') });
  put('a');
  put('b');
  put('b/1');
  remove('b');
  put('c');
  expect(told[0]).toMatchObject({ created: true, header: { revision: '1' } });
  expect(summary(told)).toEqual(['PUT b 3', 'PUT b/1 4', 'DELETE b 5']);
});

test('begins in the past when it is asked to', () => {
  put('a', '1');
  put('a', '2');
  put('a', '3');
  const { stream, told } = open();
  watch(stream, { key: b64('a'), start_revision: '3', prev_kv: true });
  expect(summary(told)).toEqual(['PUT a 3', 'PUT a 4']);
  expect(told[1]?.events?.[0]?.prev_kv?.value).toBe(b64('1'));
});

test('waits for a revision that is still to come', () => {
  const { stream, told } = open();
  watch(stream, { key: b64('a'), start_revision: '4' });
  for (let round = 0; round < 4; round++) put('a');
  expect(summary(told)).toEqual(['PUT a 4', 'PUT a 5']);
});

test('is cancelled when its past was compacted', () => {
  for (let round = 0; round < 4; round++) put('a');
  engine.call('/etcdserverpb.KV/Compact', fromJson('CompactionRequest', { revision: '4' }));
  const { stream, told } = open();
  watch(stream, { key: b64('a'), start_revision: '3' });
  watch(stream, { key: b64('a'), start_revision: '4' });
  expect(told).toMatchObject([
    { created: true },
    { canceled: true, compact_revision: '4' },
    { created: true, watch_id: '1' },
    { watch_id: '1', events: [{ kv: { mod_revision: '4' } }, { kv: { mod_revision: '5' } }] },
  ]);
});

const filters = [
  { filters: ['NOPUT'], events: ['DELETE a 3'] },
  { filters: ['NODELETE'], events: ['PUT a 2'] },
  { filters: [], events: ['PUT a 2', 'DELETE a 3'] },
] as const;

test.for(filters)('filters $filters', ({ filters: wanted, events }) => {
  const { stream, told } = open();
  watch(stream, { key: b64('a'), filters: wanted });
  put('a');
  remove('a');
  expect(summary(told)).toEqual(events);
});

test('is not told any more once it is cancelled', () => {
  const { stream, told } = open();
  watch(stream, { key: b64('a'), watch_id: '7' });
  stream.request(fromJson('WatchRequest', { cancel_request: { watch_id: '7' } }));
  put('a');
  expect(told.at(-1)).toMatchObject({ canceled: true, watch_id: '7' });
  expect(engine.watches.count()).toBe(0);
});

test('keeps several watches of one stream apart', () => {
  const { stream, told } = open();
  watch(stream, { key: b64('a') });
  watch(stream, { key: b64('b') });
  watch(stream, { key: b64('b'), watch_id: '1' });
  put('b');
  expect(told.slice(2)).toMatchObject([
    { watch_id: '-1', cancel_reason: 'mvcc: duplicate watch ID provided on the WatchStream' },
    { watch_id: '1', events: [{ kv: { key: b64('b') } }] },
  ]);
});

test('reports progress when it is asked to', () => {
  const { stream, told } = open();
  watch(stream, { key: b64('a') });
  put('b');
  stream.request(fromJson('WatchRequest', { progress_request: {} }));
  expect(told.at(-1)).toEqual({ header: expect.objectContaining({ revision: '2' }), watch_id: '-1' });
});

test('reports progress by itself to a quiet watch that wants it', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const quiet = memoryEngine({ progressNotifyMs: 1000 });
  const told: string[] = [];
  const stream = quiet.watches.open({
    send: (response) => told.push(toJson('WatchResponse', response)) > 0,
  });
  watch(stream, { key: b64('a'), progress_notify: true });
  watch(stream, { key: b64('a') });
  vi.advanceTimersByTime(1000);
  expect(told).toHaveLength(3);
  expect(told[2]).not.toContain('created');
  vi.useRealTimers();
  await quiet.close();
});

test('a connection that is full costs nothing, and catches up without a gap', () => {
  const { stream, told, full } = open();
  watch(stream, { key: b64('a') });
  full.now = true;
  for (let round = 0; round < 100; round++) put('a');
  expect(told).toHaveLength(2);
  full.now = false;
  stream.drained();
  engine.watches.flush();
  expect(summary(told)).toEqual(Array.from({ length: 100 }, (_, index) => `PUT a ${index + 2}`));
});

test('a connection that stays full while its past is compacted is cancelled, not skipped', () => {
  const { stream, told, full } = open();
  watch(stream, { key: b64('a') });
  full.now = true;
  for (let round = 0; round < 10; round++) put('a');
  engine.call('/etcdserverpb.KV/Compact', fromJson('CompactionRequest', { revision: '9' }));
  full.now = false;
  stream.drained();
  engine.watches.flush();
  expect(told.at(-1)).toMatchObject({ canceled: true, compact_revision: '9' });
});

test('a report of progress waits for a full connection: nothing older comes after it', () => {
  const { stream, told, full } = open();
  watch(stream, { key: b64('a') });
  full.now = true;
  put('a');
  put('a');
  stream.request(fromJson('WatchRequest', { progress_request: {} }));
  expect(summary(told)).toEqual(['PUT a 2']);
  full.now = false;
  stream.drained();
  engine.watches.flush();
  expect(summary(told)).toEqual(['PUT a 2', 'PUT a 3']);
  expect(told.at(-1)).toMatchObject({ watch_id: '-1', header: { revision: '3' } });
});

test('is told of a long past in parts, each when the connection has taken the one before', () => {
  for (let round = 0; round < 8; round++) put('a', 'x'.repeat(100_000));
  const { stream, told, full } = open();
  full.now = true;
  watch(stream, { key: b64('a'), start_revision: '2' });
  const parts: number[] = [];
  for (let round = 0; round < 5; round++) {
    const before = told.length;
    stream.drained();
    engine.watches.flush();
    parts.push(...told.slice(before).map(({ events }) => events?.length ?? 0));
  }
  expect(parts).toEqual([2, 2, 2, 2]);
  expect(summary(told)).toHaveLength(8);
});

test('splits a large revision when the client can put it together again', () => {
  const value = 'x'.repeat(1_200_000);
  const success = ['a', 'b', 'c'].map((key) => ({ request_put: { key: b64(key), value: b64(value) } }));
  const large = memoryEngine({ limits: { requestBytes: 10_000_000, txnOps: 128, storeBytes: 2 ** 31 } });
  const told: Told[] = [];
  const stream = large.watches.open({
    send: (response) => told.push(JSON.parse(toJson('WatchResponse', response)) as Told) > 0,
  });
  watch(stream, { key: b64('a'), range_end: b64('z'), fragment: true });
  large.call('/etcdserverpb.KV/Txn', fromJson('TxnRequest', { success }));
  large.watches.flush();
  expect(told.slice(1).map(({ fragment, events }) => [fragment ?? false, events?.length])).toEqual([
    [true, 1],
    [true, 1],
    [false, 1],
  ]);
  return large.close();
});

test('tells what may be told before its past is compacted', () => {
  const { stream, told } = open();
  watch(stream, { key: b64('a') });
  for (let round = 0; round < 50; round++) {
    engine.call('/etcdserverpb.KV/Put', fromJson('PutRequest', { key: b64('a') }));
    const revision = String(engine.store.revision());
    engine.call('/etcdserverpb.KV/Compact', fromJson('CompactionRequest', { revision }));
  }
  expect(summary(told)).toHaveLength(50);
});

test('history stays bounded without anybody compacting it', async () => {
  const bounded = memoryEngine({ historyRevisions: 100 });
  for (let round = 0; round < 1000; round++) {
    bounded.call(
      '/etcdserverpb.KV/Put',
      fromJson('PutRequest', { key: b64('a'), value: b64(String(round)) }),
    );
    await bounded.settled();
  }
  expect(bounded.store.changesSince(0).length).toBeLessThanOrEqual(112);
  expect(bounded.store.revision() - bounded.store.compacted()).toBeGreaterThanOrEqual(100);
  await bounded.close();
});
