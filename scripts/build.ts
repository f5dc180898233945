/**
 * Makes dist/, which the packed program runs: one CommonJS file with every runtime package in it, whose modules
 * are evaluated when they are first wanted, and a small loader that keeps V8's code cache beside it.
 */
import { chmodSync, copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { buildPage } from '../lab/dashboard/page-build.ts';

const root = resolve(import.meta.dirname, '..');
const out = join(root, 'dist');

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
await build({
  absWorkingDir: root,
  entryPoints: ['lab/cli/main.ts'],
  outfile: join(out, 'mtls-lab.cjs'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  // The page comes ready-made: only a checkout builds it.
  external: ['esbuild'],
  define: { MTLS_LAB_PAGE: JSON.stringify(await buildPage(join(root, 'lab', 'dashboard', 'web'))) },
  logOverride: { 'empty-import-meta': 'silent' },
  // ASCII only: V8 then keeps one byte per character.
  charset: 'ascii',
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'eof',
  logLevel: 'warning',
});
copyFileSync(join(root, 'scripts', 'start.cjs'), join(out, 'start.cjs'));
chmodSync(join(out, 'start.cjs'), 0o644);
