/** One fault of each family over real sockets in both modes: exactly the stated connections as stated, then mended. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DEFAULT_CHOICES } from '../../../certs/identities.ts';
import { faults, findFault, findFaultTarget } from '../../../lab/faults/catalogue.ts';
import type { Scope } from '../../../lab/faults/fault.ts';
import { byMode, faultPage } from '../../../lab/faults/page.ts';
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

const SCOPE: Scope = { choices: DEFAULT_CHOICES, workers: ['worker-1'], settings: {} };

test('there are more than fifty faults, each with an id of its own and texts with their sources', () => {
  const ids = faults.map(({ id }) => id);
  expect(ids.length).toBeGreaterThan(50);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, realWorld, title, chain, rule, harm } of faults) {
    expect(realWorld.texts.length, id).toBeGreaterThan(0);
    for (const { source } of realWorld.texts) expect(source, id).toMatch(/^(https:\/\/|measured)/);
    for (const text of [title, chain, rule, harm, realWorld.see, realWorld.mend])
      expect(text, id).not.toBe('');
  }
});

test('no fault says only that something fails: layer, code and the texts of whoever prints are stated', () => {
  for (const fault of faults) {
    for (const target of fault.targets(SCOPE)) {
      for (const one of Object.values(byMode(fault, target, SCOPE)).flat()) {
        const where = `${fault.id} on ${target}: ${one.channel}`;
        if (one.layer === 'ok') continue;
        expect(one.code, where).not.toBeNull();
        expect(one.stops, where).not.toBe('');
        const silent = one.layer === 'untried' && one.by === null;
        if (!silent) expect(one.clientText?.length, where).toBeGreaterThan(5);
        if (one.layer === 'tls' && one.alert !== null) expect(one.serverText, where).not.toBeNull();
      }
    }
  }
});

test.for(faults.map(({ id }) => id))('the page of %s fits a hundred columns', (id) => {
  const lines = faultPage(findFault(id), SCOPE, 100).split('\n');
  expect(lines.filter((line) => line.length > 100 && !line.includes('https://'))).toEqual([]);
});

test.for([
  ['expired', 'kube-scheduler', 'scheduler'],
  ['expired', 'scheduler.crt', 'scheduler'],
  ['wrong-bundle', 'laptop', 'ca@laptop'],
  ['wrong-server-ca', 'scheduler', 'kube-scheduler'],
  ['clock-behind', 'worker-1', 'worker-1'],
] as const)('%s on %s stands on %s', ([id, name, target]) => {
  expect(findFaultTarget(findFault(id), name, SCOPE)).toBe(target);
});

test('a name of something else, and of nothing, is refused with what there is', () => {
  expect(() => findFaultTarget(findFault('wrong-name'), 'scheduler', SCOPE)).toThrow(
    /cannot stand on scheduler/,
  );
  expect(() => findFaultTarget(findFault('expired'), 'schedular', SCOPE)).toThrow(/nothing of that name/);
});
