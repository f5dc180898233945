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
import { countBytes, toHex } from './field-reader.ts';
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
  const state = newState(options.onMessage);
  const { client, server } = state;
  let waiting: Waiting[] = [];
  let stopped = false;

  const take = (direction: Direction, record: TlsRecord, atUs: number): void => {
    const encrypted = expectsEncrypted(state, direction, record.type);
    const lacksKeys = encrypted && !direction.opaque && openerOf(state, direction) === null;
    if (lacksKeys && isHopeless(state)) direction.opaque = true;
    const readable = !lacksKeys || direction.opaque;
    // When the other side goes on although records wait, it has refused without ever using their keys.
    const answers = waiting[0]?.direction !== direction && record.type !== CONTENT_TYPE.change_cipher_spec;
    if (readable && (waiting.length === 0 || answers)) {
      giveUpWaiting();
      decodeRecord(state, direction, record, atUs);
      return;
    }
    waiting.push({ direction, record: copyOf(record), atUs });
    if (waiting.length > MAX_WAITING) giveUpWaiting();
  };

  const drain = (): void => {
    while (waiting.length > 0) {
      const [next] = waiting;
      if (next === undefined) return;
      const { direction, record, atUs } = next;
      const encrypted = expectsEncrypted(state, direction, record.type);
      if (encrypted && !direction.opaque && openerOf(state, direction) === null) return;
      waiting.shift();
      decodeRecord(state, direction, record, atUs);
    }
  };

  const giveUpWaiting = (): void => {
    const records = waiting;
    waiting = [];
    for (const { direction, record, atUs } of records) {
      const encrypted = expectsEncrypted(state, direction, record.type);
      if (encrypted && openerOf(state, direction) === null) showOpaque(state, direction, record, atUs);
      else decodeRecord(state, direction, record, atUs);
    }
  };

  const finish = (): void => {
    if (stopped) return;
    giveUpWaiting();
    stopped = true;
  };

  return {
    push(from, bytes, atUs) {
      const direction = state[from];
      if (stopped || direction.done) return;
      state.lastAtUs = atUs;
      const broken = direction.records.push(bytes, (record) => {
        take(direction, record, atUs);
        return !stopped && !direction.done;
      });
      if (broken === null) return;
      giveUpWaiting();
      breakOff(state, direction, { from, atUs, encrypted: false }, broken.bytes, broken.finding);
    },
    keylog(line) {
      if (stopped || state.secrets.length >= MAX_SECRETS) return;
      const parsed = parseKeylogLine(line);
      if (parsed === undefined) return;
      if (state.clientRandom !== null && parsed.clientRandom !== toHex(state.clientRandom)) return;
      state.secrets.push(parsed);
      drain();
    },
    stop: finish,
    end() {
      if (stopped) return;
      giveUpWaiting();
      for (const direction of [client, server]) reportCut(direction);
      stopped = true;
    },
    get stopped() {
      return stopped || (client.done && server.done);
    },
    get clientRandom() {
      return state.clientRandom === null ? '' : toHex(state.clientRandom);
    },
    get protocol() {
      return state.version === null ? null : (lookUp(VERSIONS, state.version)?.node ?? null);
    },
    get cipher() {
      if (state.cipher === null) return null;
      return cipherSuiteName(state.cipher) ?? `0x${state.cipher.toString(16).padStart(4, '0')}`;
    },
    get sni() {
      return state.sni;
    },
    get alpn() {
      return state.alpn;
    },
    get certificates() {
      return { client: client.certificates, server: server.certificates };
    },
    get serverFinished() {
      return server.finished;
    },
    get clientFinished() {
      return client.finished;
    },
    get dataSeen() {
      return { client: client.dataSeen, server: server.dataSeen };
    },
    get lastAlert() {
      return { client: client.lastAlert, server: server.lastAlert };
    },
    get encrypts() {
      return { client: client.epoch !== 'plain', server: server.epoch !== 'plain' };
    },
    secret: (label) => findSecret(state, label),
    sealing: (side) => sealingOf(state, state[side]),
  };

  /** A record or message that the end of the connection cut short. */
  function reportCut(direction: Direction): void {
    const { pendingBytes } = direction.records;
    if (direction.done || (pendingBytes === 0 && direction.messages.pendingBytes === 0)) return;
    const arrival = { from: direction.side, atUs: state.lastAtUs, encrypted: false };
    const had =
      pendingBytes > 0
        ? { wanted: 'the rest of a record', bytes: direction.records.pending(64), count: pendingBytes }
        : {
            wanted: 'the rest of a handshake message',
            bytes: new Uint8Array(0),
            count: direction.messages.pendingBytes,
          };
    breakOff(state, direction, arrival, had.bytes, {
      offset: had.count,
      wanted: had.wanted,
      had: `the end after ${countBytes(had.count)}`,
    });
  }
}

function copyOf(record: TlsRecord): TlsRecord {
  return {
    ...record,
    header: Uint8Array.from(record.header),
    fragment: Uint8Array.from(record.fragment),
  };
}
