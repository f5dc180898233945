/** Places that cannot be written or read. Root may do everything, so root runs these as another user. */
import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { initDirectory } from '../../../lab/init.ts';
import { type Result, runLab, startProgram, temporaryFolder } from '../../support/cli.ts';
import { findTool } from '../../support/tools.ts';

const NOBODY = '65534';
const BIN = join(import.meta.dirname, '../../../scripts/mtls-lab.js');
const folder = temporaryFolder('rights');
const dir = join(folder.path, 'lab');

beforeAll(async () => {
  await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0 });
  chmodSync(folder.path, 0o755);
});
afterAll(folder.remove);

/** Run as a user without special rights; skipped where root has no way to become one. */
function asUser(context: TestContext, args: readonly string[]): Promise<Result> {
  if (process.getuid?.() !== 0) return runLab(args);
  const setpriv = findTool('setpriv');
  if (setpriv === undefined) {
    context.skip('root, and setpriv is not installed: no way to be an ordinary user');
    throw new Error('unreachable: skip throws');
  }
  const become = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
  return startProgram([...become, process.execPath, BIN, ...args], {
    program: setpriv,
    env: { HOME: '/nonexistent' },
  }).ended;
}

test('a folder that may not be written is named, before anything is made', async (context) => {
  const closed = join(folder.path, 'closed');
  mkdirSync(closed, { mode: 0o555, recursive: true });
  const { code, stderr } = await asUser(context, ['up', '--once', '--dir', join(closed, 'lab')]);
  expect(code).toBe(1);
  expect(stderr).toContain('DIR_UNWRITABLE');
  expect(stderr).toContain(closed);
  expect(stderr).toContain('--dir');
  expect(stderr).not.toMatch(/\n\s+at /);
});

test('a lab of somebody else is refused in a sentence that names the file', async (context) => {
  if (process.getuid?.() !== 0) chmodSync(join(dir, 'run'), 0o000);
  const { code, stderr } = await asUser(context, ['up', '--once', '--dir', dir]);
  if (process.getuid?.() !== 0) chmodSync(join(dir, 'run'), 0o700);
  expect(code).toBe(1);
  expect(stderr).toMatch(/DIR_UNWRITABLE|FILE_UNREADABLE/);
  expect(stderr).toContain(dir);
  expect(stderr).not.toMatch(/\n\s+at /);
});

test.runIf(process.platform === 'linux')('a place that takes no files is refused at once', async () => {
  const { code, stderr } = await runLab(['init', '--dir', '/proc/mtls-lab/deep']);
  expect(code).toBe(1);
  expect(stderr).toContain('DIR_UNWRITABLE');
  expect(stderr).toContain('/proc/mtls-lab');
});

test('a file where the directory should be is refused', async () => {
  const file = join(folder.path, 'file');
  writeFileSync(file, '');
  const { code, stderr } = await runLab(['up', '--once', '--dir', file]);
  expect(code).toBe(1);
  expect(stderr).toContain('DIR_INVALID');
  rmSync(file);
});
