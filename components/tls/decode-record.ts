/**
 * One record to its messages, and what they change: version, keys, certificates, who has finished.
 */
import {
  type Arrival,
  alertMessage,
  brokenMessage,
  changeCipherSpecMessage,
  dataMessage,
  encryptedMessage,
  handshakeMessage,
} from './decode-message.ts';
import {
  changeEpoch,
  type DecoderState,
  type Direction,
  expectsEncrypted,
  findOpener,
  openerOf,
  presentSecret,
  setCipher,
} from './decoder-state.ts';
import { countBytes, toHex } from './field-reader.ts';
import { readFacts } from './handshake.ts';
import { isTls13 } from './hello.ts';
import type { MessageContext, MessageFacts } from './message-facts.ts';
import type { Opened } from './protection.ts';
import { MAX_PLAINTEXT_BYTES, type TlsRecord } from './record.ts';
import { alertName, CONTENT_TYPE } from './registries.ts';
import { nextSecret } from './secrets.ts';
import type { DecodeFinding, MessageType, TraceMessage } from './trace.ts';

/** A handshake has about twenty messages; a peer that sends more is not worth memory. */
const MAX_MESSAGES = 256;
/** Unreadable records of a side that are shown before it is read no more. */
const MAX_OPAQUE_SHOWN = 32;
/** How much of a side's first application data is kept. */
const KEPT_DATA_BYTES = 512;

/** Decode one record whose keys are known, or that needs none. */
export function decodeRecord(
  state: DecoderState,
  direction: Direction,
  record: TlsRecord,
  atUs: number,
): void {
  if (direction.done) return;
  const { side } = direction;
  if (expectsEncrypted(state, direction, record.type)) {
    decodeEncrypted(state, direction, record, { from: side, atUs, encrypted: true });
    return;
  }
  const arrival: Arrival = { from: side, atUs, encrypted: false };
  if (record.fragment.length > MAX_PLAINTEXT_BYTES) {
    const had = countBytes(record.fragment.length);
    breakOff(state, direction, arrival, record.fragment, {
      offset: 3,
      wanted: `a fragment of at most ${countBytes(MAX_PLAINTEXT_BYTES)} in the clear`,
      had,
    });
    return;
  }
  const bare = direction.epoch !== 'plain';
  if (record.type === CONTENT_TYPE.application_data || (bare && record.type === CONTENT_TYPE.handshake)) {
    const wanted = bare ? 'an encrypted record' : 'a handshake record in the clear';
    const had = `content type ${record.type}`;
    breakOff(state, direction, arrival, record.fragment, { offset: 0, wanted, had });
    return;
  }
  decodeContent(state, direction, { type: record.type, content: record.fragment }, arrival);
}

/** Show a record that cannot be opened. */
export function showOpaque(
  state: DecoderState,
  direction: Direction,
  record: TlsRecord,
  atUs: number,
  finding: DecodeFinding | null = null,
): void {
  if (direction.done) return;
  const arrival: Arrival = { from: direction.side, atUs, encrypted: true };
  direction.opaque = true;
  direction.sequence += 1;
  emit(state, encryptedMessage(arrival, Buffer.from(record.fragment), finding));
  if (direction.sequence >= MAX_OPAQUE_SHOWN) direction.done = true;
}

/** Report bytes that make no sense; the direction is read no more. */
export function breakOff(
  state: DecoderState,
  direction: Direction,
  arrival: Arrival,
  bytes: Uint8Array,
  finding: DecodeFinding,
): void {
  direction.done = true;
  emit(state, brokenMessage(arrival, Buffer.from(bytes.subarray(0, 64)), finding));
}

function decodeEncrypted(
  state: DecoderState,
  direction: Direction,
  record: TlsRecord,
  arrival: Arrival,
): void {
  const opened = direction.opaque ? null : open(state, direction, record);
  if (opened !== null) {
    direction.sequence += 1;
    decodeContent(state, direction, opened, arrival);
    return;
  }
  const finding = direction.opaque
    ? null
    : { offset: 0, wanted: `a record that opens with ${sayKeys(direction)}`, had: 'one that does not' };
  showOpaque(state, direction, record, arrival.atUs, finding);
}

function open(state: DecoderState, direction: Direction, record: TlsRecord): Opened | null {
  const opened = openerOf(state, direction)?.(record, direction.sequence) ?? null;
  if (opened !== null || direction.epoch !== 'handshake') return opened;
  // OpenSSL's clients seal an alert after their Finished was built, even when that Finished never left.
  const early = findOpener(state, direction, 'application')?.(record, 0) ?? null;
  if (early !== null) changeEpoch(direction, 'application');
  return early;
}

function sayKeys(direction: Direction): string {
  return `the ${direction.side}'s ${direction.epoch} keys, as number ${direction.sequence}`;
}

function decodeContent(state: DecoderState, direction: Direction, opened: Opened, arrival: Arrival): void {
  switch (opened.type) {
    case CONTENT_TYPE.handshake: {
      const broken = direction.messages.push(opened.content, arrival.encrypted, (bytes) => {
        if (!direction.done) decodeHandshake(state, direction, bytes, arrival);
      });
      if (broken !== null) breakOff(state, direction, arrival, opened.content, broken);
      return;
    }
    case CONTENT_TYPE.alert: {
      const bytes = Buffer.from(opened.content.subarray(0, 64));
      const number = bytes[1];
      if (number !== undefined) {
        direction.lastAlert = { number, name: alertName(number), from: direction.side };
      }
      emit(state, alertMessage(arrival, bytes));
      return;
    }
    case CONTENT_TYPE.change_cipher_spec: {
      const keysChange = state.version !== null && !isTls13(state.version);
      const bytes = Buffer.from(opened.content.subarray(0, 64));
      emit(state, changeCipherSpecMessage(arrival, bytes, keysChange ? 'encrypts' : 'nothing'));
      if (!keysChange) return;
      // A second one is a renegotiation: its keys come from secrets that no key log line names apart.
      if (direction.epoch !== 'plain') direction.opaque = true;
      changeEpoch(direction, 'application');
      return;
    }
    case CONTENT_TYPE.application_data:
      decodeData(state, direction, opened.content, arrival);
      return;
    default:
      breakOff(state, direction, arrival, opened.content, {
        offset: 0,
        wanted: 'content type 20 to 23',
        had: String(opened.type),
      });
  }
}

function decodeData(state: DecoderState, direction: Direction, content: Uint8Array, arrival: Arrival): void {
  // Empty records are what CBC clients send first against BEAST; they are not data.
  if (content.length === 0) return;
  if (!direction.dataSeen) {
    direction.dataSeen = true;
    emit(state, dataMessage(arrival, Buffer.from(content.subarray(0, KEPT_DATA_BYTES)), content.length));
  }
  settle(state, direction);
}

/** A side is read to its first data: the other side's refusal may come after this side's data (TLS 1.3). */
function settle(state: DecoderState, direction: Direction): void {
  if (direction.dataSeen && state.client.finished && state.server.finished) direction.done = true;
}

function decodeHandshake(
  state: DecoderState,
  direction: Direction,
  bytes: Uint8Array,
  arrival: Arrival,
): void {
  const context: MessageContext = { from: direction.side, version: state.version, suite: state.suite };
  const message = readFacts(bytes, context);
  learn(state, direction, message.type, message.facts);
  // ServerHello and later need no other context than what stands before them, except the suite's name.
  emit(state, handshakeMessage(arrival, bytes, message, context));
}

function learn(state: DecoderState, direction: Direction, type: MessageType, facts: MessageFacts): void {
  switch (type) {
    case 'client_hello':
      if (facts.random !== undefined) {
        state.clientRandom = facts.random;
        state.clientRandomHex = toHex(facts.random);
      }
      state.sni = facts.sni ?? null;
      return;
    case 'hello_retry_request':
      state.version = facts.version ?? null;
      return;
    case 'server_hello':
      learnServerHello(state, facts);
      return;
    case 'encrypted_extensions':
      state.alpn = facts.alpn?.[0] ?? null;
      return;
    case 'certificate':
      direction.certificates = facts.certificates ?? [];
      return;
    case 'finished':
      direction.finished = true;
      if (isTls13(state.version)) changeEpoch(direction, 'application');
      settle(state, state.client);
      settle(state, state.server);
      return;
    case 'key_update': {
      const secret = presentSecret(state, direction);
      if (secret !== null && state.suite !== null) {
        changeEpoch(direction, 'application', nextSecret(state.suite, secret));
      }
      return;
    }
    default:
  }
}

function learnServerHello(state: DecoderState, facts: MessageFacts): void {
  if (facts.cipher === undefined || facts.version === undefined) return;
  state.serverRandom = facts.random ?? null;
  state.version = facts.version;
  setCipher(state, facts.cipher);
  state.encryptThenMac = facts.encryptThenMac ?? false;
  state.alpn = facts.alpn?.[0] ?? null;
  if (!isTls13(facts.version)) return;
  changeEpoch(state.client, 'handshake');
  changeEpoch(state.server, 'handshake');
}

function emit(state: DecoderState, message: TraceMessage): void {
  if (state.messageCount > MAX_MESSAGES) return;
  state.messageCount += 1;
  if (state.messageCount <= MAX_MESSAGES) {
    state.onMessage(message);
    return;
  }
  state.client.done = true;
  state.server.done = true;
  const finding = { offset: 0, wanted: `at most ${MAX_MESSAGES} messages`, had: 'one more' };
  state.onMessage(brokenMessage(message, message.bytes.subarray(0, 64), finding));
}
