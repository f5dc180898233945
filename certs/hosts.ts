/**
 * Distribution: what the desk issued, copied to the machines that need it. The fourth step of every certificate.
 *
 * Keys go before certificates, so that a server that reloads on the certificate's change finds its key. A CA's key
 * is never among the copies: the identity table has no place for it.
 */
import { join } from 'node:path';
import { deskFiles } from './desk.ts';
import { MODES, readText, readTextIfAny, writeAtomic } from './files.ts';
import { type Choices, type Copy, type Identity, identities } from './identities.ts';

/** One file to copy. */
export interface FileCopy {
  readonly identity: Identity;
  readonly host: string;
  readonly what: 'cert' | 'key';
  /** Absolute paths on this computer. */
  readonly from: string;
  readonly to: string;
}

/** Where a path of a host lies under `dir`. */
export function hostPath(dir: string, host: string, path: string): string {
  return join(dir, 'hosts', host, path);
}

/** Absolute paths of one copy's files. */
export function copyFiles(dir: string, copy: Copy): { readonly cert: string; readonly key: string | null } {
  return {
    cert: hostPath(dir, copy.host, copy.cert),
    key: copy.key === null ? null : hostPath(dir, copy.host, copy.key),
  };
}

/** Every copy that belongs somewhere: all keys first, then all certificates. */
export function plannedCopies(dir: string, which: readonly Identity[]): readonly FileCopy[] {
  const keys: FileCopy[] = [];
  const certs: FileCopy[] = [];
  for (const identity of which) {
    const desk = deskFiles(dir, identity);
    for (const copy of identity.copies) {
      const files = copyFiles(dir, copy);
      if (files.key !== null)
        keys.push({ identity, host: copy.host, what: 'key', from: desk.key, to: files.key });
      certs.push({ identity, host: copy.host, what: 'cert', from: desk.cert, to: files.cert });
    }
  }
  return [...keys, ...certs];
}

/**
 * Copies that are missing or differ from the desk: "not distributed yet".
 * A file missing on the desk is passed over: there is nothing to distribute.
 */
export function undistributed(
  dir: string,
  choices: Choices,
  which: readonly Identity[] = identities(choices),
): readonly FileCopy[] {
  return plannedCopies(dir, which).filter((copy) => {
    const desk = readTextIfAny(copy.from);
    return desk !== null && desk !== readTextIfAny(copy.to);
  });
}

/**
 * Copy what is out of date.
 * @returns what was copied, in the order in which it was
 * @throws  LabError DIR_UNWRITABLE, FILE_UNREADABLE
 */
export function distribute(
  dir: string,
  choices: Choices,
  which: readonly Identity[] = identities(choices),
): readonly FileCopy[] {
  const copies = undistributed(dir, choices, which);
  for (const copy of copies) {
    writeAtomic(copy.to, readText(copy.from), copy.what === 'key' ? MODES.key : MODES.public);
  }
  return copies;
}
