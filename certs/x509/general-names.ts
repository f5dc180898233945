/**
 * GeneralNames: the Subject Alternative Name and the bases of name constraints.
 *
 * @see RFC 5280 sections 4.2.1.6 and 4.2.1.10; golang/go src/crypto/x509/parser.go, parseSANExtension and
 *      parseNameConstraintsExtension
 */
import {
  type Cursor,
  constructedTag,
  contentOf,
  contextTag,
  enter,
  inside,
  isEmpty,
  latin1,
  MalformedError,
  openDer,
  readAny,
  readOptional,
  TAG,
  toHex,
} from '../der.ts';
import { isConstraintDomain, parseMailbox, reverseLabels } from './domain.ts';
import { goQuote, goQuoteBytes } from './go-text.ts';
import { networkText, parseIp } from './ip.ts';
import { isIa5 } from './strings.ts';
import { parseUri } from './uri.ts';

/** Kinds of names that Go compares; every other kind is `other`. */
export type NameKind = 'dns' | 'email' | 'uri' | 'ip' | 'other';

/** One name of a SAN. */
export interface GeneralName {
  readonly kind: NameKind;
  /** The text; empty for `ip` and `other`. */
  readonly text: string;
  /** The bytes as they stand in the certificate. */
  readonly bytes: Uint8Array;
  /** Byte range in the extension's value. */
  readonly start: number;
  readonly end: number;
}

/** A network of a name constraint. */
export interface Network {
  readonly address: Uint8Array;
  readonly mask: Uint8Array;
}

/** Permitted or excluded subtrees, by kind. */
export interface Subtrees {
  readonly dns: readonly string[];
  readonly email: readonly string[];
  readonly uri: readonly string[];
  readonly ip: readonly Network[];
}

/** The name constraints of a CA. */
export interface NameConstraints {
  readonly permitted: Subtrees;
  readonly excluded: Subtrees;
  /** True when there is a kind that Go does not compare (a directory name, say). */
  readonly hasOtherKinds: boolean;
}

const KINDS: Readonly<Record<number, NameKind>> = {
  [contextTag(1)]: 'email',
  [contextTag(2)]: 'dns',
  [contextTag(6)]: 'uri',
  [contextTag(7)]: 'ip',
};

const SAN_TEXTS = {
  email: 'x509: SAN rfc822Name is malformed',
  dns: 'x509: SAN dNSName is malformed',
  uri: 'x509: SAN uniformResourceIdentifier is malformed',
} as const;

/** Read a subjectAltName extension's value. @throws MalformedError with Go's text */
export function readSubjectAltName(value: Uint8Array): GeneralName[] {
  const names = enter(openDer(value), TAG.SEQUENCE, 'x509: invalid subject alternative names');
  const found: GeneralName[] = [];
  while (!isEmpty(names)) {
    const element = readAny(names, 'x509: invalid subject alternative name');
    const bytes = contentOf(names, element);
    const kind = KINDS[element.tag] ?? 'other';
    const text = kind === 'ip' || kind === 'other' ? '' : latin1(bytes);
    if (kind === 'ip') {
      if (bytes.length !== 4 && bytes.length !== 16)
        fail(`x509: cannot parse IP address of length ${bytes.length}`, element.start);
    } else if (kind !== 'other') {
      if (!isIa5(bytes)) fail(SAN_TEXTS[kind], element.start);
      if (kind === 'uri') checkUri(text, element.start);
    }
    found.push({ kind, text, bytes, start: element.start, end: element.end });
  }
  return found;
}

function checkUri(text: string, at: number): void {
  const uri = parseUri(text);
  if ('error' in uri) fail(`x509: cannot parse URI ${goQuote(text)}: ${uri.error}`, at);
  if (reverseLabels(uri.host) === undefined)
    fail(`x509: cannot parse URI ${goQuote(text)}: invalid domain`, at);
}

const INVALID = 'x509: invalid NameConstraints extension';

/** Read a nameConstraints extension's value. @throws MalformedError with Go's text */
export function readNameConstraints(value: Uint8Array): NameConstraints {
  const outer = openDer(value);
  const fields = enter(outer, TAG.SEQUENCE, INVALID);
  const permitted = readOptional(fields, constructedTag(0), INVALID);
  const excluded = readOptional(fields, constructedTag(1), INVALID);
  if (!isEmpty(outer) || !isEmpty(fields)) fail(INVALID, fields.at);
  // Go 1.26 also refuses one empty list beside a full one.
  const present = [permitted, excluded].filter((element) => element !== undefined);
  if (present.every(({ contentStart, end }) => contentStart === end))
    fail('x509: empty name constraints extension', 0);
  const sides = [permitted, excluded].map((element) =>
    element === undefined ? readSubtrees(openDer(value, 0, 0)) : readSubtrees(inside(fields, element)),
  );
  const [first, second] = sides;
  const none: Subtrees = { dns: [], email: [], uri: [], ip: [] };
  return {
    permitted: first ?? none,
    excluded: second ?? none,
    hasOtherKinds: sides.some(({ hasOtherKinds }) => hasOtherKinds),
  };
}

function readSubtrees(subtrees: Cursor): Subtrees & { readonly hasOtherKinds: boolean } {
  const found = { dns: [] as string[], email: [] as string[], uri: [] as string[], ip: [] as Network[] };
  let hasOtherKinds = false;
  while (!isEmpty(subtrees)) {
    const subtree = enter(subtrees, TAG.SEQUENCE, INVALID);
    const base = readAny(subtree, INVALID);
    const bytes = contentOf(subtree, base);
    const kind = KINDS[base.tag] ?? 'other';
    if (kind === 'other') hasOtherKinds = true;
    else if (kind === 'ip') found.ip.push(readNetwork(bytes, base.start));
    else found[kind].push(readConstraint(kind, bytes, base.start));
  }
  return { ...found, hasOtherKinds };
}

/** Go's name of each kind in the text of a constraint that cannot be read. */
const CONSTRAINT_NAMES = { dns: 'dnsName', email: 'rfc822Name', uri: 'URI' } as const;

function readConstraint(kind: 'dns' | 'email' | 'uri', bytes: Uint8Array, at: number): string {
  const text = latin1(bytes);
  if (!isIa5(bytes))
    fail(
      `x509: invalid constraint value: x509: ${goQuoteBytes(bytes)} cannot be encoded as an IA5String`,
      at,
    );
  const wrong = `x509: failed to parse ${CONSTRAINT_NAMES[kind]} constraint ${goQuote(text)}`;
  if (kind === 'uri' && parseIp(text) !== undefined) fail(`${wrong}: cannot be IP address`, at);
  const isMailbox = kind === 'email' && text.includes('@');
  if (isMailbox ? parseMailbox(text) === undefined : !isConstraintDomain(text)) fail(wrong, at);
  return text;
}

function readNetwork(bytes: Uint8Array, at: number): Network {
  if (bytes.length !== 8 && bytes.length !== 32)
    fail(`x509: IP constraint contained value of length ${bytes.length}`, at);
  const half = bytes.length / 2;
  const network = { address: bytes.subarray(0, half), mask: bytes.subarray(half) };
  // Ones, then zeros: a mask that is no prefix prints in hex.
  if (/\/[0-9a-f]{8,}$/.test(networkText(network.address, network.mask)))
    fail(`x509: IP constraint contained invalid mask ${toHex(network.mask)}`, at);
  return network;
}

function fail(goText: string, at: number): never {
  throw new MalformedError(goText, at, 'inside the extension');
}
