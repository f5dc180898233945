/**
 * Runs the bundle with V8's code cache, so that nothing is compiled twice: the copy of this file in dist/ does.
 * The cache lies beside the bundle, one for `up` and one for all other commands, and belongs to one build of
 * Node.js; where it cannot be written, all works without.
 */
'use strict';
const { readFileSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { cachedDataVersionTag } = require('node:v8');
const { Script } = require('node:vm');

const bundle = join(__dirname, 'mtls-lab.cjs');
const command = process.argv[2] === 'up' ? 'up' : 'other';
const cacheFile = join(
  __dirname,
  `.cache-${command}-${process.version}-${process.arch}-${cachedDataVersionTag()}`,
);

/** @type {(file: string) => Buffer | undefined} */
function read(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

// A checkout has a source map beside its bundle. Reading it takes a while: only for those who look for a fault.
if (process.env['MTLS_LAB_DEBUG'] === '1') process.setSourceMapsEnabled(true);

const cachedData = read(cacheFile);
const script = new Script(
  `(function (exports, require, module, __filename, __dirname) {${readFileSync(bundle, 'latin1')}\n})`,
  { filename: bundle, ...(cachedData === undefined ? {} : { cachedData }) },
);
if (cachedData === undefined || script.cachedDataRejected) {
  process.once('exit', () => {
    const draft = `${cacheFile}.${process.pid}`;
    try {
      writeFileSync(draft, script.createCachedData());
      renameSync(draft, cacheFile);
    } catch {
      rmSync(draft, { force: true });
    }
  });
}
const module_ = { exports: /** @type {{ main?: (argv: string[]) => Promise<void> }} */ ({}) };
script.runInThisContext()(module_.exports, require, module_, bundle, __dirname);
exports.main = module_.exports.main;
