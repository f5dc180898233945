/**
 * Timeouts for HTTP servers that never listen themselves: Node enforces none on those. A connection must send its
 * first request's head in time, and is closed when nothing has been asked for a while. Upgraded ones are left alone.
 */
import type { Server as HttpServer, IncomingMessage, ServerResponse } from 'node:http';
import type { Http2Server, Http2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** In milliseconds. @see Kubernetes secure_serving.go: IdleTimeout 90 s, ReadHeaderTimeout 32 s */
export const IDLE_LIMITS = { headMs: 32_000, idleMs: 90_000 } as const;

/** Milliseconds. */
export interface IdleLimits {
  readonly headMs: number;
  readonly idleMs: number;
}

interface Watched {
  readonly socket: Socket;
  /** Requests in progress. */
  active: number;
  timer: NodeJS.Timeout | undefined;
}

const WATCHED = Symbol('mtls-lab.idle');

/** Watches the connections of a server. */
export interface IdleGuard {
  /** A connection was handed to the HTTP server. */
  opened(socket: Socket): void;
  close(): void;
}

/** Guard a server's connections. */
export function guardIdle(
  http1: HttpServer,
  http2: Http2Server | undefined,
  limits: IdleLimits = IDLE_LIMITS,
): IdleGuard {
  const begin = (socket: Socket): (() => void) => {
    const watched = watchedOf(socket);
    if (!watched) return () => {};
    watched.active += 1;
    clearTimeout(watched.timer);
    return () => {
      watched.active -= 1;
      if (watched.active === 0) arm(watched, limits.idleMs);
    };
  };
  const onRequest = ({ socket }: IncomingMessage, response: ServerResponse): void => {
    response.once('close', begin(socket));
  };
  const onSession = (session: Http2Session): void => {
    session.on('stream', (stream) => {
      if (session.socket) stream.once('close', begin(session.socket));
    });
  };
  const onUpgrade = ({ socket }: IncomingMessage): void => {
    const watched = watchedOf(socket);
    if (watched) watched.active = Number.POSITIVE_INFINITY;
    clearTimeout(watched?.timer);
  };
  // A listener of ours alone would make Node offer upgrades that nobody takes.
  let followsUpgrades = false;
  const followUpgrades = (): void => {
    if (followsUpgrades) return;
    followsUpgrades = true;
    http1.prependListener('upgrade', onUpgrade);
  };
  const onNewListener = (event: string | symbol): void => {
    if (event === 'upgrade') followUpgrades();
  };
  if (http1.listenerCount('upgrade') > 0) followUpgrades();
  http1.on('newListener', onNewListener);
  http1.on('request', onRequest);
  http2?.on('session', onSession);
  return {
    opened(socket) {
      const watched: Watched = { socket, active: 0, timer: undefined };
      Object.defineProperty(socket, WATCHED, { value: watched });
      arm(watched, limits.headMs);
      socket.once('close', () => clearTimeout(watched.timer));
    },
    close() {
      http1.off('newListener', onNewListener);
      http1.off('request', onRequest);
      http1.off('upgrade', onUpgrade);
      http2?.off('session', onSession);
    },
  };
}

function watchedOf(socket: Socket): Watched | undefined {
  return (socket as { [WATCHED]?: Watched })[WATCHED];
}

function arm(watched: Watched, afterMs: number): void {
  clearTimeout(watched.timer);
  if (watched.socket.destroyed) return;
  watched.timer = setTimeout(() => watched.socket.destroy(), afterMs);
}
