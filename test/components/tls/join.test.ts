import { afterAll, expect, test } from 'vitest';
import { joinHalves } from '../../../components/tls/join.ts';
import type { Outcome, Trace } from '../../../components/tls/trace.ts';
import { clientLeaf, OTHER_CA, openBench } from '../../support/tls-bench.ts';
import { sideOf, traceOf } from '../../support/trace.ts';

const OK: Outcome = { layer: 'ok', by: null, code: null, alert: null };
const UNTRIED: Outcome = { ...OK, layer: 'untried' };
const alert = (number: number, from: 'client' | 'server') => ({ number, name: '', from });
const refusedBy = (by: 'client' | 'server', code: 'CERT_EXPIRED' | 'HANDSHAKE_FAILURE'): Outcome => ({
  layer: 'tls',
  by,
  code,
  alert: alert(42, by),
});

const half = (side: 'client' | 'server', change: Partial<Trace>): Trace =>
  traceOf({
    client: side === 'client' ? sideOf('kubectl') : null,
    server: side === 'server' ? sideOf('kube-apiserver') : null,
    channel: side === 'client' ? 'kubectl->kube-apiserver' : '?->kube-apiserver',
    messages: [],
    ...change,
  });

const ROWS = [
  { what: 'both content', client: OK, server: OK, joined: OK },
  { what: 'the server has not decided', client: OK, server: UNTRIED, joined: UNTRIED },
  {
    what: 'the server refused after the client was content',
    client: OK,
    server: refusedBy('server', 'CERT_EXPIRED'),
    joined: refusedBy('server', 'CERT_EXPIRED'),
  },
  {
    what: 'who refused knows why',
    client: refusedBy('client', 'CERT_EXPIRED'),
    server: refusedBy('client', 'HANDSHAKE_FAILURE'),
    joined: refusedBy('client', 'CERT_EXPIRED'),
  },
  {
    what: 'HTTP comes after a good handshake',
    client: OK,
    server: { ...OK, layer: '403', by: 'server', code: 'FORBIDDEN' },
    joined: { ...OK, layer: '403', by: 'server', code: 'FORBIDDEN' },
  },
] as const;

test.for(ROWS)('outcome: $what', ({ client, server, joined }) => {
  const trace = joinHalves(half('client', { outcome: client }), half('server', { outcome: server }));
  expect(trace.outcome).toEqual(joined);
});

const STATES = [
  { client: 'done', server: 'open', outcome: OK, joined: 'open' },
  { client: 'done', server: 'done', outcome: OK, joined: 'done' },
  { client: 'closed', server: 'done', outcome: OK, joined: 'closed' },
  { client: 'closed', server: 'closed', outcome: OK, joined: 'closed' },
  { client: 'done', server: 'open', outcome: refusedBy('client', 'CERT_EXPIRED'), joined: 'done' },
] as const;

test.for(STATES)('state: $client and $server are $joined', ({ client, server, outcome, joined }) => {
  const trace = joinHalves(
    half('client', { state: client, outcome }),
    half('server', { state: server, outcome }),
  );
  expect(trace.state).toBe(joined);
});

const bench = openBench();
afterAll(() => bench.close());

test('a real connection: one story, in one time, with both minds', async () => {
  bench.put('client', clientLeaf({ by: OTHER_CA }));
  const server = await bench.serve();
  const { joined, client } = await bench.shake(server);
  expect(joined).toMatchObject({
    channel: 'kube-scheduler->kube-apiserver',
    clientAuth: 'require',
    clientRandom: client.clientRandom,
    client: { component: 'kube-scheduler', code: 'CERT_UNKNOWN_AUTHORITY' },
    server: {
      component: 'kube-apiserver',
      code: 'CERT_UNKNOWN_AUTHORITY',
      verdictText: expect.stringContaining('x509: '),
    },
  });
  const refused = joined.server?.believed.find(({ state }) => state === 'refused');
  const connected = joined.client?.believed.find(({ state }) => state === 'connected');
  const learned = joined.client?.believed.find(({ state }) => state === 'learned-refused');
  expect([connected, refused, learned].map((belief) => belief?.atUs ?? -1)).toEqual(
    [connected, refused, learned].map((belief) => belief?.atUs ?? -1).sort((a, b) => a - b),
  );
  expect(joined.keylog.some((line) => line.startsWith('CLIENT_TRAFFIC_SECRET_0'))).toBe(true);
});
