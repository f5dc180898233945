/**
 * Lab directories for tests: made by `initDirectory` with fast ECDSA keys on free ports, removed after the file's tests.
 */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { afterAll } from 'vitest';
import { type InitOptions, initDirectory } from '../../lab/init.ts';

const made: string[] = [];

/** An empty folder, removed after the tests of the file. */
export function emptyFolder(): string {
  if (made.length === 0) afterAll(removeAll);
  const folder = mkdtempSync(join(tmpdir(), 'mtls-lab-test-'));
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
