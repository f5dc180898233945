/**
 * One connection to a server, from the first byte to the verdict: sniffed, tapped, handed to OpenSSL, judged, and
 * then either given to the HTTP server or refused with an alert.
 */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Code } from '../../certs/codes.ts';
import type { VerifyInput } from '../../certs/verify/verify.ts';
import type { InstanceId, Settings } from '../component.ts';
import type { Host } from '../host.ts';
import { alertFor, alertName, codeOfAlert, goRemoteError } from './alerts.ts';
import { address } from './endpoint.ts';
import { beginHalf, type Half } from './half.ts';
import { programOf, serverTexts } from './real-texts.ts';
import { alertBytes, plainAlert } from './reject.ts';
import { serverReason } from './server-reason.ts';
import { isStepping, type StepGate } from './step.ts';
import { dress, endsOf, Tap } from './tap.ts';
import type { Alert, Outcome } from './trace.ts';
import { hasForgedLink, judge } from './verdict.ts';

/** What a connection needs of its server. */
export interface ConnectionHost {
  readonly host: Host;
  readonly component: InstanceId;
  readonly settings: Settings;
  readonly certFile: string;
  readonly caFile: string | null;
  readonly handshakeMs: number;
  /** Trust anchors for clients; null: clients are not asked. */
  readonly roots: readonly Uint8Array[] | null;
  /** What is wrong about every connection that it accepts. */
  readonly unsafe: readonly string[];
  /** Hands the tap to OpenSSL; null: there is no certificate to serve with. */
  readonly begin: ((connection: ServerConnection, tap: Tap) => void) | null;
  readonly onFailure: (remote: string, text: string, serverName: string) => void;
  readonly onAccepted: (socket: TLSSocket, accepted: Accepted) => void;
}

/** What a server knows of an accepted connection. */
export interface Accepted {
  readonly half: Half;
  readonly chain: readonly Uint8Array[];
  /** null: no certificate was shown, or none was asked for. */
  readonly verdict: ReturnType<typeof judge> | null;
}

/** What OpenSSL's side of the server tells a connection. */
export interface ServerConnection {
  readonly half: Half;
  keylog(line: string): void;
  /** The handshake is over, and the last flight is not yet out. */
  secured(socket: TLSSocket): void;
  /** OpenSSL gave up. */
  failed(error: Error): void;
}

const HANDSHAKE = 0x16;
/** A ClientHello in SSL 2.0's form. */
const SSL2 = 0x80;
/** @see Go src/net/http/server.go, tlsRecordHeaderLooksLikeHTTP */
const HTTP_HEADS = ['GET /', 'HEAD ', 'POST ', 'PUT /', 'OPTIO'];
const HTTP_ANSWER = 'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n';
const NOT_TLS = 'tls: first record does not look like a TLS handshake';
const INTERNAL_ERROR = 80;

/** Serve a fresh TCP connection. Everything that can go wrong ends in a trace and a log event. */
export function serveConnection(raw: Socket, server: ConnectionHost): void {
  const { host, component, settings } = server;
  const ends = endsOf(raw);
  const remote = address(ends.remoteAddress, ends.remotePort);
  let decided = false;
  let tap: Tap | undefined;
  let gate: StepGate | undefined;
  let opensslText = '';
  let onHello = (): void => {};

  const half = beginHalf({
    host,
    side: 'server',
    component,
    peer: '?',
    ends,
    clientAuth: server.roots === null ? 'none' : settings.clientAuth,
    certFile: server.certFile,
    caFile: server.caFile,
    onMessage: (message) => {
      gate?.seen(message);
      if (message.from === 'client' && message.type === 'client_hello') onHello();
    },
  });
  const timer = setInterval(() => {
    if (isStepping()) return;
    fail({
      layer: 'tcp',
      code: 'CONNECT_TIMEOUT',
      text: `read tcp ${address(ends.localAddress, ends.localPort)}->${remote}: i/o timeout`,
    });
    raw.destroy();
  }, server.handshakeMs);

  interface Failure {
    readonly layer: 'tls' | 'tcp';
    readonly code: Code;
    readonly text: string;
    readonly by?: 'client' | 'server';
    readonly alert?: Alert;
  }
  const fail = ({ layer, code, text, by, alert }: Failure): void => {
    if (decided) return;
    decided = true;
    clearInterval(timer);
    half.believe(by === 'client' ? 'learned-refused' : 'refused', text);
    const outcome: Outcome = { layer, by: by ?? null, code, alert: alert ?? null };
    const serverName = half.decoder.sni ?? '';
    half.decide(outcome, code, serverTexts({ component, remote, serverName, text }));
    server.onFailure(remote, text, serverName);
  };

  /** After the end: what the alerts on the wire say about the reason. */
  const conclude = (): void => {
    if (decided) return;
    const { decoder } = half;
    const own = decoder.lastAlert.server;
    const received = decoder.lastAlert.client;
    if (own) {
      const [code, text] = serverReason(half, own.number, opensslText);
      fail({ layer: 'tls', by: 'server', code, text, alert: own });
    } else if (received && received.number !== 0) {
      fail({
        layer: 'tls',
        by: 'client',
        code: codeOfAlert(received.number),
        text: goRemoteError(received.number),
        alert: received,
      });
    } else {
      const reset = raw.errored !== null && raw.errored !== undefined;
      const path = `${address(ends.localAddress, ends.localPort)}->${remote}`;
      fail({
        layer: 'tcp',
        code: 'CONNECTION_RESET',
        text: reset ? `read tcp ${path}: read: connection reset by peer` : 'EOF',
      });
    }
  };

  const refuse = (code: Code, text: string, number: number, bytes: Buffer): void => {
    tap?.refuse(bytes);
    fail({
      layer: 'tls',
      by: 'server',
      code,
      text,
      alert: { number, name: alertName(number), from: 'server' },
    });
    raw.once('close', () => half.closed());
  };

  let verdict: Accepted['verdict'] | undefined;
  /**
   * Judge the client by its Certificate message, once, and refuse it where the policy says so. Called before OpenSSL
   * sees the message, as Go judges it before it reads on. A chain that OpenSSL stumbles over is refused in `request`
   * mode, too: Kubernetes would answer 401, but here the connection could not go on.
   */
  const judgeClient = (): Accepted['verdict'] => {
    if (verdict !== undefined) return verdict;
    verdict = null;
    if (server.roots === null) return null;
    const chain = half.decoder.certificates.client ?? [];
    const input: VerifyInput = {
      chain,
      roots: server.roots,
      purpose: 'clientAuth',
      name: null,
      time: host.now(),
    };
    verdict = judge(input);
    half.judged(verdict, input);
    if (verdict.accepted || (settings.clientAuth !== 'require' && !hasForgedLink(chain))) return verdict;
    const code = verdict.code ?? 'HANDSHAKE_FAILURE';
    const reason = verdict.text ?? '';
    const text = code === 'CERT_MISSING' ? reason : `tls: failed to verify certificate: ${reason}`;
    const number = alertFor({
      profile: settings.alertProfile,
      by: 'server',
      protocol: half.decoder.protocol ?? '',
      code,
      text: reason,
    });
    refuse(code, text, number, alertBytes(half.decoder, 'server', number));
    return verdict;
  };

  const connection: ServerConnection = {
    half,
    keylog: (line) => half.keylog(line),
    failed: (error) => {
      opensslText = error.message;
    },
    secured: (socket) => {
      const verdict = judgeClient();
      if (decided) {
        socket.destroy();
        return;
      }
      const chain = half.decoder.certificates.client ?? [];
      decided = true;
      clearInterval(timer);
      half.believe('connected', 'the handshake is complete');
      for (const sentence of server.unsafe) half.unsafe(sentence);
      if (verdict?.accepted) half.believe('accepted', 'accepts the client certificate');
      dress(socket, raw, ends);
      socket.once('close', () => half.closed());
      const shown = chain.length > 0 ? verdict : null;
      half.decide(
        { layer: 'ok', by: null, code: null, alert: null },
        shown?.accepted === false ? shown.code : null,
        [],
      );
      server.onAccepted(socket, { half, chain, verdict: shown });
    },
  };

  const start = (first: Buffer): void => {
    raw.pause();
    if (first[0] !== HANDSHAKE && first[0] !== SSL2) {
      half.bytes('client', first.subarray(0, 1024));
      answerPlain(raw, first, programOf(component), (text) => {
        fail({ layer: 'tls', by: 'server', code: 'NOT_TLS', text });
      });
      raw.once('close', () => half.closed());
      return;
    }
    const ours = new Tap(raw);
    tap = ours;
    const { decoder } = half;
    ours.watch = (direction, bytes) => {
      half.bytes(direction === 'in' ? 'client' : 'server', bytes);
      if (direction === 'in' && decoder.certificates.client !== null && verdict === undefined) {
        judgeClient();
        if (decided) ours.destroy();
      }
      if (decided && (decoder.dataSeen.client || decoder.stopped)) ours.pass();
    };
    gate = half.claim?.gate({
      side: 'server',
      trace: half.trace,
      deliver: (direction, bytes) => ours.deliver(direction, bytes),
    });
    if (gate) ours.hold(gate);
    raw.unshift(first);
    if (server.begin) {
      ours.once('close', () => {
        conclude();
        if (half.outcome.layer !== 'ok') half.closed();
      });
      server.begin(connection, ours);
      return;
    }
    onHello = () => {
      refuse(
        'NO_SERVING_CERTIFICATE',
        `no serving certificate available for the ${programOf(component)}`,
        INTERNAL_ERROR,
        plainAlert(INTERNAL_ERROR),
      );
    };
    ours.once('close', conclude);
    ours.on('error', () => {});
    ours.resume();
  };

  raw.once('data', start);
  raw.once('end', () => {
    if (!tap) raw.end();
  });
  raw.on('error', () => {});
  raw.once('close', () => {
    clearInterval(timer);
    if (tap) return;
    conclude();
    half.closed();
  });
}

/** Go's HTTP server answers a plain request with a 400; etcd and everybody else just close. */
function answerPlain(raw: Socket, first: Buffer, program: string, fail: (text: string) => void): void {
  const isHttp = HTTP_HEADS.includes(first.toString('latin1', 0, 5));
  if (isHttp && program !== 'etcd') {
    fail('client sent an HTTP request to an HTTPS server');
    raw.end(HTTP_ANSWER);
  } else {
    fail(NOT_TLS);
    raw.end();
  }
  raw.on('data', () => {});
  raw.resume();
  const timer = setTimeout(() => raw.destroy(), 2000);
  raw.once('close', () => clearTimeout(timer));
}
