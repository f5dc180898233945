/**
 * TLS alerts: number, IANA's name, and what Go and OpenSSL print when they receive one; and which alert a
 * verdict sends, in two profiles: `go`, what a Kubernetes cluster sends, and `openssl`, what curl or nginx send.
 */
import type { Code } from '../../certs/codes.ts';
import type { Side } from './trace.ts';

/** One row of the registry. */
export interface AlertEntry {
  /** IANA's name: `unknown_ca`. */
  readonly name: string;
  /** After `remote error: tls: `. */
  readonly go: string;
  /** OpenSSL 3.0's reason string; empty where it has none. */
  readonly openssl: string;
}

/**
 * By number.
 * @see IANA TLS Alerts registry, 2025-01; Go src/crypto/tls/alert.go; OpenSSL 3.0 ssl/ssl_err.c
 */
export const ALERTS: Readonly<Record<number, AlertEntry>> = {
  0: { name: 'close_notify', go: 'close notify', openssl: '' },
  10: { name: 'unexpected_message', go: 'unexpected message', openssl: 'sslv3 alert unexpected message' },
  20: { name: 'bad_record_mac', go: 'bad record MAC', openssl: 'sslv3 alert bad record mac' },
  21: { name: 'decryption_failed', go: 'decryption failed', openssl: 'tlsv1 alert decryption failed' },
  22: { name: 'record_overflow', go: 'record overflow', openssl: 'tlsv1 alert record overflow' },
  30: {
    name: 'decompression_failure',
    go: 'decompression failure',
    openssl: 'sslv3 alert decompression failure',
  },
  40: { name: 'handshake_failure', go: 'handshake failure', openssl: 'sslv3 alert handshake failure' },
  41: { name: 'no_certificate', go: 'alert(41)', openssl: 'sslv3 alert no certificate' },
  42: { name: 'bad_certificate', go: 'bad certificate', openssl: 'sslv3 alert bad certificate' },
  43: {
    name: 'unsupported_certificate',
    go: 'unsupported certificate',
    openssl: 'sslv3 alert unsupported certificate',
  },
  44: { name: 'certificate_revoked', go: 'revoked certificate', openssl: 'sslv3 alert certificate revoked' },
  45: { name: 'certificate_expired', go: 'expired certificate', openssl: 'sslv3 alert certificate expired' },
  46: { name: 'certificate_unknown', go: 'unknown certificate', openssl: 'sslv3 alert certificate unknown' },
  47: { name: 'illegal_parameter', go: 'illegal parameter', openssl: 'sslv3 alert illegal parameter' },
  48: { name: 'unknown_ca', go: 'unknown certificate authority', openssl: 'tlsv1 alert unknown ca' },
  49: { name: 'access_denied', go: 'access denied', openssl: 'tlsv1 alert access denied' },
  50: { name: 'decode_error', go: 'error decoding message', openssl: 'tlsv1 alert decode error' },
  51: { name: 'decrypt_error', go: 'error decrypting message', openssl: 'tlsv1 alert decrypt error' },
  70: {
    name: 'protocol_version',
    go: 'protocol version not supported',
    openssl: 'tlsv1 alert protocol version',
  },
  71: {
    name: 'insufficient_security',
    go: 'insufficient security level',
    openssl: 'tlsv1 alert insufficient security',
  },
  80: { name: 'internal_error', go: 'internal error', openssl: 'tlsv1 alert internal error' },
  86: {
    name: 'inappropriate_fallback',
    go: 'inappropriate fallback',
    openssl: 'tlsv1 alert inappropriate fallback',
  },
  90: { name: 'user_canceled', go: 'user canceled', openssl: 'tlsv1 alert user cancelled' },
  100: { name: 'no_renegotiation', go: 'no renegotiation', openssl: 'tlsv1 alert no renegotiation' },
  109: { name: 'missing_extension', go: 'missing extension', openssl: 'tlsv13 alert missing extension' },
  110: {
    name: 'unsupported_extension',
    go: 'unsupported extension',
    openssl: 'tlsv1 unsupported extension',
  },
  112: { name: 'unrecognized_name', go: 'unrecognized name', openssl: 'tlsv1 unrecognized name' },
  113: {
    name: 'bad_certificate_status_response',
    go: 'bad certificate status response',
    openssl: 'tlsv1 bad certificate status response',
  },
  115: {
    name: 'unknown_psk_identity',
    go: 'unknown PSK identity',
    openssl: 'tlsv1 alert unknown psk identity',
  },
  116: {
    name: 'certificate_required',
    go: 'certificate required',
    openssl: 'tlsv13 alert certificate required',
  },
  120: {
    name: 'no_application_protocol',
    go: 'no application protocol',
    openssl: 'tlsv1 alert no application protocol',
  },
  121: { name: 'ech_required', go: 'encrypted client hello required', openssl: '' },
};

const MISSING = { 'TLSv1.3': 116, older: 40 } as const;

/** What Go's server sends by code; everything else is 42. Unknown authority goes by its text. */
const GO_SERVER: Partial<Record<Code, number>> = {
  CERT_EXPIRED: 45,
  CERT_NOT_YET_VALID: 45,
  CERT_UNKNOWN_AUTHORITY: 48,
  NO_SERVING_CERTIFICATE: 80,
};

/** What OpenSSL sends, either side; everything else is 46. @see OpenSSL ssl/statem/statem_lib.c, x509table */
const OPENSSL: Partial<Record<Code, number>> = {
  CERT_EXPIRED: 45,
  CERT_NOT_YET_VALID: 42,
  CERT_UNKNOWN_AUTHORITY: 48,
  CERT_ISSUER_NOT_CA: 48,
  CERT_PATH_TOO_LONG: 48,
  CERT_WRONG_USAGE: 43,
  CERT_NAME_MISMATCH: 42,
  CERT_NO_IP_SANS: 42,
  CERT_NO_SANS: 42,
  CERT_INSECURE_SIGNATURE: 42,
  CERT_MALFORMED: 42,
  NO_SERVING_CERTIFICATE: 80,
};

/** What an alert tells its receiver about the cause. 42 and 40 tell nothing certain. */
const TOLD: Readonly<Record<number, Code>> = {
  43: 'CERT_WRONG_USAGE',
  45: 'CERT_EXPIRED',
  48: 'CERT_UNKNOWN_AUTHORITY',
  51: 'KEY_PROOF_INVALID',
  70: 'PROTOCOL_VERSION',
  116: 'CERT_MISSING',
};

/** Everything that the choice of an alert depends on. */
export interface Refusal {
  readonly profile: 'go' | 'openssl';
  /** Who refuses. */
  readonly by: Side;
  readonly protocol: string;
  readonly code: Code;
  /** Go's text of the verdict. */
  readonly text: string;
}

/**
 * The number of the alert that a refusal sends.
 * @see reference: Go src/crypto/tls/handshake_server.go processCertsFromClient, handshake_client.go verifyServerCertificate
 */
export function alertFor({ profile, by, protocol, code, text }: Refusal): number {
  if (code === 'CERT_MISSING' && by === 'client') return 50;
  if (code === 'CERT_MISSING') return protocol === 'TLSv1.3' ? MISSING['TLSv1.3'] : MISSING.older;
  if (profile === 'openssl') return OPENSSL[code] ?? 46;
  if (by === 'client') return 42;
  if (text.startsWith('x509: certificate signed by unknown authority')) return 48;
  return GO_SERVER[code] ?? 42;
}

/** IANA's name of an alert, or `alert_N` for a number that nobody has registered. */
export function alertName(number: number): string {
  return ALERTS[number]?.name ?? `alert_${number}`;
}

/** What Go prints on receiving an alert: `remote error: tls: bad certificate`. */
export function goRemoteError(number: number): string {
  return `remote error: tls: ${ALERTS[number]?.go ?? `alert(${number})`}`;
}

/** The code that the receiver of an alert can tell; HANDSHAKE_FAILURE where the alert says too little. */
export function codeOfAlert(number: number): Code {
  return TOLD[number] ?? 'HANDSHAKE_FAILURE';
}
