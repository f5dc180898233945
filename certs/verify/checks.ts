/**
 * The table of checks, in Go's order: `check()` finds out, `explain()` says it with the actual values.
 *
 * Path building decides (path.ts); the table looks at everything once more, also behind the first failure, so that a
 * student sees all that is wrong at once. Where Go releases differ, `since` says so.
 */
import type { Code } from '../codes.ts';
import { sameBytes } from '../der.ts';
import { nameText } from '../x509/strings.ts';
import type { Certificate } from '../x509.ts';
import { constraintFault } from './constraints.ts';
import { dnsNames, ipNames, nameFault } from './names.ts';
import { constraintText, criticalText, datesText, pathLengthText } from './path.ts';
import { arePoliciesValid } from './policies.ts';
import { called, listed, type Stage } from './refusal.ts';
import { CANNOT_SIGN, signatureFault } from './signatures.ts';
import { allows, usageText } from './usage.ts';
import type { Purpose, WantedName } from './verify.ts';

/** What the checks look at. */
export interface CheckContext {
  readonly leaf: Certificate;
  /** Leaf first; the accepted path, or the furthest that was tried. */
  readonly path: readonly Certificate[];
  /** True when the path ends in a trust anchor. */
  readonly isAnchored: boolean;
  readonly roots: readonly Certificate[];
  readonly purpose: Purpose;
  readonly name: WantedName | null;
  readonly time: Date;
}

/** One thing looked at. */
export interface Judgement {
  readonly passed: boolean;
  readonly certificate: Certificate;
  /** The code where a row has two (too early, too late). */
  readonly code?: Code;
  /** Go's text, where it says more than the row. */
  readonly text?: string | null;
}

/** One row of the table. */
export interface Check {
  readonly stage: Stage;
  readonly code: Code;
  /** Repository path and symbol. */
  readonly source: string;
  /** Where releases of Go differ. */
  readonly since?: string;
  check(context: CheckContext): readonly Judgement[];
  explain(judgement: Judgement, context: CheckContext): string;
}

const GO = 'golang/go src/crypto/x509';

export const CHECKS = [
  {
    stage: 'leaf',
    code: 'CERT_CRITICAL_EXTENSION',
    source: `${GO}/verify.go, isValid`,
    since:
      'policyConstraints, policyMappings and inhibitAnyPolicy are handled since Go 1.24; before, critical ones were refused',
    check: ({ leaf }) => [{ passed: leaf.unhandledCritical.length === 0, certificate: leaf }],
    explain: ({ certificate }) => criticalText(certificate),
  },
  {
    stage: 'leaf',
    code: 'CERT_EXPIRED',
    source: `${GO}/verify.go, isValid`,
    check: ({ leaf, time }) => [judgeDates(leaf, time)],
    explain: ({ certificate }, { time }) => datesText(certificate, time),
  },
  {
    stage: 'name',
    code: 'CERT_NAME_MISMATCH',
    source: `${GO}/verify.go, VerifyHostname`,
    since:
      'a bare * names nothing since Go 1.23; from 100 names on Go 1.24.11 gives their number, not the names',
    check: ({ leaf, name }) => {
      if (name === null) return [];
      const fault = nameFault(leaf, name.value);
      return [{ passed: fault === null, certificate: leaf, ...(fault === null ? {} : { code: fault.code }) }];
    },
    explain: ({ certificate }, { name }) => namesText(certificate, name?.value ?? ''),
  },
  {
    stage: 'chain',
    code: 'CERT_UNKNOWN_AUTHORITY',
    source: `${GO}/verify.go, buildChains`,
    check: ({ path, isAnchored }) => [{ passed: isAnchored, certificate: path.at(-1) ?? missing() }],
    explain: (judgement, context) => authorityText(judgement, context),
  },
  {
    stage: 'chain',
    code: 'CERT_ISSUER_NOT_CA',
    source: `${GO}/x509.go, CheckSignatureFrom`,
    check: ({ path }) =>
      links(path).map(([child, issuer]) => ({
        passed: signatureFault(child, issuer)?.text !== CANNOT_SIGN,
        certificate: issuer,
      })),
    explain: ({ certificate }) => caText(certificate),
  },
  {
    stage: 'chain',
    code: 'CERT_INSECURE_SIGNATURE',
    source: `${GO}/x509.go, checkSignature`,
    since: 'Go 1.22 and 1.23 take SHA-1 with GODEBUG=x509sha1=1; 1.24 refuses RSA keys below 1024 bits',
    check: ({ path, isAnchored }) =>
      (isAnchored && path.length > 1 ? path.slice(0, -1) : path).map((certificate) => ({
        passed: !isInsecure(certificate),
        certificate,
      })),
    explain: ({ certificate }) =>
      `${called(certificate)} has ${keyText(certificate)} and is signed with ${certificate.signatureAlgorithm.name}`,
  },
  {
    stage: 'chain',
    code: 'CERT_CRITICAL_EXTENSION',
    source: `${GO}/verify.go, isValid`,
    check: ({ path }) =>
      path.slice(1).map((certificate) => ({
        passed: certificate.unhandledCritical.length === 0,
        certificate,
      })),
    explain: ({ certificate }) => criticalText(certificate),
  },
  {
    stage: 'chain',
    code: 'CERT_EXPIRED',
    source: `${GO}/verify.go, isValid`,
    check: ({ path, time }) => path.slice(1).map((certificate) => judgeDates(certificate, time)),
    explain: ({ certificate }, { time }) => datesText(certificate, time),
  },
  {
    stage: 'chain',
    code: 'CERT_NAME_CONSTRAINT',
    source: `${GO}/verify.go, checkNameConstraints`,
    since: 'an excluded name covers wildcards that could stand for it since Go 1.24.11 and 1.25.5',
    check: ({ path }) =>
      path
        .map((certificate, i) => ({ certificate, below: path.slice(0, i) }))
        .filter(({ certificate, below }) => below.length > 0 && certificate.nameConstraints !== null)
        .map(({ certificate, below }) => {
          const text = constraintFault(certificate, below);
          return { passed: text === null, certificate, text };
        }),
    explain: ({ certificate, text }) => constraintText(certificate, text ?? null),
  },
  {
    stage: 'chain',
    code: 'CERT_PATH_TOO_LONG',
    source: `${GO}/verify.go, isValid`,
    check: ({ path }) =>
      path.slice(1).map((certificate, i) => ({
        passed: i <= (certificate.basicConstraints?.pathLength ?? Number.POSITIVE_INFINITY),
        certificate,
      })),
    explain: ({ certificate }, { path }) => pathLengthText(certificate, path.indexOf(certificate) - 1),
  },
  {
    stage: 'usage',
    code: 'CERT_WRONG_USAGE',
    source: `${GO}/verify.go, checkChainForKeyUsage`,
    check: ({ path, purpose }) =>
      path.map((certificate) => ({ passed: allows(certificate, purpose), certificate })),
    explain: ({ certificate }, { purpose }) =>
      `${called(certificate)} may be used for ${usageText(certificate)}; wanted is ${purpose}`,
  },
  {
    stage: 'policy',
    code: 'CERT_POLICY_INVALID',
    source: `${GO}/verify.go, policiesValid`,
    since: 'Go 1.24; before, policies were not looked at',
    check: ({ path, isAnchored, leaf }) =>
      isAnchored && path.some(({ policies }) => policies.requireExplicit !== null)
        ? [{ passed: arePoliciesValid(path), certificate: leaf }]
        : [],
    explain: ({ passed, certificate }) =>
      passed
        ? `a CA demands a certificate policy, and ${called(certificate)} has one`
        : `a CA demands a certificate policy, and none is valid from it down to ${called(certificate)}`,
  },
] as const satisfies readonly Check[];

function judgeDates(certificate: Certificate, time: Date): Judgement {
  const isEarly = time.getTime() < certificate.notBefore.ms;
  const isLate = time.getTime() > certificate.notAfter.ms;
  return { passed: !isEarly && !isLate, certificate, ...(isEarly ? { code: 'CERT_NOT_YET_VALID' } : {}) };
}

/** The names of a certificate beside the wanted one. */
export function namesText(certificate: Certificate, wanted: string): string {
  const names = [...dnsNames(certificate), ...ipNames(certificate)];
  const own = certificate.subject.commonName;
  const has =
    names.length > 0
      ? `is for ${listed(names)}`
      : `has no name in its SAN${own === '' ? '' : ` (its CN ${JSON.stringify(own)} does not count)`}`;
  return `${called(certificate)} ${has}; the client dialled ${wanted}`;
}

function authorityText({ passed, certificate }: Judgement, { path, roots }: CheckContext): string {
  if (passed) {
    return path.length === 1
      ? `${called(certificate)} is itself among the trusted certificates`
      : `${path.map(called).join(' <- ')}, which is trusted`;
  }
  const trusted = [...new Set(roots.map(called))];
  return `${called(certificate)} is issued by "${nameText(certificate.issuer)}"; trusted: ${trusted.length === 0 ? 'nothing' : listed(trusted, 8)}`;
}

function caText(certificate: Certificate): string {
  const { basicConstraints, keyUsage, version } = certificate;
  const ca =
    basicConstraints === null
      ? `no basicConstraints (version ${version})`
      : `CA:${basicConstraints.ca ? 'TRUE' : 'FALSE'}`;
  return `${called(certificate)} has ${ca}, key usage ${keyUsage === null ? 'absent' : keyUsage.join(', ') || 'empty'}`;
}

function isInsecure({ signatureAlgorithm }: Certificate): boolean {
  return signatureAlgorithm.hash === 'sha1' || signatureAlgorithm.hash === 'md5';
}

/** A key in words: `an RSA key of 2048 bits`, `an ECDSA key on P-256`. */
export function keyText({ publicKey }: Certificate): string {
  const { algorithm, curve, bits, oid } = publicKey;
  if (algorithm === 'unknown') return `a key of unknown kind (${oid})`;
  if (curve !== null) return `an ECDSA key on ${curve}`;
  return algorithm === 'RSA' || algorithm === 'DSA'
    ? `${algorithm === 'RSA' ? 'an' : 'a'} ${algorithm} key of ${bits} bits`
    : `an ${algorithm} key`;
}

/** Pairs of certificate and issuer along a path. */
function links(path: readonly Certificate[]): [Certificate, Certificate][] {
  return path.slice(1).flatMap((issuer, i): [Certificate, Certificate][] => {
    const child = path[i];
    return child === undefined || sameBytes(child.der, issuer.der) ? [] : [[child, issuer]];
  });
}

function missing(): never {
  throw new Error('a path has at least its leaf');
}
