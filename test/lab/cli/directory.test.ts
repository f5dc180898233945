/** Commands that work on a directory without a running lab. */
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { callCli, temporaryFolder } from '../../support/cli.ts';

const folder = temporaryFolder('cli-directory');
const dir = join(folder.path, 'lab');
beforeAll(async () => {
  expect((await callCli(['init', '--dir', dir, '--port-base', '0', '--key', 'ecdsa-p256'])).code).toBe(0);
});
afterAll(folder.remove);

const cli = (...args: string[]) => callCli([...args, '--dir', dir]);

test('never makes a second lab in one place', async () => {
  const { code, stderr } = await cli('init');
  expect(code).toBe(1);
  expect(stderr).toContain('DESK_EXISTS');
});

test('env prints the two variables, for a shell and as JSON', async () => {
  const { stdout } = await cli('env');
  expect(stdout).toContain(`export KUBECONFIG=${dir}/hosts/laptop/.kube/config`);
  const values = JSON.parse((await cli('env', '--json')).stdout);
  expect(existsSync(values.KUBECONFIG)).toBe(true);
  expect(values.KUBECACHEDIR.startsWith(dir)).toBe(true);
});

test('status says clearly that no lab runs, and exits with 1', async () => {
  const { code, stdout } = await cli('status');
  expect(code).toBe(1);
  expect(stdout).toContain('No lab runs in');
  const report = JSON.parse((await cli('status', '--json')).stdout);
  expect(report).toMatchObject({ ok: false, running: false, channels: [], consequences: [] });
});

test.for(['start', 'stop', 'restart'])('%s says that no lab runs', async (name) => {
  const { code, stderr } = await cli(name, 'scheduler');
  expect(code).toBe(1);
  expect(stderr).toContain('LAB_NOT_RUNNING');
  expect(stderr).toContain('npx mtls-lab up');
});

test('clock sets, shows and takes back the time, and always says who does not see it', async () => {
  const note = 'Real kubectl, openssl and curl live in real time';
  expect((await cli('clock')).stdout).toContain(note);
  const set = await cli('clock', '+400d');
  expect(set.stdout).toContain(note);
  expect(readFileSync(join(dir, 'clock'), 'utf8')).toBe('+400d\n');
  const { clocks } = JSON.parse((await cli('clock', '--json')).stdout);
  expect(clocks[0]).toMatchObject({ name: 'cluster', setting: '+400d', shiftMs: 400 * 86_400_000 });
  await cli('clock', '-2h', '--host', 'worker-1');
  expect((await cli('clock')).stdout).toMatch(/worker-1 .*-2h/);
  await cli('clock', 'reset', '--host', 'worker-1');
  expect(existsSync(join(dir, 'hosts', 'worker-1', 'clock'))).toBe(false);
  expect((await cli('clock', 'reset')).stdout).toContain('real time');
  expect(existsSync(join(dir, 'clock'))).toBe(false);
});

test.for([
  { name: 'a time that is none', args: ['clock', 'tomorrow'], code: 1, text: 'CLOCK_INVALID' },
  {
    name: 'a host that is not there',
    args: ['clock', '+1d', '--host', 'worker-2'],
    code: 2,
    text: 'worker-1',
  },
])('clock refuses $name', async ({ args, code, text }) => {
  const result = await cli(...args);
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(text);
});

test('clock reports a file that was edited into nonsense', async () => {
  writeFileSync(join(dir, 'clock'), 'half past nine');
  const { code, stdout } = await cli('clock');
  expect(code).toBe(1);
  expect(stdout).toContain('"half past nine" is not a time');
  await cli('clock', 'reset');
});

test('logs shows what there is, and resolves names', async () => {
  expect((await cli('logs', 'scheduler')).stderr).toContain('has not logged anything yet');
  const log = join(dir, 'hosts', 'control-plane', 'var', 'log');
  mkdirSync(log, { recursive: true });
  writeFileSync(join(log, 'kube-scheduler.log'), 'one\ntwo\nthree\n');
  expect((await cli('logs', 'scheduler', '--tail', '2')).stdout).toBe('two\nthree\n');
  expect((await cli('logs', 'schedular')).stderr).toContain('did you mean scheduler?');
});

test('doctor finds a key that others may read', async () => {
  const key = join(dir, 'pki', 'admin.key');
  chmodSync(key, 0o644);
  const before = JSON.parse((await cli('doctor', '--json')).stdout);
  expect(before.ok).toBe(false);
  expect(before.checks).toContainEqual(
    expect.objectContaining({ name: 'file modes', result: 'fail', fix: `chmod go= ${key}` }),
  );
  chmodSync(key, 0o600);
  const after = JSON.parse((await cli('doctor', '--json')).stdout);
  expect(after.checks).toContainEqual(expect.objectContaining({ name: 'file modes', result: 'ok' }));
});

test('reset removes what the lab made and nothing else', async () => {
  writeFileSync(join(dir, 'notes.txt'), 'mine');
  const { code, stdout } = await cli('reset');
  expect(code).toBe(0);
  expect(stdout).toContain("Left alone, not the lab's: notes.txt");
  expect(existsSync(join(dir, 'pki'))).toBe(false);
  expect(existsSync(join(dir, 'notes.txt'))).toBe(true);
  expect((await cli('reset')).code).toBe(1);
});
