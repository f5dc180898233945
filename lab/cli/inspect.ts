/** `inspect`: a file, or a certificate by any of its names, in plain words. */
import { readFileSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { deskFiles } from '../../certs/desk.ts';
import { unreadable } from '../../certs/files.ts';
import { copyFiles } from '../../certs/hosts.ts';
import { identities } from '../../certs/identities.ts';
import { inspect } from '../../certs/inspect.ts';
import { readPem } from '../../certs/pem.ts';
import { findTarget } from '../../certs/resolve.ts';
import { inspectionText } from '../../certs/text.ts';
import { deskNow, directoryState, type LabDirectory, readDirectory } from '../directory.ts';
import type { Invocation } from './command.ts';

export async function run({ dir, json, terminal, positionals }: Invocation): Promise<number> {
  const [what = ''] = positionals;
  const directory = directoryState(dir) === 'made' ? readDirectory(dir) : undefined;
  const file = fileOf(what, directory);
  const inspection = inspect(readBytes(file), shown(file), {
    now: directory ? deskNow(dir) : new Date(),
    cas: directory ? caCertificates(directory) : [],
  });
  if (json) terminal.print(JSON.stringify(inspection));
  else terminal.write(inspectionText(inspection));
  return inspection.items.some(({ kind }) => kind === 'unreadable') ? 1 : 0;
}

export async function complete(dir: string): Promise<readonly string[]> {
  return identities(readDirectory(dir).choices).map(({ id }) => id);
}

/** A path that exists is a path; everything else is a name of a certificate, if there is a lab to name it in. */
function fileOf(what: string, directory: LabDirectory | undefined): string {
  const path = resolve(what);
  if (statSync(path, { throwIfNoEntry: false }) !== undefined || directory === undefined) return path;
  const { identity, host } = findTarget(directory.choices, what);
  const copy = identity.copies.find((one) => one.host === host);
  return copy ? copyFiles(directory.dir, copy).cert : deskFiles(directory.dir, identity).cert;
}

function readBytes(file: string): Uint8Array {
  try {
    return readFileSync(file);
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** DER of the lab's CAs; a broken one is left out. */
function caCertificates({ dir, choices }: LabDirectory): Uint8Array[] {
  return identities(choices)
    .filter(({ kind }) => kind === 'ca')
    .flatMap((identity) => {
      try {
        return readPem(readFileSync(deskFiles(dir, identity).cert, 'utf8')).map(({ bytes }) => bytes);
      } catch {
        return [];
      }
    });
}

function shown(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}
