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

interface Lazy {
  readonly type: MessageType;
  readonly bytes: Uint8Array;
  readonly lengthBytes?: number;
  readonly finding?: DecodeFinding | null;
  readonly fields: () => readonly Field[];
  readonly summary: () => string;
}

/** A message of the handshake protocol. */
export function handshakeMessage(
  arrival: Arrival,
  bytes: Uint8Array,
  { type, facts, finding }: HandshakeFacts,
  context: MessageContext,
): TraceMessage {
  return lazily(arrival, {
    type,
    bytes,
    finding,
    fields: () => readFields(bytes, context),
    summary: () => summarize(bytes, facts, context),
  });
}

/** An alert: level(1) description(1). */
export function alertMessage(arrival: Arrival, bytes: Uint8Array): TraceMessage {
  const [level = 0, number = 0] = bytes;
  const right = bytes.length === 2;
  return lazily(arrival, {
    type: 'alert',
    bytes,
    finding: right
      ? null
      : { offset: Math.min(2, bytes.length), wanted: 'an alert of 2 bytes', had: countBytes(bytes.length) },
    fields: () => {
      const reader = new FieldReader(bytes, false);
      if (bytes.length >= 1) reader.number('level', 1, (n) => say8(ALERT_LEVELS, n));
      if (bytes.length >= 2) reader.number('description', 1, (n) => `${alertName(n)} (${n})`);
      return reader.fields;
    },
    summary: () => `${number} ${alertName(number)}${level === 1 ? ', a warning' : ''}`,
  });
}

/** A ChangeCipherSpec; in TLS 1.3 it means nothing and is sent for old middleboxes. */
export function changeCipherSpecMessage(
  arrival: Arrival,
  bytes: Uint8Array,
  meaning: 'nothing' | 'encrypts',
): TraceMessage {
  const right = bytes.length === 1 && bytes[0] === 1;
  return lazily(arrival, {
    type: 'change_cipher_spec',
    bytes,
    finding: right ? null : { offset: 0, wanted: 'one byte 01', had: countBytes(bytes.length) },
    fields: () => {
      const reader = new FieldReader(bytes, false);
      reader.rest('type');
      return reader.fields;
    },
    summary: () => (meaning === 'nothing' ? 'means nothing in TLS 1.3' : 'encrypts from here on'),
  });
}

/** The first application data of a side. Only its beginning is kept. */
export function dataMessage(arrival: Arrival, content: Uint8Array, lengthBytes: number): TraceMessage {
  return lazily(arrival, {
    type: 'application_data',
    bytes: content,
    lengthBytes,
    fields: () => [],
    summary: () => `the first ${lengthBytes} bytes of what TLS protects`,
  });
}

/** A record that could not be opened. */
export function encryptedMessage(
  arrival: Arrival,
  fragment: Uint8Array,
  finding: DecodeFinding | null,
): TraceMessage {
  return lazily(arrival, {
    type: 'encrypted',
    bytes: fragment,
    finding,
    fields: () => [],
    summary: () => 'encrypted, and the keys for it are not known',
  });
}

/** Bytes that make no sense where they are. */
export function brokenMessage(arrival: Arrival, bytes: Uint8Array, finding: DecodeFinding): TraceMessage {
  return lazily(arrival, {
    type: 'unknown',
    bytes,
    finding,
    fields: () => [],
    summary: () => `wanted ${finding.wanted}, had ${finding.had}`,
  });
}

function lazily(arrival: Arrival, lazy: Lazy): TraceMessage {
  let fields: readonly Field[] | undefined;
  let summary: string | undefined;
  return {
    from: arrival.from,
    type: lazy.type,
    atUs: arrival.atUs,
    encrypted: arrival.encrypted,
    lengthBytes: lazy.lengthBytes ?? lazy.bytes.length,
    bytes: lazy.bytes,
    get fields() {
      fields ??= lazy.fields();
      return fields;
    },
    get summary() {
      summary ??= lazy.summary();
      return summary;
    },
    ...(lazy.finding ? { finding: lazy.finding } : {}),
  };
}
