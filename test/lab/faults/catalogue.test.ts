/** One fault of each family over real sockets in both modes: exactly the stated connections as stated, then mended. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faults, findFault } from '../../../lab/faults/catalogue.ts';
import { type Bench, openBench, tryFault } from './bench.ts';

const CASES = {
  require: [
    'expired scheduler',
    'same-name-ca etcd-server',
    'wrong-name kubelet@worker-1',
    'wrong-usage admin',
    'wrong-cn scheduler',
    'key-mismatch kubelet@worker-1',
    'http-url kube-scheduler',
    'forged-admin kube-proxy@worker-1',
    'port-scan etcd',
  ],
  request: ['unknown-ca scheduler', 'kubelet-open kubelet@worker-1'],
} as const;

describe.for(['require', 'request'] as const)('in mode %s', (clientAuth) => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await openBench({ clientAuth });
  }, 60_000);
  afterAll(() => bench.close());

  test.for(CASES[clientAuth])(
    '%s stops what it is stated to stop, and is mended',
    {
      timeout: 90_000,
    },
    async (words) => {
      const [id = '', target = ''] = words.split(' ');
      await tryFault(bench, findFault(id), target);
    },
  );
});

test('every fault has an id of its own and a text with its source', () => {
  const ids = faults.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, realWorld } of faults) {
    expect(realWorld.texts.length, id).toBeGreaterThan(0);
    for (const { source } of realWorld.texts) expect(source, id).toMatch(/^(https:\/\/|measured)/);
  }
});
