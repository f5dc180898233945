/** Cards as people read them: golden files, at most 100 columns, the same words with and without colour. */
import { expect, test } from 'vitest';
import type { Code } from '../../certs/codes.ts';
import type { Finding } from '../../certs/errors.ts';
import { createDecoder } from '../../components/tls/decoder.ts';
import type { Trace, TraceMessage } from '../../components/tls/trace.ts';
import { widthOf } from '../../lab/columns.ts';
import type { Story } from '../../lab/explain.ts';
import { type LadderOptions, renderLadder } from '../../lab/ladder.ts';
import { CLIENT_HELLO, record } from '../support/hello-bytes.ts';
import { messageOf, sideOf, traceOf } from '../support/trace.ts';

const finding = (passed: boolean, what: string, code: Code = 'CERT_EXPIRED'): Finding => ({
  code,
  passed,
  what,
  why: '',
  fix: '',
  source: '',
});

const alert = (from: 'client' | 'server', number: number, summary: string, encrypted: boolean) =>
  messageOf(from, 'alert', {
    bytes: Uint8Array.of(2, number),
    summary,
    encrypted,
    atUs: 3400,
    lengthBytes: 2,
  });

const story = (change: Partial<Story>): Story => ({
  headline: 'kube-scheduler and kube-apiserver verified each other and are connected.',
  sentences: [],
  realCluster: null,
  mend: [],
  logs: [],
  ...change,
});

const GOOD: readonly TraceMessage[] = [
  messageOf('client', 'client_hello', { summary: 'no SNI' }),
  messageOf('server', 'server_hello', { atUs: 1100, summary: 'picks TLS 1.3' }),
  messageOf('server', 'change_cipher_spec', { atUs: 1100 }),
  messageOf('server', 'encrypted_extensions', { atUs: 1300, encrypted: true }),
  messageOf('server', 'certificate_request', {
    atUs: 1300,
    encrypted: true,
    summary: 'wants one signed by CN=kubernetes',
  }),
  messageOf('server', 'certificate', { atUs: 1300, encrypted: true, summary: 'CN=kube-apiserver' }),
  messageOf('server', 'certificate_verify', { atUs: 1300, encrypted: true }),
  messageOf('server', 'finished', { atUs: 1300, encrypted: true }),
  messageOf('client', 'certificate', { atUs: 2600, encrypted: true, summary: 'CN=system:kube-scheduler' }),
  messageOf('client', 'certificate_verify', { atUs: 2600, encrypted: true }),
  messageOf('client', 'finished', { atUs: 2600, encrypted: true }),
];

const PASSED = [
  finding(true, 'valid from 23 Nov 2025 to 23 Nov 2026'),
  finding(true, 'signed by kubernetes', 'CERT_UNKNOWN_AUTHORITY'),
  finding(true, 'for 127.0.0.1, which is in its SANs', 'CERT_NAME_MISMATCH'),
];

const REFUSED_BY_SERVER: Trace = traceOf({
  messages: [...GOOD, alert('server', 45, '45 certificate_expired', true)],
  client: sideOf('kube-scheduler', {
    certFile: '/etc/kubernetes/pki/scheduler.crt',
    findings: PASSED,
    believed: [
      { atUs: 1500, state: 'accepted', text: 'accepted apiserver.crt' },
      { atUs: 2600, state: 'connected', text: 'connected' },
      { atUs: 3400, state: 'learned-refused', text: 'alert 45' },
    ],
    secondOpinion: { accepts: true, text: 'no objection' },
  }),
  server: sideOf('kube-apiserver', {
    findings: [
      finding(true, 'signed by kubernetes', 'CERT_UNKNOWN_AUTHORITY'),
      finding(false, 'scheduler.crt ended 2026-11-23T09:12:44Z and it is 2026-11-24T10:03:07Z'),
    ],
    verdictText: 'x509: certificate has expired or is not yet valid',
    believed: [{ atUs: 3000, state: 'refused', text: 'expired' }],
    code: 'CERT_EXPIRED',
    secondOpinion: { accepts: true, text: 'does not look at dates on a shifted clock' },
  }),
  outcome: {
    layer: 'tls',
    by: 'server',
    code: 'CERT_EXPIRED',
    alert: { number: 45, name: 'certificate_expired', from: 'server' },
  },
});

const REFUSED_STORY = story({
  headline:
    'kube-apiserver refused kube-scheduler: its certificate scheduler.crt ended 23 Nov 2026 09:12:44 UTC, and it is 24 Nov 10:03:07 UTC.',
  realCluster: 'A stock API server sends no alert: the handshake ends well, then it answers HTTP 401.',
  mend: [
    { where: 'lab', text: 'npx mtls-lab fix scheduler' },
    { where: 'real cluster', text: 'kubeadm certs renew scheduler.conf, then restart kube-scheduler' },
  ],
  logs: [
    {
      component: 'kube-scheduler',
      program: 'kube-scheduler',
      level: 'error',
      text: 'error retrieving resource lock kube-system/kube-scheduler: Get "https://127.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-scheduler?timeout=5s": remote error: tls: expired certificate',
    },
    {
      component: 'kube-apiserver',
      program: 'kube-apiserver',
      level: '-v=5',
      text: 'http: TLS handshake error from 127.0.0.1:51234: tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-24T10:03:07Z is after 2026-11-23T09:12:44Z',
    },
  ],
});

const REFUSED_BY_CLIENT: Trace = traceOf({
  channel: 'kube-apiserver->kubelet@worker-1',
  protocol: 'TLSv1.2',
  messages: [
    messageOf('client', 'client_hello'),
    messageOf('server', 'server_hello', { atUs: 900 }),
    messageOf('server', 'certificate', { atUs: 900, summary: 'CN=system:node:worker-1' }),
    messageOf('server', 'server_key_exchange', { atUs: 900 }),
    messageOf('server', 'certificate_request', {
      atUs: 900,
      summary: 'wants one signed by CN=kubernetes',
    }),
    messageOf('server', 'server_hello_done', { atUs: 900 }),
    alert('client', 42, '42 bad_certificate', false),
  ],
  serverAddress: { address: '::1', port: 10250 },
  client: sideOf('kube-apiserver', {
    findings: [
      finding(false, 'certificate is for worker-2; the client dialled worker-1', 'CERT_NAME_MISMATCH'),
    ],
    verdictText: 'x509: certificate is valid for worker-2, not worker-1',
    believed: [{ atUs: 950, state: 'refused', text: 'wrong name' }],
    code: 'CERT_NAME_MISMATCH',
  }),
  server: null,
  outcome: {
    layer: 'tls',
    by: 'client',
    code: 'CERT_NAME_MISMATCH',
    alert: { number: 42, name: 'bad_certificate', from: 'client' },
  },
});

function decodedHello(): readonly TraceMessage[] {
  const messages: TraceMessage[] = [];
  const decoder = createDecoder({ onMessage: (message) => messages.push(message) });
  decoder.push('client', record(22, CLIENT_HELLO), 0);
  decoder.push('server', Buffer.from('HTTP/1.1 400 Bad Request\r\n'), 700);
  return messages;
}

interface Card {
  readonly name: string;
  readonly trace: Trace;
  readonly options: LadderOptions;
}

const CARDS: readonly Card[] = [
  {
    name: 'connected',
    trace: traceOf({ messages: GOOD, client: sideOf('kube-scheduler', { findings: PASSED }) }),
    options: { story: story({}) },
  },
  {
    name: 'refused-by-server',
    trace: REFUSED_BY_SERVER,
    options: {
      story: REFUSED_STORY,
      costs: ['pod web-7d9c5-x2x8k is Pending for 14 s.'],
      goesOn: ['2 running pods; the 6 other connections.'],
    },
  },
  {
    name: 'refused-by-server-narrow',
    trace: REFUSED_BY_SERVER,
    options: { width: 72, story: REFUSED_STORY },
  },
  {
    name: 'refused-by-server-verbose',
    trace: { ...REFUSED_BY_SERVER, messages: REFUSED_BY_SERVER.messages.slice(-2) },
    options: { story: REFUSED_STORY, verbose: true },
  },
  {
    name: 'refused-by-client',
    trace: REFUSED_BY_CLIENT,
    options: { story: story({ headline: 'kube-apiserver refused kubelet@worker-1: wrong name.' }) },
  },
  {
    name: 'unreachable',
    trace: traceOf({
      messages: [],
      client: null,
      server: null,
      outcome: { layer: 'tcp', by: null, code: 'CONNECTION_REFUSED', alert: null },
    }),
    options: { story: story({ headline: 'kube-scheduler could not reach kube-apiserver.' }) },
  },
  {
    name: 'not-tls-verbose',
    trace: traceOf({
      messages: decodedHello(),
      client: null,
      server: null,
      outcome: { layer: 'tls', by: null, code: 'NOT_TLS', alert: null },
    }),
    options: { story: story({ headline: 'The server does not speak TLS.' }), verbose: true, hex: true },
  },
];

test.for(CARDS)('draws the card "$name"', async ({ name, trace, options }) => {
  await expect(`${renderLadder(trace, options)}\n`).toMatchFileSnapshot(`../golden/ladder/${name}.txt`);
});

test.for(CARDS)('keeps "$name" within its columns, whatever they are', ({ trace, options }) => {
  for (const width of [60, 72, 80, 100, 200]) {
    const lines = renderLadder(trace, { ...options, width }).split('\n');
    const wide = lines.filter((line) => widthOf(line) > Math.min(width, 100));
    expect(wide).toEqual([]);
  }
});

test.for(CARDS)('says the same in "$name" with and without colour', ({ trace, options }) => {
  const painted = renderLadder(trace, { ...options, paint: (colour, text) => `<${colour}>${text}</>` });
  expect(painted.replace(/<\/?[a-z]*>/g, '')).toBe(renderLadder(trace, options));
  expect(painted).toContain('</>');
});

test('lets no control character of a stranger reach the terminal', () => {
  const trace = traceOf({
    messages: [messageOf('client', 'unknown', { summary: 'x\u001b[2J\nfake' })],
    client: sideOf('kube-scheduler', { findings: [finding(false, 'CN=\u001b]0;owned\u0007')] }),
  });
  const text = renderLadder(trace, { story: story({ headline: 'a\u001b[31mb' }), verbose: true });
  expect(text.replace(/\n/g, '')).not.toMatch(/[\u0000-\u001f\u007f]/);
});
