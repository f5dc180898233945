/**
 * What `break` replaced: one file in `run/broken/` per fault that was put somewhere, written before any file of the lab changes.
 *
 * A record is a memory, not the state: the files are. A fault stands as long as one file still is as it left it; a record
 * whose fault does not stand (never carried out, or mended by hand) is passed over and thrown away when its place is needed.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, MODES, unreadable, writeAtomic } from '../../certs/files.ts';

/** A file's bytes and mode. */
export interface FileBytes {
  /** Base64. */
  readonly content: string;
  readonly mode: number;
}

/** One file that a fault changed. */
export interface ChangedFile {
  /** Relative to DIR, with `/`. */
  readonly path: string;
  /** What was there; null: nothing. */
  readonly before: FileBytes | null;
  /** `stampOf` what the fault put there; two while an older fault is taken out from under it. */
  readonly after: readonly string[];
  /** An edit can be made on top of another fault's. */
  readonly edited: boolean;
}

/** One fault on one target. */
export interface BreakRecord {
  readonly fault: string;
  readonly target: string;
  /** Real time, RFC 3339. */
  readonly at: string;
  /** Its place among the records: later ones were made on top of it. */
  readonly sequence: number;
  readonly files: readonly ChangedFile[];
}

const FOLDER = ['run', 'broken'] as const;

/** Faults that stand now, in the order in which they came. */
export function standingFaults(dir: string): readonly BreakRecord[] {
  const records = readRecords(dir);
  return records.filter((record) => stands(dir, record, records));
}

/** Every record that can be read, the oldest first. */
export function readRecords(dir: string): readonly BreakRecord[] {
  let names: readonly string[];
  try {
    names = readdirSync(join(dir, ...FOLDER));
  } catch {
    return [];
  }
  return names
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => parseRecord(join(dir, ...FOLDER, name)) ?? [])
    .sort((a, b) => a.sequence - b.sequence);
}

/** Keep a record, or what has become of it. */
export function writeRecord(dir: string, record: BreakRecord): void {
  writeAtomic(recordFile(dir, record), JSON.stringify(record), MODES.key);
}

/** Forget a record. */
export function dropRecord(dir: string, record: BreakRecord): void {
  rmSync(recordFile(dir, record), { force: true });
}

/**
 * A file's bytes and mode; null when it is not there. Root reads what nobody may read.
 * @throws LabError FILE_UNREADABLE
 */
export function readBytes(dir: string, path: string): FileBytes | null {
  const file = join(dir, path);
  try {
    return {
      content: readFileSync(file).toString('base64'),
      mode: statSync(file).mode & 0o777,
    };
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    throw unreadable(file, error);
  }
}

/** What a file is, shortly: its hash; `unreadable` by its mode; `absent`. */
export function stampOf(file: FileBytes | null): string {
  if (file === null) return 'absent';
  if ((file.mode & 0o444) === 0) return 'unreadable';
  return createHash('sha256').update(Buffer.from(file.content, 'base64')).digest('hex');
}

/** The later record whose change of a file was made on top of this one. */
export function onTop(
  records: readonly BreakRecord[],
  below: BreakRecord,
  { path, after }: ChangedFile,
): BreakRecord | undefined {
  return records.find(
    ({ sequence, files }) =>
      sequence > below.sequence &&
      files.some((file) => file.path === path && after.includes(stampOf(file.before))),
  );
}

/** Whether one of the record's files is as the fault left it, or lies under a later fault that stands there. */
function stands(dir: string, record: BreakRecord, all: readonly BreakRecord[]): boolean {
  return record.files.some((file) => standsIn(dir, record, file, all));
}

function standsIn(dir: string, record: BreakRecord, file: ChangedFile, all: readonly BreakRecord[]): boolean {
  if (file.after.includes(stampOf(file.before))) return false;
  if (file.after.includes(stampOnDisk(dir, file.path))) return true;
  const next = onTop(all, record, file);
  const its = next?.files.find(({ path }) => path === file.path);
  return next !== undefined && its !== undefined && standsIn(dir, next, its, all);
}

function stampOnDisk(dir: string, path: string): string {
  const stat = statSync(join(dir, path), { throwIfNoEntry: false });
  if (stat !== undefined && (stat.mode & 0o444) === 0) return 'unreadable';
  return stampOf(readBytes(dir, path));
}

function recordFile(dir: string, { sequence, fault, target }: BreakRecord): string {
  return join(dir, ...FOLDER, `${String(sequence).padStart(4, '0')}-${fault}-on-${target}.json`);
}

function parseRecord(file: string): BreakRecord | undefined {
  try {
    const record = JSON.parse(readFileSync(file, 'utf8')) as BreakRecord;
    return Array.isArray(record.files) ? record : undefined;
  } catch {
    return undefined;
  }
}
