/** What is on disk and what is in the process: told to be real, etcd reads its bundle of CAs at its start only. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { editLabYaml, readDirectory } from '../../../lab/directory.ts';
import { findFault } from '../../../lab/faults/catalogue.ts';
import { type Bench, becomes, openBench, tryFault } from './bench.ts';

let bench: Bench;
beforeAll(async () => {
  bench = await openBench({});
}, 120_000);
afterAll(() => bench.close());

test('a bundle that etcd has not read again refuses the new client certificate, until etcd is restarted', {
  timeout: 300_000,
}, async () => {
  const fault = findFault('renewed-not-reloaded');
  expect(fault.targets(readDirectory(bench.dir))).toEqual([]);
  editLabYaml(bench.dir, [{ path: ['components', 'etcd', 'autoReload'], value: 'real' }]);
  await bench.lab.cluster.supervisor('etcd')?.restart();
  await becomes(bench, []);
  expect(fault.targets(readDirectory(bench.dir))).toEqual(['apiserver-etcd-client']);
  await tryFault(bench, fault, 'apiserver-etcd-client');
});
