/** `break` and `fix` on a directory in which no lab runs: what they write, say and put back. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { callCli, temporaryFolder } from '../../support/cli.ts';
import { requireTool } from '../../support/tools.ts';

const folder = temporaryFolder('cli-break');
const dir = join(folder.path, 'lab');
const onHost = join(dir, 'hosts/control-plane/etc/kubernetes/pki/scheduler.crt');
const onDesk = join(dir, 'pki/scheduler.crt');

beforeAll(async () => {
  expect((await callCli(['init', '--dir', dir, '--port-base', '0', '--key', 'ecdsa-p256'])).code).toBe(0);
});
afterEach(() => cli('fix'));
afterAll(folder.remove);

const cli = (...args: string[]) => callCli([...args, '--dir', dir]);
const read = (file: string) => readFileSync(file, 'utf8');
const deviations = async () => JSON.parse((await cli('status', '--json')).stdout).deviations;

test('break changes the host and not the desk, status names the file, undo puts back the very bytes', async () => {
  const before = read(onHost);
  const desk = read(onDesk);
  const { code, stdout } = await cli('break', 'expired', '--on', 'scheduler', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ ok: true, fault: 'expired', target: 'scheduler' });
  expect(read(onHost)).not.toBe(before);
  expect(read(onDesk)).toBe(desk);
  expect(await deviations()).toContainEqual(expect.objectContaining({ code: 'CERT_EXPIRED' }));
  expect((await cli('fix', '--undo')).code).toBe(0);
  expect(read(onHost)).toBe(before);
  expect(await deviations()).toEqual([]);
});

test('a bare fix issues and distributes everything that is broken, two faults at once', async () => {
  const before = read(onHost);
  await cli('break', 'expired', '--on', 'scheduler');
  await cli('break', 'unknown-ca', '--on', 'kubelet@worker-1');
  const { stdout } = await cli('fix', '--json');
  const { repairs } = JSON.parse(stdout);
  expect(repairs.map((one: { target: string }) => one.target).sort()).toEqual([
    'kubelet@worker-1',
    'scheduler',
  ]);
  expect(read(onHost)).not.toBe(before);
  expect(read(onHost)).toBe(read(onDesk));
  expect(await deviations()).toEqual([]);
});

test('fix knows a program by its short name, too', async () => {
  await cli('break', 'skip-verify', 'kube-scheduler');
  const { stdout } = await cli('fix', 'scheduler', '--json');
  expect(JSON.parse(stdout).repairs).toMatchObject([{ target: 'kube-scheduler' }]);
  expect(await deviations()).toEqual([]);
});

test('openssl agrees that an expired certificate has ended', async (context) => {
  const openssl = requireTool(context, 'openssl');
  const ended = () =>
    execFileSync(openssl, ['x509', '-in', onHost, '-noout', '-checkend', '0'], { stdio: 'pipe' });
  expect(() => ended()).not.toThrow();
  await cli('break', 'expired', '--on', 'scheduler');
  expect(() => ended()).toThrow();
});

test.for([
  { name: 'an unknown fault', args: ['break', 'expird', '--on', 'scheduler'], says: 'did you mean expired?' },
  { name: 'a fault without a target', args: ['break', 'expired'], says: 'scheduler' },
  {
    name: 'a fault that does not fit',
    args: ['break', 'wrong-name', '--on', 'scheduler'],
    says: 'FAULT_NOT',
  },
  { name: 'an undo of nothing', args: ['fix', 'scheduler', '--undo'], says: 'nothing that break did' },
])('refuses $name and leaves every file alone', async ({ args, says }) => {
  const { code, stderr } = await cli(...args);
  expect(code).not.toBe(0);
  expect(stderr).toContain(says);
  expect(await deviations()).toEqual([]);
});
