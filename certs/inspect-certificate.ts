/**
 * One certificate as plain data: read as Go reads it, and as far as OpenSSL (Node) can where Go refuses.
 */
import { createHash, type KeyObject, X509Certificate } from 'node:crypto';
import { MalformedError, toHex } from './der.ts';
import { messageOf } from './errors.ts';
import { EXT_KEY_USAGE_OIDS, nameOf } from './oids.ts';
import { formatSeal, sealOf } from './seal.ts';
import { signatureFault } from './verify/signatures.ts';
import type { GeneralName } from './x509/general-names.ts';
import { ipText } from './x509/ip.ts';
import type { PublicKey } from './x509/public-key.ts';
import { nameText } from './x509/strings.ts';
import { rfc3339 } from './x509/times.ts';
import { type Certificate, readCertificate } from './x509.ts';

/** One certificate. Times are RFC 3339. */
export interface CertificateInfo {
  readonly kind: 'certificate';
  readonly subject: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly issuer: string;
  readonly selfIssued: boolean;
  /** Lower-case hex, colons between bytes. */
  readonly serial: string;
  readonly notBefore: string;
  readonly notAfter: string;
  readonly state: 'valid' | 'expired' | 'not-yet-valid';
  /** Whole days until notAfter; negative when it is over. */
  readonly daysLeft: number;
  readonly isCa: boolean;
  readonly pathLength: number | null;
  readonly keyUsages: readonly string[];
  /** `serverAuth`, `clientAuth`, or OIDs; empty: the certificate does not say. */
  readonly usages: readonly string[];
  /** `DNS:localhost`, `IP:127.0.0.1`, `URI:…`, `email:…`. */
  readonly sans: readonly string[];
  /** `RSA 2048`, `ECDSA P-256`. */
  readonly key: string;
  /** Go's name: `SHA256-RSA`. */
  readonly signature: string;
  readonly subjectKeyId: string | null;
  readonly authorityKeyId: string | null;
  /** Critical extensions that no verifier here knows. */
  readonly unknownCritical: readonly string[];
  /** SHA-256 of the DER, lower-case hex. */
  readonly fingerprint: string;
  /** SHA-256 of the public key, to find the key that belongs to it. */
  readonly publicKeySha256: string;
  /** A CA's own seal. */
  readonly seal: string | null;
  /** The seal of the CA that signed it, when that is among the known ones. */
  readonly signedBy: { readonly name: string; readonly seal: string } | null;
  /** Why Go refuses to read it; null when it reads well. */
  readonly goRefuses: string | null;
}

/** What to judge by. */
export interface InspectOptions {
  readonly now: Date;
  /** DER of known CAs, to tell who signed. */
  readonly cas?: readonly Uint8Array[];
}

const DAY_MS = 86_400_000;

/**
 * One certificate as plain data.
 * @throws when neither Go's rules nor OpenSSL can read it
 */
export function inspectCertificate(der: Uint8Array, options: InspectOptions): CertificateInfo {
  try {
    return fromCertificate(readCertificate(der), options);
  } catch (error) {
    return fromOpenssl(new X509Certificate(der), options, goTextOf(error));
  }
}

function fromCertificate(certificate: Certificate, options: InspectOptions): CertificateInfo {
  const { subject, issuer, publicKey, basicConstraints } = certificate;
  const isCa = basicConstraints?.ca ?? false;
  return {
    kind: 'certificate',
    subject: nameText(subject),
    commonName: subject.commonName,
    organizations: subject.organizations,
    issuer: nameText(issuer),
    selfIssued: Buffer.compare(subject.raw, issuer.raw) === 0,
    serial: colons(certificate.serialHex),
    ...validity(certificate.notBefore.ms, certificate.notAfter.ms, options.now),
    isCa,
    pathLength: basicConstraints?.pathLength ?? null,
    keyUsages: certificate.keyUsage ?? [],
    usages: [...certificate.extKeyUsage, ...certificate.unknownExtKeyUsage],
    sans: certificate.san.map(sanText),
    key: keyText(publicKey),
    signature: certificate.signatureAlgorithm.name,
    subjectKeyId: hexOrNull(certificate.subjectKeyId),
    authorityKeyId: hexOrNull(certificate.authorityKeyId),
    unknownCritical: certificate.unhandledCritical,
    fingerprint: certificate.fingerprint,
    publicKeySha256: sha256(publicKey.raw),
    seal: isCa ? formatSeal(sealOf(publicKey.raw)) : null,
    signedBy: signerOf(certificate, options.cas ?? []),
    goRefuses: null,
  };
}

/** What OpenSSL (Node) can tell of a certificate that Go refuses to read. */
function fromOpenssl(
  certificate: X509Certificate,
  options: InspectOptions,
  goRefuses: string,
): CertificateInfo {
  const publicKey = publicKeyOf(certificate);
  const names = (certificate.subject ?? '').split('\n');
  const valuesOf = (type: string): string[] =>
    names.filter((line) => line.startsWith(`${type}=`)).map((line) => line.slice(type.length + 1));
  return {
    kind: 'certificate',
    subject: names.join(', ') || '(empty)',
    commonName: valuesOf('CN').at(-1) ?? '',
    organizations: valuesOf('O'),
    issuer: (certificate.issuer ?? '').split('\n').join(', ') || '(empty)',
    selfIssued: certificate.subject === certificate.issuer,
    serial: colons(certificate.serialNumber.toLowerCase()),
    ...validity(Date.parse(certificate.validFrom), Date.parse(certificate.validTo), options.now),
    isCa: certificate.ca,
    pathLength: null,
    keyUsages: [],
    usages: (certificate.keyUsage ?? []).map((oid) => nameOf(EXT_KEY_USAGE_OIDS, oid) ?? oid),
    sans: certificate.subjectAltName?.split(', ').map((san) => san.replace('IP Address:', 'IP:')) ?? [],
    key: publicKey ? keyObjectText(publicKey) : 'unknown',
    signature: 'unknown',
    subjectKeyId: null,
    authorityKeyId: null,
    unknownCritical: [],
    fingerprint: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    publicKeySha256: publicKey ? sha256(publicKey.export({ type: 'spki', format: 'der' })) : '',
    seal: null,
    signedBy: null,
    goRefuses,
  };
}

function publicKeyOf(certificate: X509Certificate): KeyObject | null {
  try {
    return certificate.publicKey;
  } catch {
    return null;
  }
}

function signerOf(certificate: Certificate, cas: readonly Uint8Array[]): CertificateInfo['signedBy'] {
  for (const der of cas) {
    try {
      const ca = readCertificate(der);
      const named = Buffer.compare(certificate.issuer.raw, ca.subject.raw) === 0;
      if (named && signatureFault(certificate, ca) === null)
        return { name: ca.subject.commonName, seal: formatSeal(sealOf(ca.publicKey.raw)) };
    } catch {
      // A CA that cannot be read signed nothing that can be told.
    }
  }
  return null;
}

function validity(
  notBeforeMs: number,
  notAfterMs: number,
  now: Date,
): Pick<CertificateInfo, 'notBefore' | 'notAfter' | 'state' | 'daysLeft'> {
  const at = now.getTime();
  return {
    notBefore: rfc3339(notBeforeMs),
    notAfter: rfc3339(notAfterMs),
    state: at < notBeforeMs ? 'not-yet-valid' : at > notAfterMs ? 'expired' : 'valid',
    daysLeft: Math.floor((notAfterMs - at) / DAY_MS),
  };
}

/** One name as `DNS:…`, `IP:…`. */
export function sanText(name: GeneralName): string {
  const text = name.kind === 'ip' ? ipText(name.bytes) : name.text;
  const prefix = { dns: 'DNS', ip: 'IP', uri: 'URI', email: 'email', other: 'other' }[name.kind];
  return `${prefix}:${text}`;
}

/** `RSA 2048`, `ECDSA P-256`, `Ed25519`. */
export function keyText(key: PublicKey): string {
  if (key.algorithm === 'ECDSA') return `ECDSA ${key.curve ?? ''}`.trim();
  if (key.algorithm === 'unknown') return `unknown (${key.oid})`;
  return key.algorithm === 'Ed25519' ? key.algorithm : `${key.algorithm} ${key.bits}`;
}

const CURVES: Readonly<Record<string, string>> = {
  prime256v1: 'P-256',
  secp384r1: 'P-384',
  secp521r1: 'P-521',
};

/** The same for a key of node:crypto. */
export function keyObjectText(key: KeyObject): string {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === 'rsa') return `RSA ${details?.modulusLength ?? ''}`.trim();
  if (key.asymmetricKeyType === 'ec')
    return `ECDSA ${CURVES[details?.namedCurve ?? ''] ?? details?.namedCurve ?? ''}`.trim();
  return key.asymmetricKeyType === 'ed25519' ? 'Ed25519' : (key.asymmetricKeyType ?? 'unknown');
}

function goTextOf(error: unknown): string {
  return error instanceof MalformedError ? error.goText : messageOf(error);
}

function colons(hex: string): string {
  const digits = hex.replace('-', '');
  const pairs = digits.padStart(digits.length + (digits.length % 2), '0').match(/../g) ?? [];
  return `${hex.startsWith('-') ? '-' : ''}${pairs.join(':')}`;
}

function hexOrNull(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : colons(toHex(bytes));
}

/** Lower-case hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
