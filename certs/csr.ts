/**
 * Certificate signing requests: key in, CSR out; and a CSR read and its proof checked.
 *
 * The second step of every certificate. A CSR asks: the CA takes the Subject and the public key from it, and
 * decides the purpose and the names by itself.
 */
import { type Asn1, integer, oid, raw, type SignatureHash, sequence, set, signed, tagged } from './asn1.ts';
import { extension, type Name, nameOf, sansValue, usagesValue } from './certificate.ts';
import {
  type Cursor,
  constructedTag,
  enter,
  inside,
  isEmpty,
  openDer,
  rawOf,
  readBitString,
  readElement,
  readInteger,
  readOid,
  readOptional,
  rightAlign,
  TAG,
} from './der.ts';
import { LabError, messageOf } from './errors.ts';
import type { San } from './identities.ts';
import { type KeyPair, publicKeyInfo } from './keys.ts';
import { readPem, writePem } from './pem.ts';
import { verifyWith } from './verify/signatures.ts';
import { readAlgorithmIdentifier, type SignatureAlgorithm, signatureAlgorithmOf } from './x509/algorithms.ts';
import { type Extension, type ExtensionContents, readExtensionContents } from './x509/extensions.ts';
import { type PublicKey, readPublicKey } from './x509/public-key.ts';
import { type DistinguishedName, readName } from './x509/strings.ts';
import { readExtension } from './x509.ts';

/** What a CSR asks for beyond its key. The CA is free to ignore names and purposes, and this one does. */
export interface CsrRequest {
  readonly subject: Name;
  readonly sans?: readonly San[];
  readonly extendedKeyUsages?: readonly string[];
}

/** A CSR. All byte fields are views into `der`. */
export interface Csr {
  readonly der: Uint8Array;
  readonly subject: DistinguishedName;
  readonly publicKey: PublicKey;
  readonly signatureAlgorithm: SignatureAlgorithm;
  /** Its own signature is right: whoever made it holds the key. */
  readonly proven: boolean;
  /** The extensions that it asks for. */
  readonly requested: ExtensionContents;
}

/** What the block is called: RFC 7468 section 7, and older OpenSSL. */
export const CSR_LABELS: readonly string[] = ['CERTIFICATE REQUEST', 'NEW CERTIFICATE REQUEST'];

/** RFC 2985 section 5.4.2. */
const EXTENSION_REQUEST = '1.2.840.113549.1.9.14';

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
 * Read a CSR's structure and check its signature.
 * @param der  DER of a CertificationRequest
 * @throws     MalformedError
 * @see        RFC 2986 section 4.2; golang/go src/crypto/x509/x509.go, ParseCertificateRequest
 */
export function parseCsr(der: Uint8Array): Csr {
  const malformed = 'x509: malformed certificate request';
  const outer = enter(openDer(der), TAG.SEQUENCE, malformed);
  const element = readElement(outer, TAG.SEQUENCE, malformed);
  const info = inside(outer, element);
  readInteger(info, malformed);
  const subject = readName(info, malformed);
  const publicKey = readPublicKey(info);
  const attributes = readOptional(info, constructedTag(0), malformed);
  const extensions = attributes === undefined ? [] : readRequested(inside(info, attributes), malformed);
  const signatureAlgorithm = signatureAlgorithmOf(
    readAlgorithmIdentifier(enter(outer, TAG.SEQUENCE, malformed)),
  );
  const signature = rightAlign(readBitString(outer, malformed));
  return {
    der,
    subject,
    publicKey,
    signatureAlgorithm,
    // Go still takes SHA-1 here: a request is a proof of possession, no statement by a CA.
    proven: verifyWith(signatureAlgorithm, rawOf(outer, element), signature, publicKey, true) === null,
    requested: readExtensionContents(extensions),
  };
}

/**
 * Read a CSR from PEM, and refuse one whose signature is wrong.
 * @param from  the file, for messages
 * @throws      LabError CSR_INVALID
 */
export function readCsr(text: string, from: string): Csr {
  const refuse = (what: string, cause?: unknown): LabError =>
    new LabError('CSR_INVALID', {
      what: `${from}: ${what}`,
      fix: 'make it anew: openssl req -new -key NAME.key -subj "/CN=NAME" -out NAME.csr',
      cause,
    });
  const block = readPem(text).find(({ label }) => CSR_LABELS.includes(label));
  if (!block) throw refuse('holds no certificate signing request');
  let csr: Csr;
  try {
    csr = parseCsr(block.bytes);
  } catch (error) {
    throw refuse(`the request cannot be read: ${messageOf(error)}`, error);
  }
  if (!csr.proven) throw refuse('the request is not signed by the key that it asks a certificate for');
  return csr;
}

function readRequested(attributes: Cursor, malformed: string): Extension[] {
  const found: Extension[] = [];
  while (!isEmpty(attributes)) {
    const attribute = enter(attributes, TAG.SEQUENCE, malformed);
    if (readOid(attribute, malformed) !== EXTENSION_REQUEST) continue;
    const list = enter(enter(attribute, TAG.SET, malformed), TAG.SEQUENCE, malformed);
    while (!isEmpty(list)) found.push(readExtension(list));
  }
  return found;
}
