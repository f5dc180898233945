import { mkdirSync, mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { watchFiles } from '../../../components/tls/watch.ts';
import { until } from '../../support/tls-bench.ts';

let folder: string;
let changes = 0;
const stops: (() => void)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mtls-lab-watch-'));
  changes = 0;
});
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
  rmSync(folder, { recursive: true, force: true });
});

const follow = (...paths: readonly string[]): void => {
  stops.push(
    watchFiles(paths, () => {
      changes += 1;
    }),
  );
};
const noticed = async (what: string): Promise<void> => {
  await until(`${what} is noticed`, () => changes > 0);
  changes = 0;
};

test('writing, renaming, removing and making again are all noticed, again and again', async () => {
  const path = join(folder, 'a.crt');
  writeFileSync(path, '0');
  follow(path);
  for (let round = 0; round < 2; round++) {
    writeFileSync(path, `in place ${round}`);
    await noticed('writing');
    writeFileSync(`${path}.tmp`, `renamed ${round}`);
    renameSync(`${path}.tmp`, path);
    await noticed('renaming');
    rmSync(path);
    await noticed('removing');
    writeFileSync(path, 'again');
    await noticed('making');
  }
});

test('a folder may be missing, appear, and go and come again', async () => {
  const path = join(folder, 'etc', 'kubernetes', 'pki', 'a.crt');
  follow(path);
  for (let round = 0; round < 2; round++) {
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, 'here');
    await noticed('appearing');
    rmSync(join(folder, 'etc'), { recursive: true });
    await noticed('going');
  }
});

test("what happens to other files of the folder is nobody's business", async () => {
  const path = join(folder, 'a.crt');
  writeFileSync(path, '0');
  follow(path);
  writeFileSync(join(folder, 'b.crt'), 'other');
  utimesSync(join(folder, 'b.crt'), 1, 1);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(changes).toBe(0);
});

test('who has stopped is not told', async () => {
  const path = join(folder, 'a.crt');
  follow(path);
  writeFileSync(path, 'first');
  for (const stop of stops.splice(0)) stop();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(changes).toBe(0);
});
