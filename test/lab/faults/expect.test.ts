/** As Kubernetes does: a bad client certificate passes TLS and gets 401, which only the running client can see. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findFault } from '../../../lab/faults/catalogue.ts';
import { applyFault, fixTarget } from '../../../lab/faults/engine.ts';
import { expectedOutcomes } from '../../../lab/faults/expect.ts';
import { openTestLab, type TestLab } from '../../support/lab.ts';

let bench: TestLab;
beforeAll(async () => {
  bench = await openTestLab({ clientAuth: 'request' });
}, 60_000);
afterAll(() => bench.close());

test.for(['expired', 'unknown-ca'])(
  '%s on the scheduler ends in 401 in request mode',
  {
    timeout: 60_000,
  },
  async (name) => {
    const { directory } = bench.lab;
    const fault = findFault(name);
    const [stated] = expectedOutcomes(fault, 'scheduler', directory);
    await applyFault(directory, fault, 'scheduler');
    const { layer, by, code, alert } = stated ?? {};
    await expect.poll(now, { timeout: 20_000 }).toMatchObject({ layer, by, code, alert });
    await fixTarget(directory, 'scheduler');
    await expect.poll(now, { timeout: 10_000 }).toMatchObject({ layer: 'ok' });
  },
);

/** The scheduler's connection as it is now. */
function now() {
  return bench.lab.cluster.channels().find(({ client }) => client === 'kube-scheduler');
}
