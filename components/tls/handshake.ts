/**
 * Handshake messages: how they lie in records, and one row per message with its reader and its line of text.
 *
 * A message is type(1) length(3) body(length). It may be spread over records, and a record may hold several.
 */
import {
  readCertificate,
  readCertificateRequest,
  readCertificateStatus,
  readCertificateVerify,
  readCompressedCertificate,
  summarizeCertificate,
  summarizeCertificateRequest,
  summarizeCertificateVerify,
  summarizeCompressedCertificate,
} from './certificate-message.ts';
import { countBytes, DecodeError, FieldReader } from './field-reader.ts';
import {
  isRetryRandom,
  readClientHello,
  readEncryptedExtensions,
  readServerHello,
  summarizeClientHello,
  summarizeEncryptedExtensions,
  summarizeRetry,
  summarizeServerHello,
} from './hello.ts';
import {
  readClientKeyExchange,
  readFinished,
  readKeyUpdate,
  readNewSessionTicket,
  readServerKeyExchange,
  summarizeClientKeyExchange,
  summarizeKeyUpdate,
  summarizeNewSessionTicket,
  summarizeServerKeyExchange,
} from './key-exchange.ts';
import type { MessageContext, MessageFacts } from './message-facts.ts';
import { HANDSHAKE_TYPES, lookUp, messageType } from './registries.ts';
import type { DecodeFinding, Field, MessageType } from './trace.ts';

interface MessageRow {
  readonly read: (reader: FieldReader, facts: MessageFacts, context: MessageContext) => void;
  readonly summarize: (facts: MessageFacts, context: MessageContext) => string;
}

const readNothing = (): void => undefined;

const MESSAGES: Readonly<Record<number, MessageRow>> = {
  0: { read: readNothing, summarize: () => 'asks for a new handshake' },
  1: { read: readClientHello, summarize: summarizeClientHello },
  2: {
    read: readServerHello,
    summarize: (facts) => (isRetry(facts) ? summarizeRetry(facts) : summarizeServerHello(facts)),
  },
  4: { read: readNewSessionTicket, summarize: summarizeNewSessionTicket },
  8: { read: readEncryptedExtensions, summarize: summarizeEncryptedExtensions },
  11: { read: readCertificate, summarize: summarizeCertificate },
  12: { read: readServerKeyExchange, summarize: summarizeServerKeyExchange },
  13: { read: readCertificateRequest, summarize: summarizeCertificateRequest },
  14: { read: readNothing, summarize: () => 'your turn' },
  15: { read: readCertificateVerify, summarize: summarizeCertificateVerify },
  16: { read: readClientKeyExchange, summarize: summarizeClientKeyExchange },
  20: { read: readFinished, summarize: () => 'proof that nothing was changed on the way' },
  22: { read: readCertificateStatus, summarize: () => 'a stapled OCSP response' },
  24: { read: readKeyUpdate, summarize: summarizeKeyUpdate },
  25: { read: readCompressedCertificate, summarize: summarizeCompressedCertificate },
};

/**
 * The longest message that is kept: Go's own limit for Certificate messages (crypto/tls,
 * `maxHandshakeCertificateMsg`); OpenSSL stops at 100 KiB.
 */
export const MAX_MESSAGE_BYTES = 262_144;
const HEADER_BYTES = 4;

/** What a message says, as far as the decoder must know at once. */
export interface HandshakeFacts {
  readonly type: MessageType;
  readonly facts: MessageFacts;
  readonly finding: DecodeFinding | null;
}

/** Read a message quietly. Never throws; `bytes` is the whole message. */
export function readFacts(bytes: Uint8Array, context: MessageContext): HandshakeFacts {
  const facts: MessageFacts = {};
  const finding = readMessage(new FieldReader(bytes, true), facts, context);
  return { type: typeOf(bytes[0] ?? 0, facts), facts, finding };
}

/** All fields of a message, as far as it can be read. Never throws. */
export function readFields(bytes: Uint8Array, context: MessageContext): readonly Field[] {
  const reader = new FieldReader(bytes, false);
  readMessage(reader, {}, context);
  return reader.fields;
}

/** One line about a message. */
export function summarize(bytes: Uint8Array, facts: MessageFacts, context: MessageContext): string {
  const number = bytes[0] ?? 0;
  const row = lookUp(MESSAGES, number);
  if (row !== undefined) return row.summarize(facts, context);
  return `${sayType(number)}, not decoded`;
}

function readMessage(
  reader: FieldReader,
  facts: MessageFacts,
  context: MessageContext,
): DecodeFinding | null {
  try {
    const row = lookUp(MESSAGES, reader.number('msg_type', 1, sayType));
    reader.number('length', 3);
    if (row === undefined) reader.rest('body');
    else row.read(reader, facts, context);
    reader.finish('the message');
    return null;
  } catch (error) {
    if (error instanceof DecodeError) return error.finding;
    throw error;
  }
}

/** A CompressedCertificate that could be unpacked is a Certificate. */
function typeOf(number: number, facts: MessageFacts): MessageType {
  if (isRetry(facts)) return 'hello_retry_request';
  return facts.compression !== undefined && facts.certificates !== undefined
    ? 'certificate'
    : messageType(number);
}

function isRetry(facts: MessageFacts): boolean {
  return facts.cipher !== undefined && facts.random !== undefined && isRetryRandom(facts.random);
}

function sayType(number: number): string {
  return `${lookUp<string>(HANDSHAKE_TYPES, number) ?? 'unassigned'} (${number})`;
}

/** Puts the messages of one direction together. */
export class HandshakeReader {
  #pieces: Uint8Array[] = [];
  #held = 0;
  #needed = HEADER_BYTES;

  /** Bytes of an unfinished message. */
  get pendingBytes(): number {
    return this.#held;
  }

  /**
   * Take a record's content and hand on each message that is whole.
   * @param owned  true when nobody writes to `content` any more: messages may then be views of it
   * @returns      a finding when a message claims more than MAX_MESSAGE_BYTES; nothing is read after one
   */
  push(content: Uint8Array, owned: boolean, onMessage: (bytes: Uint8Array) => void): DecodeFinding | null {
    // One copy serves all messages in it, and what is left for the next record.
    const kept = owned ? content : Buffer.from(content);
    this.#pieces.push(kept);
    this.#held += kept.length;
    while (this.#held >= this.#needed) {
      const whole = this.#joined();
      const length = HEADER_BYTES + (whole[1] ?? 0) * 65_536 + (whole[2] ?? 0) * 256 + (whole[3] ?? 0);
      if (length > MAX_MESSAGE_BYTES) {
        this.#pieces = [];
        this.#held = 0;
        const wanted = `a message of at most ${countBytes(MAX_MESSAGE_BYTES)}`;
        return { offset: 1, wanted, had: countBytes(length) };
      }
      if (length > this.#held) {
        this.#needed = length;
        break;
      }
      this.#pieces = [whole.subarray(length)];
      this.#held -= length;
      this.#needed = HEADER_BYTES;
      onMessage(whole.subarray(0, length));
    }
    if (this.#held === 0) this.#pieces = [];
    return null;
  }

  #joined(): Uint8Array {
    const [only] = this.#pieces;
    if (this.#pieces.length === 1 && only !== undefined) return only;
    const whole = Buffer.concat(this.#pieces);
    this.#pieces = [whole];
    return whole;
  }
}
