/**
 * The server side of the transport: every TLS option of every server is made here and nowhere else.
 *
 * A plain TCP server listens; each connection goes through a tap to one of Node's TLS servers that never listens,
 * and after the verdict to the component's HTTP server, which never listens either.
 */
import type { Server as HttpServer } from 'node:http';
import type { Http2Server } from 'node:http2';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Socket,
  type Server as TcpServer,
} from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsEngine } from 'node:tls';
import { LabError, messageOf } from '../../certs/errors.ts';
import { codeOf } from '../../certs/files.ts';
import type { Verdict } from '../../certs/verify/verify.ts';
import type { FileState, Settings } from '../component.ts';
import type { Reload } from '../flags.ts';
import type { Host } from '../host.ts';
import { contextOptions } from './context.ts';
import { address } from './endpoint.ts';
import { guardIdle, type IdleLimits } from './idle.ts';
import { noteAnswer, noteHalf } from './noted.ts';
import { programOf } from './real-texts.ts';
import { type ServerConnection, serveConnection } from './server-connection.ts';
import { openServerFiles, type ServerMaterial } from './server-files.ts';
import type { Tap } from './tap.ts';

/** How to serve. Paths are as the flags have them, inside the host. */
export interface TlsServerOptions {
  readonly host: Host;
  /** Instance id: `kube-apiserver`, `kubelet@worker-1`. */
  readonly component: string;
  readonly settings: Settings;
  /** Default 127.0.0.1; loopback only. */
  readonly address?: '127.0.0.1' | '::1';
  /** 0 asks for any free port. */
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  /** Flags that name the three files, for messages: `--tls-cert-file` or `tlsCertFile`. */
  readonly flags: { readonly cert: string; readonly key: string; readonly ca: string };
  /** Absent: no client certificate is asked for. */
  readonly clientCaFile?: string;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  /** IANA names, as `--tls-cipher-suites`; TLS 1.2 only. */
  readonly cipherSuites?: readonly string[];
  /** Serves HTTP/1.1; never listens itself. */
  readonly http1: HttpServer;
  /** Serves HTTP/2 when given (ALPN `h2` is then offered first); never listens itself. */
  readonly http2?: Http2Server;
  readonly log: (event: TlsServerEvent) => void;
  /** How the real program reads its files, for `autoReload: real`; default `watched`. */
  readonly reload?: { readonly pair: Reload; readonly ca: Reload };
  /** True: without certificate files the server starts and refuses every handshake, as a kubelet does. */
  readonly certMayBeMissing?: boolean;
  /** OpenSSL's group list, such as `P-384`: makes clients that offered another one start again. */
  readonly groups?: string;
  /** What is wrong about every connection that it accepts, in sentences: it lets in whom it should not. */
  readonly unsafe?: readonly string[];
  /** Default 30 s. */
  readonly handshakeMs?: number;
  readonly idle?: IdleLimits;
}

/** What the transport tells its component, to be logged in the real program's format. */
export type TlsServerEvent =
  | {
      readonly kind: 'handshake-error';
      readonly remote: string;
      readonly text: string;
      readonly serverName: string;
    }
  | { readonly kind: 'loaded'; readonly what: 'serving-cert' | 'client-ca'; readonly path: string }
  | {
      readonly kind: 'load-failed';
      readonly what: 'serving-cert' | 'client-ca';
      readonly path: string;
      readonly text: string;
    };

/** Who is at the other end of an accepted connection. */
export interface Peer {
  /** DER, leaf first, exactly as presented; empty when the client showed none. */
  readonly chain: readonly Uint8Array[];
  /** The verdict about it; null when none was shown. In `request` mode it may be a refusal: answer 401. */
  readonly verdict: Verdict | null;
}

/** A server that listens. */
export interface TlsServer {
  readonly url: string;
  readonly port: number;
  files(): readonly FileState[];
  close(): Promise<void>;
}

/** Where an accepted socket carries its peer; a symbol, so that HTTP/2's socket proxy passes it on. */
const PEER = Symbol('mtls-lab.peer');
const NOBODY: Peer = { chain: [], verdict: null };
const HANDSHAKE_MS = 30_000;
/** Node's own limit: ours comes first, and waits in step mode. */
const ENGINE_HANDSHAKE_MS = 3_600_000;

/** One of Node's TLS servers, good until the files change. */
interface Engine {
  readonly server: TlsEngine;
  readonly begin: (connection: ServerConnection, tap: Tap) => void;
}

/**
 * Start serving.
 * @throws LabError FILE_MISSING, FILE_UNREADABLE, PEM_INVALID, CERT_KEY_SWAPPED, KEY_INVALID, KEY_MISMATCH,
 *         CA_BUNDLE_EMPTY, FLAG_INVALID or PORT_IN_USE; `goTextOf` has Go's words
 */
export async function startTlsServer(options: TlsServerOptions): Promise<TlsServer> {
  const { host, component, settings, http1, http2, log } = options;
  const reload = options.reload ?? { pair: 'watched', ca: 'watched' };
  const files = openServerFiles({
    host,
    settings,
    certFile: options.certFile,
    keyFile: options.keyFile,
    caFile: options.clientCaFile,
    flags: options.flags,
    reload,
    bundleRules: programOf(component) === 'etcd' ? 'etcd' : 'kubernetes',
    pairMayBeMissing: options.certMayBeMissing ?? false,
    onEvent: log,
  });
  const idle = guardIdle(http1, http2, options.idle);
  const raws = new Set<Socket>();
  let engine: { readonly material: ServerMaterial; readonly engine: Engine } | undefined;

  /** Made at the first connection: a context costs more than listening does. */
  const engineFor = (material: ServerMaterial): Engine => {
    if (engine?.material !== material) engine = { material, engine: makeEngine(options, material) };
    return engine.engine;
  };
  const accept = (raw: Socket): void => {
    raws.add(raw);
    raw.once('close', () => raws.delete(raw));
    const material = files.current();
    serveConnection(raw, {
      host,
      component,
      settings,
      certFile: options.certFile,
      caFile: options.clientCaFile ?? null,
      handshakeMs: options.handshakeMs ?? HANDSHAKE_MS,
      roots: material.roots,
      unsafe: options.unsafe ?? [],
      begin: material.pair ? (connection, tap) => engineFor(material).begin(connection, tap) : null,
      onFailure: (remote, text, serverName) => log({ kind: 'handshake-error', remote, text, serverName }),
      onAccepted: (socket, { half, chain, verdict }) => {
        Object.defineProperty(socket, PEER, { value: { chain, verdict } satisfies Peer });
        noteHalf(socket, half);
        idle.opened(socket);
        const h2 = socket.alpnProtocol === 'h2' ? http2 : undefined;
        // Over a tap, HTTP/2 does not notice by itself that the peer has hung up: its streams would stay for ever.
        if (h2) socket.once('end', () => socket.destroy());
        (h2 ?? http1).emit('connection', socket);
      },
    });
  };

  const front = createTcpServer({ allowHalfOpen: true }, accept);
  let port: number;
  try {
    // Unknown cipher suites are an error at the start, not at the first connection.
    contextOptions({ settings, pair: null, announce: [], ...chosen(options) });
    port = await listen(front, options);
  } catch (error) {
    files.close();
    idle.close();
    throw error;
  }
  return {
    url: `https://${address(options.address ?? '127.0.0.1', port)}`,
    port,
    files: () => files.states(),
    close: () =>
      new Promise<void>((resolve) => {
        files.close();
        idle.close();
        front.close(() => resolve());
        for (const raw of raws) raw.destroy();
      }),
  };
}

function chosen({
  minVersion,
  cipherSuites,
  groups,
}: TlsServerOptions): Pick<TlsServerOptions, 'minVersion' | 'cipherSuites' | 'groups'> {
  return {
    ...(minVersion === undefined ? {} : { minVersion }),
    ...(cipherSuites === undefined ? {} : { cipherSuites }),
    ...(groups === undefined ? {} : { groups }),
  };
}

function makeEngine(options: TlsServerOptions, material: ServerMaterial): Engine {
  const { settings, http2 } = options;
  const server = createTlsServer({
    ...contextOptions({ settings, pair: material.pair, announce: material.roots ?? [], ...chosen(options) }),
    requestCert: material.roots !== null,
    rejectUnauthorized: false,
    ALPNProtocols: http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
    handshakeTimeout: ENGINE_HANDSHAKE_MS,
  });
  /** By the ClientHello's random, from the first byte to the end of the connection. */
  const byRandom = new Map<string, ServerConnection>();
  const bySocket = new WeakMap<TLSSocket, ServerConnection>();
  server.on('keylog', (line: Buffer, socket: TLSSocket) => {
    const text = line.toString('latin1');
    const connection = bySocket.get(socket) ?? byRandom.get(text.split(' ')[1] ?? '');
    if (!connection) return;
    bySocket.set(socket, connection);
    connection.keylog(text);
  });
  server.on('secureConnection', (socket) => {
    const connection = bySocket.get(socket);
    if (connection) connection.secured(socket);
    else socket.destroy();
  });
  server.on('tlsClientError', (error, socket) => bySocket.get(socket)?.failed(error));
  return {
    server,
    begin(connection, tap) {
      const { decoder } = connection.half;
      const inner = tap.watch;
      tap.watch = (direction, bytes) => {
        inner?.(direction, bytes);
        const random = decoder.clientRandom;
        if (random === '') return;
        // Known from here on: look through the connection's own eyes alone.
        if (tap.watch !== null) tap.watch = inner;
        // The same 32 random bytes twice are no accident: one connection must not be judged by the other's messages.
        if (byRandom.has(random)) tap.destroy();
        else byRandom.set(random, connection);
      };
      tap.once('close', () => {
        if (byRandom.get(decoder.clientRandom) === connection) byRandom.delete(decoder.clientRandom);
      });
      server.emit('connection', tap);
    },
  };
}

function listen(front: TcpServer, options: TlsServerOptions): Promise<number> {
  const { component, port } = options;
  const at = options.address ?? '127.0.0.1';
  return new Promise((resolve, reject) => {
    front.once('error', (error) => {
      const code = codeOf(error);
      if (code === 'EADDRINUSE' || code === 'EACCES') {
        reject(
          new LabError('PORT_IN_USE', {
            what: `${component} cannot listen on ${address(at, port)}: ${
              code === 'EACCES' ? 'permission denied' : 'the port is taken'
            }`,
            cause: new Error(`listen tcp ${address(at, port)}: bind: ${GO_BIND[code]}`),
          }),
        );
      } else {
        reject(new LabError('INTERNAL', { what: `${component}: ${messageOf(error)}`, cause: error }));
      }
    });
    front.listen(port, at, () => resolve((front.address() as AddressInfo).port));
  });
}

const GO_BIND = { EADDRINUSE: 'address already in use', EACCES: 'permission denied' } as const;

/** The peer of a request's socket (`req.socket`, or `session.socket` under HTTP/2). */
export function peerOf(socket: Socket | TLSSocket): Peer {
  return (socket as { [PEER]?: Peer })[PEER] ?? NOBODY;
}

/** Tell the trace how the first request over a connection was answered; either end may. */
export function noteHttp(socket: Socket | TLSSocket, status: number, message: string): void {
  noteAnswer(socket, { status, message });
}
