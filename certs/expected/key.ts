/**
 * Expected versus found for one private key file: is it there, is it a key, of the certificate beside it, and secret?
 */
import { readFileSync } from 'node:fs';
import { CONTENTS, contentsOf, contentsText, wrongContent } from '../content.ts';
import { sameBytes } from '../der.ts';
import { deskFiles } from '../desk.ts';
import { LabError } from '../errors.ts';
import { readTextIfAny, unreadable } from '../files.ts';
import { publicHalf } from '../keys.ts';
import { readPem } from '../pem.ts';
import { readCertificate } from '../x509.ts';
import { type Compared, type ExpectedRow, fixCommand, modeOf, modeText, type Place, row } from './row.ts';

/** All rows about a key file; none where the table has no key (a CA's on a host). */
export function keyRows(place: Place): ExpectedRow[] {
  const { key: path, identity } = place;
  if (path === null) return [];
  const make = (compared: Omit<Compared, 'what' | 'path'>): ExpectedRow =>
    row(place, { what: 'key', path, ...compared });
  const publicKey = load(path);
  const fix = fixCommand(identity);
  if (publicKey instanceof LabError) {
    const missing = publicKey.code === 'FILE_MISSING' || publicKey.code === 'FILE_UNREADABLE';
    const says = publicKey.what.startsWith(path)
      ? `it ${publicKey.what.slice(path.length + 1)}`
      : publicKey.what;
    return [
      make({
        aspect: missing ? 'file' : 'content',
        expected: missing ? 'there' : CONTENTS['private-key'],
        found: missing ? publicKey.what : contentsText(contentsOf(readFileSync(path))),
        wrong: { code: publicKey.code, fix, says },
      }),
    ];
  }
  const certificate = publicKeyOf(place.cert);
  const mode = modeOf(path) ?? 0;
  const rows = [
    make({ aspect: 'file', expected: 'there', found: 'there', wrong: null }),
    make({
      aspect: 'mode',
      expected: '0600',
      found: modeText(mode),
      wrong:
        (mode & 0o077) === 0
          ? null
          : {
              code: null,
              fix: `chmod 0600 ${path}`,
              says: `its mode is ${modeText(mode)}: others on this machine can read the private key; expected 0600`,
            },
    }),
  ];
  rows.push(...copyRows(place, path, make));
  if (certificate === null) return rows;
  const same = sameBytes(certificate, publicKey);
  return [
    ...rows,
    make({
      aspect: 'key',
      expected: 'the key of its certificate',
      found: same ? 'the key of its certificate' : 'the key of another certificate',
      wrong: same
        ? null
        : { code: 'KEY_MISMATCH', fix, says: `it is not the key of ${identity.files.cert} beside it` },
    }),
  ];
}

function copyRows(
  place: Place,
  path: string,
  make: (compared: Omit<Compared, 'what' | 'path'>) => ExpectedRow,
): ExpectedRow[] {
  const desk = place.name === 'desk' ? null : readTextIfAny(deskFiles(place.dir, place.identity).key);
  if (desk === null) return [];
  const same = desk === readTextIfAny(path);
  const fix = `npx mtls-lab certs distribute, or ${fixCommand(place.identity)}`;
  const says = 'it is not the key of pki/: replaced here, or not distributed yet';
  return [
    make({
      aspect: 'copy',
      expected: 'the same',
      found: same ? 'the same' : 'different',
      wrong: same ? null : { code: null, fix, says },
    }),
  ];
}

/** The key's public half, SubjectPublicKeyInfo. */
function load(path: string): Uint8Array | LabError {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    return unreadable(path, error);
  }
  const wrong = wrongContent('private-key', bytes, path);
  if (wrong) return wrong;
  try {
    return publicHalf(Buffer.from(bytes).toString('utf8'), path);
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
}

function publicKeyOf(cert: string): Uint8Array | null {
  const block = readPem(readTextIfAny(cert) ?? '').find(({ label }) => label === 'CERTIFICATE');
  try {
    return block ? readCertificate(block.bytes).publicKey.raw : null;
  } catch {
    return null;
  }
}
