import { describe, expect, test } from 'vitest';
import type { Finding } from '../../certs/errors.ts';
import { explain } from '../../lab/explain.ts';
import { sideOf, traceOf } from '../support/trace.ts';

const expired: Finding = {
  code: 'CERT_EXPIRED',
  passed: false,
  what: 'its certificate scheduler.crt ended 2026-11-23T09:12:44Z, and it is 2026-11-24T10:03:07Z',
  why: 'a certificate counts only between notBefore and notAfter',
  fix: 'renew it',
  source: 'RFC 5280 section 4.1.2.5',
};
const refusedInTls = traceOf({
  outcome: {
    layer: 'tls',
    by: 'server',
    code: 'CERT_EXPIRED',
    alert: { number: 45, name: 'certificate_expired', from: 'server' },
  },
  client: sideOf('kube-scheduler', {
    believed: [
      { atUs: 2600, state: 'connected', text: '' },
      { atUs: 3400, state: 'learned-refused', text: '' },
    ],
    realTexts: [
      { program: 'kube-scheduler', text: 'remote error: tls: expired certificate', level: 'error' },
    ],
  }),
  server: sideOf('kube-apiserver', { findings: [expired] }),
});

describe('headline', () => {
  const cases = [
    {
      name: 'names both sides and both values of a refusal',
      trace: refusedInTls,
      wanted:
        'kube-apiserver refused kube-scheduler: its certificate scheduler.crt ended 2026-11-23T09:12:44Z, and it is 2026-11-24T10:03:07Z.',
    },
    {
      name: 'says that both sides verified each other',
      trace: traceOf(),
      wanted: 'kube-scheduler and kube-apiserver verified each other and are connected.',
    },
    {
      name: 'claims nothing for a server outside the lab',
      trace: traceOf({ server: null }),
      wanted:
        'kube-scheduler and kube-apiserver are connected. kube-scheduler accepts kube-apiserver, which has not told what it thinks.',
    },
    {
      name: 'repeats the alert of a server outside the lab',
      trace: traceOf({
        server: null,
        outcome: {
          layer: 'tls',
          by: 'server',
          code: 'HANDSHAKE_FAILURE',
          alert: { number: 42, name: 'bad_certificate', from: 'server' },
        },
      }),
      wanted: 'kube-apiserver refused kube-scheduler: alert 42 bad_certificate is all that it said.',
    },
    {
      name: 'claims nothing for a client outside the lab',
      trace: traceOf({ client: null, channel: 'kubectl->kube-apiserver' }),
      wanted:
        'kubectl and kube-apiserver are connected. kube-apiserver accepts kubectl, which has not told what it thinks.',
    },
    {
      name: 'warns of a connection that should not have been possible',
      trace: traceOf({ unsafe: ["the server's certificate was not verified"] }),
      wanted: "connected, but should not be so easily: the server's certificate was not verified.",
    },
    {
      name: 'says that no certificate was looked at when the port is closed',
      trace: traceOf({
        messages: [],
        outcome: { layer: 'tcp', by: null, code: 'CONNECTION_REFUSED', alert: null },
      }),
      wanted: 'kube-scheduler could not reach kube-apiserver: nothing listens on the port.',
    },
    {
      name: 'says that a client never dialled, because its own files are broken',
      trace: traceOf({
        messages: [],
        outcome: { layer: 'untried', by: 'client', code: 'KEY_MISMATCH', alert: null },
      }),
      wanted: 'kube-scheduler could not dial kube-apiserver, because of its own files: private key and',
    },
    {
      name: 'tells a 401 from a refusal in TLS',
      trace: traceOf({
        clientAuth: 'request',
        outcome: { layer: '401', by: 'server', code: 'UNAUTHENTICATED', alert: null },
        http: { status: 401, message: 'Unauthorized' },
        server: sideOf('kube-apiserver', { findings: [expired] }),
      }),
      wanted:
        'kube-apiserver finished the handshake with kube-scheduler and then answered 401: its certificate',
    },
    {
      name: 'calls an unknown peer by its address',
      trace: traceOf({ client: null, channel: '?->kube-apiserver' }),
      wanted: '127.0.0.1:51234 and kube-apiserver',
    },
  ];
  test.for(cases)('$name', ({ trace, wanted }) => {
    expect(explain(trace).headline).toContain(wanted);
  });
});

test('says that a TLS 1.3 client believed itself connected before it learned of the refusal', () => {
  expect(explain(refusedInTls).sentences.join('\n')).toContain(
    'kube-scheduler believed itself connected for 0.8 ms before it learned that it had been refused',
  );
});

describe('stock cluster', () => {
  const cases = [
    {
      name: 'API server in strict mode',
      server: 'kube-apiserver',
      clientAuth: 'require',
      wanted: 'HTTP 401',
    },
    {
      name: 'kubelet in strict mode',
      server: 'kubelet@worker-1',
      clientAuth: 'require',
      wanted: '401 Unauthorized',
    },
    { name: 'etcd refuses in TLS everywhere', server: 'etcd', clientAuth: 'require', wanted: null },
  ] as const;
  test.for(cases)('$name', ({ server, clientAuth, wanted }) => {
    const story = explain({
      ...refusedInTls,
      clientAuth,
      server: sideOf(server, { findings: [expired] }),
    });
    if (wanted === null) expect(story.realCluster).toBeNull();
    else expect(story.realCluster).toContain(wanted);
  });
});

test('mends the certificate that was refused, by its name in the lab and on a real cluster', () => {
  expect(explain(refusedInTls).mend).toEqual([
    { where: 'lab', text: 'npx mtls-lab fix scheduler' },
    { where: 'real cluster', text: 'kubeadm certs renew scheduler.conf, then restart kube-scheduler' },
  ]);
  expect(explain(traceOf()).mend).toEqual([]);
});

test('says whose log has which line', () => {
  expect(explain(refusedInTls).logs).toEqual([
    {
      component: 'kube-scheduler',
      program: 'kube-scheduler',
      text: 'remote error: tls: expired certificate',
      level: 'error',
    },
  ]);
});
