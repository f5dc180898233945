/**
 * Numbers and names of TLS, as IANA registers them. Code reads these tables; nothing else knows a number.
 *
 * Source: IANA, registry groups tls-parameters and tls-extensiontype-values (RFC 8446, RFC 5246, RFC 8701 for
 * GREASE and the documents that registered each row). Date: 2026-04. Cipher suites stand in cipher-suites.ts.
 */
import type { MessageType } from './trace.ts';

/** TLS ContentType. */
export const CONTENT_TYPE = {
  change_cipher_spec: 20,
  alert: 21,
  handshake: 22,
  application_data: 23,
} as const satisfies Record<string, number>;

/** Protocol versions on the wire, with Node's spelling. */
export const VERSIONS = {
  768: { name: 'SSL 3.0', node: null },
  769: { name: 'TLS 1.0', node: 'TLSv1' },
  770: { name: 'TLS 1.1', node: 'TLSv1.1' },
  771: { name: 'TLS 1.2', node: 'TLSv1.2' },
  772: { name: 'TLS 1.3', node: 'TLSv1.3' },
} as const satisfies Record<number, { name: string; node: string | null }>;

/** TLS 1.3 and TLS 1.2 as numbers. */
export const TLS13 = 0x0304;
export const TLS12 = 0x0303;

/** TLS HandshakeType; rows whose name is not a MessageType appear in a trace as `unknown`. */
export const HANDSHAKE_TYPES = {
  0: 'hello_request',
  1: 'client_hello',
  2: 'server_hello',
  4: 'new_session_ticket',
  5: 'end_of_early_data',
  8: 'encrypted_extensions',
  11: 'certificate',
  12: 'server_key_exchange',
  13: 'certificate_request',
  14: 'server_hello_done',
  15: 'certificate_verify',
  16: 'client_key_exchange',
  20: 'finished',
  21: 'certificate_url',
  22: 'certificate_status',
  23: 'supplemental_data',
  24: 'key_update',
  25: 'compressed_certificate',
} as const satisfies Record<number, string>;

/** TLS Alerts. */
export const ALERTS = {
  0: 'close_notify',
  10: 'unexpected_message',
  20: 'bad_record_mac',
  21: 'decryption_failed',
  22: 'record_overflow',
  30: 'decompression_failure',
  40: 'handshake_failure',
  41: 'no_certificate',
  42: 'bad_certificate',
  43: 'unsupported_certificate',
  44: 'certificate_revoked',
  45: 'certificate_expired',
  46: 'certificate_unknown',
  47: 'illegal_parameter',
  48: 'unknown_ca',
  49: 'access_denied',
  50: 'decode_error',
  51: 'decrypt_error',
  60: 'export_restriction',
  70: 'protocol_version',
  71: 'insufficient_security',
  80: 'internal_error',
  86: 'inappropriate_fallback',
  90: 'user_canceled',
  100: 'no_renegotiation',
  109: 'missing_extension',
  110: 'unsupported_extension',
  111: 'certificate_unobtainable',
  112: 'unrecognized_name',
  113: 'bad_certificate_status_response',
  114: 'bad_certificate_hash_value',
  115: 'unknown_psk_identity',
  116: 'certificate_required',
  120: 'no_application_protocol',
  121: 'ech_required',
} as const satisfies Record<number, string>;

/** Alert levels. */
export const ALERT_LEVELS = { 1: 'warning', 2: 'fatal' } as const satisfies Record<number, string>;

/** TLS Supported Groups: the curves and key agreements that are in use. */
export const GROUPS = {
  19: 'secp192r1',
  21: 'secp224r1',
  22: 'secp256k1',
  23: 'secp256r1',
  24: 'secp384r1',
  25: 'secp521r1',
  26: 'brainpoolP256r1',
  27: 'brainpoolP384r1',
  28: 'brainpoolP512r1',
  29: 'x25519',
  30: 'x448',
  31: 'brainpoolP256r1tls13',
  32: 'brainpoolP384r1tls13',
  33: 'brainpoolP512r1tls13',
  41: 'curveSM2',
  256: 'ffdhe2048',
  257: 'ffdhe3072',
  258: 'ffdhe4096',
  259: 'ffdhe6144',
  260: 'ffdhe8192',
  512: 'MLKEM512',
  513: 'MLKEM768',
  514: 'MLKEM1024',
  4587: 'SecP256r1MLKEM768',
  4588: 'X25519MLKEM768',
  4589: 'SecP384r1MLKEM1024',
  25497: 'X25519Kyber768Draft00',
} as const satisfies Record<number, string>;

/** TLS SignatureScheme. The rows below 0x0300 with `_` between hash and key are TLS 1.2's pairs of the same form. */
export const SIGNATURE_SCHEMES = {
  513: 'rsa_pkcs1_sha1',
  514: 'dsa_sha1',
  515: 'ecdsa_sha1',
  769: 'rsa_pkcs1_sha224',
  770: 'dsa_sha224',
  771: 'ecdsa_sha224',
  1025: 'rsa_pkcs1_sha256',
  1026: 'dsa_sha256',
  1027: 'ecdsa_secp256r1_sha256',
  1281: 'rsa_pkcs1_sha384',
  1282: 'dsa_sha384',
  1283: 'ecdsa_secp384r1_sha384',
  1537: 'rsa_pkcs1_sha512',
  1538: 'dsa_sha512',
  1539: 'ecdsa_secp521r1_sha512',
  1800: 'sm2sig_sm3',
  2052: 'rsa_pss_rsae_sha256',
  2053: 'rsa_pss_rsae_sha384',
  2054: 'rsa_pss_rsae_sha512',
  2055: 'ed25519',
  2056: 'ed448',
  2057: 'rsa_pss_pss_sha256',
  2058: 'rsa_pss_pss_sha384',
  2059: 'rsa_pss_pss_sha512',
  2074: 'ecdsa_brainpoolP256r1tls13_sha256',
  2075: 'ecdsa_brainpoolP384r1tls13_sha384',
  2076: 'ecdsa_brainpoolP512r1tls13_sha512',
  2308: 'mldsa44',
  2309: 'mldsa65',
  2310: 'mldsa87',
} as const satisfies Record<number, string>;

/** TLS ClientCertificateType Identifiers (TLS 1.2's CertificateRequest). */
export const CLIENT_CERTIFICATE_TYPES = {
  1: 'rsa_sign',
  2: 'dss_sign',
  3: 'rsa_fixed_dh',
  4: 'dss_fixed_dh',
  64: 'ecdsa_sign',
  65: 'rsa_fixed_ecdh',
  66: 'ecdsa_fixed_ecdh',
} as const satisfies Record<number, string>;

/** TLS PskKeyExchangeMode. */
export const PSK_MODES = { 0: 'psk_ke', 1: 'psk_dhe_ke' } as const satisfies Record<number, string>;

/** TLS EC Point Formats. */
export const POINT_FORMATS = {
  0: 'uncompressed',
  1: 'ansiX962_compressed_prime',
  2: 'ansiX962_compressed_char2',
} as const satisfies Record<number, string>;

/** TLS EC Curve Types. */
export const CURVE_TYPES = {
  1: 'explicit_prime',
  2: 'explicit_char2',
  3: 'named_curve',
} as const satisfies Record<number, string>;

/** TLS Certificate Types. */
export const CERTIFICATE_TYPES = {
  0: 'X509',
  1: 'OpenPGP',
  2: 'Raw Public Key',
  3: '1609Dot2',
} as const satisfies Record<number, string>;

/** TLS Certificate Compression Algorithm IDs. */
export const CERTIFICATE_COMPRESSIONS = {
  1: 'zlib',
  2: 'brotli',
  3: 'zstd',
} as const satisfies Record<number, string>;

/** TLS Compression Methods. */
export const COMPRESSION_METHODS = { 0: 'null', 1: 'DEFLATE' } as const satisfies Record<number, string>;

/** TLS Certificate Status Types. */
export const STATUS_TYPES = { 1: 'ocsp', 2: 'ocsp_multi' } as const satisfies Record<number, string>;

/** KeyUpdateRequest (RFC 8446 section 4.6.3). */
export const KEY_UPDATE_REQUESTS = {
  0: 'update_not_requested',
  1: 'update_requested',
} as const satisfies Record<number, string>;

/** MaxFragmentLength (RFC 6066 section 4). */
export const MAX_FRAGMENT_LENGTHS = {
  1: '512 bytes',
  2: '1024 bytes',
  3: '2048 bytes',
  4: '4096 bytes',
} as const satisfies Record<number, string>;

const MESSAGE_TYPES: ReadonlySet<string> = new Set<MessageType>([
  'client_hello',
  'server_hello',
  'encrypted_extensions',
  'certificate_request',
  'certificate',
  'certificate_status',
  'server_key_exchange',
  'server_hello_done',
  'client_key_exchange',
  'certificate_verify',
  'finished',
  'new_session_ticket',
  'key_update',
  'hello_request',
]);

/** The trace's name of a handshake message. */
export function messageType(number: number): MessageType {
  const name = lookUp(HANDSHAKE_TYPES, number);
  return name !== undefined && isMessageType(name) ? name : 'unknown';
}

function isMessageType(name: string): name is MessageType {
  return MESSAGE_TYPES.has(name);
}

/** The row of a table, or undefined. */
export function lookUp<Row>(table: Readonly<Record<number, Row>>, number: number): Row | undefined {
  return Object.hasOwn(table, number) ? table[number] : undefined;
}

/** True for the reserved values that clients send so that servers learn to ignore the unknown (RFC 8701). */
export function isGrease(number: number): boolean {
  return (number & 0x0f0f) === 0x0a0a && number >> 8 === (number & 0xff);
}

/**
 * A number of two bytes for people.
 * @returns `x25519 (0x001d)`, `GREASE (0x2a2a)` or `unassigned (0x1234)`
 */
export function say16(table: Readonly<Record<number, string>>, number: number): string {
  const name = lookUp(table, number) ?? (isGrease(number) ? 'GREASE' : 'unassigned');
  return `${name} (0x${number.toString(16).padStart(4, '0')})`;
}

/** A number of one byte for people: `fatal (2)`. */
export function say8(table: Readonly<Record<number, string>>, number: number): string {
  return `${lookUp(table, number) ?? 'unassigned'} (${number})`;
}

/** A protocol version for people: `TLS 1.3`. */
export function versionName(number: number): string {
  const name = lookUp(VERSIONS, number)?.name ?? (isGrease(number) ? 'GREASE' : undefined);
  return name ?? `0x${number.toString(16).padStart(4, '0')}`;
}

/** The name of an alert; `alert_N` when IANA has none. */
export function alertName(number: number): string {
  return lookUp(ALERTS, number) ?? `alert_${number}`;
}
