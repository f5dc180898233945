#!/usr/bin/env node
/**
 * The program `mtls-lab`. Plain JavaScript that any Node can parse, so that a Node that is too old gets a
 * sentence and not a syntax error. The packed program runs its bundle, a checkout one made of its sources.
 */
import { fileURLToPath } from 'node:url';

const OLDEST = '20.19';

function start() {
  if (isOlder(process.versions.node, OLDEST)) {
    console.error(
      `NODE_TOO_OLD: mtls-lab needs Node.js ${OLDEST} or newer; this is ${process.versions.node}.`,
    );
    console.error('fix: install a current release from https://nodejs.org, or: nvm install 22');
    process.exitCode = 1;
    return Promise.resolve();
  }
  const source = new URL('../lab/cli/main.ts', import.meta.url);
  return import('node:fs')
    .then(({ existsSync }) => {
      if (!existsSync(source)) return import(new URL('../dist/start.cjs', import.meta.url).href);
      const root = fileURLToPath(new URL('..', import.meta.url));
      return import('./checkout.js').then(({ loadCheckout }) => loadCheckout(root));
    })
    .then((program) => program.main(process.argv.slice(2)));
}

/** @type {(have: string, wanted: string) => boolean} */
function isOlder(have, wanted) {
  const [major = 0, minor = 0] = have.split('.').map(Number);
  const [wantedMajor = 0, wantedMinor = 0] = wanted.split('.').map(Number);
  return major < wantedMajor || (major === wantedMajor && minor < wantedMinor);
}

start().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
