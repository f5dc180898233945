/**
 * What the etcd tests share: a host's folder with certificates, an etcd in it, and a client that shows a certificate.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCa, issueIdentity } from '../../../certs/ca.ts';
import { DEFAULT_CHOICES, identities } from '../../../certs/identities.ts';
import { generateKeys, writePrivateKey } from '../../../certs/keys.ts';
import type { Running } from '../../../components/component.ts';
import { etcd } from '../../../components/etcd/component.ts';
import { createEngine, type Engine, type EngineOptions } from '../../../components/etcd/engine.ts';
import { describeMember } from '../../../components/etcd/member.ts';
import { type Host, openHost } from '../../../components/host.ts';
import type { Trace } from '../../../components/tls/trace.ts';

/** Files as etcd's flags and etcdctl's name them. */
export const TLS_ARGV = [
  '--cert-file=/pki/etcd-server.crt',
  '--key-file=/pki/etcd-server.key',
  '--client-cert-auth=true',
  '--trusted-ca-file=/pki/ca.crt',
];

/** A host's folder: pki/ with ca, etcd-server and apiserver-etcd-client. */
export interface TestHost {
  readonly root: string;
  readonly host: Host;
  readonly traces: Trace[];
  /** A file of pki/, on this computer. */
  file(name: string): string;
  readonly pem: { readonly ca: string; readonly cert: string; readonly key: string };
  remove(): void;
}

/** Make a host with ECDSA keys. */
export async function makeHost(): Promise<TestHost> {
  const root = mkdtempSync(join(tmpdir(), 'mtls-lab-etcd-'));
  mkdirSync(join(root, 'pki'));
  const file = (name: string): string => join(root, 'pki', name);
  const now = new Date();
  const ca = createCa({ commonName: 'kubernetes' }, await generateKeys('ecdsa-p256'), now);
  writeFileSync(file('ca.crt'), ca.certificatePem);
  const made = new Map<string, { cert: string; key: string }>();
  for (const id of ['etcd-server', 'apiserver-etcd-client']) {
    const identity = identities(DEFAULT_CHOICES).find((one) => one.id === id);
    if (!identity) throw new Error(`no identity ${id}`);
    const issued = issueIdentity(identity, ca, await generateKeys('ecdsa-p256'), now);
    const key = writePrivateKey(issued.keys.privateKey);
    writeFileSync(file(`${id}.crt`), issued.certificatePem);
    writeFileSync(file(`${id}.key`), key, { mode: 0o600 });
    made.set(id, { cert: issued.certificatePem, key });
  }
  const client = made.get('apiserver-etcd-client') ?? { cert: '', key: '' };
  const traces: Trace[] = [];
  return {
    root,
    host: openHost(root, { onTrace: (trace) => traces.push(trace) }),
    traces,
    file,
    pem: { ca: ca.certificatePem, ...client },
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

/** An etcd that runs, and its log lines. */
export interface TestEtcd extends Running {
  readonly port: number;
  readonly lines: Record<string, unknown>[];
}

/** Start an etcd on a free port. */
export async function startEtcd(
  made: TestHost,
  argv: readonly string[] = TLS_ARGV,
  lines: Record<string, unknown>[] = [],
): Promise<TestEtcd> {
  const running = await etcd.start({
    id: 'etcd',
    host: made.host,
    argv: ['--name=control-plane', '--listen-client-urls=https://127.0.0.1:0', ...argv],
    settings: { clientAuth: 'require', autoReload: 'all', alertProfile: 'go' },
    log: (line) => lines.push(JSON.parse(line) as Record<string, unknown>),
    roundMs: 5000,
  });
  return { ...running, port: running.endpoint?.port ?? 0, lines };
}

/** One answer of the gateway. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** Ask over HTTP/1.1 with the API server's client certificate. */
export function ask(
  made: TestHost,
  port: number,
  path: string,
  body?: unknown,
  options: { readonly method?: string; readonly untilLines?: number; readonly anonymous?: boolean } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { ca, cert, key } = made.pem;
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path,
        method: options.method ?? (body === undefined ? 'GET' : 'POST'),
        ca,
        ...(options.anonymous ? {} : { cert, key }),
        agent: false,
      },
      (response) => {
        let text = '';
        const done = (): void =>
          resolve({
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            body: text,
          });
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => {
          text += chunk;
          if (options.untilLines !== undefined && text.split('\n').length > options.untilLines) {
            done();
            sent.destroy();
          }
        });
        response.on('end', done);
        response.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body));
  });
}

/** An engine in memory, with a clock that the test turns. */
export function memoryEngine(options: Partial<EngineOptions> = {}): Engine {
  return createEngine({
    member: describeMember({
      name: 'control-plane',
      'initial-cluster-token': 'etcd-cluster',
      'initial-advertise-peer-urls': ['http://localhost:2380'],
      'advertise-client-urls': ['https://127.0.0.1:2379'],
    }),
    electionTimeoutMs: 1000,
    progressNotifyMs: 600_000,
    limits: { requestBytes: 1_572_864, txnOps: 128, storeBytes: 2 ** 31 },
    historyRevisions: 10_000,
    monotonicMs: () => performance.now(),
    ...options,
  });
}

/** Wait for a condition, with a deadline. */
export async function until(condition: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
