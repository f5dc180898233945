/**
 * The server side of the transport: every TLS option of every server is made here and nowhere else.
 */

import { constants } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Server as HttpServer } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { Verdict } from '../../certs/verify/verify.ts';
import type { FileState, Settings } from '../component.ts';
import type { Host } from '../host.ts';

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

/**
 * Start serving.
 * @throws LabError FILE_MISSING, PEM_INVALID, KEY_MISMATCH, PORT_IN_USE …
 */
export async function startTlsServer(options: TlsServerOptions): Promise<TlsServer> {
  const { host, settings } = options;
  const engine = createServer({
    cert: readFileSync(host.path(options.certFile)),
    key: readFileSync(host.path(options.keyFile)),
    ...(options.clientCaFile ? { ca: readFileSync(host.path(options.clientCaFile)) } : {}),
    requestCert: options.clientCaFile !== undefined,
    rejectUnauthorized: options.clientCaFile !== undefined && settings.clientAuth === 'require',
    minVersion: options.minVersion ?? 'TLSv1.2',
    maxVersion: settings.tlsMaxVersion ?? 'TLSv1.3',
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
    ALPNProtocols: options.http2 ? ['h2', 'http/1.1'] : ['http/1.1'],
  });
  const sockets = new Set<TLSSocket>();
  engine.on('secureConnection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    Object.assign(socket, { [PEER]: readPeer(socket) });
    (socket.alpnProtocol === 'h2' && options.http2 ? options.http2 : options.http1).emit(
      'connection',
      socket,
    );
  });
  engine.on('tlsClientError', (error, socket) => {
    const remote = `${socket.remoteAddress}:${socket.remotePort}`;
    options.log({ kind: 'handshake-error', remote, text: error.message, serverName: '' });
  });
  await new Promise<void>((resolve, reject) => {
    engine.once('error', reject);
    engine.listen(options.port, options.address ?? '127.0.0.1', resolve);
  });
  const bound = engine.address();
  const port = typeof bound === 'object' && bound ? bound.port : options.port;
  return {
    url: `https://${options.address === '::1' ? '[::1]' : '127.0.0.1'}:${port}`,
    port,
    files: () => [],
    close: () =>
      new Promise<void>((resolve) => {
        engine.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function readPeer(socket: TLSSocket): Peer {
  const certificate = socket.getPeerCertificate();
  if (!certificate.raw) return NOBODY;
  const verdict: Verdict = {
    accepted: socket.authorized,
    code: socket.authorized ? null : 'CERT_UNKNOWN_AUTHORITY',
    text: socket.authorized ? null : `x509: ${socket.authorizationError}`,
    findings: [],
    path: null,
  };
  return { chain: [certificate.raw], verdict };
}

/** The peer of a request's socket (`req.socket`, or `session.socket` under HTTP/2). */
export function peerOf(socket: Socket | TLSSocket): Peer {
  return (socket as { [PEER]?: Peer })[PEER] ?? NOBODY;
}

/** Tell the trace how the first request over a connection was answered. */
export function noteHttp(_socket: Socket | TLSSocket, _status: number, _message: string): void {}
