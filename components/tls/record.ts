/**
 * Bytes to records: one reader per direction, fed with whatever the network gives.
 *
 * A record is type(1) version(2) length(2) fragment(length). The reader keeps at most one unfinished record, as the
 * pieces in which it came, and joins them once.
 */
import { countBytes, sayText, toHex } from './field-reader.ts';
import { CONTENT_TYPE } from './registries.ts';
import type { DecodeFinding } from './trace.ts';

/** 2^14 + 2048: the longest fragment of any version (RFC 5246 section 6.2.3; TLS 1.3 allows 2^14 + 256). */
export const MAX_FRAGMENT_BYTES = 18_432;
/** 2^14: the longest fragment in the clear (RFC 8446 section 5.1). */
export const MAX_PLAINTEXT_BYTES = 16_384;
export const HEADER_BYTES = 5;

/** One record as it crossed the wire. Views of the reader's bytes: copy what is kept. */
export interface TlsRecord {
  readonly type: number;
  readonly version: number;
  readonly header: Uint8Array;
  readonly fragment: Uint8Array;
}

/** Bytes that are not TLS, and what is wrong with them. */
export interface NotTls {
  readonly finding: DecodeFinding;
  /** The first bytes of what should have been a record, at most 64. */
  readonly bytes: Uint8Array;
}

/** The reader of one direction. */
export class RecordReader {
  #pieces: Uint8Array[] = [];
  #held = 0;
  /** What the unfinished record needs before anything can be done: the header, then the whole. */
  #needed = HEADER_BYTES;
  #stopped = false;

  /** What is there of an unfinished record, in bytes. */
  get pendingBytes(): number {
    return this.#held;
  }

  /** The first bytes of an unfinished record, at most `limit`. */
  pending(limit: number): Uint8Array {
    return this.#joined().subarray(0, limit);
  }

  /**
   * Take bytes, split anywhere, and hand on each record that is whole.
   * @param onRecord  called synchronously; return false to stop reading for good
   * @returns         what is wrong when the bytes are not TLS; nothing is read after that
   */
  push(bytes: Uint8Array, onRecord: (record: TlsRecord) => boolean): NotTls | null {
    if (this.#stopped || bytes.length === 0) return null;
    this.#pieces.push(bytes);
    this.#held += bytes.length;
    let at = 0;
    while (this.#held - at >= this.#needed) {
      const whole = this.#joined();
      const finding = checkHeader(whole, at);
      if (finding !== null) {
        this.#stop();
        return { finding, bytes: Buffer.from(whole.subarray(at, at + 64)) };
      }
      const length = ((whole[at + 3] ?? 0) << 8) | (whole[at + 4] ?? 0);
      const end = at + HEADER_BYTES + length;
      if (this.#held < end) {
        this.#needed = HEADER_BYTES + length;
        break;
      }
      const record: TlsRecord = {
        type: whole[at] ?? 0,
        version: ((whole[at + 1] ?? 0) << 8) | (whole[at + 2] ?? 0),
        header: whole.subarray(at, at + HEADER_BYTES),
        fragment: whole.subarray(at + HEADER_BYTES, end),
      };
      at = end;
      this.#needed = HEADER_BYTES;
      if (!onRecord(record)) {
        this.#stop();
        return null;
      }
    }
    this.#keepRest(at);
    return null;
  }

  #joined(): Uint8Array {
    const [only] = this.#pieces;
    if (this.#pieces.length === 1 && only !== undefined) return only;
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
  }

  #stop(): void {
    this.#stopped = true;
    this.#pieces = [];
    this.#held = 0;
  }

  /** Keep what is unfinished as a copy: the caller may use its buffer again. */
  #keepRest(at: number): void {
    if (at === 0) {
      const last = this.#pieces.pop();
      if (last !== undefined) this.#pieces.push(Buffer.from(last));
      return;
    }
    const rest = this.#joined().subarray(at);
    this.#held = rest.length;
    this.#pieces = rest.length === 0 ? [] : [Buffer.from(rest)];
  }
}

function checkHeader(bytes: Uint8Array, at: number): DecodeFinding | null {
  const type = bytes[at] ?? 0;
  const start = bytes.subarray(at, at + HEADER_BYTES);
  if (type < CONTENT_TYPE.change_cipher_spec || type > CONTENT_TYPE.application_data) {
    return {
      offset: 0,
      wanted: 'a TLS record: content type 20 to 23',
      had: `${type}, the first of ${sayStart(start)}`,
    };
  }
  if (bytes[at + 1] !== 3) {
    return { offset: 1, wanted: 'a record version 03 xx', had: toHex(start.subarray(1, 3)) };
  }
  const length = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0);
  if (length > MAX_FRAGMENT_BYTES) {
    return {
      offset: 3,
      wanted: `a fragment of at most ${countBytes(MAX_FRAGMENT_BYTES)}`,
      had: countBytes(length),
    };
  }
  return null;
}

function sayStart(bytes: Uint8Array): string {
  const text = sayText(bytes);
  const hex = toHex(bytes);
  return text === hex ? hex : `"${text}" (${hex})`;
}
