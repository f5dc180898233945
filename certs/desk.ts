/**
 * The CA's desk on disk: `pki/` holds key, CSR and certificate of every identity, and the CA's own key.
 *
 * Issuing happens here and nowhere else. What is issued here reaches the machines only through `hosts.ts`.
 */
import { createPublicKey } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type Ca, createCa, issueIdentity, type Overrides, openCa } from './ca.ts';
import { LabError } from './errors.ts';
import { MODES, readText, writeAtomic } from './files.ts';
import { type Choices, type Identity, type IdentityId, identities } from './identities.ts';
import {
  generateKeys,
  type KeyPair,
  type PendingKeys,
  readPrivateKey,
  startKeys,
  writePrivateKey,
} from './keys.ts';
import { readPem } from './pem.ts';

/** Absolute paths of an identity's files on the desk. */
export interface DeskFiles {
  readonly cert: string;
  readonly key: string;
  readonly csr: string | null;
}

/** Where an identity's files lie under `dir`. */
export function deskFiles(dir: string, identity: Identity): DeskFiles {
  const folder = join(dir, 'pki', identity.folder);
  const { cert, key, csr } = identity.files;
  return { cert: join(folder, cert), key: join(folder, key), csr: csr === null ? null : join(folder, csr) };
}

/**
 * Make a whole desk: CAs, then every leaf as its key arrives.
 * @param dir   the lab's directory; `pki/` is made in it
 * @param now   the desk's time
 * @param keys  from `startKeys`, when they were begun earlier
 * @throws      LabError DESK_EXISTS when `pki/` already holds something
 */
export async function createDesk(
  dir: string,
  choices: Choices,
  now: Date,
  keys: PendingKeys = startKeys(
    identities(choices).map(({ id }) => id),
    choices.key,
  ),
): Promise<void> {
  const pki = join(dir, 'pki');
  if (existsSync(pki) && readdirSync(pki).length > 0) {
    throw new LabError('DESK_EXISTS', {
      what: `${pki} exists already and holds files`,
      why: 'Making a new CA over an old one would make every certificate that it signed worthless.',
      fix: 'npx mtls-lab reset   removes the lab that is there; or choose another place with --dir DIR',
    });
  }
  mkdirSync(pki, { recursive: true });
  const all = identities(choices);
  const cas = new Map<IdentityId, Ca>();
  await Promise.all(
    all
      .filter((identity) => identity.kind === 'ca')
      .map(async (identity) => {
        const pair = await keyOf(keys, identity, choices);
        const ca = createCa(identity, pair, now);
        writeCa(dir, identity, pair, ca.certificatePem);
        cas.set(identity.id, ca);
      }),
  );
  await issueAll(dir, all, choices, cas, now, keys);
}

/** How to issue anew. */
export interface IssueOptions {
  /** `new` (default): a key pair of its own, as `kubeadm certs renew` makes; `keep`: the key that is on the desk. */
  readonly keys?: 'new' | 'keep';
  readonly overrides?: Overrides;
}

/**
 * Issue leaves, all at once: for new workers, or to renew.
 * @param which  leaves; every worker's own is one of them
 * @throws       LabError CHOICE_REFUSED for a CA; others when a CA's files are missing or broken
 */
export async function issueOnDesk(
  dir: string,
  choices: Choices,
  which: readonly Identity[],
  now: Date,
  options: IssueOptions = {},
): Promise<void> {
  const ca = which.find((identity) => identity.kind === 'ca');
  if (ca) {
    throw new LabError('CHOICE_REFUSED', {
      what: `${ca.id} is a CA; it is not renewed`,
      why: 'A new CA certificate would leave every trust store on every host behind. kubeadm renews no CA either.',
      fix: 'renew the certificates that it signed: npx mtls-lab certs renew all',
    });
  }
  const cas = openSigners(dir, choices, which);
  const keys =
    options.keys === 'keep'
      ? new Map(which.map((identity) => [identity.id, Promise.resolve(keysOnDesk(dir, identity))]))
      : startKeys(
          which.map(({ id }) => id),
          choices.key,
        );
  await issueAll(dir, which, choices, cas, now, keys, options.overrides);
}

/** The key pair of an identity, from the desk. */
function keysOnDesk(dir: string, identity: Identity): KeyPair {
  const file = deskFiles(dir, identity).key;
  const privateKey = readPrivateKey(readText(file), file);
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

/** The CA that signs an identity, from the desk. */
export function openSigner(dir: string, choices: Choices, identity: Identity): Ca {
  const signer = identities(choices).find((each) => each.id === identity.signer);
  if (!signer) throw new LabError('INTERNAL', { what: `${identity.id} has no signer` });
  const files = deskFiles(dir, signer);
  const from = { cert: relative(process.cwd(), files.cert), key: relative(process.cwd(), files.key) };
  return openCa(readText(files.cert), readText(files.key), from);
}

function openSigners(dir: string, choices: Choices, which: readonly Identity[]): Map<IdentityId, Ca> {
  const cas = new Map<IdentityId, Ca>();
  for (const identity of which)
    if (!cas.has(identity.signer)) cas.set(identity.signer, openSigner(dir, choices, identity));
  return cas;
}

async function issueAll(
  dir: string,
  which: readonly Identity[],
  choices: Choices,
  cas: ReadonlyMap<IdentityId, Ca>,
  now: Date,
  keys: PendingKeys,
  overrides: Overrides = {},
): Promise<void> {
  await Promise.all(
    which
      .filter((identity) => identity.kind === 'leaf')
      .map(async (identity) => {
        const ca = cas.get(identity.signer);
        if (!ca) throw new LabError('INTERNAL', { what: `no CA for ${identity.id}` });
        const issued = issueIdentity(identity, ca, await keyOf(keys, identity, choices), now, overrides);
        const files = deskFiles(dir, identity);
        writeAtomic(files.key, writePrivateKey(issued.keys.privateKey), MODES.key);
        if (files.csr !== null) writeAtomic(files.csr, issued.csrPem, MODES.public);
        writeAtomic(files.cert, issued.certificatePem, MODES.public);
      }),
  );
}

function writeCa(dir: string, identity: Identity, keys: KeyPair, certificatePem: string): void {
  const files = deskFiles(dir, identity);
  writeAtomic(files.key, writePrivateKey(keys.privateKey), MODES.key);
  writeAtomic(files.cert, certificatePem, MODES.public);
}

function keyOf(keys: PendingKeys, identity: Identity, choices: Choices): Promise<KeyPair> {
  return keys.get(identity.id) ?? generateKeys(choices.key);
}

/** DER of the desk's CAs; one that cannot be read is left out. */
export function caCertificates(dir: string, choices: Choices): readonly Uint8Array[] {
  return identities(choices)
    .filter(({ kind }) => kind === 'ca')
    .flatMap((identity) => {
      try {
        return readPem(readText(deskFiles(dir, identity).cert)).map(({ bytes }) => bytes);
      } catch {
        return [];
      }
    });
}
