/** Every fault on every target it has, in labs of other choices: put there and mended, by the files alone. */
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Choices } from '../../../certs/identities.ts';
import { readDirectory } from '../../../lab/directory.ts';
import { faults } from '../../../lab/faults/catalogue.ts';
import { applyFault, brokenTargets, fixTarget } from '../../../lab/faults/engine.ts';
import { byMode } from '../../../lab/faults/page.ts';
import { initDirectory } from '../../../lab/init.ts';
import { temporaryFolder } from '../../support/cli.ts';

const CHOICES: readonly Partial<Choices>[] = [
  { cas: 'separate' },
  { apiserverClient: 'reuse' },
  { names: 'pem', workers: 2 },
];

test.for(CHOICES)('%o', async (choices) => {
  const folder = temporaryFolder('choices');
  const dir = join(folder.path, 'lab');
  try {
    await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0, ...choices });
    const directory = readDirectory(dir);
    let tried = 0;
    for (const fault of faults) {
      for (const target of fault.targets(directory)) {
        byMode(fault, target, directory);
        await applyFault(directory, fault, target);
        await fixTarget(readDirectory(dir), target);
        expect(brokenTargets(readDirectory(dir)), `${fault.id} on ${target}`).toEqual([]);
        tried += 1;
      }
    }
    expect(tried).toBeGreaterThan(300);
  } finally {
    folder.remove();
  }
});
