import { expect, test } from 'vitest';
import type { SideReport, Trace } from '../../components/tls/trace.ts';
import { createJournal } from '../../lab/journal.ts';

const SIDE: SideReport = {
  component: 'kube-scheduler',
  presented: [],
  certFile: null,
  caFile: null,
  trusted: [],
  wantedName: null,
  clockShiftMs: 0,
  findings: [],
  verdictText: null,
  believed: [],
  code: null,
  realTexts: [],
  secondOpinion: null,
};

function half(side: 'client' | 'server', random: string, changes: Partial<Trace> = {}): Trace {
  return {
    id: `${side}-${random}`,
    state: 'done',
    startedAtMs: 0,
    clusterTime: '2026-11-24T00:00:00Z',
    clientRandom: random,
    channel: side === 'client' ? 'kube-scheduler->kube-apiserver' : '?->kube-apiserver',
    clientAddress: { address: '127.0.0.1', port: 50_000 },
    serverAddress: { address: '127.0.0.1', port: 6443 },
    clientAuth: side === 'server' ? 'require' : null,
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_256_GCM_SHA384',
    sni: null,
    alpn: null,
    messages: [],
    client: side === 'client' ? SIDE : null,
    server: side === 'server' ? { ...SIDE, component: 'kube-apiserver' } : null,
    outcome: { layer: 'ok', by: null, code: null, alert: null },
    http: null,
    keylog: [],
    wire: [],
    unsafe: [],
    ...changes,
  };
}
const CHANNEL = 'kube-scheduler->kube-apiserver';

test.for([
  { name: 'the client first', order: ['client', 'server'] as const },
  { name: 'the server first', order: ['server', 'client'] as const },
])('joins both halves under the channel, $name', ({ order }) => {
  const journal = createJournal();
  for (const side of order) journal.record(half(side, 'aa'));
  expect(journal.traces()).toHaveLength(1);
  const trace = journal.latest(CHANNEL);
  expect(trace?.client?.component).toBe('kube-scheduler');
  expect(trace?.server?.component).toBe('kube-apiserver');
  expect(journal.traces('?->kube-apiserver')).toEqual([]);
});

test('keeps the last decided outcome while the next handshake goes on', () => {
  const journal = createJournal();
  journal.record(half('client', 'aa'));
  journal.record(half('client', 'bb', { state: 'open' }));
  expect(journal.latest(CHANNEL)?.id).toBe('client-aa');
  journal.record(half('client', 'bb', { state: 'done' }));
  expect(journal.latest(CHANNEL)?.id).toBe('client-bb');
});

test('follows a trace that gets its ClientHello only later', () => {
  const journal = createJournal();
  journal.record(half('client', '', { id: 'one', state: 'open' }));
  journal.record(half('client', 'aa', { id: 'one' }));
  journal.record(half('server', 'aa'));
  expect(journal.traces()).toHaveLength(1);
  expect(journal.find('one')?.server).not.toBeNull();
});

test('keeps connections without a ClientHello apart', () => {
  const journal = createJournal();
  const refused = { layer: 'tcp', by: null, code: 'CONNECTION_REFUSED', alert: null } as const;
  journal.record(half('client', '', { id: 'one', outcome: refused }));
  journal.record(half('client', '', { id: 'two', outcome: refused }));
  expect(journal.traces(CHANNEL).map(({ id }) => id)).toEqual(['one', 'two']);
});

test('joins two ends without a ClientHello by their addresses, and not those of another time', () => {
  const journal = createJournal();
  const plain = { layer: 'tls', by: 'server', code: 'NOT_TLS', alert: null } as const;
  journal.record(half('server', '', { outcome: plain }));
  journal.record(half('client', '', { outcome: plain }));
  expect(journal.traces()).toHaveLength(1);
  expect(journal.traces(CHANNEL)[0]?.server?.component).toBe('kube-apiserver');
  // The port is used again, a minute later.
  journal.record(half('client', '', { id: 'later', startedAtMs: 60_000, outcome: plain }));
  expect(journal.traces(CHANNEL).map(({ id }) => id)).toEqual(['client-', 'later']);
});

test('stays bounded, and keeps the newest of every channel', () => {
  const journal = createJournal();
  journal.record(half('client', 'quiet', { channel: 'kubectl->kube-apiserver' }));
  for (let n = 0; n < 3000; n++) journal.record(half('client', `r${n}`, { channel: `c${n % 300}->x` }));
  expect(journal.traces().length).toBeLessThanOrEqual(400 + 301 + 1);
  expect(journal.latest('kubectl->kube-apiserver')?.id).toBe('client-quiet');
  expect(journal.latest('c299->x')?.id).toBe('client-r2999');
  for (let n = 0; n < 2000; n++) journal.note({ kind: 'started', component: 'etcd', text: `${n}` });
  expect(journal.events().length).toBe(500);
  expect(journal.events().at(-1)?.text).toBe('1999');
});

test('tells subscribers until they leave', () => {
  const journal = createJournal();
  const seen: string[] = [];
  const leave = journal.subscribe((event) => seen.push(event.kind));
  journal.record(half('client', 'aa'));
  journal.note({ kind: 'started', component: 'etcd', text: 'etcd runs' });
  leave();
  journal.record(half('client', 'bb'));
  expect(seen).toEqual(['trace', 'component']);
});

test('a server that let a bad client in has yet to answer', () => {
  const journal = createJournal();
  const server = { ...SIDE, component: 'kube-apiserver', code: 'CERT_EXPIRED' } as const;
  const now = { startedAtMs: Date.now() };
  journal.record(half('client', 'aa', now));
  journal.record(half('server', 'aa', { ...now, server }));
  expect(journal.latest(CHANNEL)).toBeUndefined();
  const outcome = { layer: '401', by: 'server', code: 'UNAUTHENTICATED', alert: null } as const;
  journal.record(
    half('server', 'aa', { ...now, server, outcome, http: { status: 401, message: 'Unauthorized' } }),
  );
  expect(journal.latest(CHANNEL)?.outcome.layer).toBe('401');
});
