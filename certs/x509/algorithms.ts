/**
 * Signature algorithms by Go's names, read from an AlgorithmIdentifier.
 *
 * @see golang/go src/crypto/x509/x509.go, signatureAlgorithmDetails and getSignatureAlgorithmFromAI
 */
import {
  type Cursor,
  constructedTag,
  enter,
  inside,
  isEmpty,
  MalformedError,
  openDer,
  rawOf,
  readAny,
  readElement,
  readInt64,
  readOid,
  readOptional,
  TAG,
  toHex,
} from '../der.ts';
import type { KeyAlgorithm } from '../oids.ts';

/** A hash by node:crypto's name; null where the algorithm hashes by itself or is not implemented. */
export type Hash = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512' | null;

/** How a certificate was signed. */
export interface SignatureAlgorithm {
  /** Go's name, `SHA256-RSA`; the OID where Go does not know it. */
  readonly name: string;
  readonly oid: string;
  readonly key: KeyAlgorithm;
  readonly hash: Hash;
  /** RSA with PSS padding; the salt is as long as the hash. */
  readonly pss: boolean;
}

/** OID -> algorithm, as in Go 1.24. */
const ALGORITHMS: Readonly<
  Record<string, { readonly name: string; readonly key: KeyAlgorithm; readonly hash: Hash }>
> = {
  '1.2.840.113549.1.1.4': { name: 'MD5-RSA', key: 'RSA', hash: 'md5' },
  '1.2.840.113549.1.1.5': { name: 'SHA1-RSA', key: 'RSA', hash: 'sha1' },
  '1.3.14.3.2.29': { name: 'SHA1-RSA', key: 'RSA', hash: 'sha1' },
  '1.2.840.113549.1.1.11': { name: 'SHA256-RSA', key: 'RSA', hash: 'sha256' },
  '1.2.840.113549.1.1.12': { name: 'SHA384-RSA', key: 'RSA', hash: 'sha384' },
  '1.2.840.113549.1.1.13': { name: 'SHA512-RSA', key: 'RSA', hash: 'sha512' },
  '1.2.840.10040.4.3': { name: 'DSA-SHA1', key: 'DSA', hash: 'sha1' },
  '2.16.840.1.101.3.4.3.2': { name: 'DSA-SHA256', key: 'DSA', hash: 'sha256' },
  '1.2.840.10045.4.1': { name: 'ECDSA-SHA1', key: 'ECDSA', hash: 'sha1' },
  '1.2.840.10045.4.3.2': { name: 'ECDSA-SHA256', key: 'ECDSA', hash: 'sha256' },
  '1.2.840.10045.4.3.3': { name: 'ECDSA-SHA384', key: 'ECDSA', hash: 'sha384' },
  '1.2.840.10045.4.3.4': { name: 'ECDSA-SHA512', key: 'ECDSA', hash: 'sha512' },
  '1.3.101.112': { name: 'Ed25519', key: 'Ed25519', hash: null },
};

const RSA_PSS = '1.2.840.113549.1.1.10';
const MGF1 = '1.2.840.113549.1.1.8';
const ED25519 = '1.3.101.112';
const NULL_PARAMETERS = '0500';

/** Hashes that Go accepts in RSA-PSS: OID -> name, salt length in bytes. */
const PSS_HASHES: Readonly<
  Record<string, { readonly name: string; readonly hash: Hash; readonly salt: number }>
> = {
  '2.16.840.1.101.3.4.2.1': { name: 'SHA256-RSAPSS', hash: 'sha256', salt: 32 },
  '2.16.840.1.101.3.4.2.2': { name: 'SHA384-RSAPSS', hash: 'sha384', salt: 48 },
  '2.16.840.1.101.3.4.2.3': { name: 'SHA512-RSAPSS', hash: 'sha512', salt: 64 },
};

/** An AlgorithmIdentifier. `parameters` is the whole element; empty when absent. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: Uint8Array;
}

/** Read the content of an AlgorithmIdentifier. @throws MalformedError `x509: malformed OID`, `… parameters` */
export function readAlgorithmIdentifier(content: Cursor): AlgorithmIdentifier {
  const oid = readOid(content, 'x509: malformed OID');
  if (isEmpty(content)) return { oid, parameters: new Uint8Array(0) };
  return { oid, parameters: rawOf(content, readAny(content, 'x509: malformed parameters')) };
}

/** Find the signature algorithm; an unknown one, or one with parameters that Go refuses, has key `unknown`. */
export function signatureAlgorithmOf({ oid, parameters }: AlgorithmIdentifier): SignatureAlgorithm {
  const unknown: SignatureAlgorithm = { name: oid, oid, key: 'unknown', hash: null, pss: false };
  if (oid === RSA_PSS) return readPss(parameters) ?? unknown;
  if (oid === ED25519 && parameters.length > 0) return unknown;
  const row = Object.hasOwn(ALGORITHMS, oid) ? ALGORITHMS[oid] : undefined;
  return row === undefined ? unknown : { ...row, oid, pss: false };
}

/** RSASSA-PSS-params (RFC 4055 section 3.1); Go wants one hash throughout and a salt of its length. */
function readPss(parameters: Uint8Array): SignatureAlgorithm | undefined {
  try {
    const fields = enter(openDer(parameters), TAG.SEQUENCE, '');
    const hash = readHash(enter(fields, constructedTag(0), ''));
    const mgf = enter(enter(fields, constructedTag(1), ''), TAG.SEQUENCE, '');
    const mgfOid = readOid(mgf, '');
    const mgfHash = readHash(mgf);
    const salt = readInt64(enter(fields, constructedTag(2), ''), '');
    const trailer = readOptional(fields, constructedTag(3), '');
    const row = Object.hasOwn(PSS_HASHES, hash.oid) ? PSS_HASHES[hash.oid] : undefined;
    const fits =
      row !== undefined &&
      mgfOid === MGF1 &&
      mgfHash.oid === hash.oid &&
      [hash, mgfHash].every(({ parameters: p }) => p === '' || p === NULL_PARAMETERS) &&
      salt === row.salt &&
      (trailer === undefined || readInt64(inside(fields, trailer), '') === 1);
    return fits ? { name: row.name, oid: RSA_PSS, key: 'RSA', hash: row.hash, pss: true } : undefined;
  } catch (error) {
    if (error instanceof MalformedError) return undefined;
    throw error;
  }
}

function readHash(cursor: Cursor): { readonly oid: string; readonly parameters: string } {
  const content = inside(cursor, readElement(cursor, TAG.SEQUENCE, ''));
  const { oid, parameters } = readAlgorithmIdentifier(content);
  return { oid, parameters: toHex(parameters) };
}

/** True for the one parameter that Go wants beside an RSA key: NULL. */
export function isNull(parameters: Uint8Array): boolean {
  return toHex(parameters) === NULL_PARAMETERS;
}
