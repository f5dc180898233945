/**
 * Break and fix: put a fault's bytes into the files, keeping what was there; issue anew and distribute, or put back.
 *
 * The record is written before any file changes. A kill at any moment leaves files that are whole, each the old or the new
 * one, and a record that covers them: `status` tells by the files what is wrong, and `fix` mends by them.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { issueOnDesk } from '../../certs/desk.ts';
import { LabError } from '../../certs/errors.ts';
import { deviations, expectedVersusFound } from '../../certs/expected.ts';
import { writeAtomic } from '../../certs/files.ts';
import { distribute, type FileCopy, plannedCopies } from '../../certs/hosts.ts';
import { type Identity, identities } from '../../certs/identities.ts';
import { settingRows } from '../deviations/settings.ts';
import { deskNow, type LabDirectory, readDirectory } from '../directory.ts';
import { timeAt } from '../status.ts';
import { findFault } from './catalogue.ts';
import type { Fault, FileChange } from './fault.ts';
import { inDir } from './mint.ts';
import {
  type BreakRecord,
  type ChangedFile,
  dropRecord,
  type FileBytes,
  onTop,
  readBytes,
  readRecords,
  stampOf,
  standingFaults,
  writeRecord,
} from './records.ts';

export { type BreakRecord, standingFaults } from './records.ts';

/** Whether a fault can be put on a target. */
export function applies(fault: Fault, target: string, directory: LabDirectory): boolean {
  return fault.targets(directory).includes(target);
}

/**
 * Put a fault on one of its targets.
 * @returns the record: which files it changed, in the order in which they were written
 * @throws  LabError FAULT_NOT_APPLICABLE; FAULT_STANDS when it, or another fault on the same file, stands
 */
export async function applyFault(
  directory: LabDirectory,
  fault: Fault,
  target: string,
): Promise<BreakRecord> {
  const { dir } = directory;
  sweep(dir);
  if (!applies(fault, target, directory)) {
    throw new LabError('FAULT_NOT_APPLICABLE', {
      what: `${fault.id} cannot stand on ${target}`,
      fix: `npx mtls-lab faults ${fault.id}   lists what it can stand on`,
    });
  }
  const changes = await fault.change({ directory, target, now: deskNow(dir) });
  const writes = changes.map((change) => {
    const before = readBytes(dir, change.path);
    const wanted = changed(change, before);
    const file: ChangedFile = {
      path: change.path,
      before,
      after: [stampOf(wanted)],
      edited: 'edit' in change,
    };
    return { file, wanted };
  });
  const files = writes.map(({ file }) => file);
  refuseCollision(dir, fault, target, files);
  const records = readRecords(dir);
  const record: BreakRecord = {
    fault: fault.id,
    target,
    at: new Date().toISOString(),
    sequence: (records.at(-1)?.sequence ?? 0) + 1,
    files,
  };
  writeRecord(dir, record);
  for (const { file, wanted } of writes) put(dir, file.path, wanted);
  return record;
}

/** What a repair did to one target. */
export interface Repair {
  readonly target: string;
  /**
   * `issued` anew on the desk and distributed, or only `distributed`: a CA is never issued anew; `restored`: put back;
   * `settings`: edited, as `init` would write them.
   */
  readonly way: 'issued' | 'distributed' | 'restored' | 'settings';
  /** Certificates that were issued anew, by id. */
  readonly issued: readonly string[];
  readonly copied: readonly FileCopy[];
  /** Files that were put back or edited, or taken away where there was none. Relative to DIR. */
  readonly restored: readonly string[];
}

/** Targets on which a fault stands, the last first, then certificates and programs whose files differ from init's. */
export function brokenTargets(directory: LabDirectory): readonly string[] {
  const standing = standingFaults(directory.dir).map(({ target }) => target);
  const settings = settingRows(directory).map(({ instance }) => instance);
  return [...new Set([...standing.toReversed(), ...deviating(directory).map(({ id }) => id), ...settings])];
}

/** Mend everything: faults first, then certificates that differ still, then settings. */
export async function fixEverything(directory: LabDirectory): Promise<readonly Repair[]> {
  const repairs: Repair[] = [];
  for (const { target } of standingFaults(directory.dir).toReversed()) {
    if (!repairs.some((repair) => repair.target === target)) repairs.push(await fixTarget(directory, target));
  }
  for (const { id } of deviating(directory)) {
    if (!repairs.some((repair) => repair.target === id)) repairs.push(await fixTarget(directory, id));
  }
  for (const target of new Set(settingRows(readDirectory(directory.dir)).map(({ instance }) => instance))) {
    const restored = mendSettings(directory, target);
    repairs.push({ target, way: 'settings', issued: [], copied: [], restored });
  }
  sweep(directory.dir);
  return repairs;
}

/**
 * Mend a target: certificates are issued anew and distributed, every other file is put back as it was, and settings of
 * a program are as `init` would write them. Mends what was broken by hand just as well.
 * @param target  of a fault that stands, or the id of an identity or of a program
 */
export async function fixTarget(directory: LabDirectory, target: string): Promise<Repair> {
  const { dir, choices } = directory;
  const records = standingFaults(dir).filter((record) => record.target === target);
  const owners = ownersOf(directory);
  const restored: string[] = [];
  const broken = new Set<Identity>(
    isAboutCertificate(directory, target, records)
      ? identities(choices).filter(({ id }) => id === target)
      : [],
  );
  for (const record of records.toReversed()) {
    for (const file of record.files) {
      const owner = owners.get(file.path);
      if (owner?.kind === 'leaf') broken.add(owner);
      else {
        await putBack(directory, record, file);
        restored.push(file.path);
      }
    }
  }
  const which = [...broken];
  const leaves = which.filter(({ kind }) => kind === 'leaf');
  if (leaves.length > 0) await issueOnDesk(dir, choices, leaves, deskNow(dir));
  const copied = distribute(dir, choices, which);
  forget(dir, target);
  const edited = mendSettings(directory, target).filter((path) => !restored.includes(path));
  const way =
    leaves.length > 0
      ? 'issued'
      : restored.length > 0
        ? 'restored'
        : edited.length > 0
          ? 'settings'
          : 'distributed';
  return { target, way, issued: leaves.map(({ id }) => id), copied, restored: [...restored, ...edited] };
}

/**
 * Put back the files that `break` replaced, as they were.
 * @throws LabError USAGE when no fault stands on the target
 */
export async function undoFault(directory: LabDirectory, target: string): Promise<Repair> {
  const { dir } = directory;
  const records = standingFaults(dir).filter((record) => record.target === target);
  if (records.length === 0) {
    throw new LabError('USAGE', {
      what: `nothing that break did stands on ${target}`,
      fix: `npx mtls-lab fix ${target}   mends it whatever was done to it`,
    });
  }
  const restored: string[] = [];
  for (const record of records.toReversed()) {
    for (const file of record.files) {
      await putBack(directory, record, file);
      restored.push(file.path);
    }
  }
  forget(dir, target);
  return { target, way: 'restored', issued: [], copied: [], restored };
}

/** The file after a change. */
function changed(change: FileChange, before: FileBytes | null): FileBytes | null {
  if ('vanish' in change) return null;
  if ('edit' in change) {
    const text = Buffer.from(before?.content ?? '', 'base64').toString('utf8');
    return { content: Buffer.from(change.edit(text)).toString('base64'), mode: before?.mode ?? 0o644 };
  }
  return { content: Buffer.from(change.content).toString('base64'), mode: change.mode };
}

function put(dir: string, path: string, wanted: FileBytes | null): void {
  if (wanted === null) rmSync(join(dir, path), { force: true });
  else writeAtomic(join(dir, path), Buffer.from(wanted.content, 'base64'), wanted.mode);
}

/** Two faults may share a file only when both are edits. */
function refuseCollision(dir: string, fault: Fault, target: string, files: readonly ChangedFile[]): void {
  for (const standing of standingFaults(dir)) {
    const same = standing.fault === fault.id && standing.target === target;
    const shared = standing.files.find((theirs) =>
      files.some((ours) => ours.path === theirs.path && !(ours.edited && theirs.edited)),
    );
    if (!same && shared === undefined) continue;
    throw new LabError('FAULT_STANDS', {
      what: `${standing.fault} stands on ${standing.target} already`,
      ...(shared ? { why: `Both would write ${shared.path}.` } : {}),
      fix: `npx mtls-lab fix ${standing.target}`,
    });
  }
  if (files.every(({ before, after }) => after.includes(stampOf(before)))) {
    throw new LabError('FAULT_STANDS', {
      what: `${target}: ${fault.title}: it is so already`,
      fix: `npx mtls-lab faults ${fault.id}   says how to mend it`,
    });
  }
}

/**
 * Put one file back as it was before a fault. Edits that were made on top of it are made again: their records are told
 * first what now lies beneath them, so that at every moment some record knows the way back.
 */
async function putBack(directory: LabDirectory, record: BreakRecord, file: ChangedFile): Promise<void> {
  const { dir } = directory;
  let content = file.before;
  const records = readRecords(dir);
  let below: BreakRecord = record;
  let beneath = file;
  for (;;) {
    const next = onTop(records, below, beneath);
    const its = next?.files.find(({ path }) => path === file.path);
    if (next === undefined || its === undefined) break;
    const before = content;
    content = await againOn(directory, next, file.path, before);
    const rewritten = { ...its, before, after: [...new Set([...its.after, stampOf(content)])] };
    writeRecord(dir, {
      ...next,
      files: next.files.map((each) => (each.path === file.path ? rewritten : each)),
    });
    below = next;
    beneath = its;
  }
  put(dir, file.path, content);
}

/** An edit made once more, on other text. */
async function againOn(
  directory: LabDirectory,
  { fault, target }: BreakRecord,
  path: string,
  before: FileBytes | null,
): Promise<FileBytes | null> {
  const changes = await findFault(fault).change({ directory, target, now: deskNow(directory.dir) });
  const change = changes.find((each) => each.path === path);
  return change === undefined ? before : changed(change, before);
}

/**
 * Put the settings of one program right.
 * @returns the files that were edited, relative to DIR
 */
function mendSettings({ dir }: LabDirectory, instance: string): readonly string[] {
  const rows = settingRows(readDirectory(dir)).filter((row) => row.instance === instance);
  for (const row of rows) row.mend();
  return [...new Set(rows.map(({ file }) => inDir(dir, file)))];
}

/** Which identity's copy a file is. */
function ownersOf({ dir, choices }: LabDirectory): ReadonlyMap<string, Identity> {
  return new Map(
    plannedCopies(dir, identities(choices)).map(({ identity, to }) => [inDir(dir, to), identity]),
  );
}

/** Certificates whose files differ from what the table says. */
function deviating({ dir, choices }: LabDirectory): readonly Identity[] {
  const rows = deviations(expectedVersusFound(dir, choices, { now: (place) => timeAt(dir, place) }));
  // A CA key that lies on a host is no certificate to issue: deviations/keys.ts takes it away, unless a user put it there.
  const ids = new Set(rows.filter(({ aspect }) => aspect !== 'ca-key').map(({ identity }) => identity));
  return identities(choices).filter(({ id }) => ids.has(id));
}

/** A kubelet's id is its certificate's, too: when only its settings are wrong the certificate stays as it is. */
function isAboutCertificate(
  directory: LabDirectory,
  target: string,
  records: readonly BreakRecord[],
): boolean {
  if (deviating(directory).some(({ id }) => id === target)) return true;
  return records.length === 0 && !settingRows(directory).some(({ instance }) => instance === target);
}

/** Throw away records whose fault does not stand: never carried out, or mended by hand. */
function sweep(dir: string): void {
  const standing = new Set(standingFaults(dir).map(({ sequence }) => sequence));
  for (const record of readRecords(dir)) if (!standing.has(record.sequence)) dropRecord(dir, record);
}

/** Drop every record of a target: what it remembered is mended. */
function forget(dir: string, target: string): void {
  for (const record of readRecords(dir)) if (record.target === target) dropRecord(dir, record);
}
