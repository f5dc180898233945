/**
 * One CommonJS file with every runtime package in it, whose modules are evaluated when they are first wanted, and
 * beside it a small loader that keeps V8's code cache. Plain JavaScript: a checkout starts with it, before it has
 * anything that reads TypeScript.
 */
import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundle the program.
 * @param {string} root  the checkout
 * @param {string} out   folder for `mtls-lab.cjs` and its loader `start.cjs`; made if need be
 * @param {{ define: Record<string, string>, sourcemap: boolean }} options  what the sources find defined, as JSON
 */
export async function bundle(root, out, options) {
  mkdirSync(out, { recursive: true });
  await build({
    absWorkingDir: root,
    entryPoints: ['lab/cli/main.ts'],
    outfile: join(out, 'mtls-lab.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['esbuild'],
    ...options,
    sourcesContent: false,
    logOverride: { 'empty-import-meta': 'silent' },
    // ASCII only: V8 then keeps one byte per character.
    charset: 'ascii',
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'eof',
    logLevel: 'silent',
  });
  copyFileSync(join(root, 'scripts', 'start.cjs'), join(out, 'start.cjs'));
  chmodSync(join(out, 'start.cjs'), 0o644);
}
