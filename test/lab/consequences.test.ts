/** What a break costs is read from the cluster's own objects, and a repair is green within ten seconds. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adminClient } from '../../lab/consequences.ts';
import { readDirectory } from '../../lab/directory.ts';
import { findFault } from '../../lab/faults/catalogue.ts';
import { applyFault, fixTarget } from '../../lab/faults/engine.ts';
import { reportStatus } from '../../lab/status.ts';
import { openTestLab, type TestLab } from '../support/lab.ts';

/** Issue: after a fix everything is green in under 10 s without a restart of the lab. */
const GREEN_MS = 10_000;
const SEEN_MS = 20_000;

let bench: TestLab;
beforeAll(async () => {
  bench = await openTestLab();
});
afterAll(() => bench.close());

const status = () => reportStatus(bench.lab.directory, bench.lab.cluster);
const breakIt = (fault: string, target: string) =>
  applyFault(readDirectory(bench.dir), findFault(fault), target);
const restarts = () => bench.lab.cluster.states().map(({ id, restarts: count }) => [id, count]);

test('a scheduler that is refused leaves a pod Pending, since when is told, and so is its recovery', async () => {
  const client = adminClient(bench.lab.cluster);
  await expect.poll(async () => (await status()).consequences, { timeout: SEEN_MS }).toEqual([]);
  await breakIt('expired', 'scheduler');
  await expect
    .poll(async () => (await status()).consequences, { timeout: SEEN_MS })
    .toContain('new pods stay Pending: kube-scheduler cannot work; running pods go on');
  await client.request(
    'PATCH',
    '/apis/apps/v1/namespaces/default/deployments/web',
    { spec: { replicas: 3 } },
    { contentType: 'application/merge-patch+json' },
  );
  await client.close();
  const pending = /^pod default\/web-\S+ is Pending: .+ \(since \d\d:\d\d:\d\d UTC\)$/;
  await expect
    .poll(async () => (await status()).consequences, { timeout: SEEN_MS })
    .toContainEqual(expect.stringMatching(pending));
  const before = restarts();
  await fixTarget(readDirectory(bench.dir), 'scheduler');
  await expect
    .poll(status, { timeout: GREEN_MS, interval: 100 })
    .toMatchObject({ ok: true, consequences: [], deviations: [] });
  expect(restarts()).toEqual(before);
  const { recovered } = await status();
  expect(recovered.map(({ text }) => text)).toContainEqual(expect.stringMatching(pending));
  expect(bench.lab.cluster.journal.events().map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['suffers', 'recovered']),
  );
});

test('a server that everybody refuses is green again as soon, without a restart', async () => {
  await breakIt('wrong-name', 'apiserver');
  await expect
    .poll(async () => (await status()).channels.filter(({ layer }) => layer === 'tls').length, {
      timeout: SEEN_MS,
    })
    .toBe(5);
  const before = restarts();
  await fixTarget(readDirectory(bench.dir), 'apiserver');
  await expect
    .poll(status, { timeout: GREEN_MS, interval: 100 })
    .toMatchObject({ ok: true, consequences: [], deviations: [] });
  expect(restarts()).toEqual(before);
});
