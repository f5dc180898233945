/**
 * The verdict about a peer's chain, by Go's rules (certs/verify): it decides every handshake of the lab. And the one
 * question that has to be asked before OpenSSL sees a chain.
 *
 * The input is the Certificate message as decoded from the wire, never getPeerCertificate.
 */
import { X509Certificate } from 'node:crypto';
import type { Finding } from '../../certs/errors.ts';
import { decide, type Verdict, type VerifyInput, verify } from '../../certs/verify/verify.ts';

/** So many issuers of one name are looked at. */
const MAX_TRIES = 100;

/**
 * Whether a certificate names another one of the chain as its issuer without having been signed by it. Node takes what
 * a failed signature leaves in OpenSSL's list of errors for an error of the connection, and can even end the process.
 * @param chain  DER; one that cannot be read is passed over
 */
export function hasForgedLink(chain: readonly Uint8Array[]): boolean {
  const certificates = chain.flatMap((der) => {
    try {
      return [new X509Certificate(der)];
    } catch {
      return [];
    }
  });
  let tries = 0;
  for (const one of certificates) {
    for (const issuer of certificates) {
      if (issuer === one || issuer.subject !== one.issuer) continue;
      tries += 1;
      // So many of one name are an attack on the time that this takes.
      if (tries > MAX_TRIES || !isSignedBy(one, issuer)) return true;
    }
  }
  return false;
}

function isSignedBy(one: X509Certificate, issuer: X509Certificate): boolean {
  try {
    return one.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

/**
 * Decide about a chain. A missing one is refused with CERT_MISSING.
 * @returns the decision at once; the list of checks is put into words when somebody looks
 */
export function judge(input: VerifyInput): Verdict {
  const { accepted, code, text, path } = decide(input);
  let findings: readonly Finding[] | undefined;
  return {
    accepted,
    code,
    text,
    path,
    get findings() {
      findings ??= verify(input).findings;
      return findings;
    },
  };
}
