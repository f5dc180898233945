/**
 * The openssl and cp lines that do what the lab does: a key, a CSR, the CA's signature, the copies. They work as they stand
 * in bash, in the folder that the paths are relative to.
 */
import { relative } from 'node:path';
import { deskFiles } from './desk.ts';
import type { FileCopy } from './hosts.ts';
import { type Choices, type Identity, identities } from './identities.ts';

const KEY_OPTIONS = {
  'rsa-2048': '-algorithm RSA -pkeyopt rsa_keygen_bits:2048',
  'ecdsa-p256': '-algorithm EC -pkeyopt ec_paramgen_curve:P-256',
} as const satisfies Record<Choices['key'], string>;

/** What a leaf's certificate says besides Subject and dates (RFC 5280 section 4.2.1), as openssl's config wants it. */
function extensionsOf({ usages, sans }: Identity): string {
  return [
    'keyUsage=critical,digitalSignature,keyEncipherment',
    `extendedKeyUsage=${usages.join(',')}`,
    'basicConstraints=critical,CA:FALSE',
    'authorityKeyIdentifier=keyid',
    ...(sans.length === 0
      ? []
      : [`subjectAltName=${sans.map(({ kind, value }) => `${kind.toUpperCase()}:${value}`).join(',')}`]),
  ].join('\\n');
}

/**
 * Issue a leaf anew on the desk: three lines.
 * @param from  the folder that the lines are typed in
 */
export function issueLines(
  dir: string,
  choices: Choices,
  identity: Identity,
  from: string,
): readonly string[] {
  const { key, csr, cert } = deskFiles(dir, identity);
  const ca = identities(choices).find(({ id }) => id === identity.signer);
  if (csr === null || ca === undefined) return [];
  const at = (path: string): string => quoted(relative(from, path));
  const { cert: caCert, key: caKey } = deskFiles(dir, ca);
  const subject = [...identity.organizations.map((name) => `/O=${name}`), `/CN=${identity.commonName}`].join(
    '',
  );
  return [
    `openssl genpkey ${KEY_OPTIONS[choices.key]} -out ${at(key)}`,
    `openssl req -new -key ${at(key)} -subj ${quoted(subject)} -out ${at(csr)}`,
    `openssl x509 -req -in ${at(csr)} -CA ${at(caCert)} -CAkey ${at(caKey)} -days 365 -out ${at(cert)} -extfile <(printf '${extensionsOf(identity)}')`,
  ];
}

/** Copy files to the machines: keys only for their owner. */
export function copyLines(copies: readonly FileCopy[], from: string): readonly string[] {
  return copies.map(
    ({ what, from: source, to }) =>
      `install -m ${what === 'key' ? '600' : '644'} ${quoted(relative(from, source))} ${quoted(relative(from, to))}`,
  );
}

/** A word for a shell. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
