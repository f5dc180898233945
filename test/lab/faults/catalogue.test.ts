/** Every fault on one server's and one client's certificate over real sockets in strict mode, then mended. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { deviations, expectedVersusFound } from '../../../certs/expected.ts';
import { findIdentity } from '../../../certs/resolve.ts';
import { readDirectory } from '../../../lab/directory.ts';
import { faults } from '../../../lab/faults/catalogue.ts';
import { applies, applyFault, brokenTargets, fixTarget, undoFault } from '../../../lab/faults/engine.ts';
import { expectedOutcomes } from '../../../lab/faults/expect.ts';
import { freshHandshake } from '../../../lab/handshake.ts';
import { openTestLab, type TestLab } from '../../support/lab.ts';

const TARGETS = ['scheduler', 'kubelet@worker-1'];

describe.for(['require'] as const)('clients in mode %s', (clientAuth) => {
  let bench: TestLab;
  beforeAll(async () => {
    bench = await openTestLab({ clientAuth });
  }, 60_000);
  afterAll(() => bench.close());

  const cases = faults.flatMap((fault) => TARGETS.map((target) => ({ fault, name: fault.id, target })));
  test.for(cases)(
    '$name on $target stops the stated connections as stated, and is mended',
    { timeout: 60_000 },
    async ({ fault, target }) => {
      const directory = readDirectory(bench.dir);
      const identity = findIdentity(directory.choices, target);
      if (!applies(fault, identity)) {
        await expect(applyFault(directory, fault, identity)).rejects.toMatchObject({
          code: 'FAULT_NOT_APPLICABLE',
        });
        return;
      }
      await applyFault(directory, fault, identity);
      const stated = expectedOutcomes(fault, target, directory).map(({ channel, layer, by, code, alert }) =>
        [channel, layer, by, code, alert].map(String).join(' '),
      );
      const channels = expectedOutcomes(fault, target, directory).map(({ channel }) => channel);
      expect(stated.length).toBeGreaterThan(0);
      await expect.poll(() => failing(bench, channels), { timeout: 20_000, interval: 100 }).toEqual(stated);
      await fixTarget(directory, identity);
      await expect.poll(() => failing(bench, channels), { timeout: 10_000, interval: 100 }).toEqual([]);
      const rows = expectedVersusFound(bench.dir, directory.choices, { now: () => new Date() });
      expect(deviations(rows)).toEqual([]);
    },
  );

  test('a second fault on the same certificate is refused, and undo puts the old files back', async () => {
    const directory = readDirectory(bench.dir);
    const identity = findIdentity(directory.choices, 'scheduler');
    const [fault] = faults;
    await applyFault(directory, fault, identity);
    expect(brokenTargets(directory).map(({ id }) => id)).toEqual(['scheduler']);
    await expect(applyFault(directory, fault, identity)).rejects.toMatchObject({ code: 'FAULT_STANDS' });
    undoFault(directory, identity);
    expect(brokenTargets(directory)).toEqual([]);
  });
});

/** A fresh handshake on these connections; one line for each that is not accepted from both sides. */
async function failing({ lab }: TestLab, ids: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  for (const channel of lab.cluster.topology.filter(({ id }) => ids.includes(id))) {
    const trace = await freshHandshake(lab.cluster, channel);
    const { layer, by, code, alert } = trace.outcome;
    if (layer !== 'ok')
      lines.push([channel.id, layer, by, code, alert?.number ?? null].map(String).join(' '));
  }
  return lines;
}
