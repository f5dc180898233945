/**
 * Certificate signing requests: key in, CSR out; and a CSR read and its proof checked.
 *
 * The second step of every certificate. A CSR asks: the CA takes the Subject and the public key from it, and
 * decides the purpose and the names by itself.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import forge from 'node-forge';
import {
  type Asn1,
  integer,
  oid,
  raw,
  type SignatureHash,
  sequence,
  set,
  signed,
  tagged,
  toDer,
} from './asn1.ts';
import { extension, type Name, nameOf, sansValue, usagesValue } from './certificate.ts';
import { LabError, messageOf } from './errors.ts';
import type { San } from './identities.ts';
import { type KeyPair, publicKeyInfo } from './keys.ts';
import { readPem, writePem } from './pem.ts';

/** What a CSR asks for beyond its key. The CA is free to ignore names and purposes, and this one does. */
export interface CsrRequest {
  readonly subject: Name;
  readonly sans?: readonly San[];
  readonly extendedKeyUsages?: readonly string[];
}

/** A CSR that was read and whose signature proves that the asker holds the key. */
export interface Csr {
  /** DER of the Subject, as it is copied into the certificate. */
  readonly subject: Uint8Array;
  /** DER of the SubjectPublicKeyInfo. */
  readonly publicKeyInfo: Uint8Array;
  readonly publicKey: KeyObject;
}

/** RFC 2985 section 5.4.2. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

const HASH_OF_SIGNATURE: Readonly<Record<string, string | null>> = {
  '1.2.840.113549.1.1.5': 'sha1',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.2.840.10045.4.1': 'sha1',
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.3.101.112': null,
};

/**
 * Make a CSR with a key pair.
 * @returns PEM, `CERTIFICATE REQUEST`
 * @see     RFC 2986 section 4
 */
export function createCsr(request: CsrRequest, keys: KeyPair, hash: SignatureHash = 'sha256'): string {
  const wanted: Asn1[] = [];
  if (request.extendedKeyUsages?.length)
    wanted.push(extension('2.5.29.37', false, usagesValue(request.extendedKeyUsages)));
  if (request.sans?.length) wanted.push(extension('2.5.29.17', false, sansValue(request.sans)));
  const attributes = wanted.length === 0 ? [] : [sequence(oid(EXTENSION_REQUEST), set(sequence(...wanted)))];
  const info = sequence(
    integer(Uint8Array.of(0)),
    nameOf(request.subject),
    raw(publicKeyInfo(keys.publicKey)),
    tagged(0, ...attributes),
  );
  return writePem('CERTIFICATE REQUEST', signed(info, keys.privateKey, hash));
}

/**
 * Read a CSR and check its signature.
 * @param text  PEM
 * @param from  the file, for messages
 * @throws      LabError CSR_INVALID
 */
export function readCsr(text: string, from: string): Csr {
  const refuse = (what: string, cause?: unknown): never => {
    throw new LabError('CSR_INVALID', {
      what: `${from}: ${what}`,
      fix: `make it anew: openssl req -new -key NAME.key -subj "/CN=NAME" -out ${from}`,
      cause,
    });
  };
  const block = readPem(text).find((each) => / ?CERTIFICATE REQUEST$/.test(each.label));
  if (!block) return refuse('holds no CERTIFICATE REQUEST');
  let csr: Csr;
  let proven: boolean;
  try {
    const [info, algorithm, signature] = children(raw(block.bytes));
    const [, subject, key] = children(info);
    const name = forge.asn1.derToOid(String(children(algorithm)[0]?.value ?? ''));
    const hash = HASH_OF_SIGNATURE[name];
    if (!info || !subject || !key || !signature || hash === undefined)
      return refuse(hash === undefined ? `is signed with an unknown algorithm (${name})` : 'is incomplete');
    const info64 = toDer(key);
    const publicKey = createPublicKey({ key: Buffer.from(info64), format: 'der', type: 'spki' });
    csr = { subject: toDer(subject), publicKeyInfo: info64, publicKey };
    proven = verify(hash, toDer(info), publicKey, bitsOf(signature));
  } catch (error) {
    if (error instanceof LabError) throw error;
    return refuse(`cannot be read (${messageOf(error)})`, error);
  }
  if (!proven) return refuse('is not signed by the key that it asks a certificate for');
  return csr;
}

function children(node: Asn1 | undefined): Asn1[] {
  return Array.isArray(node?.value) ? node.value : [];
}

function bitsOf(node: Asn1): Uint8Array {
  const held = (node as { bitStringContents?: string }).bitStringContents ?? String(node.value);
  return Buffer.from(held.slice(1), 'latin1');
}
