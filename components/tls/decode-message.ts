/**
 * One TraceMessage from bytes. Fields and summary are computed when somebody looks at them, and then kept:
 * a connection that nobody opens costs no text.
 */
import { countBytes, FieldReader } from './field-reader.ts';
import { type HandshakeFacts, readFields, summarize } from './handshake.ts';
import type { MessageContext } from './message-facts.ts';
import { ALERT_LEVELS, alertName, say8 } from './registries.ts';
import type { DecodeFinding, Field, MessageType, Side, TraceMessage } from './trace.ts';

/** When and how a message crossed the wire. */
export interface Arrival {
  readonly from: Side;
  readonly atUs: number;
  readonly encrypted: boolean;
}

/** What a message is made of; shared by its copies, so that fields are computed once. */
interface Content {
  readonly type: MessageType;
  readonly bytes: Uint8Array;
  readonly lengthBytes: number;
  readonly finding: DecodeFinding | null;
  fields(): readonly Field[];
  summary(): string;
  knownFields?: readonly Field[];
  knownSummary?: string;
}

/**
 * A message whose fields and summary wait until somebody looks. Its getters live on the prototype: copy it with
 * `messageAt` or `plainMessage`, not with a spread.
 */
class LazyMessage implements TraceMessage {
  readonly from: Side;
  readonly type: MessageType;
  readonly atUs: number;
  readonly encrypted: boolean;
  readonly lengthBytes: number;
  readonly bytes: Uint8Array;
  declare readonly finding?: DecodeFinding;
  readonly #content: Content;

  constructor(arrival: Arrival, content: Content) {
    this.from = arrival.from;
    this.type = content.type;
    this.atUs = arrival.atUs;
    this.encrypted = arrival.encrypted;
    this.lengthBytes = content.lengthBytes;
    this.bytes = content.bytes;
    if (content.finding !== null) this.finding = content.finding;
    this.#content = content;
  }

  get fields(): readonly Field[] {
    this.#content.knownFields ??= this.#content.fields();
    return this.#content.knownFields;
  }

  get summary(): string {
    this.#content.knownSummary ??= this.#content.summary();
    return this.#content.knownSummary;
  }

  at(atUs: number): TraceMessage {
    return new LazyMessage({ from: this.from, atUs, encrypted: this.encrypted }, this.#content);
  }

  toJSON(): TraceMessage {
    return plainMessage(this);
  }
}

/** The same message at another time, still without its fields computed. */
export function messageAt(message: TraceMessage, atUs: number): TraceMessage {
  return message instanceof LazyMessage ? message.at(atUs) : { ...message, atUs };
}

/** The message as plain data, fields computed: to be changed, sent or written as JSON. */
export function plainMessage(message: TraceMessage): TraceMessage {
  const { from, type, atUs, encrypted, lengthBytes, bytes, fields, summary, finding } = message;
  const plain = { from, type, atUs, encrypted, lengthBytes, bytes, fields, summary };
  return finding === undefined ? plain : { ...plain, finding };
}

/** A message of the handshake protocol. */
export function handshakeMessage(
  arrival: Arrival,
  bytes: Uint8Array,
  { type, facts, finding }: HandshakeFacts,
  context: MessageContext,
): TraceMessage {
  return new LazyMessage(arrival, {
    type,
    bytes,
    lengthBytes: bytes.length,
    finding,
    fields() {
      return readFields(bytes, context);
    },
    summary() {
      return summarize(bytes, facts, context);
    },
  });
}

/** An alert: level(1) description(1). */
export function alertMessage(arrival: Arrival, bytes: Uint8Array): TraceMessage {
  const [level = 0, number = 0] = bytes;
  return new LazyMessage(arrival, {
    type: 'alert',
    bytes,
    lengthBytes: bytes.length,
    finding:
      bytes.length === 2
        ? null
        : { offset: Math.min(2, bytes.length), wanted: 'an alert of 2 bytes', had: countBytes(bytes.length) },
    fields() {
      const reader = new FieldReader(bytes, false);
      if (bytes.length >= 1) reader.number('level', 1, (n) => say8(ALERT_LEVELS, n));
      if (bytes.length >= 2) reader.number('description', 1, (n) => `${alertName(n)} (${n})`);
      if (reader.left > 0) reader.rest('rest');
      return reader.fields;
    },
    summary() {
      return `${number} ${alertName(number)}${level === 1 ? ', a warning' : ''}`;
    },
  });
}

/** A ChangeCipherSpec; in TLS 1.3 it means nothing and is sent for old middleboxes. */
export function changeCipherSpecMessage(
  arrival: Arrival,
  bytes: Uint8Array,
  meaning: 'nothing' | 'encrypts',
): TraceMessage {
  const right = bytes.length === 1 && bytes[0] === 1;
  return new LazyMessage(arrival, {
    type: 'change_cipher_spec',
    bytes,
    lengthBytes: bytes.length,
    finding: right ? null : { offset: 0, wanted: 'one byte 01', had: countBytes(bytes.length) },
    fields() {
      const reader = new FieldReader(bytes, false);
      reader.rest('type');
      return reader.fields;
    },
    summary() {
      return meaning === 'nothing' ? 'means nothing in TLS 1.3' : 'encrypts from here on';
    },
  });
}

/** The first application data of a side; `bytes` is its beginning. */
export function dataMessage(arrival: Arrival, bytes: Uint8Array, lengthBytes: number): TraceMessage {
  const summary = `the first ${countBytes(lengthBytes)} of what TLS protects`;
  return withoutFields(arrival, { type: 'application_data', bytes, lengthBytes, finding: null }, summary);
}

/** A record that could not be opened. */
export function encryptedMessage(
  arrival: Arrival,
  bytes: Uint8Array,
  finding: DecodeFinding | null,
): TraceMessage {
  const summary = 'encrypted, and the keys for it are not known';
  return withoutFields(arrival, { type: 'encrypted', bytes, lengthBytes: bytes.length, finding }, summary);
}

/** Bytes that make no sense where they are. */
export function brokenMessage(arrival: Arrival, bytes: Uint8Array, finding: DecodeFinding): TraceMessage {
  const summary = `wanted ${finding.wanted}, had ${finding.had}`;
  return withoutFields(arrival, { type: 'unknown', bytes, lengthBytes: bytes.length, finding }, summary);
}

function withoutFields(
  arrival: Arrival,
  content: Omit<Content, 'fields' | 'summary'>,
  summary: string,
): TraceMessage {
  return new LazyMessage(arrival, {
    ...content,
    fields() {
      return [];
    },
    summary() {
      return summary;
    },
  });
}
