/**
 * Files whose name and content disagree, and a CA's key where it must not be: found by content, in every folder that
 * holds certificates.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Content, contentsOf } from '../content.ts';
import { toHex } from '../der.ts';
import { deskFiles } from '../desk.ts';
import { readTextIfAny } from '../files.ts';
import { type Choices, type Identity, identities } from '../identities.ts';
import { publicHalf } from '../keys.ts';
import { type ExpectedRow, placesOf, row } from './row.ts';

/** What a kubelet asked for by itself: certificate and key in one file, under the real kubelet's names. */
const KUBELETS_OWN = /^kubelet-(client|server)-[\w-]+\.pem$/;
/** Larger files are not keys or certificates. */
const MAX_BYTES = 1_000_000;

/** Rows about names, deviations only: a file that is rightly named is not worth a row. */
export function namingRows(dir: string, choices: Choices, which: readonly Identity[]): ExpectedRow[] {
  const caKeys = caPublicKeys(dir, choices);
  const rows: ExpectedRow[] = [];
  const seen = new Set<string>();
  for (const identity of which) {
    for (const place of placesOf(dir, choices, identity)) {
      const folder = dirname(place.cert);
      if (seen.has(folder)) continue;
      seen.add(folder);
      for (const path of filesIn(folder)) {
        const owner = { ...place, identity: ownerOf(which, path) ?? identity };
        rows.push(...fileRows(owner, path, caKeys));
      }
    }
  }
  return rows;
}

/** By the seed's rule: a private key ends in `.key` or has "key" in its name. */
export function saysKey(name: string): boolean {
  return /key/i.test(name);
}

function fileRows(
  place: { readonly dir: string; readonly identity: Identity; readonly name: string },
  path: string,
  caKeys: ReadonlyMap<string, string>,
): ExpectedRow[] {
  const bytes = readSmall(path);
  if (bytes === null) return [];
  const contents = contentsOf(bytes);
  const holdsKey = contents.includes('private-key') || contents.includes('encrypted-key');
  const rows: ExpectedRow[] = [];
  const name = basename(path);
  if (holdsKey && !saysKey(name) && !KUBELETS_OWN.test(name)) {
    rows.push(
      row(place, {
        what: 'key',
        aspect: 'name',
        path,
        expected: 'a name that says "key"',
        found: name,
        wrong: {
          code: 'CERT_KEY_SWAPPED',
          fix: `rename it to NAME.key or NAME-key.pem, or take the key out of ${path}`,
          says: 'it holds a private key, but its name does not say so: somebody will hand it out as public',
        },
      }),
    );
  }
  if (looksPublic(contents) && saysKey(name)) {
    rows.push(
      row(place, {
        what: 'certificate',
        aspect: 'name',
        path,
        expected: 'a name without "key"',
        found: name,
        wrong: {
          code: 'CERT_KEY_SWAPPED',
          fix: `put the private key into ${path}, and the certificate into NAME.crt or NAME.pem`,
          says: 'it holds a public certificate, but its name says that it is a private key',
        },
      }),
    );
  }
  const ca = holdsKey && place.name !== 'desk' ? caKeys.get(fingerprint(bytes, path) ?? '') : undefined;
  if (ca !== undefined) {
    rows.push(
      row(place, {
        what: 'key',
        aspect: 'ca-key',
        path,
        expected: 'no CA key on any host',
        found: `the private key of ${ca}`,
        wrong: {
          code: null,
          fix:
            place.name === 'control-plane' ? `npx mtls-lab certs signing off, or rm ${path}` : `rm ${path}`,
          says: `it is the private key of the CA "${ca}": whoever takes over this machine can sign any certificate`,
        },
      }),
    );
  }
  return rows;
}

function looksPublic(contents: readonly Content[]): boolean {
  return contents.length === 1 && (contents[0] === 'certificate' || contents[0] === 'certificate-der');
}

/** Public halves of all CA keys, by their bytes in hex. */
function caPublicKeys(dir: string, choices: Choices): Map<string, string> {
  const found = new Map<string, string>();
  for (const identity of identities(choices).filter(({ kind }) => kind === 'ca')) {
    const file = deskFiles(dir, identity).key;
    const bytes = Buffer.from(readTextIfAny(file) ?? '');
    const key = fingerprint(bytes, file);
    if (key !== undefined) found.set(key, identity.commonName);
  }
  return found;
}

function fingerprint(bytes: Uint8Array, path: string): string | undefined {
  try {
    return toHex(publicHalf(Buffer.from(bytes).toString('utf8'), path));
  } catch {
    return undefined;
  }
}

/** The identity that a file's name belongs to. */
function ownerOf(which: readonly Identity[], path: string): Identity | undefined {
  const base = basename(path).replace(/(-key)?\.[a-z]+$/, '');
  return which.find(
    (identity) => identity.base === base && (identity.folder === '' || path.includes(`/${identity.folder}/`)),
  );
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith('.tmp'))
      .map((entry) => join(folder, entry.name));
  } catch {
    return [];
  }
}

function readSmall(path: string): Uint8Array | null {
  try {
    return statSync(path).size > MAX_BYTES ? null : readFileSync(path);
  } catch {
    return null;
  }
}
