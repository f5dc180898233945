/**
 * X.509 certificates from DER, read as strictly as Go's crypto/x509 reads them, in Go's order and with Go's texts.
 *
 * The ground of `verify`, `inspect` and the decoder. Hostile bytes end in a `MalformedError`, never in anything
 * else. Parsed certificates are kept, bounded, by the SHA-256 of their DER.
 */
import { createHash } from 'node:crypto';
import {
  type Cursor,
  constructedTag,
  contentOf,
  contextTag,
  enter,
  inside,
  isEmpty,
  MalformedError,
  openDer,
  peekTag,
  rawOf,
  readAny,
  readBitString,
  readBoolean,
  readElement,
  readInt64,
  readInteger,
  readOid,
  readOptional,
  rightAlign,
  sameBytes,
  TAG,
  toHex,
} from './der.ts';
import { EXTENSION_OIDS, nameOf } from './oids.ts';
import { readAlgorithmIdentifier, type SignatureAlgorithm, signatureAlgorithmOf } from './x509/algorithms.ts';
import { type Extension, type ExtensionContents, readExtensionContents } from './x509/extensions.ts';
import { type PublicKey, readPublicKey } from './x509/public-key.ts';
import { type DistinguishedName, readName } from './x509/strings.ts';
import { type Instant, readTime } from './x509/times.ts';

/** A certificate. All byte fields are views into `der`. */
export interface Certificate extends ExtensionContents {
  readonly der: Uint8Array;
  /** SHA-256 of `der`, lower-case hex. */
  readonly fingerprint: string;
  readonly version: 1 | 2 | 3;
  readonly serial: bigint;
  /** Lower-case hex of the INTEGER's bytes. */
  readonly serialHex: string;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly publicKey: PublicKey;
  readonly extensions: readonly Extension[];
  readonly signatureAlgorithm: SignatureAlgorithm;
  /** The bytes that are signed (TBSCertificate, header included). */
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
}

/** Parsed certificates kept, newest last. */
const CACHE_SIZE = 4096;
/** Larger certificates are not kept: 4,096 of them would fill the memory. */
const CACHE_MAX_BYTES = 16_384;
const cache = new Map<string, Certificate>();

/**
 * Read one certificate.
 * @param der  DER and nothing behind it
 * @throws     MalformedError (CERT_MALFORMED) whose `goText` is Go's: `x509: malformed certificate`
 * @see        RFC 5280 section 4.1; golang/go src/crypto/x509/parser.go, ParseCertificate (release 1.24)
 */
export function readCertificate(der: Uint8Array): Certificate {
  const fingerprint = createHash('sha256').update(der).digest('hex');
  const known = cache.get(fingerprint);
  if (known !== undefined) return known;
  // A copy: callers may reuse their buffer, and a view would keep a whole socket chunk alive.
  const certificate = parse(Uint8Array.from(der), fingerprint);
  if (der.length <= CACHE_MAX_BYTES) {
    const oldest = cache.size >= CACHE_SIZE ? cache.keys().next().value : undefined;
    if (oldest !== undefined) cache.delete(oldest);
    cache.set(fingerprint, certificate);
  }
  return certificate;
}

function parse(der: Uint8Array, fingerprint: string): Certificate {
  const file = openDer(der);
  const outer = enter(file, TAG.SEQUENCE, 'x509: malformed certificate');
  const tbsElement = readElement(outer, TAG.SEQUENCE, 'x509: malformed tbs certificate');
  const tbs = inside(outer, tbsElement);
  const version = readVersion(tbs);
  const serialAt = tbs.at;
  const serial = readInteger(tbs, 'x509: malformed serial number');
  const serialElement = readAny(openDer(der, serialAt, tbs.at), '');
  // Refused since Go 1.23 (GODEBUG x509negativeserial=1 brings the old behaviour back).
  if (serial < 0n) fail('x509: negative serial number', serialAt);
  const inner = readElement(tbs, TAG.SEQUENCE, 'x509: malformed signature algorithm identifier');
  const outerAlgorithm = readElement(outer, TAG.SEQUENCE, 'x509: malformed algorithm identifier');
  if (!sameBytes(contentOf(tbs, inner), contentOf(outer, outerAlgorithm))) {
    fail("x509: inner and outer signature algorithm identifiers don't match", outerAlgorithm.start);
  }
  const signatureAlgorithm = signatureAlgorithmOf(readAlgorithmIdentifier(inside(tbs, inner)));
  const issuer = readName(tbs, 'x509: malformed issuer');
  const validity = enter(tbs, TAG.SEQUENCE, 'x509: malformed validity');
  const notBefore = readTime(validity);
  const notAfter = readTime(validity);
  const subject = readName(tbs, 'x509: malformed issuer');
  const publicKey = readPublicKey(tbs);
  if (version > 1) {
    readOptional(tbs, contextTag(1), 'x509: malformed issuerUniqueID');
    readOptional(tbs, contextTag(2), 'x509: malformed subjectUniqueID');
  }
  const extensions = version === 3 ? readExtensions(tbs) : [];
  const contents = readExtensionContents(extensions);
  const signature = rightAlign(readBitString(outer, 'x509: malformed signature'));
  if (!isEmpty(file)) fail('x509: trailing data', file.at);
  return {
    ...contents,
    der,
    fingerprint,
    version,
    serial,
    serialHex: toHex(contentOf(tbs, serialElement)),
    issuer,
    subject,
    notBefore,
    notAfter,
    publicKey,
    extensions,
    signatureAlgorithm,
    tbs: rawOf(outer, tbsElement),
    signature,
  };
}

function readVersion(tbs: Cursor): 1 | 2 | 3 {
  const element = readOptional(tbs, constructedTag(0), 'x509: malformed version');
  if (element === undefined) return 1;
  const field = inside(tbs, element);
  const version = readInt64(field, 'x509: malformed version');
  if (!isEmpty(field) || version < 0) fail('x509: malformed version', element.start);
  if (version === 0 || version === 1 || version === 2) return (version + 1) as 1 | 2 | 3;
  return fail('x509: invalid version', element.start);
}

function readExtensions(tbs: Cursor): Extension[] {
  const element = readOptional(tbs, constructedTag(3), 'x509: malformed extensions');
  if (element === undefined) return [];
  const list = enter(inside(tbs, element), TAG.SEQUENCE, 'x509: malformed extensions');
  const extensions: Extension[] = [];
  const seen = new Set<string>();
  while (!isEmpty(list)) {
    const extension = readExtension(list);
    if (seen.has(extension.oid))
      fail(`x509: certificate contains duplicate extension with OID "${extension.oid}"`, extension.start);
    seen.add(extension.oid);
    extensions.push(extension);
  }
  return extensions;
}

/** Read one Extension; also used for the extension request of a CSR. @throws MalformedError */
export function readExtension(list: Cursor): Extension {
  const element = readElement(list, TAG.SEQUENCE, 'x509: malformed extension');
  const fields = inside(list, element);
  const oid = readOid(fields, 'x509: malformed extension OID field');
  const critical =
    peekTag(fields) === TAG.BOOLEAN ? readBoolean(fields, 'x509: malformed extension critical field') : false;
  const value = readElement(fields, TAG.OCTET_STRING, 'x509: malformed extension value field');
  return {
    oid,
    name: nameOf(EXTENSION_OIDS, oid) ?? oid,
    critical,
    value: contentOf(fields, value),
    start: element.start,
    end: element.end,
  };
}

function fail(goText: string, at: number): never {
  throw new MalformedError(goText, at, 'the certificate');
}
