/**
 * Lab directories for tests: made by `initDirectory` with fast ECDSA keys on free ports, removed after the file's tests.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll } from 'vitest';
import { type InitOptions, initDirectory } from '../../lab/init.ts';

const made: string[] = [];

// Registered while the file is loaded: Vitest ignores an afterAll that is called in a running test or hook.
// After-hooks run in reverse order, so this one runs after those of the file itself.
afterAll(removeAll);

/** An empty folder, removed after the tests of the file. */
export function emptyFolder(name = 'mtls-lab-test'): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-`));
  made.push(folder);
  return folder;
}

/** A whole lab; returns its directory. */
export async function temporaryLab(options: InitOptions = {}): Promise<string> {
  const dir = join(emptyFolder(), 'lab');
  await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0, ...options });
  return dir;
}

/** Every file under a folder, relative, sorted. */
export function filesUnder(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

function removeAll(): void {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}
