/**
 * Words for building ASN.1 structures with node-forge, and the one place where node:crypto signs them.
 *
 * node-forge writes the structures; it knows no ECDSA, so public keys go in as bytes and signatures are made
 * natively (also a hundred times faster).
 */
import { type KeyObject, sign } from 'node:crypto';
import forge from 'node-forge';

const { asn1 } = forge;
const { Class, Type } = asn1;

/** A structure not yet written. */
export type Asn1 = forge.asn1.Asn1;

/** Hashes for signatures; the weak ones are for experiments. */
export type SignatureHash = 'md5' | 'sha1' | 'sha256' | 'sha384' | 'sha512';

/** Signature algorithm OIDs. RFC 8017 appendix C, RFC 5758 section 3.2, RFC 8410 section 3. */
const SIGNATURE_OIDS = {
  rsa: {
    md5: '1.2.840.113549.1.1.4',
    sha1: '1.2.840.113549.1.1.5',
    sha256: '1.2.840.113549.1.1.11',
    sha384: '1.2.840.113549.1.1.12',
    sha512: '1.2.840.113549.1.1.13',
  },
  ec: {
    sha1: '1.2.840.10045.4.1',
    sha256: '1.2.840.10045.4.3.2',
    sha384: '1.2.840.10045.4.3.3',
    sha512: '1.2.840.10045.4.3.4',
  },
} as const satisfies Record<string, Partial<Record<SignatureHash, string>>>;

const ED25519_OID = '1.3.101.112';

export const sequence = (...items: readonly Asn1[]): Asn1 => universal(Type.SEQUENCE, true, [...items]);
export const set = (...items: readonly Asn1[]): Asn1 => universal(Type.SET, true, [...items]);
export const oid = (name: string): Asn1 => universal(Type.OID, false, asn1.oidToDer(name).getBytes());
export const nothing = (): Asn1 => universal(Type.NULL, false, '');
export const octets = (bytes: Uint8Array): Asn1 => universal(Type.OCTETSTRING, false, latin1(bytes));
export const boolean = (value: boolean): Asn1 => universal(Type.BOOLEAN, false, value ? '\xff' : '\x00');

/** An INTEGER from its bytes: big-endian, two's complement, already as short as DER wants it. */
export const integer = (bytes: Uint8Array): Asn1 => universal(Type.INTEGER, false, latin1(bytes));

/** A BIT STRING; `unused` is the number of bits left over in the last byte. */
export const bits = (bytes: Uint8Array, unused = 0): Asn1 =>
  universal(Type.BITSTRING, false, String.fromCharCode(unused) + latin1(bytes));

/** `[tag]` holding other structures. */
export const tagged = (tag: number, ...items: readonly Asn1[]): Asn1 =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag as forge.asn1.Type, true, [...items]);

/** `[tag] IMPLICIT` with bytes of its own. */
export const taggedBytes = (tag: number, bytes: Uint8Array): Asn1 =>
  asn1.create(Class.CONTEXT_SPECIFIC, tag as forge.asn1.Type, false, latin1(bytes));

/** PrintableString where the text allows it, else UTF8String: Go's habit (encoding/asn1 marshal.go, makePrintableString). */
export function text(value: string): Asn1 {
  return /^[A-Za-z0-9 '()+,./:=?-]*$/.test(value)
    ? universal(Type.PRINTABLESTRING, false, value)
    : universal(Type.UTF8, false, latin1(Buffer.from(value, 'utf8')));
}

/** UTCTime up to 2049, then GeneralizedTime. RFC 5280 section 4.1.2.5. */
export function time(at: Date): Asn1 {
  const iso = at.toISOString().replace(/[-:T]|\.\d+/g, '');
  const year = at.getUTCFullYear();
  return year >= 1950 && year < 2050
    ? universal(Type.UTCTIME, false, iso.slice(2))
    : universal(Type.GENERALIZEDTIME, false, iso);
}

/** A structure that exists as bytes already. */
export function raw(der: Uint8Array): Asn1 {
  return asn1.fromDer(latin1(der));
}

/** The bytes of a structure. */
export function toDer(value: Asn1): Uint8Array {
  return Buffer.from(asn1.toDer(value).getBytes(), 'latin1');
}

/**
 * The AlgorithmIdentifier of a signature by this key.
 * @throws TypeError for a pair that has no OID (MD5 with ECDSA)
 */
export function signatureAlgorithm(key: KeyObject, hash: SignatureHash): Asn1 {
  const type = key.asymmetricKeyType;
  if (type === 'ed25519') return sequence(oid(ED25519_OID));
  if (type === 'rsa') return sequence(oid(SIGNATURE_OIDS.rsa[hash]), nothing());
  if (type === 'ec' && hash !== 'md5') return sequence(oid(SIGNATURE_OIDS.ec[hash]));
  throw new TypeError(`no signature algorithm for ${type} with ${hash}`);
}

/** Sign a structure: SEQUENCE { what was signed, algorithm, signature }, as certificates and CSRs have it. */
export function signed(body: Asn1, key: KeyObject, hash: SignatureHash): Uint8Array {
  const signature = sign(key.asymmetricKeyType === 'ed25519' ? null : hash, toDer(body), key);
  return toDer(sequence(body, signatureAlgorithm(key, hash), bits(signature)));
}

function universal(type: forge.asn1.Type, constructed: boolean, value: string | Asn1[]): Asn1 {
  return asn1.create(Class.UNIVERSAL, type, constructed, value);
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
