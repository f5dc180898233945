/**
 * ASN.1 strings and Distinguished Names, by the rules of Go's parser.
 *
 * @see golang/go src/crypto/x509/parser.go, parseASN1String and parseName
 */
import {
  type Cursor,
  contentOf,
  type DerElement,
  enter,
  inside,
  isEmpty,
  latin1,
  MalformedError,
  openDer,
  rawOf,
  readAny,
  readBitString,
  readBoolean,
  readElement,
  readInteger,
  readOid,
  TAG,
  toHex,
} from '../der.ts';
import { ATTRIBUTE_OIDS, nameOf } from '../oids.ts';
import { readTime } from './times.ts';

/** One attribute of a Distinguished Name. */
export interface Attribute {
  readonly oid: string;
  /** `CN`, `O` …, or the OID where it has no short name. */
  readonly type: string;
  readonly value: string;
  /** Only strings count for Go's Subject; others are kept for display. */
  readonly isString: boolean;
}

/** A Subject or Issuer. */
export interface DistinguishedName {
  /** DER; names are compared byte by byte, as Go does. */
  readonly raw: Uint8Array;
  /** In wire order. */
  readonly attributes: readonly Attribute[];
  /** The last CN, as Go takes it; empty when there is none. */
  readonly commonName: string;
  readonly organizations: readonly string[];
}

/** True for bytes below 0x80 only. */
export function isIa5(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte < 0x80);
}

/**
 * Read a Name: SEQUENCE OF SET OF SEQUENCE { type, value }.
 * @throws MalformedError with Go's text: `x509: invalid RDNSequence…`
 */
export function readName(cursor: Cursor, goText: string): DistinguishedName {
  const element = readElement(cursor, TAG.SEQUENCE, goText);
  const attributes: Attribute[] = [];
  const sets = inside(cursor, element);
  while (!isEmpty(sets)) {
    const set = enter(sets, TAG.SET, 'x509: invalid RDNSequence');
    while (!isEmpty(set)) {
      const pair = enter(set, TAG.SEQUENCE, 'x509: invalid RDNSequence: invalid attribute');
      const oid = readOid(pair, 'x509: invalid RDNSequence: invalid attribute type');
      attributes.push({ oid, type: nameOf(ATTRIBUTE_OIDS, oid) ?? oid, ...readValue(pair) });
    }
  }
  const strings = attributes.filter((attribute) => attribute.isString);
  return {
    raw: rawOf(cursor, element),
    attributes,
    commonName: strings.findLast(({ oid }) => oid === '2.5.4.3')?.value ?? '',
    organizations: strings.filter(({ oid }) => oid === '2.5.4.10').map(({ value }) => value),
  };
}

/** A name in one line, `CN=kube-apiserver, O=system:masters`, in wire order; `(empty)` when it has no attribute. */
export function nameText(name: DistinguishedName): string {
  return name.attributes.map(({ type, value }) => `${type}=${value}`).join(', ') || '(empty)';
}

const INVALID_VALUE = 'x509: invalid RDNSequence: invalid attribute value: ';

function readValue(pair: Cursor): { value: string; isString: boolean } {
  const element = readAny(pair, `${INVALID_VALUE}invalid ASN.1 element`);
  const text = readString(pair, element);
  return text === undefined
    ? { value: otherValue(pair, element), isString: false }
    : { value: text, isString: true };
}

/** Decoders of the six string types; undefined: the bytes are not of that type. */
const STRING_TYPES: Readonly<
  Record<number, { readonly name: string; decode(bytes: Uint8Array): string | undefined }>
> = {
  [TAG.T61_STRING]: { name: 'invalid T61String', decode: latin1 },
  [TAG.PRINTABLE_STRING]: {
    name: 'invalid PrintableString',
    decode: (bytes) => match(/^[A-Za-z0-9'()+,\-./ :=?*&]*$/, latin1(bytes)),
  },
  [TAG.UTF8_STRING]: { name: 'invalid UTF-8 string', decode: decodeUtf8 },
  [TAG.BMP_STRING]: { name: 'invalid BMPString', decode: decodeBmp },
  [TAG.IA5_STRING]: {
    name: 'invalid IA5String',
    decode: (bytes) => (isIa5(bytes) ? latin1(bytes) : undefined),
  },
  [TAG.NUMERIC_STRING]: {
    name: 'invalid NumericString',
    decode: (bytes) => match(/^[0-9 ]*$/, latin1(bytes)),
  },
};

function readString(cursor: Cursor, element: DerElement): string | undefined {
  const type = STRING_TYPES[element.tag];
  if (type === undefined) return undefined;
  const text = type.decode(contentOf(cursor, element));
  if (text === undefined) {
    throw new MalformedError(`${INVALID_VALUE}${type.name}`, element.start, 'wanted other characters');
  }
  return text;
}

function match(pattern: RegExp, text: string): string | undefined {
  return pattern.test(text) ? text : undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

function decodeBmp(bytes: Uint8Array): string | undefined {
  if (bytes.length % 2 !== 0) return undefined;
  const terminated = bytes.length >= 2 && bytes.at(-1) === 0 && bytes.at(-2) === 0;
  const length = terminated ? bytes.length - 2 : bytes.length;
  let text = '';
  for (let i = 0; i < length; i += 2) {
    const point = ((bytes[i] ?? 0) << 8) | (bytes[i + 1] ?? 0);
    if (point >= 0xfffe || (point >= 0xfdd0 && point <= 0xfdef) || (point >= 0xd800 && point <= 0xdfff))
      return undefined;
    text += String.fromCharCode(point);
  }
  return text;
}

/** Values that are no strings: checked as Go's asn1 reader checks them, shown as text. */
function otherValue(pair: Cursor, element: DerElement): string {
  const cursor = openDer(pair.bytes, element.start, element.end);
  switch (element.tag) {
    case TAG.INTEGER:
      return String(readInteger(cursor, `${INVALID_VALUE}invalid ASN.1 integer`));
    case TAG.BOOLEAN:
      return String(readBoolean(cursor, `${INVALID_VALUE}invalid ASN.1 BOOLEAN`));
    case TAG.BIT_STRING:
      return toHex(readBitString(cursor, `${INVALID_VALUE}invalid ASN.1 BIT STRING`).bytes);
    case TAG.OBJECT_IDENTIFIER:
      return readOid(cursor, `${INVALID_VALUE}invalid ASN.1 OBJECT IDENTIFIER`);
    case TAG.UTC_TIME:
    case TAG.GENERALIZED_TIME:
      return readTime(cursor).text;
    default:
      return toHex(contentOf(pair, element));
  }
}
