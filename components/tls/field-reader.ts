/**
 * One cursor over a message: reads in wire order, checks every bound, and notes each field with its byte range.
 *
 * The same reading code runs twice: quietly while a connection is alive (facts only, no text), and once more with
 * fields when somebody looks at the message.
 */
import type { DecodeFinding, Field } from './trace.ts';

/** Bytes that are not what the format promises. Caught by whoever reads a message; never leaves the decoder. */
export class DecodeError extends Error {
  readonly finding: DecodeFinding;

  constructor(offset: number, wanted: string, had: string) {
    super(`wanted ${wanted} at offset ${offset}, had ${had}`);
    this.name = 'DecodeError';
    this.finding = { offset, wanted, had };
  }
}

/** Shared by all quiet readers, which never add to it. */
const NO_FIELDS: Field[] = [];

/** How many values of a list a line of text holds before it is cut. */
const MAX_SAID = 12;

/** A cursor over bytes[offset..end); offsets of fields count from the start of `bytes`. */
export class FieldReader {
  readonly bytes: Uint8Array;
  /** Quiet: no fields, no texts. */
  readonly quiet: boolean;
  readonly fields: Field[];
  offset: number;
  readonly end: number;

  constructor(bytes: Uint8Array, quiet: boolean, offset = 0, end = bytes.length) {
    this.bytes = bytes;
    this.quiet = quiet;
    this.fields = quiet ? NO_FIELDS : [];
    this.offset = offset;
    this.end = end;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.end - this.offset;
  }

  /**
   * Read a big-endian number.
   * @param size  in bytes, 1 to 4
   * @param say   its text; default decimal
   * @throws      DecodeError when fewer bytes are left
   */
  number(name: string, size: number, say?: (value: number) => string): number {
    const start = this.offset;
    const value = this.peekNumber(name, size);
    this.offset += size;
    if (!this.quiet) this.note(name, say === undefined ? String(value) : say(value), start);
    return value;
  }

  /** The number that comes next, without reading it. */
  peek(size: number): number {
    return this.peekNumber('a number', size);
  }

  /** Read `length` bytes. The result is a view, not a copy. */
  take(name: string, length: number, say: (bytes: Uint8Array) => string = sayBytes): Uint8Array {
    const start = this.offset;
    this.need(length, name);
    this.offset += length;
    const bytes = this.bytes.subarray(start, this.offset);
    if (!this.quiet) this.note(name, say(bytes), start);
    return bytes;
  }

  /** Read all that is left. */
  rest(name: string, say?: (bytes: Uint8Array) => string): Uint8Array {
    return this.take(name, this.left, say);
  }

  /** Read bytes behind a length of `lengthSize` bytes, as one field. */
  opaque(name: string, lengthSize: number, say: (bytes: Uint8Array) => string = sayBytes): Uint8Array {
    const start = this.offset;
    const length = this.peekNumber(`the length of ${name}`, lengthSize);
    this.offset += lengthSize;
    this.need(length, name);
    this.offset += length;
    const bytes = this.bytes.subarray(start + lengthSize, this.offset);
    if (!this.quiet) this.note(name, say(bytes), start);
    return bytes;
  }

  /**
   * Read a structure behind a length of `lengthSize` bytes; its parts become children.
   * @param read  must use exactly the bytes of the structure
   * @param say   the text of the whole; default the children's texts
   */
  vector(
    name: string,
    lengthSize: number,
    read: (inner: FieldReader) => void,
    say: (children: readonly Field[]) => string = sayChildren,
  ): void {
    const start = this.offset;
    const length = this.peekNumber(`the length of ${name}`, lengthSize);
    this.offset += lengthSize;
    this.need(length, name);
    this.nested(name, start, this.offset + length, read, say);
  }

  /** Read a structure that has no length of its own; its parts become children. */
  group(name: string, read: (inner: FieldReader) => void, say = sayChildren): void {
    this.nested(name, this.offset, null, read, say);
  }

  /** Read the same thing until nothing is left. */
  list(read: (inner: FieldReader) => void): void {
    while (this.left > 0) read(this);
  }

  /** @throws DecodeError when something is left */
  finish(name: string): void {
    if (this.left > 0)
      throw new DecodeError(this.offset, `the end of ${name}`, `${countBytes(this.left)} more`);
  }

  /** Give the last field children that were read from what it unpacks to: they have no bytes but its own. */
  unpacked(fields: readonly Field[]): void {
    const last = this.fields.at(-1);
    if (this.quiet || last === undefined) return;
    const { start, end } = last;
    const within = (field: Field): Field =>
      field.children === undefined
        ? { ...field, start, end }
        : { ...field, start, end, children: field.children.map(within) };
    this.fields[this.fields.length - 1] = { ...last, children: fields.map(within) };
  }

  private nested(
    name: string,
    start: number,
    end: number | null,
    read: (inner: FieldReader) => void,
    say: (children: readonly Field[]) => string,
  ): void {
    const inner = new FieldReader(this.bytes, this.quiet, this.offset, end ?? this.end);
    try {
      read(inner);
      if (end !== null) inner.finish(name);
      this.offset = inner.offset;
    } finally {
      // What was understood before the fault is kept: it shows where the fault is.
      if (!this.quiet) {
        const children = inner.fields;
        const reached = Math.max(inner.offset, children.at(-1)?.end ?? 0);
        this.fields.push({ name, value: say(children), start, end: end ?? reached, children });
      }
    }
  }

  private note(name: string, value: string, start: number): void {
    this.fields.push({ name, value, start, end: this.offset });
  }

  private peekNumber(name: string, size: number): number {
    this.need(size, name);
    let value = 0;
    for (let at = this.offset; at < this.offset + size; at++) value = value * 256 + (this.bytes[at] ?? 0);
    return value;
  }

  private need(length: number, name: string): void {
    if (length > this.left)
      throw new DecodeError(this.offset, `${name}: ${countBytes(length)}`, countBytes(this.left));
  }
}

/** `1 byte`, `12 bytes`. */
export function countBytes(count: number): string {
  return count === 1 ? '1 byte' : `${count} bytes`;
}

/** Hex, cut after 32 bytes. */
export function sayBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return 'empty';
  const hex = toHex(bytes.subarray(0, 32));
  return bytes.length > 32 ? `${hex}… (${countBytes(bytes.length)})` : hex;
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

/** Bytes as text when all are printable ASCII, else as hex. */
export function sayText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return /^[\x20-\x7e]+$/.test(text) ? text : sayBytes(bytes);
}

function sayChildren(children: readonly Field[]): string {
  const said = children.slice(0, MAX_SAID).map((child) => child.value);
  const rest = children.length - said.length;
  if (said.length === 0) return 'empty';
  return rest > 0 ? `${said.join(', ')} and ${rest} more` : said.join(', ');
}
