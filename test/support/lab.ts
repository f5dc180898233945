/** A lab in this process, in a temporary directory with ECDSA keys and free ports. */
import { join } from 'node:path';
import { hostPath } from '../../certs/hosts.ts';
import { type InitOptions, initDirectory } from '../../lab/init.ts';
import { type Lab, type LabOptions, startLab } from '../../lab/lab.ts';
import type { InstanceState } from '../../lab/supervisor.ts';
import { temporaryFolder } from './cli.ts';

/** A running lab for a test. */
export interface TestLab {
  readonly dir: string;
  readonly lab: Lab;
  state(id: string): InstanceState;
  /** A host's file on this computer. */
  path(host: string, path: string): string;
  close(): Promise<void>;
}

/** Make a directory and start a lab in it. */
export async function openTestLab(
  options: InitOptions = {},
  { prepare, ...running }: Omit<LabOptions, 'dir'> & { prepare?: (dir: string) => void } = {},
): Promise<TestLab> {
  const folder = temporaryFolder('lab');
  const dir = join(folder.path, 'lab');
  try {
    await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0, ...options });
    prepare?.(dir);
    const lab = await startLab({ ...running, dir });
    return {
      dir,
      lab,
      state: (id) => {
        const found = lab.cluster.states().find((one) => one.id === id);
        if (!found) throw new Error(`no ${id}`);
        return found;
      },
      path: (host, path) => hostPath(dir, host, path),
      close: async () => {
        await lab.close();
        folder.remove();
      },
    };
  } catch (error) {
    folder.remove();
    throw error;
  }
}
