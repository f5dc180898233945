/** `inspect`: a file, a certificate by any of its names, or a live server, in plain words. */
import { readFileSync, statSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { caCertificates, deskFiles } from '../../certs/desk.ts';
import { unreadable } from '../../certs/files.ts';
import { copyFiles } from '../../certs/hosts.ts';
import { identities } from '../../certs/identities.ts';
import { inspect } from '../../certs/inspect.ts';
import { findTarget } from '../../certs/resolve.ts';
import { inspectionText, printable } from '../../certs/text.ts';
import { deskNow, directoryState, type LabDirectory, readDirectory } from '../directory.ts';
import { inspectServer, SERVER_ADDRESS, type ServerInspection } from '../inspect-server.ts';
import type { Invocation } from './command.ts';

export async function run({ dir, json, terminal, positionals }: Invocation): Promise<number> {
  const [what = ''] = positionals;
  const directory = directoryState(dir) === 'made' ? readDirectory(dir) : undefined;
  if (SERVER_ADDRESS.test(what)) {
    const found = await inspectServer(what, {
      roots: directory ? caCertificates(dir, directory.choices) : [],
      now: directory ? deskNow(dir) : new Date(),
    });
    if (json) terminal.print(JSON.stringify({ ok: found.verdict?.accepted ?? true, ...found }));
    else terminal.write(serverText(found, directory ? deskNow(dir) : new Date()));
    return found.verdict?.accepted === false ? 1 : 0;
  }
  const file = fileOf(what, directory);
  const inspection = inspect(readBytes(file), shown(file), {
    now: directory ? deskNow(dir) : new Date(),
    cas: directory ? caCertificates(dir, directory.choices) : [],
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

function serverText(found: ServerInspection, now: Date): string {
  const { address, versions, cipher, clientCertificate, refusal, acceptableCas, chain, verdict } = found;
  const [newest = '', ...older] = versions.map((version) => version.replace('TLSv', 'TLS '));
  const shows = inspect(Buffer.from(chain.join('')), `${address} shows`, { now, cas: [] });
  const demanded = refusal ? `: without one it refuses, alert ${refusal.number} ${refusal.name}` : '';
  const lines = [
    `${address} speaks ${newest}${older.length > 0 ? ` and ${older.join(', ')}` : ' only'}, ${cipher ?? 'unknown cipher'}`,
    `  client certificate  ${clientCertificate}${clientCertificate === 'demanded' ? demanded : ''}`,
    ...(clientCertificate === 'not asked for'
      ? []
      : [`  signed by one of    ${acceptableCas.length > 0 ? acceptableCas.join('; ') : 'it names no CA'}`]),
    ...(verdict === null
      ? []
      : [
          `  under this lab's CA ${verdict.accepted ? `✓ a client that dials ${address} accepts it` : `✗ ${verdict.text}`}`,
        ]),
    '',
  ];
  return `${lines.map(printable).join('\n')}\n${inspectionText(shows)}`;
}

function shown(file: string): string {
  const near = relative(process.cwd(), file);
  return near.startsWith('..') ? file : near;
}
