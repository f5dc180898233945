/**
 * Step mode: the records of one handshake held back and let go one by one, or slowed down.
 *
 * The lab asks for the next handshake of a channel (`holdNext`); the tap of that connection then gives its records to
 * a gate. One end holds both directions, so the order of the wire is kept. Pacing ends with the handshake.
 */
import type { Direction, Gate } from './tap.ts';
import type { Side, Trace, TraceMessage } from './trace.ts';

/** kubectl gives up a handshake at 10 s. */
export const OUTSIDE_LIMIT_MS = 8000;
const RECORD_HEADER_BYTES = 5;
const CHANGE_CIPHER_SPEC = 20;

/** What a session tells. */
export type StepEvent =
  /** The channel's next connection has begun. */
  | { readonly kind: 'began'; readonly traceId: string }
  /** A record waits; `release` lets it go. */
  | { readonly kind: 'held'; readonly from: Side; readonly lengthBytes: number; readonly waiting: number }
  /** A message was let go, and could be read. */
  | { readonly kind: 'message'; readonly message: TraceMessage; readonly trace: Trace }
  /** A record was let go; the messages that ended in it have been told. */
  | { readonly kind: 'released'; readonly waiting: number }
  /** Nothing is held any more. */
  | { readonly kind: 'open'; readonly why: OpenReason };

/** Why a handshake is held no longer. */
export type OpenReason =
  | 'asked'
  | 'handshake over'
  | 'connection over'
  | 'peer would give up'
  | 'nobody asked';

/** What shall happen to the next handshake. */
export interface StepOptions {
  /** `pass`: it is only pointed out, and held at no point. */
  readonly mode?: 'hold' | 'pass';
  /** The only version that the client shall offer. */
  readonly version?: StepVersion;
  /** Let every record go after this long; absent: only when released. */
  readonly delayMs?: number;
  /** Go on by itself after this long in all; default 8 s when the peer is not one of ours, else never. */
  readonly limitMs?: number;
  /** Go on by itself when nothing was asked for so long; default never. */
  readonly idleMs?: number;
  readonly onEvent: (event: StepEvent) => void;
}

/** Versions that a handshake can be asked to have. */
export type StepVersion = 'TLSv1.2' | 'TLSv1.3';

/** A handshake under control, or one that is waited for. */
export interface StepSession {
  /** Let the next records go, now or as they come. */
  release(count: number): void;
  /** Hold as long as it takes, `idleMs` or not. */
  stay(): void;
  /** Let everything go, and hold no more. */
  go(): void;
}

/** A connection that is to be held. */
export interface GateRequest {
  /** Which end this is. */
  readonly side: Side;
  readonly trace: () => Trace;
  /** Delivers bytes for good. */
  readonly deliver: (direction: Direction, bytes: Buffer) => void;
}

/** A gate that also hears of messages. */
export interface StepGate extends Gate {
  seen(message: TraceMessage): void;
}

/** What a new connection was ordered to be. */
export interface Claim {
  readonly version: StepVersion | undefined;
  /** The gate for its bytes; undefined when it shall pass. */
  gate(request: GateRequest): StepGate | undefined;
}

interface Control {
  flow(): void;
  stay(): void;
  open(): void;
}

interface Session extends StepSession {
  readonly options: StepOptions;
  readonly outside: boolean;
  credits: number;
  stays: boolean;
  control: Control | undefined;
}

const wanted = new Map<string, Session[]>();
let active = 0;

/** True while some handshake is held: timeouts between our own components wait. */
export function isStepping(): boolean {
  return active > 0;
}

/**
 * Order the next handshake of a channel.
 * @param channel  `kube-scheduler->kube-apiserver`; `?->kube-apiserver` for the next client from anywhere
 */
export function holdNext(channel: string, options: StepOptions): StepSession {
  const session: Session = {
    options,
    outside: channel.startsWith('?'),
    credits: 0,
    stays: false,
    control: undefined,
    release(count) {
      session.credits += count;
      session.control?.flow();
    },
    stay() {
      session.stays = true;
      session.control?.stay();
    },
    go() {
      drop(channel, (one) => one === session);
      session.control?.open();
    },
  };
  wanted.set(channel, [...(wanted.get(channel) ?? []), session]);
  return session;
}

/** Called by every connection that begins; undefined almost always. */
export function claimNext(channel: string, traceId: string): Claim | undefined {
  if (wanted.size === 0) return undefined;
  const [session] = wanted.get(channel) ?? [];
  if (session === undefined) return undefined;
  const { mode, version } = session.options;
  // One handshake serves everybody who only wants to see the next one.
  const isServed = (one: Session): boolean =>
    one === session || (mode === 'pass' && one.options.mode === 'pass' && one.options.version === version);
  for (const { options } of drop(channel, isServed)) options.onEvent({ kind: 'began', traceId });
  return {
    version,
    gate: (request) => (mode === 'pass' ? undefined : openGate(request, session)),
  };
}

/** Take sessions off the list. */
function drop(channel: string, which: (session: Session) => boolean): readonly Session[] {
  const all = wanted.get(channel) ?? [];
  const rest = all.filter((one) => !which(one));
  if (rest.length > 0) wanted.set(channel, rest);
  else wanted.delete(channel);
  return all.filter(which);
}

type Item =
  | { readonly direction: Direction; readonly bytes: Buffer }
  | { readonly direction: Direction; readonly then: () => void };

function openGate(request: GateRequest, session: Session): StepGate {
  const { options } = session;
  const queue: Item[] = [];
  const partial: Record<Direction, Buffer> = { in: Buffer.alloc(0), out: Buffer.alloc(0) };
  const finished = new Set<Side>();
  /** The last message of the handshake was seen. */
  let isOver = false;
  let isOpen = false;
  let busy = false;
  let delay: NodeJS.Timeout | undefined;
  let idle: NodeJS.Timeout | undefined;
  active += 1;

  const fromOf = (direction: Direction): Side =>
    direction === 'out' ? request.side : request.side === 'client' ? 'server' : 'client';
  const waiting = (): number => queue.filter((item) => !isFree(item)).length;

  const run = (item: Item): void => {
    if ('then' in item) item.then();
    else request.deliver(item.direction, item.bytes);
  };
  /**
   * What is no step: the end of a direction; TLS 1.3's ChangeCipherSpec, which means nothing; and what a client says
   * after its last word of the handshake, while the server's last word is still waited for.
   */
  const isFree = (item: Item): boolean => {
    if ('then' in item) return true;
    if (item.bytes[0] === CHANGE_CIPHER_SPEC && request.trace().protocol === 'TLSv1.3') return true;
    return finished.size === 2 && fromOf(item.direction) === 'client';
  };
  /** Deliver what may go. Delivering can release or open: one loop keeps the order of the wire. */
  const flow = (): void => {
    if (busy) return;
    busy = true;
    let released = false;
    const tell = (): void => {
      if (released) tellReleased();
      released = false;
    };
    for (let item = queue[0]; item; item = queue[0]) {
      if (!isOpen && !isFree(item)) {
        tell();
        if (session.credits === 0) break;
        session.credits -= 1;
        released = true;
      }
      queue.shift();
      run(item);
      if (isOver) open('handshake over');
    }
    busy = false;
    tell();
    if (options.delayMs === undefined || isOpen || delay || queue.length === 0) return;
    delay = setTimeout(() => {
      delay = undefined;
      session.release(1);
    }, options.delayMs);
  };
  const tellReleased = (): void => {
    if (!isOpen) options.onEvent({ kind: 'released', waiting: waiting() });
    watchIdle();
  };
  const open = (why: OpenReason): void => {
    if (isOpen) return;
    isOpen = true;
    active -= 1;
    session.control = undefined;
    for (const timer of [delay, idle, limit]) clearTimeout(timer);
    for (const direction of ['in', 'out'] as const) takePartial(direction);
    flow();
    options.onEvent({ kind: 'open', why });
  };
  const takePartial = (direction: Direction): void => {
    if (partial[direction].length > 0) queue.push({ direction, bytes: partial[direction] });
    partial[direction] = Buffer.alloc(0);
  };
  const watchIdle = (): void => {
    clearTimeout(idle);
    if (options.idleMs === undefined || session.stays || isOpen) return;
    idle = setTimeout(() => open('nobody asked'), options.idleMs);
  };
  const limitMs = options.limitMs ?? (session.outside ? OUTSIDE_LIMIT_MS : 0);
  const limit = limitMs > 0 ? setTimeout(() => open('peer would give up'), limitMs) : undefined;
  session.control = { flow, stay: () => clearTimeout(idle), open: () => open('asked') };
  watchIdle();

  return {
    offer(direction, bytes) {
      if (isOpen) {
        queue.push({ direction, bytes });
        flow();
        return;
      }
      let rest = Buffer.concat([partial[direction], bytes]);
      for (let size = recordSize(rest); size > 0; size = recordSize(rest)) {
        const item = { direction, bytes: rest.subarray(0, size) };
        rest = rest.subarray(size);
        queue.push(item);
        flow();
        if (isOpen || isFree(item) || !queue.includes(item)) continue;
        options.onEvent({ kind: 'held', from: fromOf(direction), lengthBytes: size, waiting: waiting() });
      }
      partial[direction] = rest;
      if (isOpen) takePartial(direction);
      flow();
    },
    after(direction, then) {
      takePartial(direction);
      queue.push({ direction, then });
      flow();
    },
    open: () => open(isOver ? 'handshake over' : 'connection over'),
    seen(message) {
      if (isOpen) return;
      const wasFinished = finished.size === 2;
      options.onEvent({ kind: 'message', message, trace: request.trace() });
      if (message.type === 'finished') finished.add(message.from);
      isOver ||= isLast(message, wasFinished, finished.size === 2);
    },
  };

  /**
   * TLS 1.2 ends with the second Finished, which cannot always be read: data says the same. In TLS 1.3 the server has
   * the last word after it: a ticket, data, or the alert that refuses a client which believes itself connected.
   */
  function isLast({ from, type }: TraceMessage, wasFinished: boolean, isFinished: boolean): boolean {
    if (request.trace().protocol !== 'TLSv1.3') return isFinished || type === 'application_data';
    return from === 'server' && (wasFinished || type === 'application_data');
  }
}

/** Length of the first whole record, 0 when it is not complete. */
function recordSize(bytes: Buffer): number {
  if (bytes.length < RECORD_HEADER_BYTES) return 0;
  const size = RECORD_HEADER_BYTES + bytes.readUInt16BE(3);
  return bytes.length >= size ? size : 0;
}
