/**
 * Break and fix: put a wrong certificate on the hosts, keeping what it replaced; issue and distribute the right one.
 *
 * The record `run/broken/<target>.json` is written before any file changes, old files inside it. A kill at any
 * moment leaves either untouched files or a record; `fix` mends both, because it goes by the files and not by it.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createCa, issueIdentity } from '../../certs/ca.ts';
import { issueOnDesk, openSigner } from '../../certs/desk.ts';
import { LabError } from '../../certs/errors.ts';
import { deviations, expectedVersusFound } from '../../certs/expected.ts';
import { MODES, readText, readTextIfAny, writeAtomic } from '../../certs/files.ts';
import { distribute, type FileCopy, plannedCopies } from '../../certs/hosts.ts';
import { type Identity, identities } from '../../certs/identities.ts';
import { generateKeys, writePrivateKey } from '../../certs/keys.ts';
import { deskNow, type LabDirectory } from '../directory.ts';
import { timeAt } from '../status.ts';
import type { Fault } from './fault.ts';

/** What stands on one target. `files` is what was there before, absolute path to text. */
export interface BreakRecord {
  readonly fault: string;
  readonly target: string;
  readonly files: Readonly<Record<string, string | null>>;
}

/** Whether a fault can be put on an identity. */
export function applies(fault: Fault, target: Identity): boolean {
  return target.kind === 'leaf' && (fault.on === 'any' || target.usages.includes('serverAuth'));
}

/**
 * Put a fault on an identity: its files on the hosts change, the desk's do not.
 * @returns the files written, keys first
 * @throws  LabError FAULT_NOT_APPLICABLE, FAULT_STANDS
 */
export async function applyFault(
  directory: LabDirectory,
  fault: Fault,
  target: Identity,
): Promise<readonly FileCopy[]> {
  const { dir, choices } = directory;
  if (!applies(fault, target)) {
    throw new LabError('FAULT_NOT_APPLICABLE', {
      what: `${fault.id} cannot stand on ${target.id}`,
      fix: `npx mtls-lab faults ${fault.id}   lists what it can stand on`,
    });
  }
  const standing = readRecord(dir, target.id);
  if (standing) {
    throw new LabError('FAULT_STANDS', {
      what: `${standing.fault} stands on ${target.id} already`,
      fix: `npx mtls-lab fix ${target.id}`,
    });
  }
  const now = deskNow(dir);
  const minted = await fault.mint({
    target,
    now,
    ca: openSigner(dir, choices, target),
    foreignCa: async (commonName) => createCa({ commonName }, await generateKeys(choices.key), now),
  });
  const issued = issueIdentity(target, minted.ca, await generateKeys(choices.key), now, minted.overrides);
  const copies = plannedCopies(dir, [target]);
  const files = Object.fromEntries(copies.map(({ to }) => [to, readTextIfAny(to)]));
  const record: BreakRecord = { fault: fault.id, target: target.id, files };
  writeAtomic(recordFile(dir, target.id), JSON.stringify(record), MODES.key);
  for (const { to, what } of copies) {
    if (what === 'key') writeAtomic(to, writePrivateKey(issued.keys.privateKey), MODES.key);
    else writeAtomic(to, issued.certificatePem, MODES.public);
  }
  return copies;
}

/** Faults that `break` put there and nobody has mended. */
export function standingFaults(dir: string): readonly BreakRecord[] {
  const folder = join(dir, 'run', 'broken');
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .flatMap((name) => readRecord(dir, name.slice(0, -'.json'.length)) ?? []);
}

/** What a repair did to one target. */
export interface Repair {
  readonly target: string;
  /** `issued` anew on the desk, or only `distributed`: a CA is never issued anew. */
  readonly way: 'issued' | 'distributed' | 'restored';
  readonly copied: readonly FileCopy[];
}

/** Leaves and CAs whose files differ from the table, or on which a fault stands. */
export function brokenTargets({ dir, choices }: LabDirectory): readonly Identity[] {
  const rows = deviations(expectedVersusFound(dir, choices, { now: (place) => timeAt(dir, place) }));
  const ids = new Set([
    ...rows.map(({ identity }) => identity),
    ...standingFaults(dir).map(({ target }) => target),
  ]);
  return identities(choices).filter(({ id }) => ids.has(id));
}

/** Issue anew, distribute, forget the record. Mends what was broken by hand just as well. */
export async function fixTarget({ dir, choices }: LabDirectory, target: Identity): Promise<Repair> {
  const leaf = target.kind === 'leaf';
  if (leaf) await issueOnDesk(dir, choices, [target], deskNow(dir));
  const copied = distribute(dir, choices, [target]);
  rmSync(recordFile(dir, target.id), { force: true });
  return { target: target.id, way: leaf ? 'issued' : 'distributed', copied };
}

/** Put back the files that `break` replaced. */
export function undoFault({ dir }: LabDirectory, target: Identity): Repair {
  const record = readRecord(dir, target.id);
  if (!record) {
    throw new LabError('USAGE', {
      what: `nothing that break did stands on ${target.id}`,
      fix: `npx mtls-lab fix ${target.id}   issues it anew`,
    });
  }
  for (const { to, what } of plannedCopies(dir, [target])) {
    const before = record.files[to];
    if (before === null) rmSync(to, { force: true });
    else if (before !== undefined) writeAtomic(to, before, what === 'key' ? MODES.key : MODES.public);
  }
  rmSync(recordFile(dir, target.id), { force: true });
  return { target: target.id, way: 'restored', copied: [] };
}

function recordFile(dir: string, target: string): string {
  return join(dir, 'run', 'broken', `${target}.json`);
}

function readRecord(dir: string, target: string): BreakRecord | undefined {
  const file = recordFile(dir, target);
  return existsSync(file) ? (JSON.parse(readText(file)) as BreakRecord) : undefined;
}
