/**
 * DER, read strictly and with byte ranges: the ground under certificates, CSRs and keys.
 *
 * One cursor, bounds checked in `take`. As strict as Go's cryptobyte (definite minimal lengths of at most four
 * bytes, one-byte tags), so whatever Go refuses to read is refused here, with Go's text. Bytes may be hostile:
 * the only thing that leaves this file is `MalformedError`.
 */
import { LabError } from './errors.ts';

/** ASN.1 tags as they stand in the first byte of an element. */
export const TAG = {
  BOOLEAN: 0x01,
  INTEGER: 0x02,
  BIT_STRING: 0x03,
  OCTET_STRING: 0x04,
  NULL: 0x05,
  OBJECT_IDENTIFIER: 0x06,
  UTF8_STRING: 0x0c,
  NUMERIC_STRING: 0x12,
  PRINTABLE_STRING: 0x13,
  T61_STRING: 0x14,
  IA5_STRING: 0x16,
  UTC_TIME: 0x17,
  GENERALIZED_TIME: 0x18,
  UNIVERSAL_STRING: 0x1c,
  BMP_STRING: 0x1e,
  SEQUENCE: 0x30,
  SET: 0x31,
} as const;

/** The tag of `[n] IMPLICIT` with primitive content. */
export const contextTag = (number: number): number => 0x80 | number;
/** The tag of `[n] EXPLICIT`, or of `[n] IMPLICIT` with constructed content. */
export const constructedTag = (number: number): number => 0xa0 | number;

/** A place in bytes that moves forward only. `at` and `end` are offsets into `bytes`. */
export interface Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
}

/** One element: header from `start`, content from `contentStart`, both up to `end` (exclusive). */
export interface DerElement {
  readonly tag: number;
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** Bytes that are not what the format promises: where, what was wanted, what was there, and Go's text for it. */
export class MalformedError extends LabError {
  /** What Go's parser says: `x509: malformed certificate`. */
  readonly goText: string;
  /** Offset in the bytes that were read. */
  readonly offset: number;

  constructor(goText: string, offset: number, detail: string) {
    super('CERT_MALFORMED', { what: `${goText} (at byte ${offset}: ${detail})` });
    this.name = 'MalformedError';
    this.goText = goText;
    this.offset = offset;
  }
}

/** A cursor over `bytes`, or over a part of them. */
export function openDer(bytes: Uint8Array, start = 0, end = bytes.length): Cursor {
  return { bytes, at: start, end };
}

/** A cursor over an element's content. */
export function inside(cursor: Cursor, element: DerElement): Cursor {
  return { bytes: cursor.bytes, at: element.contentStart, end: element.end };
}

/** True when nothing is left. */
export function isEmpty(cursor: Cursor): boolean {
  return cursor.at >= cursor.end;
}

/** The next element's tag; undefined at the end. */
export function peekTag(cursor: Cursor): number | undefined {
  return cursor.at < cursor.end ? cursor.bytes[cursor.at] : undefined;
}

/** An element's content bytes (a view, not a copy). */
export function contentOf(cursor: Cursor, element: DerElement): Uint8Array {
  return cursor.bytes.subarray(element.contentStart, element.end);
}

/** An element's bytes, header included (a view, not a copy). */
export function rawOf(cursor: Cursor, element: DerElement): Uint8Array {
  return cursor.bytes.subarray(element.start, element.end);
}

/**
 * Move over n bytes.
 * @param goText  what Go says when they are not there
 * @returns       the offset at which they begin
 * @throws        MalformedError with offset, wanted and had
 */
export function take(cursor: Cursor, n: number, goText: string): number {
  const start = cursor.at;
  if (n > cursor.end - start) {
    throw new MalformedError(goText, start, `wanted ${n} more bytes, had ${cursor.end - start}`);
  }
  cursor.at = start + n;
  return start;
}

/**
 * Read the next element, whatever it is.
 * @throws  MalformedError: multi-byte tag, indefinite, overlong or non-minimal length, or too few bytes
 * @see     X.690 sections 8.1 and 10.1; golang/go vendored golang.org/x/crypto/cryptobyte/asn1.go, readASN1
 */
export function readAny(cursor: Cursor, goText: string): DerElement {
  const start = cursor.at;
  const { bytes } = cursor;
  take(cursor, 2, goText);
  const tag = bytes[start] ?? 0;
  const first = bytes[start + 1] ?? 0;
  if ((tag & 0x1f) === 0x1f) {
    cursor.at = start;
    throw new MalformedError(goText, start, 'wanted a one-byte tag, had a longer one');
  }
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4) {
      cursor.at = start;
      throw new MalformedError(
        goText,
        start + 1,
        `wanted a length of 1 to 4 bytes, had ${count === 0 ? 'an indefinite one' : count}`,
      );
    }
    const at = take(cursor, count, goText);
    length = 0;
    for (let i = 0; i < count; i += 1) length = length * 256 + (bytes[at + i] ?? 0);
    if (length < 0x80 || bytes[at] === 0) {
      cursor.at = start;
      throw new MalformedError(goText, start + 1, 'wanted the shortest form of the length, had a longer one');
    }
  }
  const contentStart = take(cursor, length, goText);
  return { tag, start, contentStart, end: cursor.at };
}

/** Read the next element, which must have this tag. @throws MalformedError */
export function readElement(cursor: Cursor, tag: number, goText: string): DerElement {
  const had = peekTag(cursor);
  if (had !== tag) {
    const found = had === undefined ? 'nothing' : `0x${had.toString(16)}`;
    throw new MalformedError(goText, cursor.at, `wanted tag 0x${tag.toString(16)}, had ${found}`);
  }
  return readAny(cursor, goText);
}

/** Read the next element if it has this tag. @throws MalformedError when it has, and cannot be read */
export function readOptional(cursor: Cursor, tag: number, goText: string): DerElement | undefined {
  return peekTag(cursor) === tag ? readAny(cursor, goText) : undefined;
}

/** Read an element with this tag and return a cursor over its content. @throws MalformedError */
export function enter(cursor: Cursor, tag: number, goText: string): Cursor {
  return inside(cursor, readElement(cursor, tag, goText));
}

/** Read an INTEGER (or an implicitly tagged one) of any size. @throws MalformedError when empty or not minimal */
export function readInteger(cursor: Cursor, goText: string, tag: number = TAG.INTEGER): bigint {
  const element = readElement(cursor, tag, goText);
  const content = contentOf(cursor, element);
  const [first, second] = content;
  if (first === undefined) throw new MalformedError(goText, element.start, 'wanted a number, had no byte');
  if (second !== undefined && ((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80))) {
    throw new MalformedError(
      goText,
      element.start,
      'wanted the shortest form of the number, had a longer one',
    );
  }
  const magnitude = BigInt(`0x${toHex(content)}`);
  return first < 0x80 ? magnitude : magnitude - (1n << BigInt(content.length * 8));
}

/** Read an INTEGER that must fit in a signed 64-bit word, as Go's `int`. @throws MalformedError */
export function readInt64(cursor: Cursor, goText: string, tag: number = TAG.INTEGER): number {
  const start = cursor.at;
  const value = readInteger(cursor, goText, tag);
  if (BigInt.asIntN(64, value) !== value) {
    throw new MalformedError(goText, start, 'wanted a number of at most 64 bits, had a larger one');
  }
  return Number(value);
}

/** Read a BOOLEAN: 0x00 or 0xff and nothing else. @throws MalformedError */
export function readBoolean(cursor: Cursor, goText: string): boolean {
  const element = readElement(cursor, TAG.BOOLEAN, goText);
  const value = cursor.bytes[element.contentStart];
  if (element.end - element.contentStart !== 1 || (value !== 0 && value !== 0xff)) {
    throw new MalformedError(goText, element.start, 'wanted 00 or ff, had something else');
  }
  return value === 0xff;
}

/** A BIT STRING: its bytes, and how many bits of the last one are unused (0 to 7, all zero). */
export interface BitString {
  readonly bytes: Uint8Array;
  readonly unusedBits: number;
}

/** Read a BIT STRING. @throws MalformedError when padding bits are set or counted wrongly */
export function readBitString(cursor: Cursor, goText: string): BitString {
  const element = readElement(cursor, TAG.BIT_STRING, goText);
  const content = contentOf(cursor, element);
  const unusedBits = content[0];
  const last = content.length > 1 ? content.at(-1) : undefined;
  if (
    unusedBits === undefined ||
    unusedBits > 7 ||
    (last === undefined && unusedBits !== 0) ||
    (last !== undefined && (last & ((1 << unusedBits) - 1)) !== 0)
  ) {
    throw new MalformedError(goText, element.start, 'wanted a bit string, had a wrong count of unused bits');
  }
  return { bytes: content.subarray(1), unusedBits };
}

/** The bits as Go's `RightAlign` gives them: shifted so that unused bits vanish at the front. */
export function rightAlign({ bytes, unusedBits }: BitString): Uint8Array {
  if (unusedBits === 0) return bytes;
  return bytes.map((byte, i) => (byte >> unusedBits) | ((bytes[i - 1] ?? 0) << (8 - unusedBits)));
}

/** Read an OBJECT IDENTIFIER as dotted text. @throws MalformedError, also for an arc of 2^31 and more (as Go) */
export function readOid(cursor: Cursor, goText: string): string {
  const element = readElement(cursor, TAG.OBJECT_IDENTIFIER, goText);
  const text = oidText(contentOf(cursor, element));
  if (text === undefined)
    throw new MalformedError(goText, element.start, 'wanted an object identifier, had none');
  return text;
}

/** Dotted text of an OBJECT IDENTIFIER's content; undefined when it is not one that Go reads. */
export function oidText(content: Uint8Array): string | undefined {
  const arcs: number[] = [];
  let value = 0;
  let count = 0;
  for (const byte of content) {
    if ((count === 0 && byte === 0x80) || count === 5 || value >= 2 ** 24) return undefined;
    value = value * 128 + (byte & 0x7f);
    count += 1;
    if (byte < 0x80) {
      if (arcs.length === 0) {
        const root = Math.min(Math.floor(value / 40), 2);
        arcs.push(root, value - root * 40);
      } else {
        arcs.push(value);
      }
      value = 0;
      count = 0;
    }
  }
  return arcs.length === 0 || count !== 0 ? undefined : arcs.join('.');
}

/** Lower-case hex without separators. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** True when both hold the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}

/** Bytes as text, one character a byte. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
