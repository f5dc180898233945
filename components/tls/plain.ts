/**
 * Connections without TLS: a client whose URL says `http://`, and a server that listens without it. Both are told
 * like every other connection, so that one can see what nobody encrypted, and who spoke TLS to whom did not.
 */
import { connect as connectTcp, type Socket } from 'node:net';
import type { Host } from '../host.ts';
import type { Connection, DialOptions } from './client.ts';
import { looksLikeTls } from './client-reason.ts';
import { address, targetOf, tcpFailure } from './endpoint.ts';
import { beginHalf } from './half.ts';
import { HandshakeError } from './handshake-error.ts';
import { noteHalf } from './noted.ts';
import { clientTexts } from './real-texts.ts';
import { endsOf } from './tap.ts';
import type { Outcome } from './trace.ts';

const TIMEOUT_MS = 10_000;
const OK: Outcome = { layer: 'ok', by: null, code: null, alert: null };
/** @see Go src/net/http/server.go, conn.serve: the answer to a plain request at a TLS port */
const WRONG_SCHEME = 'Client sent an HTTP request to an HTTPS server.';
/** @see apimachinery pkg/api/errors/errors.go, NewGenericServerResponse: what client-go makes of that answer */
const REJECTED = 'the server rejected our request for an unknown reason';

/** Dial a URL that begins with `http:`. Rejects with HandshakeError when nobody answers. */
export function openPlain(options: DialOptions): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const { host, component, server } = options;
    const target = targetOf(options);
    const ends = {
      remoteAddress: target.host as string,
      remotePort: target.port,
      localAddress: target.host as string,
      localPort: 0,
    };
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
    let refused: HandshakeError | null = null;
    let decided = false;
    const fail = (outcome: Outcome, text: string, cause?: unknown): HandshakeError => {
      decided = true;
      half.believe(outcome.by === 'server' ? 'learned-refused' : 'closed', text);
      const at = address(target.host, target.port);
      const texts = clientTexts({ component, server, url: options.url, address: at, text });
      half.decide(outcome, outcome.code, texts);
      refused = new HandshakeError(half.trace(), text, cause);
      return refused;
    };
    const raw = connectTcp({ host: target.host, port: target.port });
    const timer = setTimeout(() => {
      const text = `dial tcp ${address(target.host, target.port)}: i/o timeout`;
      reject(fail({ layer: 'tcp', by: null, code: 'CONNECT_TIMEOUT', alert: null }, text));
      half.closed();
      raw.destroy();
    }, options.timeoutMs ?? TIMEOUT_MS);
    const onTcpError = (error: Error): void => {
      clearTimeout(timer);
      const { layer, by, code, text, alert } = tcpFailure(error, target);
      reject(fail({ layer, by, code, alert }, text, error));
      half.closed();
    };
    raw.once('error', onTcpError);
    raw.once('connect', () => {
      clearTimeout(timer);
      raw.off('error', onTcpError);
      raw.on('error', () => undefined);
      Object.assign(ends, endsOf(raw));
      half.believe('connected', 'speaks plain HTTP');
      half.unsafe(`${component} speaks plain HTTP to ${server}: anybody on the way reads and changes it`);
      seeFirst(raw, (bytes) => {
        if (bytes.includes(WRONG_SCHEME))
          fail({ layer: 'tls', by: 'server', code: 'NOT_TLS', alert: null }, REJECTED);
        else {
          decided = true;
          noteHalf(raw, half);
          half.decide(OK, null, []);
        }
      });
      raw.once('close', () => {
        if (!decided) fail({ layer: 'tcp', by: null, code: 'CONNECTION_RESET', alert: null }, 'EOF');
        half.closed();
      });
      resolve({ socket: raw, trace: half.trace, refused: () => refused });
    });
  });
}

/** Who serves without TLS. */
export interface PlainServer {
  readonly host: Host;
  /** Instance id. */
  readonly component: string;
  /** Takes a connection over. */
  readonly accept: (raw: Socket) => void;
}

/** Serve a fresh TCP connection without TLS. A client that speaks TLS is hung up on, as Go's server does. */
export function servePlain(raw: Socket, { host, component, accept }: PlainServer): void {
  const half = beginHalf({
    host,
    side: 'server',
    component,
    peer: '?',
    ends: endsOf(raw),
    clientAuth: 'none',
    certFile: null,
    caFile: null,
  });
  raw.on('error', () => undefined);
  raw.once('close', () => half.closed());
  raw.once('data', (first: Buffer) => {
    raw.pause();
    if (looksLikeTls(first)) {
      half.bytes('client', first.subarray(0, 1024));
      half.believe('refused', 'expects plain HTTP and got a TLS record');
      half.decide({ layer: 'tls', by: 'server', code: 'NOT_TLS', alert: null }, 'NOT_TLS', []);
      raw.end();
      raw.resume();
      return;
    }
    half.decide(OK, null, []);
    raw.unshift(first);
    accept(raw);
    raw.resume();
  });
}

/** See the first bytes that arrive, without taking them from whoever reads the socket. */
function seeFirst(raw: Socket, seen: (bytes: Buffer) => void): void {
  const push = raw.push.bind(raw);
  raw.push = (chunk: Buffer | null, encoding?: BufferEncoding): boolean => {
    if (chunk !== null) {
      raw.push = push;
      seen(chunk);
    }
    return push(chunk, encoding);
  };
}
