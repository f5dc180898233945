/** `certs HOST:PORT…`: kubeadm's expiry columns for what live servers show, also ones that demand a client certificate. */
import { caCertificates } from '../../certs/desk.ts';
import { isLabError } from '../../certs/errors.ts';
import { inspectCertificate } from '../../certs/inspect-certificate.ts';
import { readPem } from '../../certs/pem.ts';
import { deskNow, type LabDirectory } from '../directory.ts';
import { inspectServer } from '../inspect-server.ts';
import { expires, residual } from './certs-table.ts';
import type { Invocation } from './command.ts';
import { table } from './render.ts';

/** What one server shows. */
interface LiveCertificate {
  readonly address: string;
  readonly subject: string;
  readonly issuer: string;
  /** RFC 3339. */
  readonly notAfter: string;
  readonly daysLeft: number;
  readonly state: 'valid' | 'expired' | 'not-yet-valid';
  readonly clientCertificate: string;
  /** Go's words where a client under this lab's CAs would refuse it; null: it accepts. */
  readonly refused: string | null;
}

/** Look at each server; one that cannot be looked at stops nothing. The exit code is 1 when anything is wrong. */
export async function showLive(
  { json, terminal }: Invocation,
  directory: LabDirectory,
  addresses: readonly string[],
): Promise<number> {
  const roots = caCertificates(directory.dir, directory.choices);
  const now = deskNow(directory.dir);
  const looks = await Promise.all(
    addresses.map(async (address) => ({ address, found: await lookAt(address, roots, now) })),
  );
  const wrong = looks.some(({ found }) => typeof found === 'string' || found.refused !== null);
  if (json) {
    const servers = looks.map(({ address, found }) =>
      typeof found === 'string' ? { address, problem: found } : found,
    );
    terminal.print(JSON.stringify({ ok: !wrong, servers }));
    return wrong ? 1 : 0;
  }
  terminal.print(
    table([
      ['SERVER', 'CERTIFICATE', 'EXPIRES', 'RESIDUAL TIME', 'CERTIFICATE AUTHORITY', 'CLIENT CERTIFICATE'],
      ...looks.map(({ address, found }) =>
        typeof found === 'string'
          ? [address, '–', '–', '–', '–', '–']
          : [address, found.subject, expires(found), residual(found), found.issuer, found.clientCertificate],
      ),
    ]),
  );
  for (const { address, found } of looks) {
    const problem = typeof found === 'string' ? found : found.refused;
    if (problem !== null) terminal.print(`${terminal.paint('vermilion', '✗')} ${address}: ${problem}`);
  }
  return wrong ? 1 : 0;
}

/** @returns why it cannot be looked at, or what it shows */
async function lookAt(
  address: string,
  roots: readonly Uint8Array[],
  now: Date,
): Promise<LiveCertificate | string> {
  try {
    const { chain, clientCertificate, verdict } = await inspectServer(address, { roots, now });
    const der = readPem(chain[0] ?? '')[0]?.bytes;
    if (der === undefined) return 'it shows no certificate';
    const { commonName, issuer, notAfter, daysLeft, state } = inspectCertificate(der, { now, cas: roots });
    return {
      address,
      subject: commonName,
      issuer: issuer.replace(/^CN=/, ''),
      notAfter,
      daysLeft,
      state,
      clientCertificate,
      refused: verdict?.accepted === false ? verdict.text : null,
    };
  } catch (error) {
    if (isLabError(error)) return error.what;
    throw error;
  }
}
