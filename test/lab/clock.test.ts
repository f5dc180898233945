import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openHost } from '../../components/host.ts';
import { readClocks, setClock } from '../../lab/clock.ts';
import { temporaryFolder } from '../support/cli.ts';

const HOSTS = ['laptop', 'control-plane', 'worker-1'];
const DAY_MS = 86_400_000;
let folder = temporaryFolder('clock');
beforeEach(() => {
  folder = temporaryFolder('clock');
  for (const host of HOSTS) mkdirSync(join(folder.path, 'hosts', host), { recursive: true });
});
afterEach(() => folder.remove());

test('moves every host, and one host on its own', () => {
  setClock(folder.path, HOSTS, '+90d');
  setClock(folder.path, HOSTS, '-1d', 'worker-1');
  expect(openHost(join(folder.path, 'hosts', 'laptop')).shiftMs()).toBe(90 * DAY_MS);
  expect(openHost(join(folder.path, 'hosts', 'worker-1')).shiftMs()).toBe(-DAY_MS);
  expect(readClocks(folder.path, HOSTS).map(({ name, shiftMs }) => ({ name, shiftMs }))).toEqual([
    { name: 'cluster', shiftMs: 90 * DAY_MS },
    { name: 'worker-1', shiftMs: -DAY_MS },
  ]);
});

test('an instant ticks on from when it was set', () => {
  const before = Date.now();
  setClock(folder.path, HOSTS, '2030-01-01T00:00:00Z');
  const [cluster] = readClocks(folder.path, HOSTS);
  const aheadMs = Date.parse('2030-01-01T00:00:00Z') - before;
  expect(Math.abs((cluster?.shiftMs ?? 0) - aheadMs)).toBeLessThan(2000);
});

test('reset takes the file away, and the host follows the cluster again', () => {
  setClock(folder.path, HOSTS, '+1h');
  setClock(folder.path, HOSTS, '+2h', 'worker-1');
  expect(setClock(folder.path, HOSTS, 'reset', 'worker-1').shiftMs).toBe(3_600_000);
  expect(existsSync(join(folder.path, 'hosts', 'worker-1', 'clock'))).toBe(false);
});

test('a time that is none changes nothing', () => {
  setClock(folder.path, HOSTS, '+1h');
  expect(() => setClock(folder.path, HOSTS, 'later')).toThrow(
    expect.objectContaining({ code: 'CLOCK_INVALID' }),
  );
  expect(readClocks(folder.path, HOSTS)[0]?.setting).toBe('+1h');
  expect(readdirSync(folder.path).sort()).toEqual(['clock', 'hosts']);
});

test('a file that cannot be understood is a problem of its clock, not an exception', () => {
  writeFileSync(join(folder.path, 'hosts', 'laptop', 'clock'), '??');
  expect(readClocks(folder.path, HOSTS)).toContainEqual(
    expect.objectContaining({ name: 'laptop', problem: expect.stringContaining('"??" is not a time') }),
  );
});
