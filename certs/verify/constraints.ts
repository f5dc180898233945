/**
 * Name constraints: may this CA vouch for these names? Checked against the SANs of every certificate below it.
 *
 * @see RFC 5280 section 4.2.1.10; golang/go src/crypto/x509/verify.go, checkNameConstraints and isValid
 */
import { latin1 } from '../der.ts';
import { type Mailbox, parseMailbox, reverseLabels } from '../x509/domain.ts';
import type { GeneralName, NameConstraints, Network } from '../x509/general-names.ts';
import { goQuote } from '../x509/go-text.ts';
import { ipText, networkText, parseIp } from '../x509/ip.ts';
import { parseUri } from '../x509/uri.ts';
import type { Certificate } from '../x509.ts';

/** Go's default for MaxConstraintComparisions. */
const MAX_COMPARISONS = 250_000;
const NOT_AUTHORIZED = 'x509: a root or intermediate certificate is not authorized to sign for this name: ';

/** Go's words for each kind of name. */
const KIND_TEXTS = { email: 'email address', dns: 'DNS name', uri: 'URI', ip: 'IP address' } as const;

/** A comparison that cannot be made; its message is Go's. */
class Incomparable extends Error {}

/**
 * Why a CA's constraints forbid a name of the certificates below it; null when they do not.
 * @param below  leaf first, up to the one that the CA signed
 * @returns      Go's text
 */
export function constraintFault(ca: Certificate, below: readonly Certificate[]): string | null {
  const constraints = ca.nameConstraints;
  if (constraints === null) return null;
  const labels = new Map<string, readonly string[]>();
  let comparisons = 0;
  for (const certificate of below) {
    for (const name of certificate.san) {
      const prepared = prepare(name);
      if (prepared === null) continue;
      if (typeof prepared === 'string') return prepared;
      const counts = countsOf(constraints, prepared.kind);
      comparisons += counts.excluded;
      // Go has no text for this reason.
      if (comparisons > MAX_COMPARISONS) return 'x509: unknown error';
      const fault = nameFault(constraints, prepared, labels, () => {
        comparisons += counts.permitted;
        return comparisons > MAX_COMPARISONS;
      });
      if (fault !== null) return fault;
    }
  }
  return null;
}

type ComparedKind = keyof typeof KIND_TEXTS;

/** A name made ready for comparisons. */
interface Prepared {
  readonly kind: ComparedKind;
  readonly text: string;
  readonly value: Mailbox | string | Uint8Array;
}

/** @returns null for a kind that is not compared; Go's text when the name cannot be read */
function prepare({ kind, text, bytes }: GeneralName): Prepared | string | null {
  switch (kind) {
    case 'email': {
      const mailbox = parseMailbox(text);
      // Go prints its empty mailbox here, not the name.
      return mailbox === undefined ? 'x509: cannot parse rfc822Name {"" ""}' : { kind, text, value: mailbox };
    }
    case 'dns':
      return reverseLabels(text) === undefined
        ? `x509: cannot parse dnsName ${goQuote(text)}`
        : { kind, text, value: text };
    case 'uri': {
      const uri = parseUri(text);
      return 'error' in uri
        ? `x509: internal error: URI SAN ${goQuote(text)} failed to parse`
        : { kind, text, value: uri.host };
    }
    case 'ip':
      return { kind, text: ipText(bytes), value: bytes };
    case 'other':
      return null;
  }
}

function countsOf(
  constraints: NameConstraints,
  kind: ComparedKind,
): { readonly permitted: number; readonly excluded: number } {
  return { permitted: constraints.permitted[kind].length, excluded: constraints.excluded[kind].length };
}

function nameFault(
  constraints: NameConstraints,
  name: Prepared,
  labels: Map<string, readonly string[]>,
  isOverBudget: () => boolean,
): string | null {
  const quoted = `${KIND_TEXTS[name.kind]} ${goQuote(name.text)}`;
  try {
    const excluded = constraints.excluded[name.kind].find((constraint) =>
      matches(name, constraint, true, labels),
    );
    if (excluded !== undefined)
      return `${NOT_AUTHORIZED}${quoted} is excluded by constraint ${goQuote(constraintText(excluded))}`;
    if (isOverBudget()) return 'x509: unknown error';
    const permitted = constraints.permitted[name.kind];
    const isPermitted =
      permitted.length === 0 || permitted.some((constraint) => matches(name, constraint, false, labels));
    return isPermitted ? null : `${NOT_AUTHORIZED}${quoted} is not permitted by any constraint`;
  } catch (error) {
    if (error instanceof Incomparable) return `${NOT_AUTHORIZED}${error.message}`;
    throw error;
  }
}

function constraintText(constraint: string | Network): string {
  return typeof constraint === 'string' ? constraint : networkText(constraint.address, constraint.mask);
}

function matches(
  name: Prepared,
  constraint: string | Network,
  isExcluded: boolean,
  labels: Map<string, readonly string[]>,
): boolean {
  if (typeof constraint !== 'string')
    return name.value instanceof Uint8Array && isInNetwork(name.value, constraint);
  if (typeof name.value === 'string') {
    return name.kind === 'uri'
      ? matchesHost(name.value, name.text, constraint, isExcluded, labels)
      : matchesDomain(name.value, constraint, isExcluded, labels);
  }
  return !(name.value instanceof Uint8Array) && matchesMailbox(name.value, constraint, isExcluded, labels);
}

function isInNetwork(address: Uint8Array, network: Network): boolean {
  return (
    address.length === network.address.length &&
    address.every((byte, i) => {
      const mask = network.mask[i] ?? 0;
      return (byte & mask) === ((network.address[i] ?? 0) & mask);
    })
  );
}

function matchesMailbox(
  mailbox: Mailbox,
  constraint: string,
  isExcluded: boolean,
  labels: Map<string, readonly string[]>,
): boolean {
  if (!constraint.includes('@')) return matchesDomain(mailbox.domain, constraint, isExcluded, labels);
  const exact = parseMailbox(constraint);
  if (exact === undefined)
    throw new Incomparable(`x509: internal error: cannot parse constraint ${goQuote(constraint)}`);
  return mailbox.local === exact.local && mailbox.domain.toLowerCase() === exact.domain.toLowerCase();
}

function matchesHost(
  authority: string,
  uri: string,
  constraint: string,
  isExcluded: boolean,
  labels: Map<string, readonly string[]>,
): boolean {
  if (authority === '')
    throw new Incomparable(`URI with empty host (${goQuote(uri)}) cannot be matched against constraints`);
  const host = authority.includes(':') && !authority.endsWith(']') ? splitHost(authority) : authority;
  if ((host.startsWith('[') && host.endsWith(']')) || parseIp(host) !== undefined)
    throw new Incomparable(`URI with IP (${goQuote(uri)}) cannot be matched against constraints`);
  return matchesDomain(host, constraint, isExcluded, labels);
}

/** Go's net.SplitHostPort. */
function splitHost(authority: string): string {
  const colon = authority.lastIndexOf(':');
  if (authority.startsWith('[')) return authority.slice(1, authority.indexOf(']'));
  const host = authority.slice(0, colon);
  if (host.includes(':')) throw new Incomparable(`address ${authority}: too many colons in address`);
  return host;
}

/**
 * Go's matchDomainConstraint: a constraint covers itself and everything below; with a leading dot, only what is below.
 * Since Go 1.24.11 and 1.25.5 a wildcard is excluded together with any name that it could stand for.
 */
function matchesDomain(
  domain: string,
  constraint: string,
  isExcluded: boolean,
  labels: Map<string, readonly string[]>,
): boolean {
  if (constraint === '') return true;
  const mustBeBelow = constraint.startsWith('.');
  let have = labelsOf(domain, labels);
  let want = labelsOf(mustBeBelow ? constraint.slice(1) : constraint, labels);
  if (have.length < want.length || (mustBeBelow && have.length === want.length)) return false;
  if (isExcluded && domain.startsWith('*') && have.length > 1 && want.length > 0) {
    have = have.slice(0, -1);
    want = want.slice(0, -1);
  }
  return want.every((label, i) => label.toLowerCase() === have[i]?.toLowerCase());
}

function labelsOf(domain: string, known: Map<string, readonly string[]>): readonly string[] {
  const found = known.get(domain) ?? reverseLabels(domain);
  if (found === undefined)
    throw new Incomparable(`x509: internal error: cannot parse domain ${goQuote(domain)}`);
  known.set(domain, found);
  return found;
}

/** The constraints of a CA in one line: `permits example.com, 10.0.0.0/8; excludes evil.example.com`. */
export function constraintsText({ permitted, excluded }: NameConstraints): string {
  const side = ({ dns, email, uri, ip }: NameConstraints['permitted']) => [
    ...dns,
    ...email,
    ...uri,
    ...ip.map(constraintText),
  ];
  const [allowed, refused] = [side(permitted), side(excluded)];
  const parts = [
    ...(allowed.length > 0 ? [`permits ${allowed.slice(0, 20).join(', ')}`] : []),
    ...(refused.length > 0 ? [`excludes ${refused.slice(0, 20).join(', ')}`] : []),
  ];
  return parts.join('; ') || 'constrains only kinds of names that Go does not compare';
}

/** Bytes of a SAN entry as text, for kinds without any. */
export function sanText({ kind, text, bytes }: GeneralName): string {
  if (kind === 'ip') return ipText(bytes);
  return kind === 'other' ? latin1(bytes).replaceAll(/[^ -~]/g, '.') : text;
}
