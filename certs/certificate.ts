/**
 * Building one X.509 certificate: a template in, signed DER out. Everything can be set, also what is wrong.
 *
 * `ca.ts` fills templates for the cluster; the faults fill them wrongly on purpose. Structures and extension order
 * are Go's (crypto/x509 buildCertExtensions).
 */
import { createHash, type KeyObject, randomBytes } from 'node:crypto';
import {
  type Asn1,
  bits,
  boolean,
  integer,
  octets,
  oid,
  raw,
  type SignatureHash,
  sequence,
  set,
  signatureAlgorithm,
  signed,
  tagged,
  taggedBytes,
  text,
  time,
  toDer,
} from './asn1.ts';
import { enter, openDer, readBitString, readElement, TAG } from './der.ts';
import type { San } from './identities.ts';
import { publicKeyInfo } from './keys.ts';
import { EXT_KEY_USAGE_OIDS, KEY_USAGES, type KeyUsage } from './oids.ts';
import { parseIp } from './x509/ip.ts';

/** A Subject or Issuer: organizations first, then the common name, as Go writes them. */
export interface Name {
  readonly commonName?: string;
  readonly organizations?: readonly string[];
}

const USAGE_OIDS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(EXT_KEY_USAGE_OIDS).map(([oid, name]) => [name, oid]),
);

/** An extension as it stands in the certificate: `value` is the DER inside the OCTET STRING. */
export interface RawExtension {
  readonly oid: string;
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** What a certificate is to say. */
export interface CertificateTemplate {
  /** Or DER, copied as it is. */
  readonly subject: Name | Uint8Array;
  /** Or the DER of a SubjectPublicKeyInfo. */
  readonly publicKey: KeyObject | Uint8Array;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Big-endian bytes, written as they are; default 16 random ones, positive. */
  readonly serialNumber?: Uint8Array;
  /** null leaves basicConstraints out. */
  readonly isCa: boolean | null;
  readonly pathLength?: number;
  /** Empty leaves keyUsage out. */
  readonly keyUsages: readonly KeyUsage[];
  /** Names as in EXT_KEY_USAGE_OIDS (`serverAuth`), or OIDs; empty leaves extendedKeyUsage out. */
  readonly extendedKeyUsages: readonly string[];
  readonly sans: readonly San[];
  /** Absent: none. */
  readonly subjectKeyId?: Uint8Array;
  readonly authorityKeyId?: Uint8Array;
  /** Added last. */
  readonly extensions?: readonly RawExtension[];
  /** 3 unless said otherwise; 1 has no extensions. */
  readonly version?: 1 | 3;
}

/** Who signs: the name that goes into Issuer, and the key. */
export interface Signer {
  /** Or DER, copied as it is. */
  readonly subject: Name | Uint8Array;
  readonly privateKey: KeyObject;
}

/**
 * Sign a certificate.
 * @param hash  default sha256
 * @returns     DER
 */
export function issueCertificate(
  template: CertificateTemplate,
  signer: Signer,
  hash: SignatureHash = 'sha256',
): Uint8Array {
  const version = template.version ?? 3;
  const extensions = version === 1 ? [] : extensionsOf(template);
  const body = sequence(
    ...(version === 1 ? [] : [tagged(0, integer(Uint8Array.of(2)))]),
    integer(template.serialNumber ?? randomSerial()),
    signatureAlgorithm(signer.privateKey, hash),
    nameOf(signer.subject),
    sequence(time(template.notBefore), time(template.notAfter)),
    nameOf(template.subject),
    raw(template.publicKey instanceof Uint8Array ? template.publicKey : publicKeyInfo(template.publicKey)),
    ...(extensions.length === 0 ? [] : [tagged(3, sequence(...extensions))]),
  );
  return signed(body, signer.privateKey, hash);
}

/** 16 random bytes with the top bit clear and the first byte not zero: positive, and never longer in DER. */
export function randomSerial(): Uint8Array {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return bytes;
}

/** SHA-1 of the public key's bits. RFC 5280 section 4.2.1.2, method 1; Go up to 1.24. */
export function keyId(publicKey: KeyObject): Uint8Array {
  const info = enter(openDer(publicKeyInfo(publicKey)), TAG.SEQUENCE, '');
  readElement(info, TAG.SEQUENCE, '');
  return createHash('sha1').update(readBitString(info, '').bytes).digest();
}

/** A Name's structure. */
export function nameOf(name: Name | Uint8Array): Asn1 {
  if (name instanceof Uint8Array) return raw(name);
  const attributes: [string, string][] = (name.organizations ?? []).map((value) => ['2.5.4.10', value]);
  if (name.commonName !== undefined) attributes.push(['2.5.4.3', name.commonName]);
  return sequence(...attributes.map(([type, value]) => set(sequence(oid(type), text(value)))));
}

/** The value of a subjectAltName extension. RFC 5280 section 4.2.1.6: dNSName is [2], iPAddress [7]. */
export function sansValue(sans: readonly San[]): Asn1 {
  return sequence(
    ...sans.map((san) =>
      san.kind === 'dns'
        ? taggedBytes(2, Buffer.from(san.value, 'latin1'))
        : taggedBytes(7, parseIp(san.value) ?? new Uint8Array()),
    ),
  );
}

/** The value of an extendedKeyUsage extension. */
export function usagesValue(usages: readonly string[]): Asn1 {
  return sequence(...usages.map((usage) => oid(USAGE_OIDS[usage] ?? usage)));
}

/** One Extension; DER leaves out `critical` when it is false. */
export function extension(id: string, critical: boolean, value: Asn1 | Uint8Array): Asn1 {
  const bytes = value instanceof Uint8Array ? value : toDer(value);
  return sequence(oid(id), ...(critical ? [boolean(true)] : []), octets(bytes));
}

function extensionsOf(template: CertificateTemplate): Asn1[] {
  const list: Asn1[] = [];
  if (template.keyUsages.length > 0)
    list.push(extension('2.5.29.15', true, keyUsageValue(template.keyUsages)));
  if (template.extendedKeyUsages.length > 0)
    list.push(extension('2.5.29.37', false, usagesValue(template.extendedKeyUsages)));
  if (template.isCa !== null) list.push(extension('2.5.29.19', true, basicConstraintsValue(template)));
  if (template.subjectKeyId) list.push(extension('2.5.29.14', false, octets(template.subjectKeyId)));
  if (template.authorityKeyId)
    list.push(extension('2.5.29.35', false, sequence(taggedBytes(0, template.authorityKeyId))));
  if (template.sans.length > 0) list.push(extension('2.5.29.17', false, sansValue(template.sans)));
  for (const extra of template.extensions ?? []) list.push(extension(extra.oid, extra.critical, extra.value));
  return list;
}

function basicConstraintsValue(template: CertificateTemplate): Asn1 {
  if (!template.isCa) return sequence();
  const pathLength = template.pathLength;
  return sequence(boolean(true), ...(pathLength === undefined ? [] : [integer(Uint8Array.of(pathLength))]));
}

/** Named bits: the first is the top bit of the first byte, and trailing zero bits are left out. */
function keyUsageValue(usages: readonly KeyUsage[]): Asn1 {
  const numbers = usages.map((usage) => KEY_USAGES.indexOf(usage));
  const last = Math.max(...numbers);
  const bytes = new Uint8Array(Math.floor(last / 8) + 1);
  for (const number of numbers) {
    const at = Math.floor(number / 8);
    bytes[at] = (bytes[at] ?? 0) | (0x80 >> (number % 8));
  }
  return bits(bytes, 7 - (last % 8));
}
