/**
 * A certificate as a tree of fields with byte ranges: the RFC's names, values for people, for display beside the bytes.
 *
 * Reads the structure afresh and never throws: what cannot be read is one field with its bytes. Depth and number of
 * fields are bounded, whatever the bytes are.
 */
import {
  type Cursor,
  contentOf,
  type DerElement,
  inside,
  isEmpty,
  latin1,
  MalformedError,
  oidText,
  openDer,
  readAny,
  TAG,
  toHex,
} from '../der.ts';
import {
  ATTRIBUTE_OIDS,
  CURVE_OIDS,
  EXT_KEY_USAGE_OIDS,
  EXTENSION_OIDS,
  nameOf,
  PUBLIC_KEY_OIDS,
} from '../oids.ts';

/** One field. The shape is that of `Field` in components/tls/trace.ts. */
export interface CertificateField {
  readonly name: string;
  readonly value: string;
  /** Byte range in the certificate: start inclusive, end exclusive. */
  readonly start: number;
  readonly end: number;
  readonly children?: readonly CertificateField[];
}

const MAX_DEPTH = 24;
const MAX_FIELDS = 4_000;
const MAX_VALUE = 120;

/** Names of a structure's parts, in their order; `*` repeats for all that follow. */
interface Shape {
  readonly parts: readonly (readonly [name: string, shape?: string])[];
}

const SHAPES: Readonly<Record<string, Shape>> = {
  Certificate: {
    parts: [
      ['tbsCertificate', 'TBSCertificate'],
      ['signatureAlgorithm', 'AlgorithmIdentifier'],
      ['signature'],
    ],
  },
  TBSCertificate: {
    parts: [
      ['version', 'Version'],
      ['serialNumber'],
      ['signature', 'AlgorithmIdentifier'],
      ['issuer', 'Name'],
      ['validity', 'Validity'],
      ['subject', 'Name'],
      ['subjectPublicKeyInfo', 'SubjectPublicKeyInfo'],
    ],
  },
  AlgorithmIdentifier: { parts: [['algorithm'], ['parameters']] },
  Validity: { parts: [['notBefore'], ['notAfter']] },
  SubjectPublicKeyInfo: { parts: [['algorithm', 'AlgorithmIdentifier'], ['subjectPublicKey']] },
  Name: { parts: [['*relativeDistinguishedName', 'RDN']] },
  RDN: { parts: [['*attribute', 'Attribute']] },
  Attribute: { parts: [['type'], ['value']] },
  Version: { parts: [['version']] },
  Extensions: { parts: [['extensions', 'ExtensionList']] },
  ExtensionList: { parts: [['*extension', 'Extension']] },
  Extension: { parts: [] },
};

/** Optional parts behind the key, by tag. */
const TBS_TAIL: Readonly<Record<number, readonly [name: string, shape?: string]>> = {
  129: ['issuerUniqueID'],
  130: ['subjectUniqueID'],
  163: ['extensions', 'Extensions'],
};

/** What the walk has used up. */
interface Budget {
  fields: number;
}

/** The tree of a certificate's fields; one field for bytes that cannot be read. */
export function certificateFields(der: Uint8Array): CertificateField {
  return walk(openDer(der), 'Certificate', 'Certificate', 0, { fields: 0 });
}

function walk(
  cursor: Cursor,
  name: string,
  shape: string | undefined,
  depth: number,
  budget: Budget,
): CertificateField {
  const start = cursor.at;
  budget.fields += 1;
  try {
    const element = readAny(cursor, 'x509: malformed certificate');
    const isOpen = (element.tag & 0x20) !== 0 && depth < MAX_DEPTH && budget.fields < MAX_FIELDS;
    if (!isOpen) return leafField(cursor, element, name, depth, budget);
    const children = childrenOf(inside(cursor, element), shape, depth + 1, budget);
    return {
      name: titled(name, shape, children),
      value: summary(children, shape),
      start,
      end: element.end,
      children,
    };
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    const rest = cursor.bytes.subarray(start, cursor.end);
    cursor.at = cursor.end;
    return {
      name,
      value: `cannot be read: ${shortened(toHex(rest.subarray(0, 40)))}`,
      start,
      end: cursor.end,
    };
  }
}

function childrenOf(
  cursor: Cursor,
  shape: string | undefined,
  depth: number,
  budget: Budget,
): CertificateField[] {
  const parts = (shape === undefined ? undefined : SHAPES[shape]?.parts) ?? [];
  const children: CertificateField[] = [];
  let at = 0;
  // A certificate of version 1 has no version field.
  if (shape === 'TBSCertificate' && cursor.bytes[cursor.at] !== 0xa0) at = 1;
  while (!isEmpty(cursor) && budget.fields < MAX_FIELDS) {
    const tag = cursor.bytes[cursor.at] ?? 0;
    const part =
      partFor(parts, at, shape, tag) ?? (shape === 'Extension' ? extensionPart(tag, at) : undefined);
    const [label = `[${at}]`, inner] = part ?? [];
    children.push(walk(cursor, label.replace('*', ''), inner, depth, budget));
    at += 1;
  }
  return children;
}

function partFor(
  parts: Shape['parts'],
  at: number,
  shape: string | undefined,
  tag: number,
): readonly [name: string, shape?: string] | undefined {
  const first = parts[0];
  if (first?.[0].startsWith('*')) return first;
  return parts[at] ?? (shape === 'TBSCertificate' ? TBS_TAIL[tag] : undefined);
}

function extensionPart(tag: number, at: number): readonly [name: string] {
  if (at === 0) return ['extnID'];
  return [tag === TAG.BOOLEAN ? 'critical' : 'extnValue'];
}

function leafField(
  cursor: Cursor,
  element: DerElement,
  name: string,
  depth: number,
  budget: Budget,
): CertificateField {
  const { start, end } = element;
  const field = { name, value: shortened(valueText(element.tag, contentOf(cursor, element))), start, end };
  if (name !== 'extnValue' || depth >= MAX_DEPTH) return field;
  // What the OCTET STRING of an extension holds is DER again.
  const held = openDer(cursor.bytes, element.contentStart, end);
  return isEmpty(held) ? field : { ...field, children: childrenOf(held, undefined, depth + 1, budget) };
}

function valueText(tag: number, content: Uint8Array): string {
  switch (tag) {
    case TAG.BOOLEAN:
      return content[0] === 0 ? 'FALSE' : 'TRUE';
    case TAG.NULL:
      return 'NULL';
    case TAG.OBJECT_IDENTIFIER:
      return oidName(oidText(content) ?? toHex(content));
    case TAG.INTEGER:
      return content.length <= 4
        ? String(Buffer.from(content).readIntBE(0, Math.max(content.length, 1)))
        : `0x${toHex(content.subarray(0, MAX_VALUE))}`;
    case TAG.UTF8_STRING:
    case TAG.PRINTABLE_STRING:
    case TAG.IA5_STRING:
    case TAG.NUMERIC_STRING:
    case TAG.UTC_TIME:
    case TAG.GENERALIZED_TIME:
      return Buffer.from(content.subarray(0, MAX_VALUE * 4)).toString('utf8');
    case 0x81:
    case 0x82:
    case 0x86:
      return /^[ -~]+$/.test(latin1(content.subarray(0, MAX_VALUE)))
        ? latin1(content.subarray(0, MAX_VALUE * 4))
        : toHex(content.subarray(0, MAX_VALUE));
    default:
      return toHex(content.subarray(0, MAX_VALUE));
  }
}

/** The name of an OID with its number: `subjectAltName (2.5.29.17)`. */
function oidName(oid: string): string {
  const name =
    nameOf(EXTENSION_OIDS, oid) ??
    nameOf(ATTRIBUTE_OIDS, oid) ??
    nameOf(EXT_KEY_USAGE_OIDS, oid) ??
    nameOf(PUBLIC_KEY_OIDS, oid) ??
    nameOf(CURVE_OIDS, oid)?.name;
  return name === undefined ? oid : `${name} (${oid})`;
}

/** An extension is called by its OID. */
function titled(name: string, shape: string | undefined, children: readonly CertificateField[]): string {
  return shape === 'Extension' ? (children[0]?.value.replace(/ \(.*$/, '') ?? name) : name;
}

function summary(children: readonly CertificateField[], shape: string | undefined): string {
  if (shape === 'Attribute')
    return shortened(children.map(({ value }) => value.replace(/ \(.*$/, '')).join('='));
  if (shape === 'Name' || shape === 'RDN') return shortened(children.map(({ value }) => value).join(', '));
  if (shape === 'AlgorithmIdentifier') return children[0]?.value ?? '';
  if (shape === 'Validity') return children.map(({ value }) => value).join(' to ');
  return children.length === 1 ? '1 part' : `${children.length} parts`;
}

function shortened(text: string): string {
  return text.length > MAX_VALUE ? `${text.slice(0, MAX_VALUE - 1)}…` : text;
}
