/** What is on disk and what is in the process: told to be real, etcd reads its bundle of CAs at its start only. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { editLabYaml, readDirectory } from '../../../lab/directory.ts';
import { findFault } from '../../../lab/faults/catalogue.ts';
import { type Bench, openBench, tryFault } from './bench.ts';

const fault = findFault('renewed-not-reloaded');
let bench: Bench;
beforeAll(async () => {
  bench = await openBench({}, (dir) => {
    expect(fault.targets(readDirectory(dir))).toEqual([]);
    editLabYaml(dir, [{ path: ['components', 'etcd', 'autoReload'], value: 'real' }]);
  });
}, 120_000);
afterAll(() => bench.close());

test('a bundle that etcd has not read again refuses the new client certificate, until etcd is restarted', {
  timeout: 300_000,
}, async () => {
  expect(fault.targets(readDirectory(bench.dir))).toEqual(['apiserver-etcd-client']);
  await tryFault(bench, fault, 'apiserver-etcd-client');
});
