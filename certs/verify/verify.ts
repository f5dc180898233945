/**
 * The verdict about a certificate chain, as Go's crypto/x509 gives it. Pure, synchronous, without a clock.
 *
 * Order, as in Go: everything presented is parsed; the leaf's critical extensions and dates; the name; path building
 * (signatures, CA flags, dates and constraints of each issuer); extended key usage along the path; policies.
 */
import { CODES, type Code } from '../codes.ts';
import { MalformedError } from '../der.ts';
import type { Finding } from '../errors.ts';
import { type Certificate, readCertificate } from '../x509.ts';
import { CHECKS, type Check, type CheckContext, namesText } from './checks.ts';
import { nameFault } from './names.ts';
import { buildPaths, type PathContext, validityFault } from './path.ts';
import { arePoliciesValid } from './policies.ts';
import { makePool } from './pool.ts';
import { called, cut, type Refusal, type Stage } from './refusal.ts';
import { usageFault, usageText } from './usage.ts';

/** What a certificate is wanted for. */
export type Purpose = 'serverAuth' | 'clientAuth' | 'any';

/** The name that the client dialled. */
export interface WantedName {
  readonly kind: 'dns' | 'ip';
  readonly value: string;
}

/** Everything that a verdict depends on. */
export interface VerifyInput {
  /** DER, leaf first, in the order presented. */
  readonly chain: readonly Uint8Array[];
  /** DER of the trust anchors. */
  readonly roots: readonly Uint8Array[];
  readonly purpose: Purpose;
  readonly name: WantedName | null;
  readonly time: Date;
  /** Minutes east of Greenwich in which Go would print the current time; default 0 (`Z`). */
  readonly zoneMinutes?: number;
}

/** What was decided, and every check behind it. */
export interface Verdict {
  readonly accepted: boolean;
  /** The first failure in Go's order; null when accepted. */
  readonly code: Code | null;
  /** Go's text, from `x509: ` on; null when accepted. */
  readonly text: string | null;
  /** All checks, passed and failed, in Go's order. */
  readonly findings: readonly Finding[];
  /** The path to the trust anchor, DER, leaf first; null when none was found. */
  readonly path: readonly Uint8Array[] | null;
}

const STAGES = [
  'present',
  'parse',
  'leaf',
  'name',
  'chain',
  'usage',
  'policy',
] as const satisfies readonly Stage[];
/** Names in certificates may be a megabyte long. */
const MAX_WHAT = 1_500;
const PARSE_SOURCE = 'golang/go src/crypto/x509/parser.go, ParseCertificate';

/** What Go says, without the list of checks. */
export type Decision = Pick<Verdict, 'accepted' | 'code' | 'text' | 'path'>;

/**
 * Decide about a chain as Go 1.24 does, and list every check.
 * @returns never throws: malformed certificates, loops and huge chains end in a refusal, and soon: 10,000 names in
 *          about 0.1 s, as many against 10,000 constraints in 0.2 s, a chain of 100 in 0.05 s, 1 MiB of garbage or
 *          100,000 nested elements in 0.1 s (test/certs/verify/hostile.test.ts)
 * @see     golang/go src/crypto/x509/verify.go, Verify
 */
export function verify(input: VerifyInput): Verdict {
  const judged = judge(input);
  return { ...decisionOf(judged), findings: findingsOf(judged, input) };
}

/** The same decision without the findings, for many chains at once. */
export function decide(input: VerifyInput): Decision {
  return decisionOf(judge(input));
}

/** Everything found out about one input. */
interface Judged {
  readonly chain: readonly Read[];
  readonly leaf: Certificate | null;
  readonly roots: readonly Certificate[];
  readonly refusal: Refusal | null;
  /** Why no path was found, also where something else is said first. */
  readonly pathRefusal: Refusal | null;
  /** The path to a trust anchor; null when there is none. */
  readonly path: readonly Certificate[] | null;
  /** The furthest path that was tried. */
  readonly attempt: readonly Certificate[];
}

function judge(input: VerifyInput): Judged {
  const chain = input.chain.map(readOrRefuse);
  const [first, ...others] = chain;
  const nothing = { chain, leaf: null, roots: [], path: null, attempt: [], pathRefusal: null };
  if (first === undefined) return { ...nothing, refusal: nothingPresented(input.purpose) };
  const unreadable = chain.find(({ refusal }) => refusal !== null)?.refusal ?? null;
  const leaf = first.certificate;
  if (leaf === null) return { ...nothing, refusal: unreadable };
  const roots = input.roots.flatMap((der) => readOrRefuse(der).certificate ?? []);
  const context: PathContext = {
    roots: makePool(roots),
    intermediates: makePool(others.flatMap(({ certificate }) => certificate ?? [])),
    time: input.time,
    zoneMinutes: input.zoneMinutes ?? 0,
  };
  const early = unreadable ?? validityFault(leaf, 'leaf', [], context) ?? checkName(leaf, input.name);
  const built = buildPaths(leaf, context);
  const judged = judgePaths(built.paths, input.purpose);
  return {
    chain,
    leaf,
    roots,
    refusal: early ?? built.refusal ?? judged.refusal,
    pathRefusal: built.refusal,
    path: judged.path ?? built.paths[0] ?? null,
    attempt: built.attempt,
  };
}

function decisionOf({ refusal, path }: Judged): Decision {
  return {
    accepted: refusal === null,
    code: refusal?.code ?? null,
    text: refusal?.text ?? null,
    path: path?.map(({ der }) => der) ?? null,
  };
}

function findingsOf(judged: Judged, input: VerifyInput): Finding[] {
  const { chain, leaf, roots, refusal, pathRefusal, path, attempt } = judged;
  if (chain.length === 0) return refusal === null ? [] : [refusalFinding(refusal)];
  const parsed = chain.map((read, i) => parseFinding(read, i));
  if (leaf === null) return parsed;
  const { purpose, name, time } = input;
  const context = { leaf, path: path ?? attempt, isAnchored: path !== null, roots, purpose, name, time };
  const refusals = [...new Set([refusal, pathRefusal])].filter((one) => one !== null);
  return [...parsed, ...listFindings(context, refusals)];
}

interface Read {
  readonly certificate: Certificate | null;
  readonly refusal: Refusal | null;
}

function readOrRefuse(der: Uint8Array): Read {
  try {
    return { certificate: readCertificate(der), refusal: null };
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const refusal: Refusal = {
      code: 'CERT_MALFORMED',
      text: error.goText,
      stage: 'parse',
      certificate: null,
      what: error.what,
    };
    return { certificate: null, refusal };
  }
}

function nothingPresented(purpose: Purpose): Refusal {
  return {
    code: 'CERT_MISSING',
    text:
      purpose === 'clientAuth'
        ? "tls: client didn't provide a certificate"
        : 'tls: received empty certificates message',
    stage: 'present',
    certificate: null,
    what: 'no certificate was shown',
  };
}

function parseFinding({ refusal, certificate }: Read, i: number): Finding {
  const where = i === 0 ? 'the certificate' : `certificate ${i + 1}, behind it,`;
  const what =
    certificate === null
      ? `${where} cannot be read: ${refusal?.what ?? ''}`
      : `${called(certificate)} is X.509 version ${certificate.version}, serial ${cut(certificate.serialHex, 60)}`;
  return makeFinding('CERT_MALFORMED', certificate !== null, what, PARSE_SOURCE);
}

function checkName(leaf: Certificate, name: WantedName | null): Refusal | null {
  const fault = name === null || name.value === '' ? null : nameFault(leaf, name.value);
  return fault === null
    ? null
    : { ...fault, stage: 'name', certificate: leaf, what: namesText(leaf, name?.value ?? '') };
}

/** Key usage, then policies: Go drops paths that fail, and refuses when none is left. */
function judgePaths(
  paths: readonly (readonly Certificate[])[],
  purpose: Purpose,
): { readonly path: readonly Certificate[] | null; readonly refusal: Refusal | null } {
  const usable = paths.filter((path) => usageFault(path, purpose) === null);
  const valid = usable.find(arePoliciesValid);
  const [shown = paths[0]] = usable;
  const leaf = shown?.[0];
  if (valid !== undefined || shown === undefined || leaf === undefined) {
    return { path: valid ?? null, refusal: null };
  }
  const at = usageFault(shown, purpose);
  if (at !== null) {
    const refusal: Refusal = {
      code: 'CERT_WRONG_USAGE',
      text: 'x509: certificate specifies an incompatible key usage',
      stage: 'usage',
      certificate: at,
      what: `${called(at)} may be used for ${usageText(at)}; wanted is ${purpose}`,
    };
    return { path: shown, refusal };
  }
  const unusable = paths.length - usable.length;
  const details = [
    ...(unusable > 0 ? [`${unusable} chains with incompatible key usage`] : []),
    `${usable.length} chains with invalid policies`,
  ].join(', ');
  const refusal: Refusal = {
    code: 'CERT_POLICY_INVALID',
    text: `x509: no valid chains built: ${details}`,
    stage: 'policy',
    certificate: leaf,
    what: `a CA demands a certificate policy, and none is valid from it down to ${called(leaf)}`,
  };
  return { path: shown, refusal };
}

/** The table's findings in Go's order; a refusal stands first within its stage. */
function listFindings(context: CheckContext, refusals: readonly Refusal[]): Finding[] {
  const rows: readonly Check[] = CHECKS;
  return STAGES.flatMap((stage) => {
    const found = rows
      .filter((check) => check.stage === stage)
      .flatMap((check) => run(check, context, refusals));
    const here = refusals.filter((refusal) => refusal.stage === stage && stage !== 'parse');
    return [...here.map(refusalFinding), ...found];
  });
}

function run(check: Check, context: CheckContext, refusals: readonly Refusal[]): Finding[] {
  return check
    .check(context)
    .filter(({ passed, code = check.code, certificate }) => {
      const isSaid = refusals.some(
        (one) => one.code === code && one.stage === check.stage && one.certificate === certificate,
      );
      return passed || !isSaid;
    })
    .map((judgement) =>
      makeFinding(
        judgement.code ?? check.code,
        judgement.passed,
        check.explain(judgement, context),
        check.source,
      ),
    );
}

function refusalFinding({ code, what, stage }: Refusal): Finding {
  const rows: readonly Check[] = CHECKS;
  const row = rows.find((check) => check.code === code && check.stage === stage);
  return makeFinding(code, false, what, row?.source ?? CODES[code].source);
}

function makeFinding(code: Code, passed: boolean, what: string, source: string): Finding {
  const entry = CODES[code];
  return { code, passed, what: cut(what, MAX_WHAT), why: entry.why, fix: passed ? '' : entry.fix, source };
}
