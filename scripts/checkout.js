/**
 * A checkout runs its sources as they are now: bundled once for every state that they are in, and kept with V8's code
 * cache under node_modules/.cache. Reading hundreds of TypeScript files at each start costs more than all the rest.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const SOURCES = ['certs', 'components', 'lab', 'scripts', 'package-lock.json'];
/** Bundles of older states that are kept: programs that started from them may still run. */
const KEPT = 4;
const LOADER = 'start.cjs';

/**
 * The program as the sources are now.
 * @param {string} root  the checkout
 * @returns {Promise<{ main(argv: string[]): Promise<void> }>}
 * @throws  esbuild's error, with file and line, for a source that cannot be read
 */
export async function loadCheckout(root) {
  const cache = join(root, 'node_modules', '.cache', 'mtls-lab');
  const out = join(cache, stateOf(root));
  if (existsSync(join(out, LOADER))) return programIn(out);
  const { bundle } = await import('./bundle.js');
  const draft = draftFor(out, cache);
  const web = join(root, 'lab', 'dashboard', 'web');
  try {
    await bundle(root, draft, { define: { MTLS_LAB_WEB: JSON.stringify(web) }, sourcemap: true });
    return await programIn(isKept(draft, out) ? out : draft);
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

/** @type {(folder: string) => Promise<{ main(argv: string[]): Promise<void> }>} */
function programIn(folder) {
  return import(pathToFileURL(join(folder, LOADER)).href);
}

/** A folder to bundle into; in a checkout of somebody else a passing one. @type {(out: string, cache: string) => string} */
function draftFor(out, cache) {
  try {
    mkdirSync(cache, { recursive: true });
    for (const old of oldestOf(cache)) rmSync(join(cache, old), { recursive: true, force: true });
    const draft = `${out}.${randomUUID()}`;
    mkdirSync(draft);
    return draft;
  } catch {
    return mkdtempSync(join(tmpdir(), 'mtls-lab-'));
  }
}

/** Another program that started at the same time may have been first. @type {(draft: string, out: string) => boolean} */
function isKept(draft, out) {
  try {
    renameSync(draft, out);
    return true;
  } catch {
    return existsSync(join(out, LOADER));
  }
}

/** Names, sizes and times of all sources, hashed. @type {(root: string) => string} */
function stateOf(root) {
  const hash = createHash('sha256');
  const files = SOURCES.flatMap((name) => {
    const path = join(root, name);
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return [path];
    return readdirSync(path, { recursive: true, encoding: 'utf8' }).map((file) => join(path, file));
  });
  for (const file of files.sort()) {
    const found = statSync(file, { throwIfNoEntry: false });
    if (found?.isFile()) hash.update(`${file}\n${found.size} ${found.mtimeMs}\n`);
  }
  return hash.digest('hex').slice(0, 32);
}

/** @type {(cache: string) => string[]} */
function oldestOf(cache) {
  const made = /** @type {(name: string) => number} */ (
    (name) => statSync(join(cache, name), { throwIfNoEntry: false })?.mtimeMs ?? 0
  );
  return readdirSync(cache)
    .sort((a, b) => made(b) - made(a))
    .slice(KEPT);
}
