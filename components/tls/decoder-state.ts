/**
 * What the decoder knows of one connection: keys, epochs and facts of both directions.
 */
import { type CipherSuite, cipherSuite } from './cipher-suites.ts';
import { HandshakeReader } from './handshake.ts';
import { isTls13 } from './hello.ts';
import { type Openers12, opener13, openers12, type RecordOpener } from './protection.ts';
import { RecordReader } from './record.ts';
import type { KeylogLine, SecretLabel } from './secrets.ts';
import type { Alert, Side, TraceMessage } from './trace.ts';

/** One thing per side. */
export type PerSide<Thing> = Readonly<Record<Side, Thing>>;

/**
 * Which keys a side writes with. TLS 1.3: `handshake` from ServerHello on, `application` after its Finished;
 * TLS 1.2: `application` after its ChangeCipherSpec.
 */
export type Epoch = 'plain' | 'handshake' | 'application';

/** One side's bytes and what they said. */
export interface Direction {
  readonly side: Side;
  readonly records: RecordReader;
  readonly messages: HandshakeReader;
  epoch: Epoch;
  opener: RecordOpener | null;
  /** After a KeyUpdate; before it the secret comes from the key log. */
  updatedSecret: Uint8Array | null;
  /** Records under the present keys so far. */
  sequence: number;
  /** Its records cannot be opened any more: they are only counted. */
  opaque: boolean;
  /** Nothing of it is read any more. */
  done: boolean;
  finished: boolean;
  dataSeen: boolean;
  lastAlert: Alert | null;
  /** null before its Certificate message. */
  certificates: readonly Uint8Array[] | null;
}

/** One connection. */
export interface DecoderState {
  readonly client: Direction;
  readonly server: Direction;
  readonly secrets: KeylogLine[];
  readonly onMessage: (message: TraceMessage) => void;
  messageCount: number;
  /** When the last bytes came. */
  lastAtUs: number;
  clientRandom: Uint8Array | null;
  /** The same in lower-case hex, as the key log has it; empty before it. Asked for at every line and every secret. */
  clientRandomHex: string;
  serverRandom: Uint8Array | null;
  /** The negotiated version as on the wire; a HelloRetryRequest decides it too. */
  version: number | null;
  cipher: number | null;
  suite: CipherSuite | null;
  encryptThenMac: boolean;
  sni: string | null;
  alpn: string | null;
  openers12: Openers12 | null;
}

/** What the next record of a side must be sealed with. */
export interface Sealing {
  /** IANA's name. */
  readonly cipher: string;
  readonly secret: Uint8Array;
  /** Records of this side that crossed under this secret. */
  readonly sequence: number;
}

const TRAFFIC_SECRETS = {
  handshake: { client: 'CLIENT_HANDSHAKE_TRAFFIC_SECRET', server: 'SERVER_HANDSHAKE_TRAFFIC_SECRET' },
  application: { client: 'CLIENT_TRAFFIC_SECRET_0', server: 'SERVER_TRAFFIC_SECRET_0' },
} as const satisfies Record<string, PerSide<SecretLabel>>;

/** A connection before its first byte. */
export function newState(onMessage: (message: TraceMessage) => void): DecoderState {
  return {
    client: newDirection('client'),
    server: newDirection('server'),
    secrets: [],
    onMessage,
    messageCount: 0,
    lastAtUs: 0,
    clientRandom: null,
    clientRandomHex: '',
    serverRandom: null,
    version: null,
    cipher: null,
    suite: null,
    encryptThenMac: false,
    sni: null,
    alpn: null,
    openers12: null,
  };
}

function newDirection(side: Side): Direction {
  return {
    side,
    records: new RecordReader(),
    messages: new HandshakeReader(),
    epoch: 'plain',
    opener: null,
    updatedSecret: null,
    sequence: 0,
    opaque: false,
    done: false,
    finished: false,
    dataSeen: false,
    lastAlert: null,
    certificates: null,
  };
}

/** A secret of this connection; null while the key log has not named it. */
export function findSecret(state: DecoderState, label: SecretLabel): Uint8Array | null {
  const random = state.clientRandomHex;
  return state.secrets.find((line) => line.label === label && line.clientRandom === random)?.secret ?? null;
}

/** Take the keys of another epoch from the next record on. */
export function changeEpoch(direction: Direction, epoch: Epoch, secret: Uint8Array | null = null): void {
  direction.epoch = epoch;
  direction.opener = null;
  direction.updatedSecret = secret;
  direction.sequence = 0;
}

/** True when the side's next record of this type is encrypted. Alerts and CCS in TLS 1.3 may lie bare. */
export function expectsEncrypted(state: DecoderState, direction: Direction, recordType: number): boolean {
  if (direction.epoch === 'plain') return false;
  return isTls13(state.version) ? recordType === 23 : true;
}

/** The opener for the side's next record; null while its keys are not known. */
export function openerOf(state: DecoderState, direction: Direction): RecordOpener | null {
  direction.opener ??= findOpener(state, direction, direction.epoch);
  return direction.opener;
}

/** An opener for a side in an epoch, whatever the side's own epoch is. */
export function findOpener(state: DecoderState, direction: Direction, epoch: Epoch): RecordOpener | null {
  const { suite } = state;
  if (suite === null || epoch === 'plain') return null;
  if (isTls13(state.version)) {
    const secret = trafficSecret(state, direction, epoch);
    return secret === null ? null : opener13(suite, secret);
  }
  state.openers12 ??= findOpeners12(state, suite);
  return state.openers12?.[direction.side] ?? null;
}

/** True when no key log line can open this side's records: an old version, or a cipher that is not built in. */
export function isHopeless(state: DecoderState): boolean {
  const is12or13 = state.version === 0x0303 || isTls13(state.version);
  return !is12or13 || !state.suite?.protection;
}

function findOpeners12(state: DecoderState, suite: CipherSuite): Openers12 | null {
  const masterSecret = findSecret(state, 'CLIENT_RANDOM');
  const { clientRandom, serverRandom, encryptThenMac } = state;
  if (masterSecret === null || clientRandom === null || serverRandom === null) return null;
  return openers12(suite, { masterSecret, clientRandom, serverRandom, encryptThenMac });
}

function trafficSecret(
  state: DecoderState,
  direction: Direction,
  epoch: Exclude<Epoch, 'plain'>,
): Uint8Array | null {
  if (direction.updatedSecret !== null && epoch === direction.epoch) return direction.updatedSecret;
  return findSecret(state, TRAFFIC_SECRETS[epoch][direction.side]);
}

/** The secret behind a side's present keys, TLS 1.3 only. */
export function presentSecret(state: DecoderState, direction: Direction): Uint8Array | null {
  const { epoch } = direction;
  return epoch === 'plain' || !isTls13(state.version) ? null : trafficSecret(state, direction, epoch);
}

/** What the side's next record must be sealed with, TLS 1.3 only. */
export function sealingOf(state: DecoderState, direction: Direction): Sealing | null {
  const secret = presentSecret(state, direction);
  if (secret === null || state.suite === null) return null;
  return { cipher: state.suite.name, secret, sequence: direction.sequence };
}

/** The suite of a number in ServerHello, and the number itself for those that the table lacks. */
export function setCipher(state: DecoderState, number: number): void {
  state.cipher = number;
  state.suite = cipherSuite(number) ?? null;
}
