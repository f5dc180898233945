/** Faults in settings, on the files alone: each is told by status, and mended by fix. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { settingRows } from '../../../lab/deviations/settings.ts';
import { readDirectory } from '../../../lab/directory.ts';
import { applyFault, brokenTargets, fixTarget, undoFault } from '../../../lab/faults/engine.ts';
import type { Fault } from '../../../lab/faults/fault.ts';
import { noise } from '../../../lab/faults/noise.ts';
import { protocol } from '../../../lab/faults/protocol.ts';
import { settings } from '../../../lab/faults/settings.ts';
import { initDirectory } from '../../../lab/init.ts';
import { reportDirectory } from '../../../lab/status.ts';
import { temporaryFolder } from '../../support/cli.ts';

const FAULTS: readonly Fault[] = [...protocol, ...settings, ...noise];
const folder = temporaryFolder('settings-files');
const dir = join(folder.path, 'lab');

beforeAll(() => initDirectory(dir, { key: 'ecdsa-p256' }));
afterAll(() => folder.remove());

async function sentences(): Promise<readonly string[]> {
  return (await reportDirectory(readDirectory(dir))).deviations.map(({ sentence }) => sentence);
}

test.for(FAULTS.map(({ id }) => id))('%s is told by status, and mended by fix and by undo', async (id) => {
  const fault = FAULTS.find((one) => one.id === id);
  if (!fault) throw new Error(`no fault ${id}`);
  for (const target of fault.targets(readDirectory(dir))) {
    for (const mend of [fixTarget, undoFault]) {
      await applyFault(readDirectory(dir), fault, target);
      expect(await sentences(), target).not.toEqual([]);
      expect(brokenTargets(readDirectory(dir))).toContain(target);
      await mend(readDirectory(dir), target);
      expect(await sentences(), target).toEqual([]);
      expect(settingRows(readDirectory(dir))).toEqual([]);
    }
  }
});

test('two edits of one manifest: either goes alone, in either order', async () => {
  const directory = readDirectory(dir);
  const find = (id: string): Fault => FAULTS.find((one) => one.id === id) ?? expect.fail(id);
  for (const first of ['kubectl', 'kubelet@worker-1']) {
    await applyFault(directory, find('second-client-ca'), 'kubectl');
    await applyFault(directory, find('expired-accepted'), 'kubelet@worker-1');
    await undoFault(directory, first);
    const flags = settingRows(readDirectory(dir)).flatMap(({ setting }) =>
      setting.startsWith('--') ? setting : [],
    );
    expect(flags).toEqual([first === 'kubectl' ? '--kubelet-certificate-authority' : '--client-ca-file']);
    await undoFault(directory, first === 'kubectl' ? 'kubelet@worker-1' : 'kubectl');
    expect(await sentences()).toEqual([]);
  }
});
