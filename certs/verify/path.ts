/**
 * Path building, as Go's Verify does it: depth first, roots before intermediates, every candidate tried, at most
 * 100 signatures looked at.
 *
 * @see golang/go src/crypto/x509/verify.go, buildChains, alreadyInChain and isValid
 */
import { sameBytes } from '../der.ts';
import { goQuote } from '../x509/go-text.ts';
import { nameText } from '../x509/strings.ts';
import { rfc3339 } from '../x509/times.ts';
import type { Certificate } from '../x509.ts';
import { constraintFault, constraintsText } from './constraints.ts';
import type { Pool } from './pool.ts';
import { called, calledName, cut, type Refusal } from './refusal.ts';
import { signatureFault } from './signatures.ts';

/** Go's limit on signatures checked in one verification. */
export const MAX_SIGNATURE_CHECKS = 100;

/** As what a certificate stands in a path. */
export type Role = 'leaf' | 'intermediate' | 'root';

/** Where issuers come from, and when. */
export interface PathContext {
  readonly roots: Pool;
  readonly intermediates: Pool;
  readonly time: Date;
  /** Minutes east of Greenwich in which the current time is printed. */
  readonly zoneMinutes: number;
}

/** What path building found. */
export interface PathResult {
  /** Leaf first, trust anchor last; empty when there is none. */
  readonly paths: readonly (readonly Certificate[])[];
  /** Why there is none; null when there is one. */
  readonly refusal: Refusal | null;
  /** The furthest path that was tried, for showing: it may lack its anchor. */
  readonly attempt: readonly Certificate[];
}

interface Search {
  readonly context: PathContext;
  checks: number;
  attempt: readonly Certificate[];
}

interface Found {
  readonly paths: (readonly Certificate[])[];
  readonly refusal: Refusal | null;
}

/** Find every path from the leaf to a root. */
export function buildPaths(leaf: Certificate, context: PathContext): PathResult {
  if (context.roots.contains(leaf)) return { paths: [[leaf]], refusal: null, attempt: [leaf] };
  const search: Search = { context, checks: 0, attempt: [leaf] };
  return { ...extend([leaf], search), attempt: search.attempt };
}

function extend(chain: readonly Certificate[], search: Search): Found {
  const child = chain.at(-1);
  const paths: (readonly Certificate[])[] = [];
  if (child === undefined) return { paths, refusal: null };
  let refusal: Refusal | null = null;
  let hint: { readonly text: string; readonly issuer: Certificate; readonly code: Refusal['code'] } | null =
    null;
  const { roots, intermediates } = search.context;
  const candidates = [
    ...roots.issuersOf(child).map((issuer) => ({ issuer, role: 'root' as const })),
    ...intermediates.issuersOf(child).map((issuer) => ({ issuer, role: 'intermediate' as const })),
  ];
  for (const { issuer, role } of candidates) {
    if (issuer.publicKey.algorithm === 'unknown' || isAlreadyIn(chain, issuer)) continue;
    search.checks += 1;
    if (search.checks > MAX_SIGNATURE_CHECKS) {
      refusal = overBudget(child);
      continue;
    }
    const fault = signatureFault(child, issuer);
    if (fault !== null) {
      hint ??= { ...fault, issuer };
      continue;
    }
    const longer = [...chain, issuer];
    if (longer.length > search.attempt.length) search.attempt = longer;
    refusal = validityFault(issuer, role, chain, search.context);
    if (refusal !== null) continue;
    if (role === 'root') {
      paths.push(longer);
    } else {
      const above = extend(longer, search);
      refusal = above.refusal;
      paths.push(...above.paths);
    }
  }
  if (paths.length > 0) return { paths, refusal: null };
  return { paths, refusal: refusal ?? unknownAuthority(child, hint) };
}

/** Go compares subject, key and SAN: a renewed CA certificate counts as the same one. */
function isAlreadyIn(chain: readonly Certificate[], candidate: Certificate): boolean {
  const san = sanValue(candidate);
  for (const certificate of chain) {
    if (
      !sameBytes(certificate.subject.raw, candidate.subject.raw) ||
      !sameBytes(certificate.publicKey.raw, candidate.publicKey.raw)
    )
      continue;
    const other = sanValue(certificate);
    if (san === undefined || other === undefined) return san === other;
    if (sameBytes(san, other)) return true;
  }
  return false;
}

function sanValue(certificate: Certificate): Uint8Array | undefined {
  return certificate.extensions.find(({ name }) => name === 'subjectAltName')?.value;
}

function overBudget(child: Certificate): Refusal {
  return {
    code: 'CERT_UNKNOWN_AUTHORITY',
    text: 'x509: signature check attempts limit reached while verifying certificate chain',
    stage: 'chain',
    certificate: child,
    what: `more than ${MAX_SIGNATURE_CHECKS} candidates for the issuers of this chain: the search was given up`,
  };
}

function unknownAuthority(
  child: Certificate,
  hint: { readonly text: string; readonly issuer: Certificate; readonly code: Refusal['code'] } | null,
): Refusal {
  const text = 'x509: certificate signed by unknown authority';
  if (hint === null) {
    const isSelfSigned = sameBytes(child.issuer.raw, child.subject.raw);
    return {
      code: 'CERT_UNKNOWN_AUTHORITY',
      text,
      stage: 'chain',
      certificate: child,
      what: isSelfSigned
        ? `${called(child)} is self-signed, and it is not among the trusted CAs`
        : `${called(child)} is issued by "${cut(nameText(child.issuer), 100)}", and nobody of that name is trusted or was shown`,
    };
  }
  const name = calledName(hint.issuer);
  return {
    code: hint.code,
    text: `${text} (possibly because of ${goQuote(hint.text)} while trying to verify candidate authority certificate ${goQuote(name)})`,
    stage: 'chain',
    certificate: hint.code === 'CERT_INSECURE_SIGNATURE' ? child : hint.issuer,
    what: HINTS[hint.code]?.(child, hint.issuer, hint.text) ?? hintText(child, hint.issuer, hint.text),
  };
}

const HINTS: Partial<
  Record<Refusal['code'], (child: Certificate, issuer: Certificate, text: string) => string>
> = {
  CERT_ISSUER_NOT_CA: (child, issuer) =>
    `${called(issuer)} has the name of ${called(child)}'s issuer, but may not sign certificates`,
  CERT_INSECURE_SIGNATURE: (child) =>
    `${called(child)} is signed with ${child.signatureAlgorithm.name}, which is no longer accepted`,
};

function hintText(child: Certificate, issuer: Certificate, text: string): string {
  return `${called(issuer)} has the name of ${called(child)}'s issuer, but its key did not sign it (${text})`;
}

/**
 * Go's isValid: may this certificate stand here? Critical extensions, dates, name constraints, CA flag, path length,
 * in this order. Roots get the same treatment, but need not be CAs.
 * @param below  the path under it, leaf first; empty for the leaf itself
 */
export function validityFault(
  certificate: Certificate,
  role: Role,
  below: readonly Certificate[],
  context: Pick<PathContext, 'time' | 'zoneMinutes'>,
): Refusal | null {
  const stage = role === 'leaf' ? 'leaf' : 'chain';
  const found = (code: Refusal['code'], text: string, what: string): Refusal => {
    return { code, text, stage, certificate, what };
  };
  if (certificate.unhandledCritical.length > 0) {
    return found('CERT_CRITICAL_EXTENSION', 'x509: unhandled critical extension', criticalText(certificate));
  }
  const dates = dateFault(certificate, context);
  if (dates !== null) return found(dates.code, dates.text, datesText(certificate, context.time));
  if (role !== 'leaf') {
    const constraint = constraintFault(certificate, below);
    if (constraint !== null)
      return found('CERT_NAME_CONSTRAINT', constraint, constraintText(certificate, constraint));
  }
  if (role === 'intermediate' && certificate.basicConstraints?.ca !== true) {
    return found(
      'CERT_ISSUER_NOT_CA',
      'x509: certificate is not authorized to sign other certificates',
      `${called(certificate)} is no CA, but signed a certificate`,
    );
  }
  const limit = certificate.basicConstraints?.pathLength ?? null;
  if (limit !== null && below.length - 1 > limit) {
    return found(
      'CERT_PATH_TOO_LONG',
      'x509: too many intermediates for path length constraint',
      pathLengthText(certificate, below.length - 1),
    );
  }
  return null;
}

function dateFault(
  { notBefore, notAfter }: Certificate,
  { time, zoneMinutes }: Pick<PathContext, 'time' | 'zoneMinutes'>,
): { readonly code: 'CERT_EXPIRED' | 'CERT_NOT_YET_VALID'; readonly text: string } | null {
  const now = `x509: certificate has expired or is not yet valid: current time ${rfc3339(time.getTime(), zoneMinutes)}`;
  if (time.getTime() < notBefore.ms)
    return { code: 'CERT_NOT_YET_VALID', text: `${now} is before ${notBefore.text}` };
  if (time.getTime() > notAfter.ms) return { code: 'CERT_EXPIRED', text: `${now} is after ${notAfter.text}` };
  return null;
}

/** What a certificate's critical extensions amount to. */
export function criticalText(certificate: Certificate): string {
  const { unhandledCritical } = certificate;
  return unhandledCritical.length === 0
    ? `${called(certificate)} has no critical extension that Go does not handle`
    : `${called(certificate)} has a critical extension that Go does not handle: ${unhandledCritical.slice(0, 5).join(', ')}`;
}

/** A certificate's dates beside the time of the check. */
export function datesText(certificate: Certificate, time: Date): string {
  const { notBefore, notAfter } = certificate;
  const ms = time.getTime();
  const now = `it is ${rfc3339(ms)}`;
  if (ms < notBefore.ms) return `${called(certificate)} begins at ${notBefore.text}, and ${now}`;
  if (ms > notAfter.ms) return `${called(certificate)} ended at ${notAfter.text}, and ${now}`;
  return `${called(certificate)} is valid from ${notBefore.text} to ${notAfter.text}; ${now}`;
}

/** A CA's constraints beside the name that broke them. */
export function constraintText(certificate: Certificate, goText: string | null): string {
  const { nameConstraints } = certificate;
  if (nameConstraints === null) return `${called(certificate)} puts no constraint on names`;
  const rule = `${called(certificate)} ${constraintsText(nameConstraints)}`;
  return goText === null ? rule : `${rule}: ${goText.replace(/^x509: ([^:]*: )?/, '')}`;
}

/** A CA's path length beside the intermediates below it. */
export function pathLengthText(certificate: Certificate, intermediates: number): string {
  const limit = certificate.basicConstraints?.pathLength ?? null;
  return limit === null
    ? `${called(certificate)} sets no limit on intermediates below it`
    : `${called(certificate)} allows ${limit} intermediates below it; there are ${Math.max(intermediates, 0)}`;
}
