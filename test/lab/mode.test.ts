/** The mode of a running lab, switched from the command line. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { callCli } from '../support/cli.ts';
import { openTestLab, type TestLab } from '../support/lab.ts';
import { eventually } from '../support/whole-cluster.ts';

vi.setConfig({ testTimeout: 60_000 });

let lab: TestLab;
beforeAll(async () => {
  lab = await openTestLab();
}, 60_000);
afterAll(() => lab?.close());

test('up --client-auth changes a running lab: the same certificate ends in 401 in place of an alert', async () => {
  const cli = (...words: string[]) => callCli([...words, '--dir', lab.dir]);
  const scheduler = async () => {
    const { channels } = JSON.parse((await cli('status', '--json')).stdout);
    return channels.find(({ id }: { id: string }) => id === 'kube-scheduler->kube-apiserver');
  };
  await cli('break', 'expired', '--on', 'scheduler', '--json');
  await eventually('refused in TLS', async () => (await scheduler()).layer === 'tls');

  const switched = await cli('up', '--client-auth', 'request');
  expect(switched).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('as Kubernetes does') as unknown,
  });
  await eventually('refused with 401', async () => (await scheduler()).layer === '401');

  expect(await cli('up', '--client-auth', 'require', '--json')).toMatchObject({
    code: 0,
    stdout: '{"ok":true,"clientAuth":"require"}\n',
  });
  await eventually('refused in TLS again', async () => (await scheduler()).layer === 'tls');
  expect(await cli('up', '--client-auth', 'request', '--workers', '2')).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('LAB_RUNNING') as unknown,
  });
});
