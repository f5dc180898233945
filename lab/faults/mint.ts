/** Wrong certificates for the hosts: what most faults change. Keys first, so that a reload finds the pair. */
import { relative } from 'node:path';
import { type Ca, createCa, issueIdentity, type Overrides, VALIDITY, validityFrom } from '../../certs/ca.ts';
import { type CertificateTemplate, issueCertificate, keyId } from '../../certs/certificate.ts';
import { openSigner } from '../../certs/desk.ts';
import { LabError } from '../../certs/errors.ts';
import { MODES } from '../../certs/files.ts';
import { copyFiles, plannedCopies } from '../../certs/hosts.ts';
import { type Identity, identities } from '../../certs/identities.ts';
import { generateKeys, type KeyPair, writePrivateKey } from '../../certs/keys.ts';
import { writePem } from '../../certs/pem.ts';
import type { ChangeContext, FileChange, Scope } from './fault.ts';

export const DAY_MS = 86_400_000;

/** How a wrong certificate comes about. */
export interface Mint {
  /** Default: the CA that should sign. */
  readonly ca?: Ca;
  readonly template?: Partial<CertificateTemplate>;
  readonly hash?: Overrides['hash'];
  /** Default: a new pair. */
  readonly keys?: KeyPair;
  /** PEM that follows the certificate in its file. */
  readonly intermediates?: string;
}

/** Every leaf, or those with one of the two purposes. */
export function leaves({ choices }: Scope, purpose?: 'serverAuth' | 'clientAuth'): readonly string[] {
  return identities(choices)
    .filter(({ kind, usages }) => kind === 'leaf' && (purpose === undefined || usages.includes(purpose)))
    .map(({ id }) => id);
}

/**
 * An identity by its id.
 * @throws LabError INTERNAL when there is none: targets are checked before
 */
export function identityOf({ choices }: Pick<Scope, 'choices'>, id: string): Identity {
  const found = identities(choices).find((identity) => identity.id === id);
  if (!found) throw new LabError('INTERNAL', { what: `there is no identity ${id}` });
  return found;
}

/** Where a leaf's pair lies inside its host: the first copy of it. */
export function copyOf({ id, copies }: Identity): { readonly cert: string; readonly key: string } {
  const [copy] = copies;
  if (!copy || copy.key === null) throw new LabError('INTERNAL', { what: `${id} has no pair on any host` });
  return { cert: copy.cert, key: copy.key };
}

/** The CA that should sign the target. */
export function signerOf({ directory, target }: ChangeContext): Ca {
  return openSigner(directory.dir, directory.choices, identityOf(directory, target));
}

/** A CA that nobody here trusts, with this name. */
export async function foreignCa(
  { directory, now }: ChangeContext,
  commonName: string,
  overrides: Overrides = {},
): Promise<Ca> {
  return createCa({ commonName }, await generateKeys(directory.choices.key), now, overrides);
}

/** A CA between another one and the leaf: signed by its parent, with what is wrong about it. */
export async function intermediateCa(
  { directory, now }: ChangeContext,
  parent: Ca,
  commonName: string,
  template: Partial<CertificateTemplate> = {},
): Promise<Ca> {
  const { privateKey, publicKey } = await generateKeys(directory.choices.key);
  const subjectKeyId = keyId(publicKey);
  const der = issueCertificate(
    {
      subject: { commonName },
      publicKey,
      ...validityFrom(now, VALIDITY.leafDays),
      isCa: true,
      keyUsages: ['digitalSignature', 'keyCertSign', 'cRLSign'],
      extendedKeyUsages: [],
      sans: [],
      subjectKeyId,
      authorityKeyId: parent.keyId,
      ...template,
    },
    parent,
  );
  return {
    subject: { commonName },
    privateKey,
    keyId: subjectKeyId,
    certificatePem: writePem('CERTIFICATE', der),
  };
}

/** A pair for the target, wherever it belongs. */
export async function minted(context: ChangeContext, mint: Mint): Promise<readonly FileChange[]> {
  const { directory, now } = context;
  const identity = identityOf(directory, context.target);
  const { template, hash } = mint;
  const issued = issueIdentity(
    identity,
    mint.ca ?? signerOf(context),
    mint.keys ?? (await generateKeys(directory.choices.key)),
    now,
    { ...(template ? { template } : {}), ...(hash ? { hash } : {}) },
  );
  return pairOn(context, identity, {
    cert: issued.certificatePem + (mint.intermediates ?? ''),
    key: writePrivateKey(issued.keys.privateKey),
  });
}

/** A pair that signed itself. */
export async function selfSigned(context: ChangeContext): Promise<readonly FileChange[]> {
  const { commonName, organizations } = identityOf(context.directory, context.target);
  const keys = await generateKeys(context.directory.choices.key);
  const subject = { commonName, organizations };
  const ca = { subject, privateKey: keys.privateKey, keyId: keyId(keys.publicKey), certificatePem: '' };
  return minted(context, { ca, keys });
}

/** The same content in every copy of a pair. */
export function pairOn(
  { directory }: ChangeContext,
  identity: Identity,
  pair: { readonly cert?: string | Uint8Array; readonly key?: string | Uint8Array },
): readonly FileChange[] {
  return plannedCopies(directory.dir, [identity]).flatMap(({ to, what }): FileChange[] => {
    const content = pair[what];
    if (content === undefined) return [];
    return [{ path: inDir(directory.dir, to), content, mode: what === 'key' ? MODES.key : MODES.public }];
  });
}

/** The one copy of a CA's certificate that a target means: `ca@laptop`. */
export function bundle({ directory, target }: ChangeContext, content: string): FileChange {
  const [id = '', host] = target.split('@');
  const copy = identityOf(directory, id).copies.find((each) => each.host === host);
  return {
    path: inDir(directory.dir, copyFiles(directory.dir, copy ?? { host: '', cert: '', key: null }).cert),
    content,
    mode: MODES.public,
  };
}

/** A path as changes and records have it: relative to DIR, with `/`. */
export function inDir(dir: string, path: string): string {
  return relative(dir, path).replaceAll('\\', '/');
}

/** So many days from a time. */
export function days(from: Date, count: number): Date {
  return new Date(from.getTime() + count * DAY_MS);
}
