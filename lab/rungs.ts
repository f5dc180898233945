/**
 * The rungs of a ladder: a trace's messages put together as people tell them, with what each side held to be true
 * in between.
 */
import type { Belief, MessageType, Side, Trace, TraceMessage } from '../components/tls/trace.ts';

/** One arrow. */
export interface Rung {
  readonly from: Side;
  readonly atUs: number;
  readonly encrypted: boolean;
  /** The messages in short: `Certificate`, `proof`, `Finished`. */
  readonly parts: readonly string[];
  readonly isAlert: boolean;
  /** What the two sides make of it, before the next arrow. */
  readonly notes: Readonly<Record<Side, readonly string[]>>;
  /** The side that stops the handshake at this rung. */
  readonly refusedBy: Side | null;
  /** Places in the trace's messages of what this arrow carries. */
  readonly messages: readonly number[];
  /** What each side holds to be true once this rung is over; null: nothing yet. */
  readonly held: Readonly<Record<Side, Belief['state'] | null>>;
}

interface OpenRung {
  from: Side;
  atUs: number;
  encrypted: boolean;
  messages: TraceMessage[];
  places: number[];
}

/** RFC names, except where a plain word says more. */
const WORDS: Partial<Readonly<Record<MessageType, string>>> = {
  client_hello: 'ClientHello',
  server_hello: 'ServerHello',
  hello_retry_request: 'HelloRetryRequest',
  certificate: 'Certificate',
  certificate_request: 'CertificateRequest',
  certificate_verify: 'proof',
  finished: 'Finished',
  server_key_exchange: 'key',
  client_key_exchange: 'key',
  alert: 'Alert',
  application_data: 'data',
  key_update: 'KeyUpdate',
  encrypted: 'encrypted',
  unknown: 'not TLS',
};

/** Messages that are no part of the story: `-v` shows them. */
const ASIDE: ReadonlySet<MessageType> = new Set([
  'change_cipher_spec',
  'encrypted_extensions',
  'server_hello_done',
  'new_session_ticket',
  'certificate_status',
  'hello_request',
]);
/** Messages that get an arrow of their own. */
const ALONE: ReadonlySet<MessageType> = new Set([
  'client_hello',
  'server_hello',
  'hello_retry_request',
  'certificate_request',
  'alert',
  'application_data',
  'unknown',
]);

const BELIEF_WORDS = {
  connected: 'believes CONNECTED',
  accepted: '✓ accepted',
  refused: '✗ refused',
  'learned-refused': 'learns: REFUSED',
  closed: 'closed',
} as const satisfies Record<Belief['state'], string>;

/**
 * The rungs of a trace, in wire order.
 * @param shown  what a side showed, in short (`scheduler.crt`); null when it is not known
 */
export function rungsOf(trace: Trace, shown: (side: Side) => string | null): readonly Rung[] {
  const open: OpenRung[] = [];
  for (const [place, message] of trace.messages.entries()) {
    if (ASIDE.has(message.type)) continue;
    const last = open.at(-1);
    const joins =
      last !== undefined &&
      last.from === message.from &&
      last.encrypted === message.encrypted &&
      !ALONE.has(message.type) &&
      !ALONE.has(last.messages.at(-1)?.type ?? 'unknown');
    if (joins) {
      last.messages.push(message);
      last.places.push(place);
    } else
      open.push({
        from: message.from,
        atUs: message.atUs,
        encrypted: message.encrypted,
        messages: [message],
        places: [place],
      });
  }
  const refused = refusedAt(trace, open);
  const believed = { client: beliefsOf(trace, open, 'client'), server: beliefsOf(trace, open, 'server') };
  return open.map((rung, index) => ({
    from: rung.from,
    atUs: rung.atUs,
    encrypted: rung.encrypted,
    parts: rung.messages.map((message) => partOf(trace, message, shown)),
    isAlert: rung.messages.some(isRefusingAlert),
    notes: withTolerated(
      trace,
      rung,
      notesBetween(
        trace,
        believed,
        index === 0 ? -1 : rung.atUs,
        open[index + 1]?.atUs ?? Number.POSITIVE_INFINITY,
      ),
    ),
    refusedBy: index === refused ? trace.outcome.by : null,
    messages: rung.places,
    held: heldAt(
      trace,
      believed,
      index >= refused && refused >= 0,
      open[index + 1]?.atUs ?? Number.POSITIVE_INFINITY,
    ),
  }));
}

function partOf(trace: Trace, message: TraceMessage, shown: (side: Side) => string | null): string {
  const word = WORDS[message.type] ?? message.type;
  switch (message.type) {
    case 'certificate':
      return message.summary === 'no certificate'
        ? 'no certificate'
        : `${word} ${shown(message.from) ?? message.summary}`;
    case 'certificate_request':
    case 'hello_retry_request':
      return `${word}: ${message.summary}`;
    case 'alert':
      return `${word} ${message.summary}`;
    case 'unknown':
      return message.summary;
    case 'application_data':
      return message.from === 'server' && trace.http ? `answer: HTTP ${trace.http.status}` : word;
    default:
      return word;
  }
}

function isRefusingAlert(message: TraceMessage): boolean {
  // close_notify (0) and user_canceled (90) are ordinary goodbyes.
  return message.type === 'alert' && message.bytes[1] !== 0 && message.bytes[1] !== 90;
}

/**
 * The rung that the refusing side stopped at: the peer's Certificate when that was the reason, else the last that it
 * received before it spoke its alert. -1 when nobody refused.
 */
function refusedAt(trace: Trace, rungs: readonly OpenRung[]): number {
  const { by, layer, code } = trace.outcome;
  if (by === null || layer !== 'tls') return -1;
  const alert = rungs.findIndex((rung) => rung.from === by && rung.messages.some(isRefusingAlert));
  const before = alert === -1 ? rungs : rungs.slice(0, alert);
  const lastWith = (wanted: (type: MessageType) => boolean): number =>
    before.findLastIndex((rung) => rung.from !== by && rung.messages.some(({ type }) => wanted(type)));
  const certificate = code?.startsWith('CERT_') ? lastWith((type) => type === 'certificate') : -1;
  return certificate === -1
    ? lastWith((type) => type !== 'application_data' && type !== 'encrypted')
    : certificate;
}

type Beliefs = Readonly<Record<Side, readonly Belief[]>>;

/** A side is told of success by OpenSSL before its own Finished has left: on the ladder it comes with that. */
function beliefsOf(trace: Trace, rungs: readonly OpenRung[], side: Side): Belief[] {
  const own = rungs.find(
    ({ from, messages }) => from === side && messages.some(({ type }) => type === 'finished'),
  );
  return (trace[side]?.believed ?? [])
    .map((belief) =>
      belief.state === 'connected' && own ? { ...belief, atUs: Math.max(belief.atUs, own.atUs) } : belief,
    )
    .sort((one, other) => one.atUs - other.atUs);
}

/** Beliefs that began in [fromUs, toUs). The refusal itself is marked on its rung, not here. */
function notesBetween(trace: Trace, believed: Beliefs, fromUs: number, toUs: number): Rung['notes'] {
  const notes = (side: Side): readonly string[] =>
    believed[side]
      .filter(({ atUs }) => atUs >= fromUs && atUs < toUs)
      .filter(({ state }) => state !== 'closed' && !(state === 'refused' && trace.outcome.by === side))
      .map(({ state }) => BELIEF_WORDS[state]);
  return { client: notes('client'), server: notes('server') };
}

/** Who only asks for a certificate goes on with one that does not verify: the refusal comes in HTTP, or never. */
function withTolerated(trace: Trace, rung: OpenRung, notes: Rung['notes']): Rung['notes'] {
  const judge: Side = rung.from === 'client' ? 'server' : 'client';
  const { by, layer } = trace.outcome;
  const isShown = rung.messages.some(({ type }) => type === 'certificate');
  const fails = trace[judge]?.findings.some(({ passed }) => !passed) ?? false;
  if (!isShown || !fails || (layer === 'tls' && by === judge)) return notes;
  return { ...notes, [judge]: ['✗ does not verify, goes on', ...notes[judge]] };
}

/** The newest belief of each side before `untilUs`; who refuses at a rung knows it from there on. */
function heldAt(trace: Trace, believed: Beliefs, isRefused: boolean, untilUs: number): Rung['held'] {
  const held = (side: Side): Belief['state'] | null => {
    if (trace.outcome.by === side && isRefused) return 'refused';
    const last = believed[side].filter(({ atUs, state }) => atUs < untilUs && state !== 'closed').at(-1);
    return last?.state ?? null;
  };
  return { client: held('client'), server: held('server') };
}
