/** The packed program: what is in the tarball, and that it works where nothing else is installed. */
import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runLab, startProgram, temporaryFolder } from '../support/cli.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const LIMIT_MS = 120_000;
const run = promisify(execFile);
const folder = temporaryFolder('pack');
let tarball = '';
let files: readonly string[] = [];

beforeAll(async () => {
  await run(process.execPath, ['--import', 'tsx', join(ROOT, 'scripts', 'build.ts')], { cwd: ROOT });
  const { stdout } = await run(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder.path],
    { cwd: ROOT },
  );
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  files = packed?.files.map(({ path }) => path) ?? [];
  tarball = join(folder.path, packed?.filename ?? '');
}, LIMIT_MS);
afterAll(folder.remove);

test('holds the program, its bundle and its papers, and nothing that was generated in a lab', () => {
  const papers = /^(package\.json|LICENSE|README\.md|CHANGELOG\.md)$/;
  expect(files.filter((path) => !papers.test(path)).sort()).toEqual([
    'dist/mtls-lab.cjs',
    'dist/start.cjs',
    'scripts/mtls-lab.js',
  ]);
});

test('holds no secret', () => {
  const bundle = readFileSync(join(ROOT, 'dist', 'mtls-lab.cjs'), 'latin1');
  expect(bundle).not.toMatch(/-----BEGIN [A-Z ]*PRIVATE KEY-----\\?n?[A-Za-z0-9+/=]{40}/);
});

test(
  'works from the tarball in an empty folder, also with its code cache',
  async () => {
    writeFileSync(join(folder.path, 'package.json'), '{"private":true}');
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', tarball], {
      cwd: folder.path,
    });
    const bin = join(folder.path, 'node_modules', '.bin', 'mtls-lab');
    for (const attempt of ['first', 'second']) {
      const args = ['up', '--once', '--json', '--key', 'ecdsa-p256', '--port-base', '0'];
      const session = startProgram([bin, ...(attempt === 'first' ? args : ['up', '--once', '--json'])], {
        cwd: folder.path,
      });
      const { code, stdout, stderr } = await session.ended;
      expect(stderr, attempt).toBe('');
      expect(JSON.parse(stdout), attempt).toMatchObject({ ok: true });
      expect(code, attempt).toBe(0);
    }
  },
  LIMIT_MS,
);

test('a checkout runs its sources, whatever lies in dist/', async () => {
  const { code, stdout } = await runLab(['--help'], { cwd: ROOT });
  expect(code).toBe(0);
  expect(stdout).toContain('up ');
});
