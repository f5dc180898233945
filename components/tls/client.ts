/**
 * The client side of the transport: every TLS option of every client is made here and nowhere else.
 */
import { channel } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import { Agent, type Dispatcher } from 'undici';
import type { Code } from '../../certs/codes.ts';
import type { Settings } from '../component.ts';
import type { Host } from '../host.ts';
import { openConnection } from './client-connection.ts';
import type { PemSource } from './client-files.ts';
import { beginHalf } from './half.ts';
import type { HandshakeError } from './handshake-error.ts';
import { noteAnswer } from './noted.ts';
import { openPlain } from './plain.ts';
import type { RealText, Trace } from './trace.ts';

export { onCredentialsChanged, type PemSource } from './client-files.ts';
export { HandshakeError } from './handshake-error.ts';

/** Whom to dial, as whom. */
export interface DialOptions {
  readonly host: Host;
  /** Instance ids of both ends: `kube-apiserver`, `kubelet@worker-1`. */
  readonly component: string;
  readonly server: string;
  readonly settings: Settings;
  /**
   * `https://worker-1:10250`: the host is the name that is verified; every name is dialled at loopback. `http:` dials
   * without TLS.
   */
  readonly url: string;
  /** kubeconfig's tls-server-name; default the URL's host. */
  readonly serverName?: string;
  /** Absent: nothing is trusted, unless `insecure`. */
  readonly ca?: PemSource;
  /** Absent: no client certificate is shown. */
  readonly cert?: PemSource;
  readonly key?: PemSource;
  /** insecure-skip-tls-verify, or the API server without --kubelet-certificate-authority. */
  readonly insecure?: boolean;
  readonly alpn?: readonly string[];
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's group list, such as `P-384`. */
  readonly groups?: string;
  /** For TCP and TLS each; default 10 s, as kubectl has it. */
  readonly timeoutMs?: number;
}

/** A connection after both verdicts. In TLS 1.3 the server may still refuse: see `refused`. */
export interface Connection {
  readonly socket: Socket;
  /** The client's half, as it stands now. */
  trace(): Trace;
  /** What the server answered instead of accepting, when it did so after the client was done; null so far. */
  refused(): HandshakeError | null;
}

/**
 * Dial once, afresh, without resumption.
 * @throws HandshakeError with the trace and `clientText`; its cause is a LabError when the client's own files cannot
 *         be used
 */
export function dial(options: DialOptions): Promise<Connection> {
  return options.url.startsWith('http:') ? openPlain(options) : openConnection(options);
}

/** A client that does not even know whom to dial or as whom: its outcome, told as that of a connection. */
export function noteNotDialled(
  { host, component, server }: Pick<DialOptions, 'host' | 'component' | 'server'>,
  code: Code,
  said: RealText,
): void {
  const ends = { localAddress: '', localPort: 0, remoteAddress: '', remotePort: 0 };
  const half = beginHalf({
    host,
    side: 'client',
    component,
    peer: server,
    ends,
    clientAuth: null,
    certFile: null,
    caFile: null,
  });
  half.believe('refused', said.text);
  half.decide({ layer: 'untried', by: 'client', code, alert: null }, code, [said]);
  half.closed();
}

/**
 * An undici dispatcher that dials with these options, closed by `close()`. A request that fails because the server
 * refused the client in TLS rejects with `HandshakeError`.
 * @param connections  kept-alive connections at most; with one, requests wait for each other
 */
export function createDispatcher(options: DialOptions, connections = CONNECTIONS): Dispatcher {
  noteAnswers();
  return new Agent({
    connections,
    connect: (_target, callback) => {
      dial(options).then(
        ({ socket }) => callback(null, quietAfterClose(socket)),
        (error: Error) => callback(error, null),
      );
    },
  });
}

/** undici 7 lets go of its parser when a socket closes, and stumbles over an error that comes after that. */
function quietAfterClose(socket: Socket): Socket {
  let closed = false;
  const emit = socket.emit.bind(socket);
  socket.emit = (event: string, ...args: unknown[]): boolean => {
    if (event === 'error' && closed) return false;
    if (event === 'close') closed = true;
    return emit(event, ...args);
  };
  return socket;
}

const CONNECTIONS = 4;
const socketOf = new WeakMap<object, Socket>();
let noting = false;

/** undici tells which socket a request went out on, and which status came back. */
function noteAnswers(): void {
  if (noting) return;
  noting = true;
  channel('undici:client:sendHeaders').subscribe((message) => {
    const { request, socket } = message as { request: object; socket: Socket };
    socketOf.set(request, socket);
  });
  channel('undici:request:headers').subscribe((message) => {
    const { request, response } = message as {
      request: object;
      response: { statusCode: number; statusText: string };
    };
    const socket = socketOf.get(request);
    const { statusCode, statusText } = response;
    if (socket) noteAnswer(socket, { status: statusCode, message: statusCode < 400 ? '' : statusText });
  });
}
