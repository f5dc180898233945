/**
 * The Duplex under Node's TLS: every byte of a connection passes through here, both ways.
 *
 * While somebody watches, bytes are shown before they are passed on; a gate may hold them back (step mode); a
 * refusal replaces what TLS wanted to say last by an alert. Afterwards bytes pass through unlooked at.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';

const LINGER_MS = 2000;

/** Direction: from the peer, or to the peer. */
export type Direction = 'in' | 'out';

/** Holds bytes back and lets them go in order. */
export interface Gate {
  /** Take bytes over; `pass` delivers them. */
  offer(direction: Direction, bytes: Buffer): void;
  /** Call when everything taken over so far in this direction has been delivered. */
  after(direction: Direction, then: () => void): void;
  /** Deliver everything, behind what is being delivered; nothing is held afterwards. */
  open(): void;
}

/** What a connection's raw socket knows about its ends. */
export interface Ends {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** A socket with a window in it. Made for sockets with `allowHalfOpen`. */
export class Tap extends Duplex {
  readonly raw: Socket;
  /** Sees every byte in the order in which it is delivered; null: nobody looks. */
  watch: ((direction: Direction, bytes: Buffer) => void) | null = null;
  #gate: Gate | null = null;
  #refused = false;
  #ended = false;
  /** Writes gathered so far; null: none is. */
  #gathered: number | null = null;
  /** True until the handshake is decided: what is written then must reach the peer although TLS gives up. */
  #lingers = true;

  constructor(raw: Socket) {
    super({ allowHalfOpen: true });
    this.raw = raw;
    raw.setNoDelay(true);
    raw.on('data', (bytes: Buffer) => {
      if (this.#refused) return;
      if (this.#gate) this.#gate.offer('in', bytes);
      else this.deliver('in', bytes);
    });
    raw.on('end', () => this.#after('in', () => this.#end()));
    raw.on('error', (error) => this.#after('in', () => this.destroy(error)));
    raw.on('close', () => {
      // Nothing can be sent any more, so nothing is worth holding.
      this.#gate?.open();
      this.#closed();
    });
    raw.pause();
  }

  /** Hold bytes back from now on. */
  hold(gate: Gate): void {
    this.#gate = gate;
  }

  /**
   * Send the next two things that TLS writes in one piece. It hands over one write a turn of the event loop, and only
   * when the one before is done. What comes later than that goes by itself.
   */
  gather(): void {
    this.#gathered = 0;
    this.raw.cork();
    setImmediate(() => setImmediate(() => this.#scatter()));
  }

  /** Neither look nor hold any more. */
  pass(): void {
    this.watch = null;
    this.#lingers = false;
    if (this.#gate === null) return;
    this.#gate.open();
    // Called while a record is being delivered: what waits behind it comes first, and through the gate.
    queueMicrotask(() => {
      this.#gate = null;
    });
  }

  /** Show bytes to the watcher and hand them on. */
  deliver(direction: Direction, bytes: Buffer): void {
    this.watch?.(direction, bytes);
    if (direction === 'out') this.raw.write(bytes);
    else if (!this.destroyed && !this.readableEnded && !this.push(bytes)) this.raw.pause();
  }

  /**
   * Say this instead of whatever TLS still has to say; then FIN, drain, and close after two seconds at most.
   * The socket above is to be destroyed by the caller.
   */
  refuse(bytes: Buffer): void {
    if (this.#refused) return;
    this.#refused = true;
    if (this.#gate) this.#gate.offer('out', bytes);
    else this.deliver('out', bytes);
    this.#after('out', () => linger(this.raw));
  }

  override _read(): void {
    this.raw.resume();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.#refused) {
      done();
    } else if (this.#gate) {
      this.#gate.offer('out', bytes);
      done();
    } else {
      this.watch?.('out', bytes);
      if (this.#gathered === null) this.raw.write(bytes, done);
      else {
        this.raw.write(bytes);
        this.#gathered += 1;
        if (this.#gathered === 2) this.#scatter();
        done();
      }
    }
  }

  override _writev(
    chunks: { chunk: Buffer; encoding: BufferEncoding }[],
    done: (error?: Error | null) => void,
  ): void {
    this.raw.cork();
    chunks.forEach(({ chunk, encoding }, at) => {
      this._write(chunk, encoding, at === chunks.length - 1 ? done : ignore);
    });
    this.raw.uncork();
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#after('out', () => {
      if (this.#refused || this.raw.destroyed) done();
      else this.raw.end(() => done());
    });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // TLS writes its own alert and gives up in one breath: what is held or not yet sent goes out first.
    if (!this.#refused) {
      if (this.#lingers && !this.raw.errored) this.#after('out', () => linger(this.raw));
      else this.raw.destroy();
    }
    done(error);
  }

  #scatter(): void {
    if (this.#gathered === null) return;
    this.#gathered = null;
    this.raw.uncork();
  }

  #end(): void {
    this.#ended = true;
    if (!this.destroyed) this.push(null);
  }

  /** A closed socket takes nothing away that a slow reader has not read yet. */
  #closed(): void {
    if (this.#ended && !this.readableEnded && !this.destroyed) this.once('end', () => this.destroy());
    else this.destroy();
  }

  #after(direction: Direction, then: () => void): void {
    if (this.#gate) this.#gate.after(direction, then);
    else then();
  }
}

/** FIN, read and forget what still comes, and close for good when the peer does or time is up. */
function linger(raw: Socket): void {
  if (raw.destroyed) return;
  if (raw.connecting) {
    raw.destroy();
    return;
  }
  raw.end();
  raw.removeAllListeners('data');
  raw.on('data', ignore);
  raw.resume();
  const timer = setTimeout(() => raw.destroy(), LINGER_MS);
  raw.once('close', () => clearTimeout(timer));
}

function ignore(): void {}

/** The addresses of a connected socket, read while it is connected. */
export function endsOf(raw: Socket): Ends {
  return {
    remoteAddress: raw.remoteAddress ?? '',
    remotePort: raw.remotePort ?? 0,
    localAddress: raw.localAddress ?? '',
    localPort: raw.localPort ?? 0,
  };
}

/** Give a TLS socket over a tap what it lacks: addresses, and the switches of the socket below. */
export function dress(socket: Socket, raw: Socket, ends: Ends): void {
  // The tap stays half open for a last word; the TLS socket above ends when its peer does, as Node's do.
  socket.allowHalfOpen = false;
  const value = (one: unknown): PropertyDescriptor => ({ value: one, configurable: true });
  Object.defineProperties(socket, {
    remoteAddress: value(ends.remoteAddress),
    remotePort: value(ends.remotePort),
    remoteFamily: value(ends.remoteAddress.includes(':') ? 'IPv6' : 'IPv4'),
    localAddress: value(ends.localAddress),
    localPort: value(ends.localPort),
    localFamily: value(ends.localAddress.includes(':') ? 'IPv6' : 'IPv4'),
    setNoDelay: value((on?: boolean) => {
      raw.setNoDelay(on);
      return socket;
    }),
    setKeepAlive: value((on?: boolean, delayMs?: number) => {
      raw.setKeepAlive(on, delayMs);
      return socket;
    }),
    ref: value(() => {
      raw.ref();
      return socket;
    }),
    unref: value(() => {
      raw.unref();
      return socket;
    }),
  });
}
