/**
 * One end's record of one connection: what crossed the wire, and what this end made of it. Becomes half a trace.
 *
 * Tap -> half -> decoder; the verdict, the alerts and the HTTP answer are noted here, and the host is told when the
 * handshake is decided, when the first request is answered, and when the connection is over.
 */
import type { Code } from '../../certs/codes.ts';
import type { Verdict, VerifyInput } from '../../certs/verify/verify.ts';
import type { ClientAuth } from '../component.ts';
import type { Host } from '../host.ts';
import { createDecoder, type Decoder } from './decoder.ts';
import { type Claim, claimNext } from './step.ts';
import type { Ends } from './tap.ts';
import type {
  Belief,
  HttpResult,
  Layer,
  Outcome,
  RealText,
  Side,
  SideReport,
  Trace,
  TraceMessage,
  WireChunk,
} from './trace.ts';

/** What a half knows before the first byte. */
export interface HalfOptions {
  readonly host: Host;
  readonly side: Side;
  /** Instance id of this end. */
  readonly component: string;
  /** Instance id of the other end; `?` when it is not known. */
  readonly peer: string;
  /** Read when a trace is made. */
  readonly ends: Ends;
  readonly clientAuth: ClientAuth | 'none' | null;
  readonly certFile: string | null;
  readonly caFile: string | null;
  readonly onMessage?: (message: TraceMessage) => void;
}

/** One end's record. */
export interface Half {
  readonly id: string;
  /** What somebody ordered this connection to be: held, slowed, of one version; undefined almost always. */
  readonly claim: Claim | undefined;
  readonly decoder: Decoder;
  /** Bytes of one side, as they are delivered. */
  bytes(from: Side, bytes: Uint8Array): void;
  keylog(line: string): void;
  believe(state: Belief['state'], text: string): void;
  /** What this end thinks of its peer. `stopped`: it will not go on, or not without a 401. */
  judged(verdict: Verdict, input: Pick<VerifyInput, 'roots' | 'name'>): void;
  /** The handshake is decided, or decided anew. `own`: why this end could not go on; null when it is content. */
  decide(outcome: Outcome, own: Code | null, texts: readonly RealText[]): void;
  /** The first answer over this connection; later ones change nothing. */
  answered(http: HttpResult): void;
  /** Something that succeeded and should not have. */
  unsafe(sentence: string): void;
  /** The connection is over. */
  closed(): void;
  trace(): Trace;
  readonly outcome: Outcome;
  readonly state: Trace['state'];
}

/** Memory per connection is bounded: what a handshake needs, and not what a hostile peer sends. */
const MAX_WIRE_BYTES = 128 * 1024;
const MAX_MESSAGE_BYTES = 256 * 1024;
const MAX_KEYLOG_LINES = 12;
const MAX_BELIEFS = 16;

const UNTRIED: Outcome = { layer: 'untried', by: null, code: null, alert: null };
const NOBODY: readonly Uint8Array[] = [];

let count = 0;

/** Begin a record. */
export function beginHalf(options: HalfOptions): Half {
  const { host, side, component, peer, ends } = options;
  const startedAtMs = performance.timeOrigin + performance.now();
  const startTick = performance.now();
  count += 1;
  const id = `${component}.${side}.${count.toString(36)}`;
  const channel = side === 'client' ? `${component}->${peer}` : `${peer}->${component}`;
  const claim = claimNext(channel, id);
  const atUs = (): number => Math.round((performance.now() - startTick) * 1000);

  const messages: TraceMessage[] = [];
  const wire: WireChunk[] = [];
  const keylog: string[] = [];
  const believed: Belief[] = [];
  const unsafe: string[] = [];
  let wireBytes = 0;
  let messageBytes = 0;
  let state: Trace['state'] = 'open';
  let outcome = UNTRIED;
  let http: HttpResult | null = null;
  let verdict: Verdict | null = null;
  let judgedBy: Pick<VerifyInput, 'roots' | 'name'> = { roots: NOBODY, name: null };
  let clockShiftMs = 0;
  let ownCode: Code | null = null;
  let texts: readonly RealText[] = [];
  let clusterTime = '';

  const decoder = createDecoder({
    onMessage: (message) => {
      messageBytes += message.lengthBytes;
      messages.push(messageBytes > MAX_MESSAGE_BYTES ? shorten(message) : message);
      options.onMessage?.(message);
    },
  });

  const report = (): SideReport => {
    const plain = {
      component,
      presented: decoder.certificates[side] ?? NOBODY,
      certFile: options.certFile,
      caFile: options.caFile,
      trusted: judgedBy.roots,
      wantedName: judgedBy.name,
      clockShiftMs,
      verdictText: verdict?.text ?? null,
      believed: [...believed],
      code: ownCode,
      realTexts: texts,
      secondOpinion: null,
    };
    return withFindings(plain, verdict);
  };

  const trace = (): Trace => {
    const local = { address: ends.localAddress, port: ends.localPort };
    const remote = { address: ends.remoteAddress, port: ends.remotePort };
    return {
      id,
      state,
      startedAtMs,
      clusterTime: clusterTime || host.now().toISOString(),
      clientRandom: decoder.clientRandom,
      channel,
      clientAddress: side === 'client' ? local : remote,
      serverAddress: side === 'client' ? remote : local,
      clientAuth: options.clientAuth,
      protocol: decoder.protocol,
      cipher: decoder.cipher,
      sni: decoder.sni,
      alpn: decoder.alpn,
      messages: [...messages],
      client: side === 'client' ? report() : null,
      server: side === 'server' ? report() : null,
      outcome,
      http,
      keylog: [...keylog],
      wire: [...wire],
      unsafe: [...unsafe],
    };
  };
  const believe = (belief: Belief['state'], text: string): void => {
    if (believed.length < MAX_BELIEFS) believed.push({ atUs: atUs(), state: belief, text });
  };

  return {
    id,
    claim,
    decoder,
    bytes(from, bytes) {
      const now = atUs();
      if (wireBytes + bytes.length <= MAX_WIRE_BYTES) {
        wireBytes += bytes.length;
        wire.push({ from, atUs: now, bytes: Uint8Array.from(bytes) });
      } else {
        // A gap would make the rest unreadable: the record of the wire ends here.
        wireBytes = MAX_WIRE_BYTES;
      }
      decoder.push(from, bytes, now);
    },
    keylog(line) {
      const text = line.trim();
      if (keylog.length < MAX_KEYLOG_LINES) keylog.push(text);
      decoder.keylog(text);
    },
    believe,
    judged(made, input) {
      verdict = made;
      judgedBy = input;
      clockShiftMs = host.shiftMs();
      clusterTime = host.now().toISOString();
    },
    decide(decided, own, real) {
      outcome = decided;
      ownCode = own;
      texts = real;
      if (clusterTime === '') clusterTime = host.now().toISOString();
      if (state === 'open') state = 'done';
      host.tell(trace());
    },
    answered(answer) {
      // The first answer counts, until one of the same connection is a refusal.
      const refused = httpOutcome(answer.status).layer !== 'ok';
      if (state === 'closed' || (http !== null && (!refused || httpOutcome(http.status).layer !== 'ok')))
        return;
      http = answer;
      if (outcome.layer === 'ok') outcome = httpOutcome(answer.status);
      host.tell(trace());
    },
    unsafe(sentence) {
      if (!unsafe.includes(sentence)) unsafe.push(sentence);
    },
    closed() {
      if (state === 'closed') return;
      decoder.end();
      believe('closed', 'the connection is over');
      state = 'closed';
      host.tell(trace());
    },
    trace,
    get outcome() {
      return outcome;
    },
    get state() {
      return state;
    },
  };
}

/**
 * The report with its findings, which are put into words when somebody looks. Out here and not in `beginHalf`: a trace
 * outlives its connection, and a getter made there would keep sockets and decoder with it.
 */
function withFindings(plain: Omit<SideReport, 'findings'>, verdict: Verdict | null): SideReport {
  return {
    ...plain,
    get findings() {
      return verdict?.findings ?? [];
    },
  };
}

const LAYER_OF_STATUS: Readonly<Record<number, readonly [Layer, Code]>> = {
  401: ['401', 'UNAUTHENTICATED'],
  403: ['403', 'FORBIDDEN'],
};

function httpOutcome(status: number): Outcome {
  const [layer, code] =
    LAYER_OF_STATUS[status] ?? (status >= 500 ? (['http', 'BACKEND_UNAVAILABLE'] as const) : ['ok', null]);
  return { layer, by: code === null ? null : 'server', code, alert: null };
}

/** Too long to keep: its first bytes, without fields. */
function shorten(message: TraceMessage): TraceMessage {
  const { from, type, atUs, encrypted, lengthBytes, bytes } = message;
  const summary = `${lengthBytes} bytes, too long to keep`;
  return { from, type, atUs, encrypted, lengthBytes, bytes: bytes.slice(0, 64), fields: [], summary };
}
