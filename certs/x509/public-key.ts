/**
 * SubjectPublicKeyInfo: which key, of which size, and whether it is a key at all.
 *
 * @see golang/go src/crypto/x509/parser.go, parsePublicKey
 */
import {
  type Cursor,
  enter,
  inside,
  MalformedError,
  openDer,
  rawOf,
  readBitString,
  readElement,
  readInt64,
  readInteger,
  readOid,
  rightAlign,
  TAG,
  toHex,
} from '../der.ts';
import { CURVE_OIDS, type Curve, type KeyAlgorithm, nameOf, PUBLIC_KEY_OIDS } from '../oids.ts';
import { isNull, readAlgorithmIdentifier } from './algorithms.ts';

/** A public key. */
export interface PublicKey {
  /** The SubjectPublicKeyInfo, DER. */
  readonly raw: Uint8Array;
  readonly oid: string;
  readonly algorithm: KeyAlgorithm;
  /** For ECDSA. */
  readonly curve: Curve | null;
  /** Size of the modulus, or of the curve's field; 0 when unknown. */
  readonly bits: number;
  /** RSA's public exponent; 0 for other keys. */
  readonly exponent: number;
  /** RSA only: the modulus is even, so it is none. Go notices when it verifies, not when it reads. */
  readonly hasEvenModulus: boolean;
}

/** y² = x³ - 3x + b over the prime p (SEC 2 version 2, sections 2.3 to 2.6). */
const CURVES: Readonly<Record<Curve, { readonly p: bigint; readonly b: bigint }>> = {
  'P-224': {
    p: 2n ** 224n - 2n ** 96n + 1n,
    b: 0xb4050a850c04b3abf54132565044b0b7d7bfd8ba270b39432355ffb4n,
  },
  'P-256': {
    p: 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n,
    b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  },
  'P-384': {
    p: 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n,
    b: 0xb3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aefn,
  },
  'P-521': {
    p: 2n ** 521n - 1n,
    b: 0x0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00n,
  },
};

/**
 * Read a SubjectPublicKeyInfo.
 * @returns  algorithm `unknown` for an OID that Go does not know; such a key verifies nothing
 * @throws   MalformedError with Go's text
 */
export function readPublicKey(cursor: Cursor): PublicKey {
  const element = readElement(cursor, TAG.SEQUENCE, 'x509: malformed spki');
  const fields = inside(cursor, element);
  const { oid, parameters } = readAlgorithmIdentifier(
    enter(fields, TAG.SEQUENCE, 'x509: malformed public key algorithm identifier'),
  );
  const at = fields.at;
  const bits = readBitString(fields, 'x509: malformed subjectPublicKey');
  const algorithm: KeyAlgorithm = nameOf(PUBLIC_KEY_OIDS, oid) ?? 'unknown';
  const raw = rawOf(cursor, element);
  const found = { raw, oid, algorithm, curve: null, exponent: 0, hasEvenModulus: false };
  const data = rightAlign(bits);
  switch (algorithm) {
    case 'RSA':
      return { ...found, ...readRsa(data, parameters, at) };
    case 'ECDSA':
      return { ...found, ...readEcdsa(data, parameters, at) };
    case 'Ed25519':
      if (parameters.length > 0) fail('x509: Ed25519 key encoded with illegal parameters', at);
      if (data.length !== 32) fail('x509: wrong Ed25519 public key size', at);
      return { ...found, bits: 256 };
    case 'DSA':
      return { ...found, bits: readDsa(data, parameters, at) };
    case 'unknown':
      return { ...found, bits: 0 };
  }
}

function readRsa(
  data: Uint8Array,
  parameters: Uint8Array,
  at: number,
): Pick<PublicKey, 'bits' | 'exponent' | 'hasEvenModulus'> {
  if (!isNull(parameters)) fail('x509: RSA key missing NULL parameters', at);
  const fields = enter(openDer(data), TAG.SEQUENCE, 'x509: invalid RSA public key');
  const modulus = readInteger(fields, 'x509: invalid RSA modulus');
  const exponent = readInt64(fields, 'x509: invalid RSA public exponent');
  if (modulus <= 0n) fail('x509: RSA modulus is not a positive number', at);
  if (exponent <= 0) fail('x509: RSA public exponent is not a positive number', at);
  return { bits: bitLength(modulus), exponent, hasEvenModulus: modulus % 2n === 0n };
}

function readEcdsa(
  data: Uint8Array,
  parameters: Uint8Array,
  at: number,
): { readonly bits: number; readonly curve: Curve } {
  const oid = readOid(openDer(parameters), 'x509: invalid ECDSA parameters');
  const row = nameOf(CURVE_OIDS, oid);
  if (row === undefined) fail('x509: unsupported elliptic curve', at);
  if (!isOnCurve(data, row.name)) fail('x509: failed to unmarshal elliptic curve point', at);
  return { bits: row.bits, curve: row.name };
}

/** Uncompressed points only, as Go's elliptic.Unmarshal. */
function isOnCurve(point: Uint8Array, curve: Curve): boolean {
  const { p, b } = CURVES[curve];
  const size = (point.length - 1) / 2;
  if (point[0] !== 4 || size !== Math.ceil(p.toString(16).length / 2)) return false;
  const x = BigInt(`0x${toHex(point.subarray(1, 1 + size))}`);
  const y = BigInt(`0x${toHex(point.subarray(1 + size))}`);
  return x < p && y < p && (y * y - (x * x * x - 3n * x + b)) % p === 0n;
}

function readDsa(data: Uint8Array, parameters: Uint8Array, at: number): number {
  const y = readInteger(openDer(data), 'x509: invalid DSA public key');
  const fields = enter(openDer(parameters), TAG.SEQUENCE, 'x509: invalid DSA parameters');
  const numbers = [y];
  for (let i = 0; i < 3; i += 1) numbers.push(readInteger(fields, 'x509: invalid DSA parameters'));
  if (numbers.some((number) => number <= 0n)) fail('x509: zero or negative DSA parameter', at);
  return bitLength(numbers[1] ?? 0n);
}

function bitLength(number: bigint): number {
  const digits = number.toString(16);
  return (digits.length - 1) * 4 + (32 - Math.clz32(Number.parseInt(digits.slice(0, 1), 16)));
}

function fail(goText: string, at: number): never {
  throw new MalformedError(goText, at, 'the public key');
}
