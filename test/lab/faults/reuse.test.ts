/** One certificate for the API server as server and as client: which of its two roles a flaw spoils. */
import { expect, test } from 'vitest';
import { readDirectory } from '../../../lab/directory.ts';
import { findFault } from '../../../lab/faults/catalogue.ts';
import { applyFault } from '../../../lab/faults/engine.ts';
import { expectedOutcomes } from '../../../lab/faults/expect.ts';
import { freshHandshake } from '../../../lab/handshake.ts';
import { openTestLab } from '../../support/lab.ts';

test('wrong-usage on a reused apiserver.crt stops its clients, and etcd still takes it', {
  timeout: 90_000,
}, async () => {
  const bench = await openTestLab({ apiserverClient: 'reuse' });
  try {
    const directory = readDirectory(bench.dir);
    const fault = findFault('wrong-usage');
    await applyFault(directory, fault, 'apiserver');
    const stated = expectedOutcomes(fault, 'apiserver', directory).map(({ channel }) => channel);
    expect(stated).not.toContain('kube-apiserver->etcd');
    expect(stated).toContain('kubectl->kube-apiserver');
    await expect
      .poll(() => outcome('kubectl->kube-apiserver'), { timeout: 20_000 })
      .toMatchObject({ layer: 'tls', by: 'client', code: 'CERT_WRONG_USAGE' });
    expect(await outcome('kube-apiserver->etcd')).toMatchObject({ layer: 'ok' });
  } finally {
    await bench.close();
  }

  async function outcome(id: string) {
    const channel = bench.lab.cluster.topology.find((one) => one.id === id);
    if (!channel) throw new Error(`no ${id}`);
    return (await freshHandshake(bench.lab.cluster, channel)).outcome;
  }
});
