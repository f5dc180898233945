/**
 * ASN.1 strings and Distinguished Names, by the rules of Go's parser.
 *
 * @see golang/go src/crypto/x509/parser.go, parseASN1String and parseName
 */
import {
  type Cursor,
  contentOf,
  enter,
  inside,
  isEmpty,
  latin1,
  MalformedError,
  rawOf,
  readAny,
  readElement,
  readOid,
  TAG,
} from '../der.ts';
import { ATTRIBUTE_OIDS, nameOf } from '../oids.ts';

/** One attribute of a Distinguished Name. */
export interface Attribute {
  readonly oid: string;
  /** `CN`, `O` …, or the OID where it has no short name. */
  readonly type: string;
  readonly value: string;
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
      attributes.push({ oid, type: nameOf(ATTRIBUTE_OIDS, oid) ?? oid, value: readValue(pair) });
    }
  }
  return {
    raw: rawOf(cursor, element),
    attributes,
    commonName: attributes.findLast(({ oid }) => oid === '2.5.4.3')?.value ?? '',
    organizations: attributes.filter(({ oid }) => oid === '2.5.4.10').map(({ value }) => value),
  };
}

/** A name in one line, `CN=kube-apiserver, O=system:masters`, in wire order; `(empty)` when it has no attribute. */
export function nameText(name: DistinguishedName): string {
  return name.attributes.map(({ type, value }) => `${type}=${value}`).join(', ') || '(empty)';
}

const INVALID_VALUE = 'x509: invalid RDNSequence: invalid attribute value';

/** A value must be one of six string types; Go 1.26 reads others too. */
function readValue(pair: Cursor): string {
  const element = readAny(pair, INVALID_VALUE);
  const type = STRING_TYPES[element.tag];
  if (type === undefined) {
    throw new MalformedError(
      `${INVALID_VALUE}: unsupported string type: ${element.tag}`,
      element.start,
      'wanted a string',
    );
  }
  const text = type.decode(contentOf(pair, element));
  if (text === undefined) {
    throw new MalformedError(`${INVALID_VALUE}: ${type.name}`, element.start, 'wanted other characters');
  }
  return text;
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
    text += String.fromCharCode(point);
  }
  return text.replaceAll(/\p{Surrogate}/gu, '\ufffd');
}
