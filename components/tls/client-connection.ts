/**
 * One connection of a client, from its files to both verdicts: dialled, tapped, judged, and given to the caller or
 * refused with an alert. In TLS 1.3 the server's refusal comes when the client is already content.
 */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { LabError } from '../../certs/errors.ts';
import type { VerifyInput } from '../../certs/verify/verify.ts';
import { readCertificate } from '../../certs/x509.ts';
import { alertFor, alertName } from './alerts.ts';
import type { Connection, DialOptions } from './client.ts';
import { type ClientMaterial, placeOf, readClientMaterial } from './client-files.ts';
import { type ClientFailure, clientReason, looksLikeTls } from './client-reason.ts';
import { clientContext } from './context.ts';
import { goTextOf } from './credentials.ts';
import { address, type Target, targetOf, tcpFailure } from './endpoint.ts';
import { beginHalf, type Half } from './half.ts';
import { HandshakeError } from './handshake-error.ts';
import { noteHalf } from './noted.ts';
import { clientTexts } from './real-texts.ts';
import { alertBytes } from './reject.ts';
import { isStepping, type StepGate } from './step.ts';
import { dress, type Ends, endsOf, Tap } from './tap.ts';
import type { Outcome } from './trace.ts';
import { judge } from './verdict.ts';

const TIMEOUT_MS = 10_000;
const OK: Outcome = { layer: 'ok', by: null, code: null, alert: null };

/** Dial, and wait for this side's verdict. Rejects with HandshakeError. */
export function openConnection(options: DialOptions): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const { host, component, server, settings } = options;
    const target = targetOf(options);
    const ends = {
      remoteAddress: target.host as string,
      remotePort: target.port,
      localAddress: target.host as string,
      localPort: 0,
    };
    let gate: StepGate | undefined;
    const half = beginHalf({
      host,
      side: 'client',
      component,
      peer: server,
      ends,
      clientAuth: null,
      certFile: placeOf(options.cert),
      caFile: options.insecure ? null : placeOf(options.ca),
      onMessage: (message) => gate?.seen(message),
    });
    let refused: HandshakeError | null = null;

    /** Note a failure; the first one counts. */
    const fail = (failure: ClientFailure, cause?: unknown): HandshakeError => {
      if (refused) return refused;
      const { layer, by, code, text, alert } = failure;
      half.believe(by === 'client' ? 'refused' : 'learned-refused', text);
      const texts = clientTexts({
        component,
        server,
        url: options.url,
        address: address(target.host, target.port),
        text,
      });
      half.decide({ layer, by, code, alert }, code, texts);
      refused = new HandshakeError(half.trace(), text, cause);
      return refused;
    };
    const giveUp = (failure: ClientFailure, cause?: unknown): void => {
      reject(fail(failure, cause));
      half.closed();
    };

    let material: ClientMaterial;
    try {
      material = readClientMaterial(options);
    } catch (error) {
      const code = error instanceof LabError ? error.code : 'INTERNAL';
      giveUp({ layer: 'untried', by: 'client', code, text: goTextOf(error), alert: null }, error);
      return;
    }
    const raw = connectTcp({ host: target.host, port: target.port, allowHalfOpen: true });
    const timer = watchTime(raw, options.timeoutMs ?? TIMEOUT_MS, () => {
      const text = raw.connecting
        ? `dial tcp ${address(target.host, target.port)}: i/o timeout`
        : 'net/http: TLS handshake timeout';
      giveUp({ layer: 'tcp', by: null, code: 'CONNECT_TIMEOUT', text, alert: null });
    });
    const onTcpError = (error: Error): void => {
      clearInterval(timer);
      giveUp(tcpFailure(error, target), error);
    };
    raw.once('error', onTcpError);
    raw.once('connect', () => {
      raw.off('error', onTcpError);
      Object.assign(ends, endsOf(raw));
      const tap = new Tap(raw);
      gate = half.claim?.gate({
        side: 'client',
        trace: half.trace,
        deliver: (direction, bytes) => tap.deliver(direction, bytes),
      });
      if (gate) tap.hold(gate);
      // OpenSSL writes the ClientHello before connect() returns: it must be seen already.
      tap.watch = (direction, bytes) => half.bytes(direction === 'in' ? 'server' : 'client', bytes);
      const version = half.claim?.version;
      follow({
        options: version === undefined ? options : { ...options, minVersion: version, maxVersion: version },
        target,
        material,
        raw,
        ends,
        tap,
        half,
        fail,
        onConnected: (socket) => {
          clearInterval(timer);
          dress(socket, raw, ends);
          resolve({ socket, trace: half.trace, refused: () => refused });
        },
        onFailed: (error) => {
          clearInterval(timer);
          reject(error);
        },
      });
      if (options.insecure) half.unsafe(`${component} does not verify the certificate of ${server}`);
      if (settings.tlsMaxVersion === 'TLSv1' || settings.tlsMaxVersion === 'TLSv1.1') {
        half.unsafe(`${component} speaks nothing newer than ${settings.tlsMaxVersion}`);
      }
    });
  });
}

/** Everything that belongs to one connection whose bytes flow. */
interface Flow {
  readonly options: DialOptions;
  readonly target: Target;
  readonly material: ClientMaterial;
  readonly raw: Socket;
  readonly ends: Ends;
  readonly tap: Tap;
  readonly half: Half;
  readonly fail: (failure: ClientFailure, cause?: unknown) => HandshakeError;
  readonly onConnected: (socket: TLSSocket) => void;
  readonly onFailed: (error: HandshakeError) => void;
}

/** From the first byte to the end of the connection. */
function follow(flow: Flow): void {
  const { options, raw, tap, half, fail } = flow;
  const { decoder } = half;
  let isNotTls = false;
  let firstBytes: Buffer | undefined;
  let judged = false;
  let connected = false;
  let refusing = false;
  let over = false;
  let opensslText = '';

  /** True: go on. Runs before this side's last flight is flushed. */
  const verdictAllows = (): boolean => {
    if (judged) return over === false;
    judged = true;
    if (options.insecure) {
      const ended = endOf(decoder.certificates.server?.[0], options.host.now());
      if (ended !== null)
        half.unsafe(`${options.component} accepts a certificate of ${options.server} that ended ${ended}`);
      return true;
    }
    const input: VerifyInput = {
      chain: decoder.certificates.server ?? [],
      roots: flow.material.roots,
      purpose: 'serverAuth',
      name: { kind: isIP(flow.target.name) ? 'ip' : 'dns', value: flow.target.name },
      time: options.host.now(),
      zoneMinutes: -new Date().getTimezoneOffset(),
    };
    const verdict = judge(input);
    half.judged(verdict, input);
    if (verdict.accepted) {
      half.believe('accepted', 'accepts the server certificate');
      return true;
    }
    const code = verdict.code ?? 'HANDSHAKE_FAILURE';
    const reason = verdict.text ?? '';
    const number = alertFor({
      profile: options.settings.alertProfile,
      by: 'client',
      protocol: decoder.protocol ?? '',
      code,
      text: reason,
    });
    tap.refuse(alertBytes(decoder, 'client', number));
    end({
      layer: 'tls',
      by: 'client',
      code,
      text: reason.startsWith('x509: ') ? `tls: failed to verify certificate: ${reason}` : reason,
      alert: { number, name: alertName(number), from: 'client' },
    });
    refusing = true;
    raw.once('close', () => half.closed());
    socket.destroy();
    return false;
  };
  const end = (failure: ClientFailure, cause?: unknown): void => {
    if (over) return;
    over = true;
    const error = fail(failure, cause);
    if (!connected) flow.onFailed(error);
    // The caller learns it from the socket: undici and ws pass an error on, and lose an alert.
    else socket.destroy(error);
  };

  const reason = (): ClientFailure =>
    clientReason({ half, raw, ends: flow.ends, isNotTls, firstBytes, opensslText });

  tap.watch = (direction, bytes) => {
    if (direction === 'in' && firstBytes === undefined) {
      firstBytes = Buffer.from(bytes.subarray(0, 64));
      isNotTls = !looksLikeTls(firstBytes);
    }
    half.bytes(direction === 'in' ? 'server' : 'client', bytes);
    if (!connected) return;
    const alert = decoder.lastAlert.server;
    if (alert && alert.number !== 0 && !decoder.dataSeen.server) {
      end(reason());
    }
    if (decoder.dataSeen.server || decoder.stopped) tap.pass();
  };
  const socket = secure(flow);
  noteHalf(socket, half);
  socket.on('keylog', (line: Buffer) => {
    half.keylog(line.toString('latin1'));
    // Up to TLS 1.2 this line comes while the Finished is being built: nothing of the second flight is out yet.
    if (decoder.protocol !== 'TLSv1.3' && decoder.certificates.server) verdictAllows();
  });
  socket.once('secureConnect', () => {
    if (over || !verdictAllows()) return;
    connected = true;
    // What the caller says at once leaves with the last flight, in one piece. Said a moment later it could find the
    // connection reset by a server that refuses and closes, and the alert that lies there unread would be lost.
    tap.gather();
    half.believe('connected', 'holds the handshake for complete');
    half.decide(OK, null, []);
    flow.onConnected(socket);
  });
  socket.on('error', (error) => {
    if (opensslText === '') opensslText = error.message;
  });
  let saidGoodbye = false;
  raw.once('end', () => {
    saidGoodbye = true;
  });
  tap.once('close', () => {
    // A server that refuses and closes at once can reset the connection before its alert is read.
    const broken = saidGoodbye || (raw.errored !== null && raw.errored !== undefined);
    const unanswered = connected && broken && decoder.protocol === 'TLSv1.3' && !serverSpoke(half);
    if (!connected || unanswered) end(reason());
    if (!refusing) half.closed();
  });
}

/** When a certificate ended that nobody verifies; null when it has not, or cannot be read. */
function endOf(leaf: Uint8Array | undefined, now: Date): string | null {
  try {
    const { notAfter } = leaf ? readCertificate(leaf) : { notAfter: null };
    return notAfter !== null && notAfter.ms < now.getTime() ? notAfter.text : null;
  } catch {
    return null;
  }
}

/** True when the server said anything after the client's Finished: it has accepted. */
function serverSpoke(half: Half): boolean {
  if (half.decoder.dataSeen.server) return true;
  return half.trace().messages.some(({ from, type }) => from === 'server' && type === 'new_session_ticket');
}

/** The ClientHello leaves in here. */
function secure({ options, target, material, tap }: Flow): TLSSocket {
  const { settings, minVersion, maxVersion, groups } = options;
  return connectTls({
    socket: tap,
    secureContext: clientContext({
      settings,
      pair: material.pair,
      announce: [],
      ...(minVersion === undefined ? {} : { minVersion }),
      ...(maxVersion === undefined ? {} : { maxVersion }),
      ...(groups === undefined ? {} : { groups }),
    }),
    // Go sends no server name for an IP address (RFC 6066 section 3).
    servername: isIP(target.name) ? '' : target.name,
    ...(options.alpn ? { ALPNProtocols: [...options.alpn] } : {}),
    // Our verdict decides, and OpenSSL is given no trust anchor.
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
}

/** One timeout each for TCP and for TLS; none while somebody steps through a handshake. */
function watchTime(raw: Socket, afterMs: number, onTimeout: () => void): NodeJS.Timeout {
  const timer = setInterval(() => {
    if (isStepping()) return;
    clearInterval(timer);
    onTimeout();
    raw.destroy();
  }, afterMs);
  return timer;
}
