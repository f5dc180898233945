/** break, fix and fix --undo are killed before every single write: what is left is understood and mended. */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deviations, expectedVersusFound } from '../../../certs/expected.ts';
import { type LabDirectory, readDirectory } from '../../../lab/directory.ts';
import { findFault } from '../../../lab/faults/catalogue.ts';
import { applyFault, brokenTargets, fixEverything, standingFaults } from '../../../lab/faults/engine.ts';
import { initDirectory } from '../../../lab/init.ts';
import { reportDirectory } from '../../../lab/status.ts';
import { startProgram, temporaryFolder } from '../../support/cli.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const CHILD = join(import.meta.dirname, 'killed-child.ts');
const MOST = 60;

const folder = temporaryFolder('killed');
const dir = join(folder.path, 'lab');
let directory: LabDirectory;
/** Manifests, kubeconfigs and lab.yaml as init wrote them. */
let configuration: ReadonlyMap<string, string>;
let kills = 0;
beforeAll(async () => {
  await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0 });
  directory = readDirectory(dir);
  configuration = readConfiguration();
});
afterAll(() => folder.remove());

const CASES = [
  { what: 'break', fault: 'expired', target: 'scheduler' },
  { what: 'fix', fault: 'expired', target: 'scheduler' },
  { what: 'fix', fault: 'wrong-server-ca', target: 'kube-apiserver' },
  { what: 'undo', fault: 'missing-file', target: 'kubelet@worker-1' },
];

test.for(CASES)('$what of $fault on $target, killed before each write', async ({ what, fault, target }) => {
  for (let at = 1; at < MOST; at++) {
    if (what !== 'break') await applyFault(directory, findFault(fault), target);
    const args = ['--import', 'tsx', CHILD, dir, what, fault, target, String(at)];
    const { code, stderr } = await startProgram(args, { cwd: ROOT }).ended;
    expect(stderr).toBe('');
    // Understood: nothing throws, and whatever deviates has a sentence and a way to mend it.
    const report = await reportDirectory(readDirectory(dir));
    for (const { sentence, fix } of report.deviations) expect([sentence, fix]).not.toContain('');
    standingFaults(dir);
    if (code === null) kills += 1;
    await fixEverything(directory);
    expect(brokenTargets(directory)).toEqual([]);
    expect(deviations(expectedVersusFound(dir, directory.choices, { now: () => new Date() }))).toEqual([]);
    expect(readConfiguration()).toEqual(configuration);
    if (code === 0) return;
  }
  throw new Error(`more than ${MOST} writes`);
});

test('that were more than twenty kills', () => {
  expect(kills).toBeGreaterThan(20);
});

function readConfiguration(): ReadonlyMap<string, string> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .filter((path) => /(\.yaml|\.conf|config)$/.test(path) && !path.includes('.tmp'))
    .sort();
  return new Map(
    files.flatMap((path) => {
      try {
        return [[path, readFileSync(join(dir, path), 'utf8')] as const];
      } catch {
        return [];
      }
    }),
  );
}
