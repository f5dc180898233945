/** A checkout runs its sources as they are: a bundle for each state of them, made once. */
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { loadCheckout } from '../../scripts/checkout.js';
import { emptyFolder } from '../support/lab-directory.ts';

const SCRIPTS = resolve(import.meta.dirname, '../../scripts');

/** A checkout whose program says one word, and what it says when it is run. */
function smallCheckout(): { write(file: string, text: string): void; run(): Promise<string>; cache: string } {
  const root = emptyFolder('checkout');
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  symlinkSync(SCRIPTS, join(root, 'scripts'));
  write('lab/cli/main.ts', "import { word } from '../word.ts'; export const main = (): string => word;");
  return {
    write,
    cache: join(root, 'node_modules/.cache/mtls-lab'),
    run: async () => String(await (await loadCheckout(root)).main([])),
  };
}

test('an edited source is what runs next, and nothing is bundled twice', async () => {
  const { write, run, cache } = smallCheckout();
  write('lab/word.ts', "export const word: string = 'one';");
  expect([await run(), await run()]).toEqual(['one', 'one']);
  expect(readdirSync(cache)).toHaveLength(1);
  write('lab/word.ts', "export const word: string = 'another';");
  expect(await run()).toBe('another');
  write('certs/new.ts', '');
  expect(await run()).toBe('another');
  expect(readdirSync(cache)).toHaveLength(3);
});

test('programs that start at the same time get the same bundle', async () => {
  const { write, run, cache } = smallCheckout();
  write('lab/word.ts', "export const word: string = 'one';");
  expect(await Promise.all([run(), run(), run()])).toEqual(['one', 'one', 'one']);
  expect(readdirSync(cache)).toHaveLength(1);
});

test('a source that cannot be read is named, and leaves nothing behind', async () => {
  const { write, run, cache } = smallCheckout();
  write('lab/word.ts', 'export const word: string = ;');
  await expect(run()).rejects.toThrow(/lab\/word\.ts:1:/);
  expect(readdirSync(cache)).toEqual([]);
  write('lab/word.ts', "export const word: string = 'mended';");
  expect(await run()).toBe('mended');
});

test('a checkout that may not be written runs all the same', async () => {
  const { write, run } = smallCheckout();
  write('lab/word.ts', "export const word: string = 'one';");
  // Nobody can make a folder below a file.
  write('node_modules', '');
  expect(await run()).toBe('one');
});
