import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { deviations, expectedVersusFound } from '../../certs/expected.ts';
import { directoryState, readDirectory } from '../../lab/directory.ts';
import { initDirectory } from '../../lab/init.ts';
import { emptyFolder } from '../support/lab-directory.ts';

const now = () => new Date();

test('a kill at any moment, for real, then init again', async () => {
  const dir = join(emptyFolder(), 'lab');
  const script = `import('${join(import.meta.dirname, '../../lab/init.ts')}').then(({ initDirectory }) => initDirectory(${JSON.stringify(dir)}, { portBase: 0 }))`;
  for (const sign of [
    'run/init',
    'pki/ca.crt',
    'pki/worker-1/kubelet.crt',
    'hosts/worker-1/etc/kubernetes/pki/ca.crt',
  ]) {
    rmSync(dir, { recursive: true, force: true });
    // The child kills itself, with the signal that no program can catch, once a file has appeared.
    const killer = `const fs = require('node:fs'); setInterval(() => { if (fs.existsSync(${JSON.stringify(join(dir, sign))})) process.kill(process.pid, 'SIGKILL'); }, 1);`;
    try {
      execFileSync(
        process.execPath,
        ['--import', 'tsx', '-e', `${killer} ${script}.then(() => process.exit(0))`],
        { cwd: join(import.meta.dirname, '../..'), stdio: 'ignore' },
      );
    } catch {
      // Killed, as intended; or it was quicker than the timer, and then it is whole.
    }
    if (directoryState(dir) !== 'made') await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0 });
    expect(deviations(expectedVersusFound(dir, readDirectory(dir).choices, { now })), sign).toEqual([]);
  }
});
