/**
 * A trace becomes a handful of plain sentences: who offered what, who refused, at which message, by which rule,
 * what a real cluster would have done, and how to mend it. The only place that words an outcome; the terminal,
 * the page and the Wireshark comments read it from here.
 */
import { CODES } from '../certs/codes.ts';
import type { Finding } from '../certs/errors.ts';
import { called } from '../certs/verify/refusal.ts';
import { readCertificate } from '../certs/x509.ts';
import type { RealText, Side, SideReport, Trace, TraceMessage } from '../components/tls/trace.ts';
import { certificatesOnWire } from './wire-certificates.ts';

/** One log line, and whose it is. */
export interface StoryLog extends RealText {
  /** The lab's instance that stands for the program; null when it is the far end's. */
  readonly component: string;
}

/** One connection in words. */
export interface Story {
  /** One sentence with both values. */
  readonly headline: string;
  /** In the order in which things happened. */
  readonly sentences: readonly string[];
  /** What a stock cluster would have done instead; null when it would have done the same. */
  readonly realCluster: string | null;
  /** How to mend it: in the lab, and on a real cluster. Empty when all is well. */
  readonly mend: readonly { readonly where: 'lab' | 'real cluster'; readonly text: string }[];
  readonly logs: readonly StoryLog[];
}

/** kubeadm's way to renew what the lab calls by the seed's file names. */
const REAL_RENEWAL = {
  apiserver: 'kubeadm certs renew apiserver, then restart kube-apiserver',
  'etcd-server': 'kubeadm certs renew etcd-server, then restart etcd',
  admin: 'kubeadm certs renew admin.conf, then copy /etc/kubernetes/admin.conf',
  scheduler: 'kubeadm certs renew scheduler.conf, then restart kube-scheduler',
  'controller-manager': 'kubeadm certs renew controller-manager.conf, then restart kube-controller-manager',
  'apiserver-etcd-client': 'kubeadm certs renew apiserver-etcd-client, then restart kube-apiserver',
  'apiserver-kubelet-client': 'kubeadm certs renew apiserver-kubelet-client, then restart kube-apiserver',
  kubelet: 'set serverTLSBootstrap, restart the kubelet and kubectl certificate approve its serving CSR',
  'kubelet-client':
    'join the node again (kubeadm token create --print-join-command), or let the kubelet rotate',
  'kube-proxy': 'replace the kubeconfig in the kube-proxy ConfigMap, then restart the DaemonSet',
} as const satisfies Record<string, string>;

const BELIEF_WORDS = {
  connected: 'believed itself connected',
  accepted: 'accepted the other side',
  refused: 'refused the other side',
  'learned-refused': 'learned that it had been refused',
  closed: 'saw the connection close',
} as const satisfies Record<SideReport['believed'][number]['state'], string>;

/**
 * Put a trace into words.
 * @param trace  joined or one half; a missing half is called by its address
 */
export function explain(trace: Trace): Story {
  const failing = failingFinding(trace);
  return {
    headline: headline(trace, failing),
    sentences: sentences(trace, failing),
    realCluster: realCluster(trace),
    mend: mend(trace, failing),
    logs: logs(trace),
  };
}

/** The check that decided: the first failed one of the side that refused. */
export function failingFinding(trace: Trace): Finding | undefined {
  const { by } = trace.outcome;
  if (by === null) return undefined;
  return trace[by]?.findings.find((finding) => !finding.passed);
}

/** What to call one end: its component, or the address that is all we know. */
export function nameOf(trace: Trace, side: Side): string {
  const report = trace[side];
  if (report) return report.component;
  const named = trace.channel.split('->')[side === 'client' ? 0 : 1];
  if (named && named !== '?') return named;
  const { address, port } = side === 'client' ? trace.clientAddress : trace.serverAddress;
  return `${address}:${port}`;
}

function headline(trace: Trace, failing: Finding | undefined): string {
  const client = nameOf(trace, 'client');
  const server = nameOf(trace, 'server');
  const { layer, by, code } = trace.outcome;
  switch (layer) {
    case 'untried':
      return code === null || code === 'NOT_TRIED'
        ? `${client} has not dialled ${server} yet.`
        : `${client} could not dial ${server}, because of its own files: ${title(code)}.`;
    case 'ok':
      return trace.unsafe.length > 0
        ? `${client} and ${server} are connected, but should not be so easily: ${trace.unsafe.join('; ')}.`
        : connected(trace);
    case 'tcp':
      return `${client} could not reach ${server}: ${title(code)}. No certificate was looked at.`;
    case '401':
      return `${server} finished the handshake with ${client} and then answered 401: ${because(trace, failing, 'it does not know who that is')}.`;
    case '403':
      return `${server} knows ${client}, and answered 403: ${trace.http?.message || 'it is not allowed to do that'}.`;
    case 'http':
      return `${server} and ${client} trust each other, but the answer was ${trace.http?.status ?? 'an error'}: ${trace.http?.message || 'the server has trouble of its own'}.`;
    case 'tls':
      if (by === null) return `The handshake between ${client} and ${server} failed: ${title(code)}.`;
      return `${nameOf(trace, by)} refused ${nameOf(trace, other(by))}: ${because(trace, failing, toldBy(trace))}.`;
  }
}

/** What an end that tells nothing has said all the same. */
function toldBy({ outcome: { alert, code } }: Trace): string {
  return code === 'HANDSHAKE_FAILURE' && alert !== null
    ? `alert ${alert.number} ${alert.name} is all that it said`
    : title(code);
}

/** A program outside the lab keeps to itself what it made of the other side. */
function connected(trace: Trace): string {
  const silent = trace.client === null ? 'client' : trace.server === null ? 'server' : null;
  const [client, server] = [nameOf(trace, 'client'), nameOf(trace, 'server')];
  if (silent === null) return `${client} and ${server} verified each other and are connected.`;
  const [told, untold] = silent === 'server' ? [client, server] : [server, client];
  return `${client} and ${server} are connected. ${told} accepts ${untold}, which has not told what it thinks.`;
}

function because(trace: Trace, failing: Finding | undefined, otherwise: string): string {
  const finding = failing ?? trace.server?.findings.find(({ passed }) => !passed);
  const judge = failing ? (trace.outcome.by ?? 'server') : 'server';
  const text = finding ? withFile(finding.what, trace, other(judge)) : otherwise;
  return text.replace(/\.$/, '');
}

/** What is said of the certificate that a side showed, with the file that it comes from. */
function withFile(what: string, trace: Trace, side: Side): string {
  const file = trace[side]?.certFile;
  const [first] = certificatesOnWire(trace, side) ?? trace[side]?.presented ?? [];
  const subject = first && subjectOf(first);
  if (!file || !subject || !what.startsWith(`${subject} `)) return what;
  return `its certificate ${baseName(file)}, ${subject},${what.slice(subject.length)}`;
}

/** What the checks call a certificate, in quotes; null when it cannot be read. */
function subjectOf(der: Uint8Array): string | null {
  try {
    return called(readCertificate(der));
  } catch {
    return null;
  }
}

function title(code: Trace['outcome']['code']): string {
  if (code === null) return 'no reason was given';
  const text = CODES[code].title;
  return text.charAt(0).toLowerCase() + text.slice(1);
}

function sentences(trace: Trace, failing: Finding | undefined): string[] {
  const client = nameOf(trace, 'client');
  const server = nameOf(trace, 'server');
  const out: string[] = [];
  if (trace.messages.some((message) => message.type === 'client_hello')) {
    out.push(`${client} dialled ${where(trace)}${trace.sni ? ` and asked for "${trace.sni}"` : ''}.`);
  } else if (trace.outcome.layer === 'tcp') {
    out.push(`${client} dialled ${where(trace)} and nobody took the call.`);
  }
  const shown = presented(trace, 'server');
  if (shown) out.push(`${server} showed ${shown}.`);
  const offered = presented(trace, 'client');
  if (offered) out.push(`${client} showed ${offered}.`);
  else if (clientWasAsked(trace)) out.push(`${client} was asked for a certificate and showed none.`);
  const end = refusal(trace, failing);
  if (end) out.push(end);
  out.push(...lateNews(trace));
  const answer = httpAnswer(trace);
  if (answer) out.push(answer);
  return out;
}

function where(trace: Trace): string {
  return `${trace.serverAddress.address}:${trace.serverAddress.port}`;
}

function presented(trace: Trace, side: Side): string | null {
  const report = trace[side];
  if (report && report.presented.length > 0) {
    const rest = report.presented.length - 1;
    const more = rest === 0 ? '' : ` and ${rest} more certificate${rest === 1 ? '' : 's'}`;
    return `${report.certFile ? baseName(report.certFile) : 'a certificate'}${more}`;
  }
  const message = trace.messages.find((one) => one.from === side && one.type === 'certificate');
  if (!message || message.summary === '' || isEmptyCertificate(message)) return null;
  return `a certificate (${message.summary})`;
}

/** A Certificate message without any certificate: header(4) and an empty list, 3 bytes (1.2) or 1 + 3 (1.3). */
function isEmptyCertificate(message: TraceMessage): boolean {
  return message.lengthBytes <= 8;
}

function clientWasAsked(trace: Trace): boolean {
  return (
    trace.messages.some((message) => message.type === 'certificate_request') &&
    trace.messages.some((message) => message.from === 'client' && message.type === 'certificate')
  );
}

function refusal(trace: Trace, failing: Finding | undefined): string | null {
  const { by, alert, layer, code } = trace.outcome;
  if (layer !== 'tls') return null;
  const last = trace.messages.findLast((message) => message.type !== 'alert' && message.from !== by);
  const at = last ? ` after ${messageWords(last)}` : '';
  const who = by === null ? 'One side' : nameOf(trace, by);
  const rule = failing
    ? `${failing.what.replace(/\.$/, '')}. Rule: ${failing.why || title(code)}`
    : title(code);
  const told = alert
    ? ` It said so with alert ${alert.number} ${alert.name}.`
    : ' It closed the connection without an alert.';
  return `${who} stopped the handshake${at}: ${rule.replace(/\.$/, '')}.${told}`;
}

function messageWords(message: TraceMessage): string {
  const name = message.type
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
  return `the ${message.from}'s ${name}`;
}

/** In TLS 1.3 a client believes in success before the server's refusal reaches it: that must be said. */
function lateNews(trace: Trace): string[] {
  const believed = trace.client?.believed ?? [];
  const connected = believed.find((belief) => belief.state === 'connected');
  const learned = believed.find((belief) => belief.state === 'learned-refused');
  if (!connected || !learned || trace.outcome.by !== 'server') return [];
  const gapMs = Math.max(0, (learned.atUs - connected.atUs) / 1000).toFixed(1);
  return [
    `${nameOf(trace, 'client')} ${BELIEF_WORDS.connected} for ${gapMs} ms before it ${BELIEF_WORDS['learned-refused']}: in TLS 1.3 the client finishes first.`,
  ];
}

function httpAnswer(trace: Trace): string | null {
  if (trace.http === null || trace.outcome.layer === 'ok') return null;
  const text = trace.http.message ? `: ${trace.http.message}` : '';
  return `The handshake went well; the answer over it was HTTP ${trace.http.status}${text}.`;
}

/**
 * What a stock cluster does where the lab's strict mode refuses in TLS: kube-apiserver and kubelet only ask for a
 * certificate, and answer in HTTP.
 * @see kubernetes staging/src/k8s.io/apiserver/pkg/server/secure_serving.go, tlsConfig.ClientAuth
 */
function realCluster(trace: Trace): string | null {
  const { layer, by, code } = trace.outcome;
  if (layer !== 'tls' || by !== 'server') return null;
  const server = nameOf(trace, 'server').split('@')[0];
  if (server !== 'kube-apiserver' && server !== 'kubelet') return null;
  if (code === 'CERT_MISSING') {
    return server === 'kubelet'
      ? 'A stock kubelet ends the handshake well and then answers 401 Unauthorized (anonymous access is off).'
      : 'A stock API server ends the handshake well, takes the client for system:anonymous and answers 403.';
  }
  if (code?.startsWith('CERT_')) {
    return server === 'kubelet'
      ? 'A stock kubelet sends no alert: the handshake ends well, then it answers 401 Unauthorized.'
      : 'A stock API server sends no alert: the handshake ends well, then it answers HTTP 401.';
  }
  return null;
}

function mend(trace: Trace, failing: Finding | undefined): Story['mend'] {
  const { layer, by, code } = trace.outcome;
  if (layer === 'ok' || layer === 'untried') return [];
  const culprit = by === null || layer === 'tcp' ? null : trace[other(by)];
  const identity = culprit?.certFile ? identityOf(culprit) : null;
  const advice = failing?.fix || (code === null ? '' : CODES[code].fix);
  const out: { where: 'lab' | 'real cluster'; text: string }[] = [];
  if (identity && (layer === 'tls' || layer === '401')) {
    out.push({ where: 'lab', text: `npx mtls-lab fix ${identity}` });
    const plain = identity.split('@')[0] ?? '';
    if (Object.hasOwn(REAL_RENEWAL, plain)) {
      out.push({ where: 'real cluster', text: REAL_RENEWAL[plain as keyof typeof REAL_RENEWAL] });
    }
  } else if (advice) {
    out.push({ where: 'lab', text: advice });
  }
  return out;
}

/** `kubelet@worker-1` from the file and the component that showed it. */
function identityOf(report: SideReport): string {
  const name = baseName(report.certFile ?? '').replace(/\.(crt|pem)$/, '');
  const host = report.component.split('@')[1];
  return host && (name === 'kubelet' || name === 'kubelet-client') ? `${name}@${host}` : name;
}

function logs(trace: Trace): StoryLog[] {
  return (['client', 'server'] as const).flatMap((side) =>
    (trace[side]?.realTexts ?? []).map((text) => ({ ...text, component: nameOf(trace, side) })),
  );
}

function other(side: Side): Side {
  return side === 'client' ? 'server' : 'client';
}

function baseName(path: string): string {
  return path.split('/').at(-1) ?? path;
}
