/**
 * Two opinions about a peer's chain: the verdict, by Go's rules (certs/verify), which decides; and OpenSSL's, put
 * together from the checks that Node exposes, which is only shown: "kubectl refuses this, curl would not".
 *
 * The input is the Certificate message as decoded from the wire, never getPeerCertificate. This file alone knows
 * OpenSSL's names and texts.
 */
import { createHash, X509Certificate } from 'node:crypto';
import type { Code } from '../../certs/codes.ts';
import type { Finding } from '../../certs/errors.ts';
import { decide, type Verdict, type VerifyInput, verify } from '../../certs/verify/verify.ts';

/** OpenSSL's opinion. */
export interface SecondOpinion {
  readonly accepts: boolean;
  /** OpenSSL's name and text: `CERT_HAS_EXPIRED (certificate has expired)`; `ok` when it accepts. */
  readonly text: string;
  /** The nearest code of the lab; null when it accepts. */
  readonly code: Code | null;
}

/** Node's error codes, OpenSSL's texts, and our codes. @see OpenSSL crypto/x509/x509_txt.c; Node src/crypto/crypto_common.cc */
const OPENSSL = {
  UNABLE_TO_GET_ISSUER_CERT: ['unable to get issuer certificate', 'CERT_UNKNOWN_AUTHORITY'],
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: ['unable to get local issuer certificate', 'CERT_UNKNOWN_AUTHORITY'],
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: ['unable to verify the first certificate', 'CERT_UNKNOWN_AUTHORITY'],
  DEPTH_ZERO_SELF_SIGNED_CERT: ['self-signed certificate', 'CERT_UNKNOWN_AUTHORITY'],
  SELF_SIGNED_CERT_IN_CHAIN: ['self-signed certificate in certificate chain', 'CERT_UNKNOWN_AUTHORITY'],
  CERT_SIGNATURE_FAILURE: ['certificate signature failure', 'CERT_UNKNOWN_AUTHORITY'],
  INVALID_CA: ['invalid CA certificate', 'CERT_ISSUER_NOT_CA'],
  INVALID_PURPOSE: ['unsuitable certificate purpose', 'CERT_WRONG_USAGE'],
  CERT_HAS_EXPIRED: ['certificate has expired', 'CERT_EXPIRED'],
  CERT_NOT_YET_VALID: ['certificate is not yet valid', 'CERT_NOT_YET_VALID'],
  HOSTNAME_MISMATCH: ['hostname mismatch', 'CERT_NAME_MISMATCH'],
  CERT_CHAIN_TOO_LONG: ['certificate chain too long', 'CERT_PATH_TOO_LONG'],
  CERT_REJECTED: ['certificate cannot be read', 'CERT_MALFORMED'],
} as const satisfies Record<string, readonly [string, Code]>;
type OpensslCode = keyof typeof OPENSSL;

/** Extended key usages. RFC 5280 section 4.2.1.12. */
const USAGES = { serverAuth: '1.3.6.1.5.5.7.3.1', clientAuth: '1.3.6.1.5.5.7.3.2' } as const;
const MAX_DEPTH = 100;
const OPINIONS_KEPT = 256;

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
      if (tries > MAX_DEPTH || !isSignedBy(one, issuer)) return true;
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

/**
 * What OpenSSL would say. Node reports the last thing that OpenSSL complains about; so does this.
 * @param shifted  true: the clock is not real time, and dates are left out, for OpenSSL reads no clock but the real one
 */
export function secondOpinion(input: VerifyInput, shifted: boolean): SecondOpinion {
  const left = shifted ? ', dates not looked at: the clock is shifted' : '';
  const code = complaint(input, shifted);
  if (code === null) return { accepts: true, text: `ok${left}`, code: null };
  const [text, ours] = OPENSSL[code];
  return { accepts: false, text: `${code} (${text}${left})`, code: ours };
}

/** What does not depend on the time: the same few chains come back for ever. */
interface Opinion {
  readonly notBefore: number;
  readonly notAfter: number;
  readonly rest: OpensslCode | null;
}

const kept = new Map<string, Opinion>();

function complaint(input: VerifyInput, shifted: boolean): OpensslCode | null {
  const hash = createHash('sha256').update(`${input.purpose} ${input.name?.kind} ${input.name?.value}`);
  for (const der of input.chain) hash.update(der);
  hash.update('roots');
  for (const der of input.roots) hash.update(der);
  const key = hash.digest('base64');
  const opinion = kept.get(key) ?? timeless(input);
  kept.set(key, opinion);
  const [oldest] = kept.keys();
  if (kept.size > OPINIONS_KEPT && oldest !== undefined) kept.delete(oldest);
  if (!shifted && input.time.getTime() < opinion.notBefore) return 'CERT_NOT_YET_VALID';
  if (!shifted && input.time.getTime() > opinion.notAfter) return 'CERT_HAS_EXPIRED';
  return opinion.rest;
}

function timeless(input: VerifyInput): Opinion {
  try {
    const [leaf, ...others] = input.chain.map((der) => new X509Certificate(der));
    if (leaf === undefined) return { notBefore: 0, notAfter: Number.POSITIVE_INFINITY, rest: null };
    const roots = input.roots.map((der) => new X509Certificate(der));
    const { path, problem } = build(leaf, others, roots);
    return {
      notBefore: Math.max(...path.map((one) => Date.parse(one.validFrom))),
      notAfter: Math.min(...path.map((one) => Date.parse(one.validTo))),
      rest: usage(path, input) ?? problem ?? nameProblem(leaf, input),
    };
  } catch {
    return { notBefore: 0, notAfter: Number.POSITIVE_INFINITY, rest: 'CERT_REJECTED' };
  }
}

/** Trusted certificates first; a path ends at a self-signed one. @see OpenSSL crypto/x509/x509_vfy.c build_chain */
function build(
  leaf: X509Certificate,
  others: readonly X509Certificate[],
  roots: readonly X509Certificate[],
): { readonly path: readonly X509Certificate[]; readonly problem: OpensslCode | null } {
  const path = [leaf];
  let trusted = false;
  for (let at = leaf; path.length <= MAX_DEPTH; ) {
    const selfSigned = at.checkIssued(at);
    const known = roots.some((root) => root.raw.equals(at.raw));
    if (selfSigned) {
      if (known) return { path, problem: null };
      return {
        path,
        problem: path.length === 1 ? 'DEPTH_ZERO_SELF_SIGNED_CERT' : 'SELF_SIGNED_CERT_IN_CHAIN',
      };
    }
    const root = roots.find((candidate) => at.checkIssued(candidate));
    const issuer = root ?? (trusted ? undefined : others.find((candidate) => at.checkIssued(candidate)));
    if (issuer === undefined) {
      if (trusted || known) return { path, problem: 'UNABLE_TO_GET_ISSUER_CERT' };
      return {
        path,
        problem: path.length === 1 ? 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' : 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
      };
    }
    if (!at.verify(issuer.publicKey)) return { path: [...path, issuer], problem: 'CERT_SIGNATURE_FAILURE' };
    trusted ||= root !== undefined;
    path.push(issuer);
    at = issuer;
  }
  return { path, problem: 'CERT_CHAIN_TOO_LONG' };
}

function usage([leaf, ...issuers]: readonly X509Certificate[], input: VerifyInput): OpensslCode | null {
  // Node's `keyUsage` is the list of extended key usages.
  const wanted = input.purpose === 'any' ? undefined : USAGES[input.purpose];
  const usages = leaf?.keyUsage as readonly string[] | undefined;
  if (wanted !== undefined && usages !== undefined && !usages.includes(wanted)) return 'INVALID_PURPOSE';
  return issuers.some((issuer) => !issuer.ca) ? 'INVALID_CA' : null;
}

/** OpenSSL looks at the Common Name when there is no DNS name; Go does not. */
function nameProblem(leaf: X509Certificate, { name }: VerifyInput): OpensslCode | null {
  if (name === null) return null;
  const matches = name.kind === 'ip' ? leaf.checkIP(name.value) : leaf.checkHost(name.value);
  return matches === undefined ? 'HOSTNAME_MISMATCH' : null;
}
