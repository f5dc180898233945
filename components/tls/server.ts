/**
 * The server side of the transport: every TLS option of every server is made here and nowhere else.
 */
import type { Server as HttpServer } from 'node:http';
import type { Http2Server } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
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

/** Start serving. Rejects with LabError (FILE_MISSING, PEM_INVALID, KEY_MISMATCH, PORT_IN_USE …). */
export type StartTlsServer = (options: TlsServerOptions) => Promise<TlsServer>;

/** The peer of a request's socket (`req.socket`, or `session.socket` under HTTP/2). */
export type PeerOf = (socket: Socket | TLSSocket) => Peer;

/** Tell the trace how the first request over a connection was answered. */
export type NoteHttp = (socket: Socket | TLSSocket, status: number, message: string) => void;
