/**
 * Object identifiers and their names, both ways.
 *
 * Sources: RFC 5280 appendix A, RFC 4519, RFC 8017, RFC 5480, RFC 8410, RFC 6960; read 2026-11.
 */

/** Attribute types of a Subject or Issuer: short name (RFC 4519, as openssl prints it). */
export const ATTRIBUTE_OIDS = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '0.9.2342.19200300.100.1.1': 'UID',
  '0.9.2342.19200300.100.1.25': 'DC',
} as const satisfies Record<string, string>;

/** Extensions (RFC 5280 section 4.2; names as in the RFC). */
export const EXTENSION_OIDS = {
  '2.5.29.14': 'subjectKeyIdentifier',
  '2.5.29.15': 'keyUsage',
  '2.5.29.17': 'subjectAltName',
  '2.5.29.18': 'issuerAltName',
  '2.5.29.19': 'basicConstraints',
  '2.5.29.30': 'nameConstraints',
  '2.5.29.31': 'cRLDistributionPoints',
  '2.5.29.32': 'certificatePolicies',
  '2.5.29.33': 'policyMappings',
  '2.5.29.35': 'authorityKeyIdentifier',
  '2.5.29.36': 'policyConstraints',
  '2.5.29.37': 'extKeyUsage',
  '2.5.29.46': 'freshestCRL',
  '2.5.29.54': 'inhibitAnyPolicy',
  '1.3.6.1.5.5.7.1.1': 'authorityInfoAccess',
  '1.3.6.1.4.1.11129.2.4.2': 'signedCertificateTimestampList',
} as const satisfies Record<string, string>;

/** Extended key usages that Go knows by name (golang/go src/crypto/x509/x509.go, extKeyUsageOIDs). */
export const EXT_KEY_USAGE_OIDS = {
  '2.5.29.37.0': 'anyExtendedKeyUsage',
  '1.3.6.1.5.5.7.3.1': 'serverAuth',
  '1.3.6.1.5.5.7.3.2': 'clientAuth',
  '1.3.6.1.5.5.7.3.3': 'codeSigning',
  '1.3.6.1.5.5.7.3.4': 'emailProtection',
  '1.3.6.1.5.5.7.3.5': 'ipsecEndSystem',
  '1.3.6.1.5.5.7.3.6': 'ipsecTunnel',
  '1.3.6.1.5.5.7.3.7': 'ipsecUser',
  '1.3.6.1.5.5.7.3.8': 'timeStamping',
  '1.3.6.1.5.5.7.3.9': 'OCSPSigning',
  '1.3.6.1.4.1.311.10.3.3': 'microsoftServerGatedCrypto',
  '2.16.840.1.113730.4.1': 'netscapeServerGatedCrypto',
  '1.3.6.1.4.1.311.2.1.22': 'microsoftCommercialCodeSigning',
  '1.3.6.1.4.1.311.61.1.1': 'microsoftKernelCodeSigning',
} as const satisfies Record<string, string>;

/** An extended key usage by name. */
export type ExtKeyUsage = (typeof EXT_KEY_USAGE_OIDS)[keyof typeof EXT_KEY_USAGE_OIDS];

/** Public key algorithms that Go 1.24 reads in certificates, by its name. */
export const PUBLIC_KEY_OIDS = {
  '1.2.840.113549.1.1.1': 'RSA',
  '1.2.840.10040.4.1': 'DSA',
  '1.2.840.10045.2.1': 'ECDSA',
  '1.3.101.112': 'Ed25519',
} as const satisfies Record<string, string>;

/** A public key algorithm; `unknown` for every other OID. */
export type KeyAlgorithm = (typeof PUBLIC_KEY_OIDS)[keyof typeof PUBLIC_KEY_OIDS] | 'unknown';

/** Named curves that Go knows: its name, OpenSSL's name and the size in bits. */
export const CURVE_OIDS = {
  '1.3.132.0.33': { name: 'P-224', bits: 224 },
  '1.2.840.10045.3.1.7': { name: 'P-256', bits: 256 },
  '1.3.132.0.34': { name: 'P-384', bits: 384 },
  '1.3.132.0.35': { name: 'P-521', bits: 521 },
} as const satisfies Record<string, { readonly name: string; readonly bits: number }>;

/** A curve by Go's name. */
export type Curve = (typeof CURVE_OIDS)[keyof typeof CURVE_OIDS]['name'];

/** Key usage bits in the order of RFC 5280 section 4.2.1.3. */
export const KEY_USAGES = [
  'digitalSignature',
  'nonRepudiation',
  'keyEncipherment',
  'dataEncipherment',
  'keyAgreement',
  'keyCertSign',
  'cRLSign',
  'encipherOnly',
  'decipherOnly',
] as const;

/** A key usage bit by name. */
export type KeyUsage = (typeof KEY_USAGES)[number];

/** Read a table of names by a key that may not be in it. */
export function nameOf<Names extends object>(table: Names, oid: string): Names[keyof Names] | undefined {
  return Object.hasOwn(table, oid) ? table[oid as keyof Names] : undefined;
}
