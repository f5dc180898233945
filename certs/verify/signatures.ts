/**
 * Did this issuer sign this certificate, and may it? Verified by node:crypto, decided and worded as Go does.
 *
 * @see golang/go src/crypto/x509/x509.go, CheckSignatureFrom and checkSignature
 */
import {
  constants,
  createHash,
  createPublicKey,
  type KeyObject,
  verify as verifySignature,
} from 'node:crypto';
import type { Code } from '../codes.ts';
import type { SignatureAlgorithm } from '../x509/algorithms.ts';
import type { PublicKey } from '../x509/public-key.ts';
import type { Certificate } from '../x509.ts';

/** Why a signature does not count. */
export interface SignatureFault {
  /** Go's text. */
  readonly text: string;
  readonly code: Code;
}

export const CANNOT_SIGN = 'x509: invalid signature: parent certificate cannot sign this kind of certificate';
const UNIMPLEMENTED = 'x509: cannot verify signature: algorithm unimplemented';
/** Go's type of each key, for its text about a key of the wrong kind. */
const GO_KEY_TYPES: Readonly<Record<string, string>> = {
  RSA: '*rsa.PublicKey',
  ECDSA: '*ecdsa.PublicKey',
  Ed25519: 'ed25519.PublicKey',
};
/** Go 1.24 verifies with no smaller RSA key (GODEBUG rsa1024min); 1.22 and 1.23 took any size. */
const MIN_RSA_BITS = 1024;
const MAX_RSA_EXPONENT = 2 ** 31 - 1;

/** Answers kept: a pair of certificate and key has one answer for ever. */
const CACHE_SIZE = 8192;
const answers = new Map<string, SignatureFault | null>();
const keys = new WeakMap<PublicKey, { readonly key: KeyObject | null; readonly fingerprint: string }>();

/**
 * Why `parent` is not the signer of `child`; null when it is.
 * Order as in Go: CA flag, key usage, key algorithm, hash, signature.
 */
export function signatureFault(child: Certificate, parent: Certificate): SignatureFault | null {
  const { basicConstraints, keyUsage, version } = parent;
  const isCa = basicConstraints === null ? version !== 3 : basicConstraints.ca;
  // An empty key usage counts as none, as in Go.
  const maySign = keyUsage === null || keyUsage.length === 0 || keyUsage.includes('keyCertSign');
  if (!isCa || !maySign) return { text: CANNOT_SIGN, code: 'CERT_ISSUER_NOT_CA' };
  const { fingerprint } = keyOf(parent.publicKey);
  const pair = `${child.fingerprint}${fingerprint}`;
  const known = answers.get(pair);
  if (known !== undefined) return known;
  const answer = verifyWith(child.signatureAlgorithm, child.tbs, child.signature, parent.publicKey);
  if (answers.size >= CACHE_SIZE) answers.clear();
  answers.set(pair, answer);
  return answer;
}

/**
 * Why a signature over `signed` does not verify with this key; null when it does.
 * @param allowSha1  Go still takes SHA-1 on CSRs
 */
export function verifyWith(
  algorithm: SignatureAlgorithm,
  signed: Uint8Array,
  signature: Uint8Array,
  publicKey: PublicKey,
  allowSha1 = false,
): SignatureFault | null {
  if (publicKey.algorithm === 'unknown') return fault(UNIMPLEMENTED);
  if (algorithm.hash === null && algorithm.key !== 'Ed25519') return fault(UNIMPLEMENTED);
  if (algorithm.hash === 'md5' || (algorithm.hash === 'sha1' && !allowSha1)) {
    // Go 1.22 and 1.23 add "(temporarily override with GODEBUG=x509sha1=1)" for SHA-1; 1.24 took the override out.
    return {
      text: `x509: cannot verify signature: insecure algorithm ${algorithm.name}`,
      code: 'CERT_INSECURE_SIGNATURE',
    };
  }
  const keyType = GO_KEY_TYPES[publicKey.algorithm];
  if (keyType === undefined) return fault(UNIMPLEMENTED);
  if (publicKey.algorithm !== algorithm.key) {
    return fault(
      `x509: signature algorithm specifies an ${algorithm.key} public key, but have public key of type ${keyType}`,
    );
  }
  if (publicKey.algorithm === 'RSA') {
    const wrong = rsaFault(publicKey);
    if (wrong !== null) return fault(wrong);
  }
  return isSignedBy(algorithm, signed, signature, publicKey)
    ? null
    : fault(FAILURES[algorithm.key] ?? UNIMPLEMENTED);
}

const FAILURES: Readonly<Record<string, string>> = {
  RSA: 'crypto/rsa: verification error',
  ECDSA: 'x509: ECDSA verification failure',
  Ed25519: 'x509: Ed25519 verification failure',
};

function rsaFault({ bits, exponent, hasEvenModulus }: PublicKey): string | null {
  if (bits < MIN_RSA_BITS) {
    return `crypto/rsa: ${bits}-bit keys are insecure (see https://go.dev/pkg/crypto/rsa#hdr-Minimum_key_size)`;
  }
  if (hasEvenModulus) return 'crypto/rsa: public modulus is even';
  if (exponent < 2) return 'crypto/rsa: public exponent too small or negative';
  if (exponent % 2 === 0) return 'crypto/rsa: public exponent is even';
  return exponent > MAX_RSA_EXPONENT ? 'crypto/rsa: public exponent too large' : null;
}

function isSignedBy(
  algorithm: SignatureAlgorithm,
  signed: Uint8Array,
  signature: Uint8Array,
  publicKey: PublicKey,
): boolean {
  const { key } = keyOf(publicKey);
  if (key === null) return false;
  try {
    const padding = algorithm.pss
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : {};
    return verifySignature(algorithm.hash, signed, { key, ...padding }, signature);
  } catch {
    // OpenSSL throws for keys and signatures that Go merely finds wrong.
    return false;
  }
}

function keyOf(publicKey: PublicKey): { readonly key: KeyObject | null; readonly fingerprint: string } {
  const known = keys.get(publicKey);
  if (known !== undefined) return known;
  const fingerprint = createHash('sha256').update(publicKey.raw).digest('hex');
  const made = { key: makeKey(publicKey), fingerprint };
  keys.set(publicKey, made);
  return made;
}

function makeKey({ raw }: PublicKey): KeyObject | null {
  try {
    return createPublicKey({ key: Buffer.from(raw), format: 'der', type: 'spki' });
  } catch {
    return null;
  }
}

function fault(text: string): SignatureFault {
  return { text, code: 'CERT_UNKNOWN_AUTHORITY' };
}
