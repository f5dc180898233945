import { expect, test } from 'vitest';
import type { Engine } from '../../../components/etcd/engine.ts';
import { fromJson, toJson } from '../../../components/etcd/json.ts';
import { memoryEngine } from './fixture.ts';

const b64 = (text: string): string => Buffer.from(text).toString('base64');

function put(engine: Engine, key: string, value: string, lease = 0): void {
  engine.call(
    '/etcdserverpb.KV/Put',
    fromJson('PutRequest', { key: b64(key), value: b64(value), lease: String(lease) }),
  );
}

function txn(engine: Engine, request: unknown): Record<string, unknown> {
  const reply = engine.call('/etcdserverpb.KV/Txn', fromJson('TxnRequest', request));
  return JSON.parse(toJson('TxnResponse', reply)) as Record<string, unknown>;
}

/** The key `k` was put twice (revisions 2 and 3), with the value `v` and the lease 9. */
const compares = [
  { target: 'VERSION', version: '2', result: 'EQUAL', holds: true },
  { target: 'VERSION', version: '1', result: 'GREATER', holds: true },
  { target: 'VERSION', version: '2', result: 'LESS', holds: false },
  { target: 'VERSION', version: '2', result: 'NOT_EQUAL', holds: false },
  { target: 'CREATE', create_revision: '2', result: 'EQUAL', holds: true },
  { target: 'MOD', mod_revision: '3', result: 'EQUAL', holds: true },
  { target: 'MOD', mod_revision: '2', result: 'GREATER', holds: true },
  { target: 'VALUE', value: b64('v'), result: 'EQUAL', holds: true },
  { target: 'VALUE', value: b64('u'), result: 'GREATER', holds: true },
  { target: 'VALUE', value: b64('u'), result: 'LESS', holds: false },
  { target: 'LEASE', lease: '9', result: 'EQUAL', holds: true },
  { target: 'LEASE', lease: '10', result: 'LESS', holds: true },
  { key: b64('none'), target: 'CREATE', create_revision: '0', result: 'EQUAL', holds: true },
  { key: b64('none'), target: 'VALUE', value: '', result: 'EQUAL', holds: false },
  { key: b64('a'), range_end: b64('z'), target: 'VERSION', version: '0', result: 'GREATER', holds: true },
] as const;

test.for(compares)('$target $result compares to $holds (row %#)', ({ holds, ...compare }) => {
  const engine = memoryEngine();
  engine.call('/etcdserverpb.Lease/LeaseGrant', fromJson('LeaseGrantRequest', { ID: '9', TTL: '60' }));
  put(engine, 'k', 'x', 9);
  put(engine, 'k', 'v', 9);
  const reply = txn(engine, { compare: [{ key: b64('k'), ...compare }] });
  expect(reply['succeeded'] ?? false).toBe(holds);
  return engine.close();
});

test('changes everything at one revision', async () => {
  const engine = memoryEngine();
  txn(engine, {
    success: [
      { request_put: { key: b64('a'), value: b64('1') } },
      { request_put: { key: b64('b'), value: b64('1') } },
      { request_txn: { success: [{ request_put: { key: b64('c'), value: b64('1') } }] } },
    ],
  });
  expect(engine.store.revision()).toBe(2);
  expect(engine.store.changesSince(2).map(({ key }) => key)).toEqual(['a', 'b', 'c']);
  await engine.close();
});

test('changes nothing when a part of it is refused', async () => {
  const engine = memoryEngine();
  const request = {
    success: [
      { request_put: { key: b64('a'), value: b64('1') } },
      { request_put: { key: b64('b'), value: b64('1'), lease: '404' } },
    ],
  };
  expect(() => txn(engine, request)).toThrow('etcdserver: requested lease not found');
  expect(engine.store.revision()).toBe(1);
  await engine.close();
});

test('sees within itself what it has written', async () => {
  const engine = memoryEngine();
  const reply = txn(engine, {
    success: [{ request_put: { key: b64('a'), value: b64('1') } }, { request_range: { key: b64('a') } }],
  });
  expect(JSON.stringify(reply)).toContain('"response_range":{"header":{"revision":"2"},"kvs":[{"key":"YQ=="');
  await engine.close();
});

const putA = { request_put: { key: b64('a') } };
const deleteAToZ = { request_delete_range: { key: b64('a'), range_end: b64('z') } };
const refusals = [
  { name: 'a key that is put twice', request: { success: [putA, putA] }, text: 'duplicate key given' },
  {
    name: 'a key that is put and deleted',
    request: { success: [deleteAToZ, putA] },
    text: 'duplicate key given',
  },
  {
    name: 'a key that is put outside and inside a nested transaction',
    request: { success: [putA, { request_txn: { failure: [putA] } }] },
    text: 'duplicate key given',
  },
  { name: 'an operation of no kind', request: { success: [{}] }, text: 'etcdserver: key not found' },
  { name: 'a compare without a key', request: { compare: [{}] }, text: 'etcdserver: key is not provided' },
  {
    name: 'more than 128 operations',
    request: { success: Array.from({ length: 129 }, () => ({ request_range: { key: b64('a') } })) },
    text: 'etcdserver: too many operations in txn request',
  },
] as const;

test.for(refusals)('refuses $name', async ({ request, text }) => {
  const engine = memoryEngine();
  expect(() => txn(engine, request)).toThrow(text);
  expect(engine.store.revision()).toBe(1);
  await engine.close();
});

test('lets both branches of a nested transaction put the same key, for only one is taken', async () => {
  const engine = memoryEngine();
  txn(engine, { success: [{ request_txn: { success: [putA], failure: [putA] } }] });
  expect(engine.store.revision()).toBe(2);
  await engine.close();
});
