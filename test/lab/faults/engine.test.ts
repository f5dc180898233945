/** Break and fix on files alone: records, collisions, faults on one file, and what is left when nothing was done. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type LabDirectory, readDirectory } from '../../../lab/directory.ts';
import { faults, findFault } from '../../../lab/faults/catalogue.ts';
import {
  applyFault,
  brokenTargets,
  fixEverything,
  fixTarget,
  standingFaults,
  undoFault,
} from '../../../lab/faults/engine.ts';
import { initDirectory } from '../../../lab/init.ts';
import { temporaryFolder } from '../../support/cli.ts';

const folder = temporaryFolder('engine');
const dir = join(folder.path, 'lab');
let directory: LabDirectory;
beforeAll(async () => {
  await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0 });
  directory = readDirectory(dir);
});
beforeEach(async () => {
  await fixEverything(directory);
});
afterAll(() => folder.remove());

const CERT = 'hosts/control-plane/etc/kubernetes/pki/scheduler.crt';
const read = (path: string): string => readFileSync(join(dir, path), 'utf8');
const standing = (): string[] => standingFaults(dir).map(({ fault, target }) => `${fault} ${target}`);

test('a second fault on the same file is refused, and undo puts the old bytes and modes back', async () => {
  const before = [read(CERT), statSync(join(dir, CERT)).mode];
  const fault = findFault('expired');
  await applyFault(directory, fault, 'scheduler');
  expect(brokenTargets(directory)).toEqual(['scheduler']);
  await expect(applyFault(directory, fault, 'scheduler')).rejects.toMatchObject({ code: 'FAULT_STANDS' });
  await expect(applyFault(directory, findFault('unknown-ca'), 'scheduler')).rejects.toMatchObject({
    code: 'FAULT_STANDS',
  });
  await undoFault(directory, 'scheduler');
  expect([read(CERT), statSync(join(dir, CERT)).mode]).toEqual(before);
  expect(brokenTargets(directory)).toEqual([]);
  expect(readdirSync(join(dir, 'run', 'broken'))).toEqual([]);
});

test('two faults stand on two targets, and one is mended alone', async () => {
  await applyFault(directory, findFault('expired'), 'scheduler');
  await applyFault(directory, findFault('wrong-name'), 'apiserver');
  expect(standing()).toEqual(['expired scheduler', 'wrong-name apiserver']);
  await fixTarget(directory, 'scheduler');
  expect(standing()).toEqual(['wrong-name apiserver']);
});

test('a target that a fault cannot stand on is refused', async () => {
  await expect(applyFault(directory, findFault('wrong-name'), 'scheduler')).rejects.toMatchObject({
    code: 'FAULT_NOT_APPLICABLE',
  });
});

test('a certificate put right by hand mends the fault: its record counts no more', async () => {
  const good = read(CERT);
  const key = read(CERT.replace('.crt', '.key'));
  await applyFault(directory, findFault('expired'), 'scheduler');
  writeFileSync(join(dir, CERT), good);
  writeFileSync(join(dir, CERT.replace('.crt', '.key')), key);
  expect(standing()).toEqual([]);
  expect(brokenTargets(directory)).toEqual([]);
  await fixEverything(directory);
  expect(readdirSync(join(dir, 'run', 'broken'))).toEqual([]);
});

test('two faults edit one file: the older is taken out from under the newer, then the file is as it was', async () => {
  const before = read('lab.yaml');
  const fault = findFault('old-tls');
  await applyFault(directory, fault, 'kube-scheduler');
  const older = read('lab.yaml');
  await applyFault(directory, fault, 'kubectl');
  expect(standing()).toEqual(['old-tls kube-scheduler', 'old-tls kubectl']);
  await fixTarget(directory, 'kube-scheduler');
  const newer = read('lab.yaml');
  expect(newer).toMatch(/kubectl: .*TLSv1\.1/);
  expect(newer).not.toMatch(/kube-scheduler: .*TLSv1\.1/);
  expect(standing()).toEqual(['old-tls kubectl']);
  await applyFault(directory, fault, 'kube-scheduler');
  await undoFault(directory, 'kubectl');
  expect(read('lab.yaml')).toBe(older);
  await undoFault(directory, 'kube-scheduler');
  expect(read('lab.yaml')).toBe(before);
});

test('a fault that would write what another one has written is refused, and says why', async () => {
  await applyFault(directory, findFault('rotated-ca'), 'cluster');
  await expect(applyFault(directory, findFault('wrong-bundle'), 'ca@control-plane')).rejects.toMatchObject({
    code: 'FAULT_STANDS',
    what: 'rotated-ca stands on cluster already',
  });
});

test('what a fault changes is worked out without touching a file, and lies inside the directory', async () => {
  const before = snapshot();
  for (const fault of faults) {
    for (const target of fault.targets(directory).slice(0, 2)) {
      const changes = await fault.change({ directory, target, now: new Date() });
      expect(changes.length, fault.id).toBeGreaterThan(0);
      for (const { path } of changes)
        expect(path, fault.id).toMatch(/^(lab\.yaml|clock|hosts\/[^.]|pki\/|run\/)/);
    }
  }
  expect(snapshot()).toEqual(before);
});

/** Every file with its time of change. */
function snapshot(): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => `${path} ${statSync(join(dir, path)).mtimeMs}`);
}
