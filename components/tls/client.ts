/**
 * The client side of the transport: every TLS option of every client is made here and nowhere else.
 */
import type { TLSSocket } from 'node:tls';
import type { Dispatcher } from 'undici';
import type { Settings } from '../component.ts';
import type { Host } from '../host.ts';
import type { Trace } from './trace.ts';

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
}

/**
 * Dial once, afresh, without resumption.
 * Rejects with `HandshakeError`, which has the trace and `clientText` (what Go's client would say).
 */
export type Dial = (options: DialOptions) => Promise<Connection>;

/**
 * An undici dispatcher that dials with these options: at most a few kept-alive connections, closed by `close()`.
 * A request that fails because the server refused the client in TLS rejects with `HandshakeError`.
 */
export type CreateDispatcher = (options: DialOptions) => Dispatcher;
