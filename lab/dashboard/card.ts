/**
 * One handshake as the page's card shows it: everything that has words, made from its trace; fields and bytes of the
 * messages are asked for apart.
 */
import type { Finding } from '../../certs/errors.ts';
import { type CertificateField, certificateFields } from '../../certs/x509/fields.ts';
import type { DecodeFinding, Field, MessageType, Side, Trace } from '../../components/tls/trace.ts';
import { type ChannelState, channelState } from '../channel.ts';
import { costOf } from '../consequences.ts';
import type { LabDirectory } from '../directory.ts';
import { explain, nameOf, type Story } from '../explain.ts';
import type { History } from '../history.ts';
import { checkName } from '../ladder.ts';
import { messageTitle, whyOf } from '../message-why.ts';
import { type Rung, rungsOf } from '../rungs.ts';
import type { Channel } from '../topology.ts';
import { byHand } from './by-hand.ts';
import { type Chain, chainOf } from './chain.ts';

/** A rung with what its messages are for. */
export interface CardRung extends Rung {
  readonly why: readonly string[];
}

/** One message; its fields and bytes are in `MessageBytes`. */
export interface CardMessage {
  readonly from: Side;
  readonly type: MessageType;
  /** `ClientHello`. */
  readonly title: string;
  readonly atUs: number;
  readonly encrypted: boolean;
  readonly lengthBytes: number;
  readonly summary: string;
  readonly why: string;
}

/** Fields and bytes of one message, in the order of `CardStory.messages`. */
export interface MessageBytes {
  readonly fields: readonly Field[];
  readonly base64: string;
  readonly finding: DecodeFinding | null;
}

/** A check with a word for what it looked at. */
export interface CardCheck extends Finding {
  readonly name: string;
}

/** What one side made of the other. */
export interface SideCard {
  readonly name: string;
  /** `127.0.0.1:6443`. */
  readonly address: string;
  /** False: it is not one of the lab's programs, and its mind is not known. */
  readonly isKnown: boolean;
  readonly checks: readonly CardCheck[];
  /** What stands in place of checks, when there are none. */
  readonly unchecked: string | null;
  /** Go's words about the other side; null when it accepted. */
  readonly verdictText: string | null;
  readonly openssl: { readonly accepts: boolean | null; readonly text: string } | null;
  /** What this side showed. */
  readonly chain: Chain;
}

/** One line of a comparison. */
export interface Fact {
  readonly label: string;
  readonly value: string;
}

/** One handshake in full. */
export interface CardStory {
  readonly state: ChannelState;
  /** Host time by which the deciding side judged, RFC 3339. */
  readonly clusterTime: string;
  readonly clientAuth: Trace['clientAuth'];
  readonly story: Story;
  /** Lines of openssl that mend it, for a shell where the lab was started; null where they do not fit. */
  readonly byHand: string | null;
  /** What a failure of this connection costs; empty when all is well. */
  readonly costs: readonly string[];
  readonly rungs: readonly CardRung[];
  readonly messages: readonly CardMessage[];
  readonly client: SideCard;
  readonly server: SideCard;
  readonly facts: readonly Fact[];
}

/** A handshake that can be opened. */
export interface RecentTrace {
  readonly id: string;
  /** Real time, RFC 3339. */
  readonly at: string;
  /** How many of its run came after it. */
  readonly newer: number;
}

/** Consecutive handshakes that came out alike. */
export interface RecentRun {
  readonly count: number;
  readonly state: ChannelState;
  /** Newest first. */
  readonly traces: readonly RecentTrace[];
}

/** The channel of a trace, also of one that nobody planned: `?` is a program outside the lab. */
export function channelOfTrace(topology: readonly Channel[], { channel }: Trace): Channel {
  const known = topology.find(({ id }) => id === channel);
  if (known) return known;
  const [client = '?', server = '?'] = channel.split('->');
  return { id: channel, client, server, clientIdentity: '', serverIdentity: '' };
}

/** How the lab mends a certificate, as `explain` says it. */
const FIX = /^npx mtls-lab fix (\S+)$/;

/** The card of a trace, in the lab of a directory. */
export function cardOf(channel: Channel, trace: Trace, directory: LabDirectory): CardStory {
  const state = channelState(channel, trace);
  const story = explain(trace);
  const broken = story.mend.flatMap(({ text }) => FIX.exec(text)?.[1] ?? [])[0];
  const client = sideCard(trace, 'client');
  const server = sideCard(trace, 'server');
  return {
    state,
    clusterTime: trace.clusterTime,
    clientAuth: trace.clientAuth,
    story,
    byHand: broken === undefined ? null : (byHand(directory, '', broken)?.mends ?? null),
    costs: state.layer === 'ok' || state.layer === 'untried' || state.client === '?' ? [] : [costOf(state)],
    rungs: cardRungs(trace),
    messages: trace.messages.map((message) => ({
      from: message.from,
      type: message.type,
      title: messageTitle(message.type),
      atUs: message.atUs,
      encrypted: message.encrypted,
      lengthBytes: message.lengthBytes,
      summary: message.summary,
      why: whyOf(trace, message),
    })),
    client,
    server,
    facts: factsOf(trace, state, { client, server }),
  };
}

/** The rungs of a trace, also of one that goes on. */
export function cardRungs(trace: Trace): CardRung[] {
  const shown = (side: Side): string | null => trace[side]?.certFile?.split('/').at(-1) ?? null;
  return rungsOf(trace, shown).map((rung) => ({
    ...rung,
    why: rung.messages.flatMap((place) => {
      const message = trace.messages[place];
      return message ? [whyOf(trace, message)] : [];
    }),
  }));
}

/** Runs of a connection, newest first. */
export function recentOf(channel: Channel, history: History): RecentRun[] {
  return history.runs(channel.id).flatMap(({ count, traces }) => {
    const [newest] = traces;
    if (!newest) return [];
    return {
      count,
      state: channelState(channel, newest.trace),
      traces: traces.map(({ trace: { id, startedAtMs }, newer }) => ({
        id,
        at: new Date(startedAtMs).toISOString(),
        newer,
      })),
    };
  });
}

/** Fields and bytes of every message. */
export function bytesOf(trace: Trace): MessageBytes[] {
  return trace.messages.map(({ fields, bytes, finding }) => ({
    fields: fields.map((field) => withCertificate(field, bytes)),
    base64: Buffer.from(bytes).toString('base64'),
    finding: finding ?? null,
  }));
}

/** RFC 8446 section 4.4.2: cert_data begins with its length, three bytes. */
const LENGTH_BYTES = 3;

/** A certificate within a message is opened, too. */
function withCertificate(field: Field, bytes: Uint8Array): Field {
  if (field.name === 'cert_data' && field.end > field.start + LENGTH_BYTES) {
    const from = field.start + LENGTH_BYTES;
    return { ...field, children: [moved(certificateFields(bytes.subarray(from, field.end)), from)] };
  }
  return field.children === undefined
    ? field
    : { ...field, children: field.children.map((child) => withCertificate(child, bytes)) };
}

function moved({ name, value, start, end, children }: CertificateField, by: number): Field {
  const at = { name, value, start: start + by, end: end + by };
  return children === undefined ? at : { ...at, children: children.map((child) => moved(child, by)) };
}

function sideCard(trace: Trace, side: Side): SideCard {
  const report = trace[side];
  const { address, port } = side === 'client' ? trace.clientAddress : trace.serverAddress;
  const findings = report?.findings ?? [];
  return {
    name: nameOf(trace, side),
    address: `${address.includes(':') ? `[${address}]` : address}:${port}`,
    isKnown: report !== null,
    checks: findings.map((finding) => ({ ...finding, name: checkName(finding.code) })),
    unchecked: findings.length > 0 ? null : uncheckedText(trace, side),
    verdictText: report?.verdictText ?? null,
    openssl: report?.secondOpinion ?? null,
    chain: chainOf(trace, side),
  };
}

function uncheckedText(trace: Trace, side: Side): string {
  const report = trace[side];
  if (report === null) return 'It is not one of the lab’s programs: what it checked is not known.';
  if (report.caFile === null)
    return 'It does not verify the other side: there is no CA file to verify it with.';
  return 'It had nothing to check: the handshake was over before.';
}

/** What two handshakes are compared by. */
function factsOf(
  trace: Trace,
  { layer, by, code, alert }: ChannelState,
  sides: { readonly client: SideCard; readonly server: SideCard },
): Fact[] {
  const result =
    layer === 'tls' ? `refused in TLS by the ${by ?? 'peer'}` : layer === 'ok' ? 'both accept' : layer;
  return [
    { label: 'Outcome', value: result },
    { label: 'Why', value: code ?? '–' },
    { label: 'Alert', value: alert ? `${alert.number} ${alert.name}, from the ${alert.from}` : 'none' },
    { label: 'Mode', value: trace.clientAuth === 'request' ? 'as Kubernetes does' : 'strict (lab)' },
    { label: 'Version, cipher', value: `${trace.protocol ?? 'none'}, ${trace.cipher ?? 'none'}` },
    ...(['client', 'server'] as const).flatMap((side) => chainFacts(side, sides[side])),
  ];
}

function chainFacts(side: Side, { chain, checks, unchecked }: SideCard): Fact[] {
  const [leaf] = chain.path;
  const row = (label: string): string => leaf?.rows.find((one) => one.label === label)?.value ?? '–';
  const failed = checks.filter(({ passed }) => !passed).map(({ what }) => what);
  return [
    { label: `The ${side}’s subject`, value: row('subject') },
    { label: `The ${side}’s signer`, value: row('signed by') },
    { label: `The ${side}’s validity`, value: row('valid').replace(/ \([^)]*\)$/, '') },
    { label: `The ${side}’s names`, value: row('names (SAN)') },
    { label: `The ${side}’s purpose`, value: row('may be') },
    { label: `The ${side}’s serial number`, value: row('serial number') },
    { label: `Certificates the ${side} shows`, value: String(chain.path.length + chain.beside.length) },
    {
      label: `What the ${side === 'client' ? 'server' : 'client'} trusts`,
      value: chain.trusted.map(({ name, seal }) => `${name} ${seal}`).join(', ') || 'nothing',
    },
    { label: `What the ${side} objects to`, value: failed.join('; ') || unchecked || 'nothing' },
  ];
}
