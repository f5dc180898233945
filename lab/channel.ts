/**
 * The state of one channel as the outside reads it: the CHANNEL object of `up --once --json` and `status --json`.
 */
import type { Code } from '../certs/codes.ts';
import { readCertificate } from '../certs/x509.ts';
import type { InstanceId } from '../components/component.ts';
import type { Alert, Layer, Side, SideReport, Trace } from '../components/tls/trace.ts';
import { answerTexts } from './answer-texts.ts';
import type { Channel } from './topology.ts';
import { certificatesOnWire } from './wire-certificates.ts';

/** Fields may be added, none renamed: outside checks rely on them. */
export interface ChannelState {
  readonly id: string;
  readonly client: InstanceId;
  readonly server: InstanceId;
  readonly layer: Layer;
  readonly by: Side | null;
  readonly code: Code | null;
  readonly alert: Alert | null;
  readonly protocol: string | null;
  readonly cipher: string | null;
  /** Subject of the certificate that the client showed; null when it showed none. */
  readonly clientIdentity: { readonly cn: string; readonly o: readonly string[] } | null;
  /** What the real client prints; null when it is content. */
  readonly clientText: string | null;
  /** What the real server prints; null when it is content. */
  readonly serverText: string | null;
  /** Sentences, where it succeeded and should not have. */
  readonly unsafe: readonly string[];
  /** Certificate files shown, by host path; null where there is none or where it is not known. */
  readonly clientFile: string | null;
  readonly serverFile: string | null;
  /** Trace id of the connection that this state comes from. */
  readonly trace: string | null;
  /** Real time at which it began, RFC 3339. */
  readonly at: string | null;
  /** The status of the first HTTP answer, where it is known. */
  readonly httpStatus: number | null;
  /**
   * An older connection that is still open although a new one would be refused, or shows another certificate:
   * TLS checks only at the start. `since` is real time, RFC 3339.
   */
  readonly stillOpen: { readonly since: string; readonly oldCertificate: boolean } | null;
}

/**
 * The state of a channel.
 * @param trace  its newest decided connection; undefined when none was tried
 * @param all    its connections that are remembered, oldest first
 * @param own    Subject of the certificate that the client should show
 */
export function channelState(
  channel: Channel,
  trace: Trace | undefined,
  all: readonly Trace[] = [],
  own?: NonNullable<ChannelState['clientIdentity']>,
): ChannelState {
  const { id, client, server } = channel;
  if (trace === undefined) return { ...UNTRIED, id, client, server };
  const { outcome } = trace;
  const content = outcome.layer === 'ok';
  const clientIdentity = identityOf(clientLeaf(trace));
  const answered = answerTexts(channel, trace);
  return {
    id,
    client,
    server,
    layer: outcome.layer,
    by: outcome.by,
    code: outcome.code,
    alert: outcome.alert,
    protocol: trace.protocol,
    cipher: trace.cipher,
    clientIdentity,
    clientText: content ? null : (answered.client ?? textOf(trace.client)),
    serverText: content ? null : ANSWERED.has(outcome.layer) ? answered.server : textOf(trace.server),
    unsafe: [...trace.unsafe, ...(content ? notItsOwn(client, clientIdentity, own) : [])],
    clientFile: trace.client?.certFile ?? null,
    serverFile: trace.server?.certFile ?? null,
    trace: trace.id,
    at: new Date(trace.startedAtMs).toISOString(),
    httpStatus: trace.http?.status ?? null,
    stillOpen: stillOpen(trace, all),
  };
}

/** TLS was fine; what a server prints then is not about TLS. */
const ANSWERED: ReadonlySet<Layer> = new Set(['401', '403', 'http']);

const UNTRIED = {
  layer: 'untried',
  by: null,
  code: 'NOT_TRIED',
  alert: null,
  protocol: null,
  cipher: null,
  clientIdentity: null,
  clientText: null,
  serverText: null,
  unsafe: [],
  clientFile: null,
  serverFile: null,
  trace: null,
  at: null,
  httpStatus: null,
  stillOpen: null,
} as const satisfies Omit<ChannelState, 'id' | 'client' | 'server'>;

function textOf(side: SideReport | null): string | null {
  if (side === null) return null;
  return side.realTexts[0]?.text ?? side.verdictText;
}

/** Who may do everything, whatever RBAC says. */
const PRIVILEGED = 'system:masters';

/** A client that was let in as somebody else, or as more than it is. */
function notItsOwn(
  client: string,
  shown: ChannelState['clientIdentity'],
  own: ChannelState['clientIdentity'] | undefined,
): string[] {
  if (!shown || !own) return [];
  const gained = shown.o.includes(PRIVILEGED) && !own.o.includes(PRIVILEGED);
  return [
    ...(shown.cn === own.cn
      ? []
      : [`${client} is let in as ${shown.cn}: it shows a certificate that is not its own (${own.cn})`]),
    ...(gained
      ? [
          `${client} is let in as a member of ${PRIVILEGED}: it may do everything, and nobody can take it away`,
        ]
      : []),
  ];
}

/**
 * The first certificate that the client showed. Its own half is told before its last flight in TLS 1.3; the server's
 * half has the message by then.
 */
function clientLeaf(trace: Trace): Uint8Array | undefined {
  return trace.client?.presented[0] ?? certificatesOnWire(trace, 'client')?.[0];
}

function stillOpen(newest: Trace, all: readonly Trace[]): ChannelState['stillOpen'] {
  for (const trace of all) {
    if (trace.state !== 'done' || trace.outcome.layer !== 'ok' || trace.id === newest.id) continue;
    if (trace.startedAtMs > newest.startedAtMs) continue;
    const oldCertificate =
      differs(clientLeaf(trace), clientLeaf(newest)) ||
      differs(trace.server?.presented[0], newest.server?.presented[0]);
    const refusedNow = newest.outcome.layer === 'tls' || newest.outcome.layer === '401';
    if (!oldCertificate && !refusedNow) continue;
    return { since: new Date(trace.startedAtMs).toISOString(), oldCertificate };
  }
  return null;
}

/** Whether both are known and not the same. */
function differs(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  return one !== undefined && other !== undefined && one !== other && Buffer.compare(one, other) !== 0;
}

/** CN and O of a certificate; null when it cannot be read. */
function identityOf(der: Uint8Array | undefined): ChannelState['clientIdentity'] {
  if (der === undefined) return null;
  const known = identitiesRead.get(der);
  if (known !== undefined) return known;
  const identity = readIdentity(der);
  identitiesRead.set(der, identity);
  return identity;
}

const identitiesRead = new WeakMap<Uint8Array, ChannelState['clientIdentity']>();

function readIdentity(der: Uint8Array): ChannelState['clientIdentity'] {
  try {
    const { commonName, organizations } = readCertificate(der).subject;
    return { cn: commonName, o: organizations };
  } catch {
    return null;
  }
}
