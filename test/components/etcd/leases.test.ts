import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fromJson } from '../../../components/etcd/json.ts';
import { createLeases, type Leases } from '../../../components/etcd/leases.ts';
import { memoryEngine } from './fixture.ts';

let nowMs = 0;
let expired: bigint[] = [];
let leases: Leases;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  nowMs = 0;
  expired = [];
  leases = createLeases({
    monotonicMs: () => nowMs,
    electionTimeoutMs: 1000,
    onExpire: (id) => {
      expired.push(id);
      leases.remove(id);
    },
  });
});

afterEach(() => {
  leases.close();
  vi.useRealTimers();
});

function pass(ms: number): void {
  for (let left = ms; left > 0; left -= 100) {
    nowMs += 100;
    vi.advanceTimersByTime(100);
  }
}

test('a lease runs out when nobody renews it', () => {
  leases.grant(5n, 3);
  pass(2900);
  expect(expired).toEqual([]);
  pass(700);
  expect(expired).toEqual([5n]);
  expect(leases.has(5n)).toBe(false);
});

test('a renewed lease has its whole time again', () => {
  leases.grant(5n, 3);
  pass(2000);
  expect(leases.remainingSeconds(5n)).toBe(1);
  leases.renew(5n);
  expect(leases.remainingSeconds(5n)).toBe(3);
  pass(2900);
  expect(expired).toEqual([]);
  pass(700);
  expect(expired).toEqual([5n]);
});

test('a short lease runs out in time beside a long one', () => {
  leases.grant(1n, 3600);
  leases.grant(2n, 2);
  pass(2600);
  expect(expired).toEqual([2n]);
});

test('no lease is shorter than one and a half election timeouts', () => {
  expect(leases.grant(5n, 0).ttlSeconds).toBe(2);
});

test('chooses an id of 63 bits when none is asked for', () => {
  const { id } = leases.grant(0n, 60);
  expect(id > 0n && id < 2n ** 63n).toBe(true);
});

const refusals = [
  { name: 'an id that is taken', run: () => leases.grant(5n, 60), text: 'etcdserver: lease already exists' },
  { name: 'a time of centuries', run: () => leases.grant(6n, 1e11), text: 'etcdserver: too large lease TTL' },
  {
    name: 'to remove what is not there',
    run: () => leases.remove(9n),
    text: 'etcdserver: requested lease not found',
  },
] as const;

test.for(refusals)('refuses $name', ({ run, text }) => {
  leases.grant(5n, 60);
  expect(run).toThrow(text);
});

test('a lease that runs out takes its keys with it, all in one revision', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const engine = memoryEngine({ monotonicMs: () => nowMs });
  engine.call('/etcdserverpb.Lease/LeaseGrant', fromJson('LeaseGrantRequest', { ID: '5', TTL: '3' }));
  for (const key of ['YQ==', 'Yg==']) {
    engine.call('/etcdserverpb.KV/Put', fromJson('PutRequest', { key, lease: '5' }));
  }
  pass(3600);
  expect(engine.store.revision()).toBe(4);
  expect(engine.store.changesSince(4).map(({ key, record }) => [key, record.version])).toEqual([
    ['a', 0],
    ['b', 0],
  ]);
  await engine.close();
});

test('a thousand leases that are renewed every second all live', () => {
  for (let id = 1; id <= 1000; id++) leases.grant(BigInt(id), 3);
  for (let second = 0; second < 20; second++) {
    pass(1000);
    for (let id = 1; id <= 1000; id++) leases.renew(BigInt(id));
  }
  expect(expired).toEqual([]);
  expect(leases.list()).toHaveLength(1000);
});
