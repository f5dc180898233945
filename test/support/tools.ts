/**
 * Real programs for tests: found on PATH, or the test is skipped with the reason. With MTLS_LAB_TOOLS=required
 * (as CI sets it) a missing program is a failure instead.
 */
import { accessSync, constants, readdirSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import type { TestContext } from 'vitest';

const folders = (process.env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');

/** The absolute path of a program, or undefined. */
export function findTool(name: string): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/**
 * The absolute path of a program; skips the running test with a reason when it is missing.
 * @throws when it is missing and MTLS_LAB_TOOLS=required
 */
export function requireTool(context: TestContext, name: string): string {
  const path = findTool(name);
  if (path !== undefined) return path;
  return missing(context, name);
}

/** Every kubectl on this computer, oldest release first: `kubectl.1.27` … beside the one on PATH, or that one alone. */
export function findKubectls(): { readonly release: string; readonly path: string }[] {
  const main = findTool('kubectl');
  const places = new Set([...folders, ...(main === undefined ? [] : [dirname(realpathSync(main))])]);
  const found = new Map<string, string>();
  for (const place of places) {
    for (const name of list(place)) {
      const release = /^kubectl\.(1\.\d+)$/.exec(name)?.[1];
      if (release !== undefined && isExecutable(join(place, name))) found.set(release, join(place, name));
    }
  }
  if (found.size === 0 && main !== undefined) found.set('current', main);
  return [...found]
    .map(([release, path]) => ({ release, path }))
    .sort((a, b) => Number(a.release.slice(2)) - Number(b.release.slice(2)));
}

/** One kubectl by release (`1.33`), or the newest; skips or fails like `requireTool`. */
export function requireKubectl(context: TestContext, release?: string): string {
  const all = findKubectls();
  const match = release === undefined ? all.at(-1) : all.find((one) => one.release === release);
  return match?.path ?? missing(context, release === undefined ? 'kubectl' : `kubectl.${release}`);
}

function missing(context: TestContext, name: string): never {
  if (process.env['MTLS_LAB_TOOLS'] === 'required')
    throw new Error(`${name} is not installed, and CI requires it`);
  context.skip(`${name} is not installed`);
  throw new Error('unreachable: skip throws');
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
