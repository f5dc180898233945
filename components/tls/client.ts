/**
 * The client side of the transport: every TLS option of every client is made here and nowhere else.
 */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { checkServerIdentity, connect, type TLSSocket } from 'node:tls';
import { Agent, type Dispatcher } from 'undici';
import type { Code } from '../../certs/codes.ts';
import type { Settings } from '../component.ts';
import type { Host } from '../host.ts';
import type { Layer, Outcome, Trace } from './trace.ts';

/** A PEM file inside the host, or PEM text embedded in a kubeconfig (`*-data`). */
export type PemSource = { readonly file: string } | { readonly pem: string; readonly from: string };

/** Whom to dial, as whom. */
export interface DialOptions {
  readonly host: Host;
  /** Instance ids of both ends: `kube-apiserver`, `kubelet@worker-1`. */
  readonly component: string;
  readonly server: string;
  readonly settings: Settings;
  /** `https://worker-1:10250`: the host is the name that is verified; every name is dialled at loopback. */
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
}

/** A connection after both verdicts. In TLS 1.3 the server may still refuse: see `refused`. */
export interface Connection {
  readonly socket: TLSSocket;
  /** The client's half, as it stands now. */
  trace(): Trace;
  /** What the server answered instead of accepting, when it did so after the client was done; null so far. */
  refused(): HandshakeError | null;
}

/** A handshake that failed: a result, with everything that was seen. */
export class HandshakeError extends Error {
  /** The client's half of the connection. */
  readonly trace: Trace;
  readonly outcome: Outcome;
  /** What Go's client says: `tls: failed to verify certificate: x509: …`, `dial tcp …: connect: connection refused`. */
  readonly clientText: string;

  constructor(trace: Trace, clientText: string, cause?: unknown) {
    super(clientText, cause === undefined ? undefined : { cause });
    this.name = 'HandshakeError';
    this.trace = trace;
    this.outcome = trace.outcome;
    this.clientText = clientText;
  }
}

/**
 * Dial once, afresh, without resumption.
 * @throws HandshakeError with the trace and `clientText`; LabError when the client's own files cannot be used
 */
export function dial(options: DialOptions): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const url = new URL(options.url);
    const port = Number(url.port || 443);
    const name = options.serverName ?? url.hostname.replace(/^\[|\]$/g, '');
    const address = url.hostname === '[::1]' ? '::1' : '127.0.0.1';
    const startedAtMs = Date.now();
    const half = (code: Code | null, layer: Layer): Trace => ({
      id: `${startedAtMs}`,
      state: 'done',
      startedAtMs,
      clusterTime: options.host.now().toISOString(),
      clientRandom: '',
      channel: `${options.component}->${options.server}`,
      clientAddress: { address, port: socket.localPort ?? 0 },
      serverAddress: { address, port },
      clientAuth: null,
      protocol: null,
      cipher: null,
      sni: isIP(name) ? null : name,
      alpn: null,
      messages: [],
      client: null,
      server: null,
      outcome: { layer, by: code ? 'client' : null, code, alert: null },
      http: null,
      keylog: [],
      wire: [],
      unsafe: [],
    });
    const read = (source: PemSource): string | Buffer =>
      'pem' in source ? source.pem : readFileSync(options.host.path(source.file));
    const socket = connect({
      host: address,
      port,
      servername: isIP(name) ? '' : name,
      ...(options.ca ? { ca: read(options.ca) } : {}),
      ...(options.cert ? { cert: read(options.cert) } : {}),
      ...(options.key ? { key: read(options.key) } : {}),
      rejectUnauthorized: options.insecure !== true,
      checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
      ...(options.alpn ? { ALPNProtocols: [...options.alpn] } : {}),
      minVersion: options.minVersion ?? 'TLSv1.2',
      maxVersion: options.maxVersion ?? 'TLSv1.3',
    });
    const fail = (error: NodeJS.ErrnoException): void => {
      const refused = error.code === 'ECONNREFUSED';
      const text = refused ? `dial tcp ${address}:${port}: connect: connection refused` : error.message;
      const code = refused ? 'CONNECTION_REFUSED' : 'HANDSHAKE_FAILURE';
      reject(new HandshakeError(half(code, refused ? 'tcp' : 'tls'), text, error));
    };
    socket.once('error', fail);
    socket.once('secureConnect', () => {
      socket.off('error', fail);
      resolve({ socket, trace: () => half(null, 'ok'), refused: () => null });
    });
  });
}

/**
 * An undici dispatcher that dials with these options: at most a few kept-alive connections, closed by `close()`.
 * A request that fails because the server refused the client in TLS rejects with `HandshakeError`.
 */
export function createDispatcher(options: DialOptions): Dispatcher {
  return new Agent({
    connections: 4,
    connect: (_target, callback) => {
      dial(options).then(
        ({ socket }) => callback(null, socket),
        (error: Error) => callback(error, null),
      );
    },
  });
}
