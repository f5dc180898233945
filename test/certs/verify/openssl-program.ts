/** What the program `openssl verify` says about a vector. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writePem } from '../../../certs/pem.ts';
import { derOf, type Vector } from './vector.ts';

/** Whether it accepts the chain as that of a server. @param program  the path of `openssl` */
export function acceptsVector(program: string, { chain, roots, host = 'localhost' }: Vector): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'mtls-lab-openssl-'));
  try {
    const [leaf, ...others] = derOf(chain);
    const file = (label: string, ders: readonly Uint8Array[]): string => {
      writeFileSync(join(folder, label), ders.map((der) => writePem('CERTIFICATE', der)).join(''));
      return join(folder, label);
    };
    const isAddress = /^[0-9.]+$/.test(host);
    execFileSync(
      program,
      [
        ...['verify', '-purpose', 'sslserver'],
        ...[isAddress ? '-verify_ip' : '-verify_hostname', host],
        ...['-CAfile', file('ca', derOf(roots))],
        ...(others.length > 0 ? ['-untrusted', file('others', others)] : []),
        file('leaf', leaf === undefined ? [] : [leaf]),
      ],
      { stdio: 'ignore' },
    );
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
