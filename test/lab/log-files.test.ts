import { chmodSync, existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { logPath, openLogFile, readLog } from '../../lab/log-files.ts';
import { temporaryFolder } from '../support/cli.ts';

let folder = temporaryFolder('logs');
beforeEach(() => {
  folder = temporaryFolder('logs');
});
afterEach(() => folder.remove());

test('writes lines in order into the host of the component', () => {
  const path = logPath(folder.path, 'kubelet@worker-2', 'worker-2');
  expect(path).toBe(join(folder.path, 'hosts/worker-2/var/log/kubelet.log'));
  const log = openLogFile(path);
  log.write('one');
  log.write('two');
  log.flush();
  expect(readFileSync(path, 'utf8')).toBe('one\ntwo\n');
  expect(log.recent()).toEqual(['one', 'two']);
});

test('writes by itself, soon', async () => {
  const path = join(folder.path, 'a.log');
  openLogFile(path).write('one');
  await new Promise((resolve) => setImmediate(resolve));
  expect(readLog(path)).toEqual(['one']);
});

test('keeps two generations of at most a megabyte', () => {
  const path = join(folder.path, 'a.log');
  const log = openLogFile(path);
  for (let n = 0; n < 40; n++) {
    log.write(`${n} ${'x'.repeat(100_000)}`);
    log.flush();
  }
  expect(statSync(path).size).toBeLessThanOrEqual(1_000_000);
  expect(statSync(`${path}.1`).size).toBeLessThanOrEqual(1_000_000);
  expect(existsSync(`${path}.2`)).toBe(false);
  expect(readLog(path, 1)[0]).toMatch(/^39 /);
  expect(log.recent().length).toBeLessThanOrEqual(50);
});

test('loses the log and nothing else where it cannot be written', (context) => {
  if (process.getuid?.() === 0) {
    // Root may write anywhere: a file where the folder should be stops it too.
    const log = openLogFile(join(import.meta.filename, 'a.log'));
    log.write('one');
    log.flush();
    expect(log.recent()).toEqual(['one']);
    return;
  }
  context.annotate('as an ordinary user');
  chmodSync(folder.path, 0o500);
  const log = openLogFile(join(folder.path, 'deep', 'a.log'));
  log.write('one');
  log.flush();
  expect(log.recent()).toEqual(['one']);
  chmodSync(folder.path, 0o700);
});
