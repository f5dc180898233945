/**
 * The data file that `--data-dir` adds: an append-only log of lines, each with its checksum, on disk before any
 * answer leaves.
 *
 * A line is `crc32 json`, so that `cat` shows what etcd knows. Writers that come while the disk is busy share the next
 * write (group commit). When the file has grown, the living state is written to a new file, which takes the
 * old one's place by rename. A line that a crash cut in half is dropped with a message: nobody was told of it.
 */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
} from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { LabError, messageOf } from '../../certs/errors.ts';
import { type Entry, foldEntries, type Past, parseEntry, printEntry } from './data-entry.ts';
import { EtcdError } from './errors.ts';

/** An open data file. */
export interface DataFile {
  /** What the file said when it was opened. */
  readonly past: Past;
  append(entry: Entry): void;
  /** Resolves when everything appended is on disk, undefined when it is. Rejects with EtcdError Unavailable. */
  settled(): Promise<void> | undefined;
  /** True when it is time for `rewrite`. */
  isLarge(): boolean;
  /** Put the living state, which includes all that was appended, in the place of everything before. */
  rewrite(state: Iterable<Entry>): void;
  sizeBytes(): number;
  close(): Promise<void>;
}

export interface DataFileOptions {
  /** The folder on this computer; made when it is missing. */
  readonly dir: string;
  /** Told when a torn tail was dropped. */
  readonly onRepair: (path: string, droppedBytes: number) => void;
  /** Told once when the disk fails; nothing is acknowledged from then on. */
  readonly onBroken: (text: string) => void;
  /** A rewrite is due after so many lines (--snapshot-count), or when the file is large. */
  readonly snapshotCount: number;
  /** Told when a rewrite is on disk. */
  readonly onRewrite: (path: string, sizeBytes: number) => void;
}

/** Larger than this and twice what the last rewrite left: a rewrite is due. */
const LARGE_BYTES = 16 * 1024 * 1024;
/** A rewrite hands the disk this much at a time. */
const CHUNK_CHARS = 256 * 1024;
const NAME = /^(\d{16})\.wal$/;
/** The names of this file and of its drafts; a real etcd's files have other names and are left alone. */
const OWN = /^\d{16}\.wal(\.tmp)?$/;

/**
 * Open or make the data file of a folder.
 * @throws LabError DIR_UNWRITABLE; FILE_UNREADABLE when a line in the middle is damaged
 */
export async function openDataFile(options: DataFileOptions): Promise<DataFile> {
  const folder = join(options.dir, 'member', 'wal');
  const { path, number, entries } = prepare(folder, options);
  const past = foldEntries(entries);
  let handle = await open(path, 'a', 0o600);
  let current = { path, number };
  let size = (await handle.stat()).size;
  let sizeAfterRewrite = size;
  let linesSinceRewrite = entries.length;
  let pending: string[] = [];
  let state: Iterable<Entry> | undefined;
  /** The write that pending lines will be part of, and the one under way. */
  let next: Promise<void> | undefined;
  let active: Promise<void> | undefined;
  let broken = false;

  const fail = (error: unknown): never => {
    if (!broken) options.onBroken(messageOf(error));
    broken = true;
    throw new EtcdError('Unavailable', 'etcdserver: server stopped');
  };

  const writeLines = async (lines: readonly string[]): Promise<void> => {
    const bytes = Buffer.from(lines.join(''));
    await writeAll(handle, bytes);
    await handle.datasync();
    size += bytes.length;
  };

  const writeState = async (entriesNow: Iterable<Entry>, after: readonly string[]): Promise<void> => {
    const fresh = { number: current.number + 1, path: join(folder, fileName(current.number + 1)) };
    const draft = await open(`${fresh.path}.tmp`, 'w', 0o600);
    let text = '';
    for (const entry of entriesNow) {
      text += lineOf(entry);
      if (text.length > CHUNK_CHARS) {
        await writeAll(draft, Buffer.from(text));
        text = '';
      }
    }
    await writeAll(draft, Buffer.from(text + after.join('')));
    await draft.datasync();
    await rename(`${fresh.path}.tmp`, fresh.path);
    syncFolder(folder);
    await handle.close();
    rmSync(current.path, { force: true });
    handle = draft;
    current = fresh;
    size = (await draft.stat()).size;
    sizeAfterRewrite = size;
    options.onRewrite(fresh.path, size);
  };

  const flush = async (before: Promise<void> | undefined): Promise<void> => {
    // Whoever appends until the turn of this write is in it; whoever comes later is in the next.
    await (before?.catch(() => {}) ?? new Promise((resolve) => setImmediate(resolve)));
    const lines = pending;
    const whole = state;
    pending = [];
    state = undefined;
    active = next;
    next = undefined;
    if (broken) fail(new Error('broken'));
    try {
      await (whole ? writeState(whole, lines) : writeLines(lines));
    } catch (error) {
      fail(error);
    }
  };

  const schedule = (): void => {
    if (next) return;
    const write = flush(active).finally(() => {
      if (active === write) active = undefined;
    });
    // Those who wait are told through `settled`.
    write.catch(() => {});
    next = write;
  };

  const append = (entry: Entry): void => {
    pending.push(lineOf(entry));
    linesSinceRewrite += 1;
    schedule();
  };

  append({ kind: 'start', term: past.term });
  return {
    past,
    append,
    settled: () =>
      broken ? Promise.reject(new EtcdError('Unavailable', 'etcdserver: server stopped')) : (next ?? active),
    isLarge: () =>
      state === undefined &&
      (linesSinceRewrite >= options.snapshotCount || size > Math.max(LARGE_BYTES, 2 * sizeAfterRewrite)),
    rewrite(entriesNow) {
      // What waits to be written is part of the state.
      pending = [];
      linesSinceRewrite = 0;
      state = entriesNow;
      schedule();
    },
    sizeBytes: () => size,
    async close() {
      await (next ?? active)?.catch(() => {});
      await handle.close();
    },
  };
}

/** Find the newest file, drop what a crash left behind, read it. */
function prepare(
  folder: string,
  options: DataFileOptions,
): { readonly path: string; readonly number: number; readonly entries: readonly Entry[] } {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const numbers = readdirSync(folder).flatMap((name) => {
      const number = NAME.exec(name)?.[1];
      return number === undefined ? [] : [Number(number)];
    });
    const number = Math.max(0, ...numbers);
    for (const name of readdirSync(folder)) {
      if (OWN.test(name) && name !== fileName(number)) rmSync(join(folder, name), { force: true });
    }
    const path = join(folder, fileName(number));
    closeSync(openSync(path, 'a', 0o600));
    syncFolder(folder);
    return { path, number, entries: readEntries(path, options) };
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('DIR_UNWRITABLE', {
      what: `etcd: cannot use the data directory ${options.dir}: ${messageOf(error)}`,
      fix: `make ${options.dir} writable, or leave out --data-dir to keep everything in memory`,
      cause: error,
    });
  }
}

/** Read line by line; a damaged end is cut off, damage with good lines after it is not repaired. */
function readEntries(path: string, options: DataFileOptions): Entry[] {
  const bytes = readFileSync(path);
  const entries: Entry[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = bytes.indexOf(0x0a, at);
    const entry = end < 0 ? undefined : readLine(bytes.subarray(at, end));
    if (!entry) break;
    entries.push(entry);
    at = end + 1;
  }
  if (at === bytes.length) return entries;
  for (let line = bytes.indexOf(0x0a, at) + 1; line > 0 && line < bytes.length; ) {
    const end = bytes.indexOf(0x0a, line);
    if (end >= 0 && readLine(bytes.subarray(line, end))) {
      throw new LabError('FILE_UNREADABLE', {
        what: `${path} is damaged at byte ${at}: walpb: crc mismatch, and good lines follow`,
        fix: `restore ${options.dir} from a copy, or move it away to begin with an empty store`,
      });
    }
    line = end + 1;
  }
  truncateSync(path, at);
  options.onRepair(path, bytes.length - at);
  return entries;
}

function lineOf(entry: Entry): string {
  const text = printEntry(entry);
  return `${checksum(text)} ${text}\n`;
}

function readLine(bytes: Uint8Array): Entry | undefined {
  const line = Buffer.from(bytes).toString('utf8');
  const text = line.slice(9);
  return line[8] === ' ' && line.slice(0, 8) === checksum(text) ? parseEntry(text) : undefined;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, '0');
}

function fileName(number: number): string {
  return `${String(number).padStart(16, '0')}.wal`;
}

async function writeAll(handle: FileHandle, bytes: Buffer): Promise<void> {
  let at = 0;
  while (at < bytes.length) at += (await handle.write(bytes, at)).bytesWritten;
}

/** A new name is on disk only when its folder is. */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, 'r');
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
