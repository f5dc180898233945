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

/** What a session tells. */
export type StepEvent =
  /** The channel's next connection has begun, and is held. */
  | { readonly kind: 'began'; readonly traceId: string }
  /** A record waits; `release` lets it go. */
  | { readonly kind: 'held'; readonly from: Side; readonly lengthBytes: number; readonly waiting: number }
  /** A message was let go, and could be read. */
  | { readonly kind: 'message'; readonly message: TraceMessage; readonly trace: Trace }
  /** Nothing is held any more. */
  | {
      readonly kind: 'open';
      readonly why: 'asked' | 'handshake over' | 'connection over' | 'peer would give up';
    };

/** How to hold. */
export interface StepOptions {
  /** Let every record go after this long; absent: only when released. */
  readonly delayMs?: number;
  /** Go on by itself after this long; default 8 s when the peer is not one of ours, else never. */
  readonly limitMs?: number;
  readonly onEvent: (event: StepEvent) => void;
}

/** A handshake under control, or one that is waited for. */
export interface StepSession {
  /** Let the next records go, now or as they come. */
  release(count: number): void;
  /** Let everything go, and hold no more. */
  go(): void;
}

/** A connection that might be held. */
export interface GateRequest {
  readonly side: Side;
  readonly component: string;
  readonly peer: string;
  readonly traceId: string;
  readonly trace: () => Trace;
  /** Delivers bytes for good. */
  readonly deliver: (direction: Direction, bytes: Buffer) => void;
}

/** A gate that also hears of messages. */
export interface StepGate extends Gate {
  seen(message: TraceMessage): void;
}

interface Session extends StepSession {
  readonly options: StepOptions;
  readonly outside: boolean;
  credits: number;
  attach(control: { readonly flow: () => void; readonly open: () => void }): void;
}

const wanted = new Map<string, Session>();
let active = 0;

/** True while some handshake is held: timeouts between our own components wait. */
export function isStepping(): boolean {
  return active > 0;
}

/**
 * Hold the next handshake of a channel.
 * @param channel  `kube-scheduler->kube-apiserver`; `?->kube-apiserver` for the next client from anywhere
 */
export function holdNext(channel: string, options: StepOptions): StepSession {
  let control: { readonly flow: () => void; readonly open: () => void } | undefined;
  const session: Session = {
    options,
    outside: channel.startsWith('?'),
    credits: 0,
    attach: (given) => {
      control = given;
    },
    release(count) {
      session.credits += count;
      control?.flow();
    },
    go() {
      if (wanted.get(channel) === session) wanted.delete(channel);
      control?.open();
    },
  };
  wanted.set(channel, session);
  return session;
}

/** The gate for a connection, when somebody waits for it; undefined almost always. */
export function gateFor(request: GateRequest): StepGate | undefined {
  if (wanted.size === 0) return undefined;
  const { side, component, peer } = request;
  const channel = side === 'client' ? `${component}->${peer}` : `${peer}->${component}`;
  const session = wanted.get(channel);
  if (!session) return undefined;
  wanted.delete(channel);
  return openGate(request, session);
}

type Item =
  | { readonly direction: Direction; readonly bytes: Buffer }
  | { readonly direction: Direction; readonly then: () => void };

function openGate(request: GateRequest, session: Session): StepGate {
  const { options } = session;
  const queue: Item[] = [];
  const partial: Record<Direction, Buffer> = { in: Buffer.alloc(0), out: Buffer.alloc(0) };
  const finished = new Set<Side>();
  let isOpen = false;
  let delay: NodeJS.Timeout | undefined;
  active += 1;

  const fromOf = (direction: Direction): Side =>
    direction === 'out' ? request.side : request.side === 'client' ? 'server' : 'client';

  const run = (item: Item): void => {
    if ('then' in item) item.then();
    else request.deliver(item.direction, item.bytes);
  };
  /** What needs no credit: everything that is not a record. */
  const runFree = (): void => {
    while (queue[0] && 'then' in queue[0]) run(queue.shift() as Item);
  };
  const releaseOne = (): void => {
    const item = queue.shift();
    if (item) run(item);
    runFree();
  };
  const flow = (): void => {
    runFree();
    while (!isOpen && session.credits > 0 && queue.length > 0) {
      session.credits -= 1;
      releaseOne();
    }
    if (options.delayMs === undefined || isOpen || delay || queue.length === 0) return;
    delay = setTimeout(() => {
      delay = undefined;
      releaseOne();
      flow();
    }, options.delayMs);
  };
  const open = (why: (StepEvent & { kind: 'open' })['why']): void => {
    if (isOpen) return;
    isOpen = true;
    active -= 1;
    clearTimeout(delay);
    clearTimeout(limit);
    while (queue.length > 0) run(queue.shift() as Item);
    for (const direction of ['in', 'out'] as const) {
      if (partial[direction].length > 0) request.deliver(direction, partial[direction]);
    }
    options.onEvent({ kind: 'open', why });
  };
  const limitMs = options.limitMs ?? (session.outside ? OUTSIDE_LIMIT_MS : 0);
  const limit = limitMs > 0 ? setTimeout(() => open('peer would give up'), limitMs) : undefined;
  session.attach({ flow, open: () => open('asked') });
  options.onEvent({ kind: 'began', traceId: request.traceId });

  return {
    offer(direction, bytes) {
      if (isOpen) {
        request.deliver(direction, bytes);
        return;
      }
      let rest = Buffer.concat([partial[direction], bytes]);
      for (let size = recordSize(rest); size > 0; size = recordSize(rest)) {
        queue.push({ direction, bytes: rest.subarray(0, size) });
        const waiting = queue.filter((item) => 'bytes' in item).length;
        options.onEvent({ kind: 'held', from: fromOf(direction), lengthBytes: size, waiting });
        rest = rest.subarray(size);
      }
      partial[direction] = rest;
      flow();
    },
    after(direction, then) {
      if (isOpen) {
        then();
        return;
      }
      if (partial[direction].length > 0) {
        queue.push({ direction, bytes: partial[direction] });
        partial[direction] = Buffer.alloc(0);
      }
      queue.push({ direction, then });
      flow();
    },
    open: () => open('connection over'),
    seen(message) {
      if (isOpen) return;
      options.onEvent({ kind: 'message', message, trace: request.trace() });
      if (message.type === 'finished') finished.add(message.from);
      // In TLS 1.2 a Finished cannot always be read; data says the same.
      if (finished.size === 2 || message.type === 'application_data')
        queueMicrotask(() => open('handshake over'));
    },
  };
}

/** Length of the first whole record, 0 when it is not complete. */
function recordSize(bytes: Buffer): number {
  if (bytes.length < RECORD_HEADER_BYTES) return 0;
  const size = RECORD_HEADER_BYTES + bytes.readUInt16BE(3);
  return bytes.length >= size ? size : 0;
}
