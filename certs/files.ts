/**
 * Files of keys and certificates: written whole or not at all, read with errors that name the file.
 */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LabError, messageOf } from './errors.ts';

/** Keys are for their owner only; certificates are for everybody. */
export const MODES = { key: 0o600, public: 0o644 } as const;

/**
 * Write a file beside its place and rename it there: a reader sees the old file or the new one, never half of one.
 * Makes the folder when it is missing.
 * @throws LabError DIR_UNWRITABLE
 */
export function writeAtomic(path: string, content: string | Uint8Array, mode: number): void {
  const beside = join(dirname(path), `.${basename(path)}.${randomBytes(4).toString('hex')}.tmp`);
  try {
    try {
      writeFileSync(beside, content, { mode, flag: 'wx' });
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error;
      makeFolder(dirname(path));
      writeFileSync(beside, content, { mode, flag: 'wx' });
    }
    chmodSync(beside, mode);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw unwritable(path, error);
  }
}

/**
 * Make a folder and what is missing above it. `mkdirSync` with `recursive` never returns under /proc, where making a
 * folder fails as if its parent were missing.
 */
export function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  try {
    mkdirSync(folder);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}

/**
 * Read a text file.
 * @throws LabError FILE_MISSING or FILE_UNREADABLE
 */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** A file's text, or null when it is missing or cannot be read. */
export function readTextIfAny(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

/** `ENOENT` and its like; undefined for other errors. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** The error for a file that cannot be read, in plain words. */
export function unreadable(path: string, error: unknown): LabError {
  switch (codeOf(error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new LabError('FILE_MISSING', {
        what: `${path} does not exist`,
        fix: `put the file there, or name another one`,
        cause: error,
      });
    case 'EACCES':
    case 'EPERM':
      return new LabError('FILE_UNREADABLE', {
        what: `${path} cannot be read: permission denied`,
        fix: `chmod u+r ${path}`,
        cause: error,
      });
    case 'EISDIR':
      return new LabError('FILE_UNREADABLE', {
        what: `${path} is a folder, not a file`,
        fix: `name a file inside ${path}`,
        cause: error,
      });
    default:
      return new LabError('FILE_UNREADABLE', {
        what: `${path} cannot be read: ${messageOf(error)}`,
        fix: `look at the file: ls -l ${path}`,
        cause: error,
      });
  }
}

function unwritable(path: string, error: unknown): LabError {
  const reason =
    {
      EACCES: 'permission denied',
      EPERM: 'permission denied',
      EROFS: 'the file system is read-only',
      ENOSPC: 'no space left on the disk',
      ENOTDIR: 'a part of the path is a file, not a folder',
      EISDIR: 'a folder of this name stands in its place',
    }[codeOf(error) ?? ''] ?? messageOf(error);
  return new LabError('DIR_UNWRITABLE', {
    what: `${path} cannot be written: ${reason}`,
    fix: 'choose another place with --dir DIR, or give yourself the right to write there',
    cause: error,
  });
}
