/**
 * One connection's bytes to its messages: both directions, in wire order, the encrypted ones opened with the key log.
 *
 * Bytes -> record.ts -> protection.ts (when encrypted) -> handshake.ts -> TraceMessage. Records that arrive before
 * their keys wait in one queue, so that the order of the wire is kept. Hostile bytes end in a finding on a message;
 * nothing here throws. After the handshake and a side's first data, that side is not read any more.
 */
import { cipherSuiteName } from './cipher-suites.ts';
import { breakOff, decodeRecord, showOpaque } from './decode-record.ts';
import {
  type DecoderState,
  type Direction,
  expectsEncrypted,
  findSecret,
  isHopeless,
  newState,
  openerOf,
  type PerSide,
  type Sealing,
  sealingOf,
} from './decoder-state.ts';
import { countBytes } from './field-reader.ts';
import type { TlsRecord } from './record.ts';
import { CONTENT_TYPE, lookUp, VERSIONS } from './registries.ts';
import { parseKeylogLine, type SecretLabel } from './secrets.ts';
import type { Alert, Side, Trace, TraceMessage } from './trace.ts';

/** Who hears of messages. */
export interface DecoderOptions {
  /** Called synchronously, in wire order, from `push`, `keylog`, `stop` or `end`. */
  readonly onMessage: (message: TraceMessage) => void;
}

/** A connection being decoded. The facts are as of the last `push`. */
export interface Decoder {
  /**
   * Take bytes of one side, split anywhere. What is kept is copied.
   * @param atUs  microseconds since the trace began
   */
  push(from: Side, bytes: Uint8Array, atUs: number): void;
  /** Take one line of an NSS key log; lines of other connections are ignored. */
  keylog(line: string): void;
  /** Read no more: from here on `push` does nothing. What waits for keys is reported as encrypted. */
  stop(): void;
  /** The connection is over: as `stop`, and what was cut short is reported too. */
  end(): void;
  /** True when nothing will be read any more. */
  readonly stopped: boolean;
  /** Hex of the ClientHello's random; empty before it. */
  readonly clientRandom: string;
  /** Negotiated; null before ServerHello (or HelloRetryRequest). */
  readonly protocol: Trace['protocol'];
  /** IANA's name; null before ServerHello. */
  readonly cipher: string | null;
  readonly sni: string | null;
  /** What the server picked; null when it picked nothing, or cannot be seen. */
  readonly alpn: string | null;
  /** DER, leaf first, as on the wire; null while a side sent no Certificate message, empty when it showed none. */
  readonly certificates: PerSide<readonly Uint8Array[] | null>;
  readonly serverFinished: boolean;
  readonly clientFinished: boolean;
  /** True after a side's first application data. */
  readonly dataSeen: PerSide<boolean>;
  readonly lastAlert: PerSide<Alert | null>;
  /** True once a side writes encrypted records: its ChangeCipherSpec in TLS 1.2, the ServerHello in TLS 1.3. */
  readonly encrypts: PerSide<boolean>;
  /** A secret of this connection, once the key log had it. */
  secret(label: SecretLabel): Uint8Array | null;
  /** For a side's next record in TLS 1.3; null while it writes in the clear, or while the secret is not known. */
  sealing(side: Side): Sealing | null;
}

interface Waiting {
  readonly direction: Direction;
  readonly record: TlsRecord;
  readonly atUs: number;
}

/** Records that may wait for keys; a flight is one to five. */
const MAX_WAITING = 64;
/** Key log lines that are kept; a connection has at most six. */
const MAX_SECRETS = 32;

/** Start decoding a connection, from its first byte. */
export function createDecoder(options: DecoderOptions): Decoder {
  return new ConnectionDecoder(options);
}

class ConnectionDecoder implements Decoder {
  readonly #state: DecoderState;
  #waiting: Waiting[] = [];
  #stopped = false;

  constructor(options: DecoderOptions) {
    this.#state = newState(options.onMessage);
  }

  push(from: Side, bytes: Uint8Array, atUs: number): void {
    const direction = this.#state[from];
    if (this.#stopped || direction.done) return;
    this.#state.lastAtUs = atUs;
    const broken = direction.records.push(bytes, (record) => {
      this.#take(direction, record, atUs);
      return !this.#stopped && !direction.done;
    });
    if (broken === null) return;
    this.#giveUpWaiting();
    breakOff(this.#state, direction, { from, atUs, encrypted: false }, broken.bytes, broken.finding);
  }

  keylog(line: string): void {
    const { secrets, clientRandomHex } = this.#state;
    if (this.#stopped || secrets.length >= MAX_SECRETS) return;
    const parsed = parseKeylogLine(line);
    if (parsed === undefined) return;
    if (clientRandomHex !== '' && parsed.clientRandom !== clientRandomHex) return;
    secrets.push(parsed);
    this.#drain();
  }

  stop(): void {
    if (this.#stopped) return;
    this.#giveUpWaiting();
    this.#stopped = true;
  }

  end(): void {
    if (this.#stopped) return;
    this.#giveUpWaiting();
    this.#reportCut(this.#state.client);
    this.#reportCut(this.#state.server);
    this.#stopped = true;
  }

  get stopped(): boolean {
    return this.#stopped || (this.#state.client.done && this.#state.server.done);
  }

  get clientRandom(): string {
    return this.#state.clientRandomHex;
  }

  get protocol(): Trace['protocol'] {
    const { version } = this.#state;
    return version === null ? null : (lookUp(VERSIONS, version)?.node ?? null);
  }

  get cipher(): string | null {
    const { cipher } = this.#state;
    if (cipher === null) return null;
    return cipherSuiteName(cipher) ?? `0x${cipher.toString(16).padStart(4, '0')}`;
  }

  get sni(): string | null {
    return this.#state.sni;
  }

  get alpn(): string | null {
    return this.#state.alpn;
  }

  get certificates(): PerSide<readonly Uint8Array[] | null> {
    return this.#both((direction) => direction.certificates);
  }

  get serverFinished(): boolean {
    return this.#state.server.finished;
  }

  get clientFinished(): boolean {
    return this.#state.client.finished;
  }

  get dataSeen(): PerSide<boolean> {
    return this.#both((direction) => direction.dataSeen);
  }

  get lastAlert(): PerSide<Alert | null> {
    return this.#both((direction) => direction.lastAlert);
  }

  get encrypts(): PerSide<boolean> {
    return this.#both((direction) => direction.epoch !== 'plain');
  }

  secret(label: SecretLabel): Uint8Array | null {
    return findSecret(this.#state, label);
  }

  sealing(side: Side): Sealing | null {
    return sealingOf(this.#state, this.#state[side]);
  }

  #both<Thing>(thing: (direction: Direction) => Thing): PerSide<Thing> {
    return { client: thing(this.#state.client), server: thing(this.#state.server) };
  }

  #take(direction: Direction, record: TlsRecord, atUs: number): void {
    const lacksKeys = this.#lacksKeys(direction, record);
    if (lacksKeys && isHopeless(this.#state)) direction.opaque = true;
    const readable = !lacksKeys || direction.opaque;
    // When the other side goes on although records wait, it has refused without ever using their keys.
    const answers =
      this.#waiting[0]?.direction !== direction && record.type !== CONTENT_TYPE.change_cipher_spec;
    if (readable && (this.#waiting.length === 0 || answers)) {
      this.#giveUpWaiting();
      decodeRecord(this.#state, direction, record, atUs);
      return;
    }
    this.#waiting.push({ direction, record: copyOf(record), atUs });
    if (this.#waiting.length > MAX_WAITING) this.#giveUpWaiting();
  }

  #lacksKeys(direction: Direction, record: TlsRecord): boolean {
    const encrypted = expectsEncrypted(this.#state, direction, record.type);
    return encrypted && !direction.opaque && openerOf(this.#state, direction) === null;
  }

  /** Decode what waits, as far as the keys are there now. */
  #drain(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (this.#lacksKeys(next.direction, next.record)) return;
      this.#waiting.shift();
      decodeRecord(this.#state, next.direction, next.record, next.atUs);
    }
  }

  /** The keys will not come: show what waits as it is. */
  #giveUpWaiting(): void {
    if (this.#waiting.length === 0) return;
    const records = this.#waiting;
    this.#waiting = [];
    for (const { direction, record, atUs } of records) {
      if (this.#lacksKeys(direction, record)) showOpaque(this.#state, direction, record, atUs);
      else decodeRecord(this.#state, direction, record, atUs);
    }
  }

  /** Report a record or message that the end of the connection cut short. */
  #reportCut(direction: Direction): void {
    const { records, messages, side, done } = direction;
    const inRecord = records.pendingBytes > 0;
    const count = inRecord ? records.pendingBytes : messages.pendingBytes;
    if (done || count === 0) return;
    const arrival = { from: side, atUs: this.#state.lastAtUs, encrypted: false };
    const bytes = inRecord ? records.pending(64) : new Uint8Array(0);
    const wanted = inRecord ? 'the rest of a record' : 'the rest of a handshake message';
    const had = `the end after ${countBytes(count)}`;
    breakOff(this.#state, direction, arrival, bytes, { offset: count, wanted, had });
  }
}

function copyOf(record: TlsRecord): TlsRecord {
  return {
    ...record,
    header: Buffer.from(record.header),
    fragment: Buffer.from(record.fragment),
  };
}
