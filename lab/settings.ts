/** The settings of components, read from lab.yaml anew when the file has changed. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { InstanceId, Settings } from '../components/component.ts';
import { type LabDirectory, readDirectory, settingsOf } from './directory.ts';

/**
 * A reader for a running lab. While lab.yaml cannot be read, the last good settings stay.
 * @param directory  as it was when the lab started
 */
export function openSettings(directory: LabDirectory): (id: InstanceId) => Settings {
  const file = join(directory.dir, 'lab.yaml');
  let current = directory;
  let stamp = stampOf(file);
  return (id) => {
    const now = stampOf(file);
    if (now !== stamp) {
      stamp = now;
      try {
        current = readDirectory(directory.dir);
      } catch {
        // A half-written lab.yaml: `status` and `doctor` say what is wrong with it.
      }
    }
    return settingsOf(current, id);
  };
}

/** Changes whenever the file does. */
export function stampOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.mtimeMs} ${stat.size} ${stat.ino}` : '';
}
