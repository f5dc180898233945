/**
 * What Go says when a peer's proof (CertificateVerify, or the signed key exchange of TLS 1.2) does not fit the
 * certificate that it showed.
 */
import { readCertificate } from '../../certs/x509.ts';
import type { Half } from './half.ts';
import type { Side } from './trace.ts';

/** The end of the text by kind of key. @see golang/go src/crypto/tls/auth.go, verifyHandshakeSignature */
const FAILURES: Readonly<Record<string, string>> = {
  RSA: 'crypto/rsa: verification error',
  ECDSA: 'ECDSA verification failure',
  Ed25519: 'Ed25519 verification failure',
};

/** Go's text. @param by  who showed the certificate */
export function proofText({ decoder }: Half, by: Side): string {
  const [first] = decoder.certificates[by] ?? [];
  const failure = first === undefined ? undefined : FAILURES[keyKind(first)];
  const text = `tls: invalid signature by the ${by} certificate`;
  return failure === undefined ? text : `${text}: ${failure}`;
}

function keyKind(der: Uint8Array): string {
  try {
    return readCertificate(der).publicKey.algorithm;
  } catch {
    return '';
  }
}
