import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { apiAddress, hasStaleLock, runningLab, takeLock } from '../../lab/lock.ts';

let dir = '';
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'lock-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

test('refuses a second lab on the same directory, with pid and address', () => {
  const lock = takeLock(dir);
  lock.publish({ url: 'http://127.0.0.1:1234', token: 'secret' });
  expect(() => takeLock(dir)).toThrow(new RegExp(`pid ${process.pid}, http://127.0.0.1:1234`));
  lock.release();
  takeLock(dir).release();
});

test('keeps the folder and the token to this user', () => {
  const lock = takeLock(dir);
  lock.publish({ url: 'http://127.0.0.1:1', token: 'secret' });
  expect(statSync(join(dir, 'run')).mode & 0o777).toBe(0o700);
  expect(statSync(join(dir, 'run', 'api.json')).mode & 0o777).toBe(0o600);
  expect(statSync(join(dir, 'run', 'lock')).mode & 0o777).toBe(0o600);
  expect(apiAddress(dir, dir)).toMatchObject({ url: 'http://127.0.0.1:1', token: 'secret' });
  lock.release();
  expect(() => apiAddress(dir, './x')).toThrow('no lab runs in ./x');
});

test('takes over the lock of a process that is gone', () => {
  const gone = spawnSync(process.execPath, ['-e', '0']).pid;
  takeLock(dir).release();
  writeFileSync(join(dir, 'run', 'lock'), JSON.stringify({ pid: gone, processStart: '1', since: '' }));
  expect(hasStaleLock(dir)).toBe(true);
  const lock = takeLock(dir);
  expect(runningLab(dir)?.pid).toBe(process.pid);
  lock.release();
});

test.runIf(process.platform === 'linux')('takes over a lock whose pid belongs to another program now', () => {
  takeLock(dir).release();
  writeFileSync(
    join(dir, 'run', 'lock'),
    JSON.stringify({ pid: process.ppid, processStart: 'not its start', since: '' }),
  );
  expect(runningLab(dir)).toBeUndefined();
  takeLock(dir).release();
});

test.for(['', '{', '[]', '{"pid":-1}', '{"pid":"1"}'])('takes over a lock that holds %j', (content) => {
  takeLock(dir).release();
  writeFileSync(join(dir, 'run', 'lock'), content);
  takeLock(dir).release();
});

test('lets exactly one of many processes in, also when a stale lock stands in the way', async () => {
  takeLock(dir).release();
  writeFileSync(join(dir, 'run', 'lock'), JSON.stringify({ pid: 2 ** 22 + 1, processStart: '1', since: '' }));
  const script = join(dir, 'take.ts');
  writeFileSync(
    script,
    `import { takeLock } from '${join(import.meta.dirname, '../../lab/lock.ts')}';
     try { takeLock('${dir}'); console.log('taken'); setTimeout(() => {}, 60000); }
     catch (error) { console.log(error.code); }`,
  );
  const children = Array.from({ length: 4 }, () =>
    spawn(process.execPath, ['--import', 'tsx', script], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  const answers = await Promise.all(
    children.map(async (child) => String((await once(child.stdout, 'data'))[0]).trim()),
  );
  for (const child of children) child.kill('SIGKILL');
  expect(answers.sort()).toEqual(['LAB_RUNNING', 'LAB_RUNNING', 'LAB_RUNNING', 'taken']);
});
