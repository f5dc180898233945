/** Traces for tests that need no wire: an ordinary good connection, with the parts that a test changes. */
import type { SideReport, Trace, TraceMessage } from '../../components/tls/trace.ts';

/** One end, content with the other. */
export function sideOf(component: string, change: Partial<SideReport> = {}): SideReport {
  return {
    component,
    presented: [new Uint8Array([0x30, 0x00])],
    certFile: `/etc/kubernetes/pki/${component.replace('kube-', '')}.crt`,
    caFile: '/etc/kubernetes/pki/ca.crt',
    trusted: [],
    wantedName: null,
    clockShiftMs: 0,
    findings: [],
    verdictText: null,
    believed: [],
    code: null,
    realTexts: [],
    secondOpinion: null,
    ...change,
  };
}

/** A message without bytes. */
export function messageOf(
  from: TraceMessage['from'],
  type: TraceMessage['type'],
  change: Partial<TraceMessage> = {},
): TraceMessage {
  return {
    from,
    type,
    atUs: 0,
    encrypted: false,
    lengthBytes: 100,
    bytes: new Uint8Array(),
    fields: [],
    summary: '',
    ...change,
  };
}

/** A good connection of kube-scheduler to kube-apiserver, in strict mode. */
export function traceOf(change: Partial<Trace> = {}): Trace {
  return {
    id: 't1',
    state: 'done',
    startedAtMs: Date.UTC(2026, 10, 24, 10, 3, 7),
    clusterTime: '2026-11-24T10:03:07Z',
    clientRandom: 'ab'.repeat(32),
    channel: 'kube-scheduler->kube-apiserver',
    clientAddress: { address: '127.0.0.1', port: 51234 },
    serverAddress: { address: '127.0.0.1', port: 6443 },
    clientAuth: 'require',
    protocol: 'TLSv1.3',
    cipher: 'TLS_AES_128_GCM_SHA256',
    sni: null,
    alpn: 'http/1.1',
    messages: [
      messageOf('client', 'client_hello'),
      messageOf('server', 'server_hello'),
      messageOf('server', 'certificate_request', { encrypted: true }),
      messageOf('server', 'certificate', { encrypted: true, summary: 'CN=kube-apiserver' }),
      messageOf('server', 'finished', { encrypted: true }),
      messageOf('client', 'certificate', { encrypted: true, summary: 'CN=system:kube-scheduler' }),
      messageOf('client', 'finished', { encrypted: true }),
    ],
    client: sideOf('kube-scheduler'),
    server: sideOf('kube-apiserver'),
    outcome: { layer: 'ok', by: null, code: null, alert: null },
    http: null,
    keylog: [],
    wire: [],
    unsafe: [],
    ...change,
  };
}
