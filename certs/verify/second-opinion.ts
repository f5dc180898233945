/**
 * Two verdicts side by side: Go's, which decides, and OpenSSL's, with a sentence where they differ and why.
 */
import type { Code } from '../codes.ts';
import { askOpenssl, type OpensslAnswer } from './openssl.ts';
import type { Decision, VerifyInput } from './verify.ts';

/** OpenSSL's opinion, as it is shown beside the verdict. */
export interface SecondOpinion {
  /** null: cannot be told, because OpenSSL knows the real clock only. */
  readonly accepts: boolean | null;
  /** `OpenSSL (Node) accepts it too.` */
  readonly text: string;
}

/** Why OpenSSL accepts what Go refuses with this code. */
const GO_STRICTER: Partial<Record<Code, string>> = {
  CERT_MALFORMED:
    'Go reads DER to the letter; OpenSSL overlooks small errors and extensions that it does not need.',
  CERT_NO_SANS: 'OpenSSL still takes the Common Name when there is no SAN; Go has not since 1.17.',
  CERT_NAME_MISMATCH:
    'Their rules for unusual names differ: a dot behind the name, wildcards within a label, the Common Name, versions below 3.',
  CERT_NAME_CONSTRAINT:
    'Go checks name constraints on more kinds of names and refuses names that it cannot compare.',
  CERT_POLICY_INVALID: 'OpenSSL looks at certificate policies only when it is asked to.',
  CERT_INSECURE_SIGNATURE:
    "Node's OpenSSL refuses weak hashes by its security level, which can be set to 0; Go always refuses them.",
  CERT_UNKNOWN_AUTHORITY: 'Go does not use keys, sizes and algorithm parameters that OpenSSL still takes.',
  CERT_ISSUER_NOT_CA:
    'OpenSSL takes an issuer without basic constraints as a CA when its key usage says keyCertSign; Go wants CA:TRUE.',
  CERT_WRONG_USAGE:
    'Go applies the extended key usages of every CA above as well; OpenSSL checks a CA by rules of its own.',
  CERT_EXPIRED: 'OpenSSL looked at the real clock, Go at the clock of this host.',
  CERT_NOT_YET_VALID: 'OpenSSL looked at the real clock, Go at the clock of this host.',
};

/** Why OpenSSL refuses, with this error, what Go accepts; by Node's names of OpenSSL's errors. */
export const OPENSSL_STRICTER: Readonly<Record<string, string>> = {
  UNABLE_TO_GET_ISSUER_CERT:
    'OpenSSL wants the chain to end in a self-signed root; Go trusts whatever stands in the CA file.',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    'OpenSSL wants the chain to end in a self-signed root; Go trusts whatever stands in the CA file.',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    'OpenSSL drops an issuer whose key identifier, key usage or path length does not fit, and wants a self-signed root; Go only prefers fitting identifiers.',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'OpenSSL does not take this certificate as its own trust anchor; Go does when it stands in the CA file.',
  SELF_SIGNED_CERT_IN_CHAIN: 'OpenSSL ended at another self-signed certificate; Go tries every candidate.',
  CERT_SIGNATURE_FAILURE: 'OpenSSL tries one issuer by name; Go tries every certificate of that name.',
  CERT_HAS_EXPIRED:
    'OpenSSL follows one path and this one holds an expired certificate; Go looks for another path.',
  CERT_NOT_YET_VALID:
    'OpenSSL follows one path and this one holds a certificate of the future; Go looks for another path.',
  ERROR_IN_CERT_NOT_BEFORE_FIELD:
    'OpenSSL takes only UTC with seconds in a date; Go also reads offsets and dates without seconds.',
  ERROR_IN_CERT_NOT_AFTER_FIELD:
    'OpenSSL takes only UTC with seconds in a date; Go also reads offsets and dates without seconds.',
  INVALID_PURPOSE:
    'OpenSSL does not count anyExtendedKeyUsage or an empty list for TLS, and looks at the key usage too; Go looks at key usage in CAs only.',
  INVALID_CA: 'OpenSSL asks more of a CA than Go does.',
  PATH_LENGTH_EXCEEDED: 'They count intermediates differently: self-issued ones are free for OpenSSL.',
  ERR_TLS_CERT_ALTNAME_INVALID:
    'Node takes no brackets, no mapped addresses and no wildcard right below a top-level domain.',
  UNSPECIFIED:
    'OpenSSL compares name constraints of email and URI names more narrowly, and refuses kinds that Go skips.',
  CA_MD_TOO_WEAK: 'The security level of OpenSSL refuses this hash.',
  EE_KEY_TOO_SMALL: 'The security level of OpenSSL refuses a key of this size; Go has no such level.',
  CA_KEY_TOO_SMALL: 'The security level of OpenSSL refuses a key of this size; Go has no such level.',
};
const OPENSSL_CANNOT_READ = 'OpenSSL cannot read the certificate or its key; Go skips what it does not know.';

/** OpenSSL's errors about dates. */
const DATE_ERRORS: readonly string[] = ['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'];
/** A clock that is off by less counts as real. */
const CLOCK_SLACK_MS = 60_000;

/** Ask OpenSSL, and compare. @param realNow  the real time, by which OpenSSL judges dates */
export async function secondOpinion(
  input: VerifyInput,
  verdict: Pick<Decision, 'accepted' | 'code'>,
  realNow = new Date(),
): Promise<SecondOpinion> {
  const isShifted = isShiftedClock(input.time.getTime() - realNow.getTime());
  return compareOpinions(await askOpenssl(input), verdict, isShifted);
}

/** Whether a clock is so far off real time that dates must be left out. @param shiftMs  milliseconds */
export function isShiftedClock(shiftMs: number): boolean {
  return Math.abs(shiftMs) > CLOCK_SLACK_MS;
}

/**
 * Put OpenSSL's answer beside the verdict.
 * @param answer     of `askOpenssl`, or `authorizationError` of a finished connection (code null: authorized)
 * @param isShifted  true: dates were judged by another clock than OpenSSL's, and are left out
 */
export function compareOpinions(
  answer: OpensslAnswer,
  verdict: Pick<Decision, 'accepted' | 'code'>,
  isShifted: boolean,
): SecondOpinion {
  if (isShifted && answer.code !== null && DATE_ERRORS.includes(answer.code)) {
    return {
      accepts: null,
      text: `OpenSSL (Node) objects to the dates (${answer.code}), but by the real clock: on a shifted clock its opinion on dates is left out.`,
    };
  }
  const dates = isShifted ? ' Dates are left out: the clock is shifted.' : '';
  const accepts = answer.code === null;
  if (accepts === verdict.accepted) {
    const text = accepts
      ? 'OpenSSL (Node) accepts it too.'
      : `OpenSSL (Node) refuses it too: ${answer.code} (${answer.text.trim()}).`;
    return { accepts, text: text + dates };
  }
  const why = differenceReason(answer.code, verdict.code);
  const text = accepts
    ? `OpenSSL (Node) accepts it, Go does not. ${why}`
    : `OpenSSL (Node) refuses it: ${answer.code} (${answer.text.trim()}); Go accepts it. ${why}`;
  return { accepts, text: text + dates };
}

/** Why the two differ; empty when this difference is not a listed one. */
export function differenceReason(openssl: string | null, go: Code | null): string {
  if (openssl === null) return go === null ? '' : (GO_STRICTER[go] ?? '');
  if (openssl.startsWith('ERR_SSL_')) return OPENSSL_CANNOT_READ;
  return Object.hasOwn(OPENSSL_STRICTER, openssl) ? (OPENSSL_STRICTER[openssl] ?? '') : '';
}
