/**
 * Why a client's connection ended, read from what crossed the wire, in the words of Go's client.
 */
import type { Socket } from 'node:net';
import type { Code } from '../../certs/codes.ts';
import { codeOfAlert, goRemoteError } from './alerts.ts';
import type { Half } from './half.ts';
import { proofText } from './proof-text.ts';
import type { Ends } from './tap.ts';
import type { Alert } from './trace.ts';

/** Why a connection failed. */
export interface ClientFailure {
  readonly layer: 'tls' | 'tcp' | 'untried';
  readonly by: 'client' | 'server' | null;
  readonly code: Code;
  /** Go's text. */
  readonly text: string;
  readonly alert: Alert | null;
}

/** What is known at the end. */
export interface Ending {
  readonly half: Half;
  readonly raw: Socket;
  /** As they were while it was connected. */
  readonly ends: Ends;
  readonly isNotTls: boolean;
  /** The first bytes that came from the server. */
  readonly firstBytes: Buffer | undefined;
  /** OpenSSL's last error; empty when it had none. */
  readonly opensslText: string;
}

const HANDSHAKE = 0x16;
const ALERT = 0x15;
const DECRYPT_ERROR = 51;

/** True when the first bytes of a server are a TLS record. */
export function looksLikeTls(bytes: Buffer): boolean {
  return bytes[0] === HANDSHAKE || bytes[0] === ALERT;
}

/** The reason, from the surest sign to the vaguest. */
export function clientReason({ half, raw, ends, isNotTls, firstBytes, opensslText }: Ending): ClientFailure {
  const { decoder } = half;
  if (isNotTls) {
    const isHttp = firstBytes?.toString('latin1', 0, 5) === 'HTTP/';
    const text = isHttp
      ? 'http: server gave HTTP response to HTTPS client'
      : 'tls: first record does not look like a TLS handshake';
    return { layer: 'tls', by: 'client', code: 'NOT_TLS', text, alert: decoder.lastAlert.client };
  }
  const received = decoder.lastAlert.server;
  if (received && received.number !== 0) {
    const { number } = received;
    const code = number === 40 && !decoder.certificates.server ? 'NO_SHARED_CIPHER' : codeOfAlert(number);
    return { layer: 'tls', by: 'server', code, text: goRemoteError(number), alert: received };
  }
  const own = decoder.lastAlert.client;
  if (own && own.number !== 0) {
    const [code, text] =
      own.number === DECRYPT_ERROR
        ? (['KEY_PROOF_INVALID', proofText(half, 'server')] as const)
        : (OWN_REASONS[own.number] ?? (['HANDSHAKE_FAILURE', opensslText] as const));
    return { layer: 'tls', by: 'client', code, text, alert: own };
  }
  const text = raw.errored ? brokenText(raw.errored, ends) : 'EOF';
  return { layer: 'tcp', by: null, code: 'CONNECTION_RESET', text, alert: null };
}

/** @see Go src/net/net.go, OpError */
function brokenText(error: NodeJS.ErrnoException, ends: Ends): string {
  const { localAddress, localPort, remoteAddress, remotePort } = ends;
  const call = error.syscall === 'write' ? 'write' : 'read';
  const reason = error.code === 'EPIPE' ? 'broken pipe' : 'connection reset by peer';
  return `${call} tcp ${localAddress}:${localPort}->${remoteAddress}:${remotePort}: ${call}: ${reason}`;
}

/** What OpenSSL refuses before our verdict, by the alert that it sends. */
const OWN_REASONS: Readonly<Record<number, readonly [ClientFailure['code'], string]>> = {
  42: ['CERT_MALFORMED', 'tls: failed to parse certificate from server: x509: malformed certificate'],
  50: ['CERT_MALFORMED', 'tls: failed to parse certificate from server: x509: malformed certificate'],
  70: ['PROTOCOL_VERSION', 'tls: server selected unsupported protocol version'],
};
