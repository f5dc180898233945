/**
 * A small cluster for tests: a directory with ECDSA keys, etcd and the API server in this process, on free ports.
 *
 * The lab's own supervisor is not involved: components are started as `run.ts` starts them alone.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Dispatcher, request } from 'undici';
import type { Component, Running, Settings } from '../../components/component.ts';
import { openHost } from '../../components/host.ts';
import { parseManifest, setManifestFlag } from '../../components/manifest.ts';
import { createDispatcher } from '../../components/tls/client.ts';
import type { InitOptions } from '../../lab/init.ts';
import { temporaryLab } from './lab-directory.ts';

const SETTINGS: Settings = { clientAuth: 'require', autoReload: 'all', alertProfile: 'go' };
const ROUND_MS = 2_000;
const DEADLINE_MS = 15_000;

/** How to start. */
export interface ClusterOptions {
  readonly init?: InitOptions;
  readonly settings?: Partial<Settings>;
  /** Flags added to those of the API server's manifest. */
  readonly apiserverFlags?: readonly string[];
  readonly etcdFlags?: readonly string[];
  /** Start another etcd in place of the mock; returns its URL. */
  readonly realEtcd?: (dir: string) => Promise<string>;
  /** Called when the directory is made and nothing runs yet. */
  readonly prepare?: (dir: string) => void;
  readonly roundMs?: number;
}

/** A cluster that runs. */
export interface TestCluster {
  readonly dir: string;
  readonly kubeconfig: string;
  readonly apiserver: Running;
  readonly etcdUrl: string;
  readonly logs: readonly string[];
  /** Start one more component on a host, as the lab would. */
  start(component: Component, host: string, argv: readonly string[], id?: string): Promise<Running>;
  /** A request to the API server with a client certificate of the desk. */
  call(
    identity: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** The text of a watch, over a connection of its own: all of it, or the lines up to one that holds `until`. */
  watch(path: string, until?: string): Promise<string>;
  /** The bytes under a key, as they lie in etcd. */
  etcdValue(key: string): Promise<Buffer>;
  /** Stop the mock etcd, and start it again at the same address. */
  restartEtcd(whileDown?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** An answer, with its body as JSON when it is one. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of any shape
  readonly body: any;
}

/** Make a directory and start etcd and the API server in it. */
export async function startCluster(options: ClusterOptions = {}): Promise<TestCluster> {
  const dir = await temporaryLab(options.init);
  const settings = { ...SETTINGS, ...options.settings };
  const logs: string[] = [];
  const running: Running[] = [];
  const start = async (
    component: Component,
    hostName: string,
    argv: readonly string[],
    id: string = component.name,
  ) => {
    const host = openHost(join(dir, 'hosts', hostName), { onTrace: () => undefined });
    const log = (line: string): void => {
      logs.push(`${id}: ${line}`);
    };
    const one = await component.start({
      id,
      host,
      argv,
      settings,
      log,
      roundMs: options.roundMs ?? ROUND_MS,
    });
    running.unshift(one);
    return one;
  };
  const manifest = (name: string): string =>
    join(dir, 'hosts/control-plane/etc/kubernetes/manifests', `${name}.yaml`);
  const argvOf = (name: string): readonly string[] =>
    parseManifest(readFileSync(manifest(name), 'utf8'), name).argv;
  const { etcd } = await import('../../components/etcd/component.ts');
  const { kubeApiserver } = await import('../../components/apiserver/component.ts');
  const startEtcd = (port: number): Promise<Running> =>
    start(etcd, 'control-plane', [
      ...argvOf('etcd'),
      ...(port === 0 ? [] : [`--listen-client-urls=https://127.0.0.1:${port}`]),
      ...(options.etcdFlags ?? []),
    ]);
  options.prepare?.(dir);
  let etcdRunning = options.realEtcd ? undefined : await startEtcd(0);
  const etcdUrl = etcdRunning?.endpoint?.url ?? (await options.realEtcd?.(dir)) ?? '';
  setManifestFlag(manifest('kube-apiserver'), 'etcd-servers', etcdUrl);
  const apiserver = await start(kubeApiserver, 'control-plane', [
    ...argvOf('kube-apiserver'),
    ...(options.apiserverFlags ?? []),
  ]);
  const port = apiserver.endpoint?.port ?? 0;
  const dispatchers = new Map<string, Dispatcher>();
  const pem = (file: string) => ({ pem: readFileSync(join(dir, 'pki', file), 'utf8'), from: file });
  const dispatcherFor = (identity: string, server: string, url: string): Dispatcher => {
    const own = identity !== 'nobody' && existsSync(join(dir, 'pki', `${identity}.crt`));
    return createDispatcher({
      host: openHost(join(dir, 'hosts/laptop')),
      component: 'test',
      server,
      settings,
      url,
      ca: pem('ca.crt'),
      ...(own ? { cert: pem(`${identity}.crt`), key: pem(`${identity}.key`) } : {}),
    });
  };
  const base = `https://127.0.0.1:${port}`;
  const dispatcherOf = (identity: string): Dispatcher => {
    const known = dispatchers.get(identity);
    if (known) return known;
    const made = dispatcherFor(identity, 'kube-apiserver', base);
    dispatchers.set(identity, made);
    return made;
  };
  const cluster: TestCluster = {
    dir,
    kubeconfig: join(dir, 'hosts/laptop/.kube/config'),
    apiserver,
    etcdUrl,
    logs,
    start,
    async call(identity, method, path, body, headers = {}) {
      const answer = await request(`${base}${path}`, {
        dispatcher: dispatcherOf(identity),
        method: method as Dispatcher.HttpMethod,
        ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      });
      const text = await answer.body.text();
      const json = /json/.test(String(answer.headers['content-type']));
      return {
        status: answer.statusCode,
        headers: answer.headers,
        text,
        body: json && text !== '' ? JSON.parse(text) : undefined,
      };
    },
    async watch(path, until) {
      const dispatcher = dispatcherFor('admin', 'kube-apiserver', base);
      const answer = await request(`${base}${path}`, { dispatcher, headersTimeout: 0, bodyTimeout: 0 });
      let text = '';
      for await (const part of answer.body.setEncoding('utf8')) {
        text += part;
        if (until !== undefined && text.endsWith('\n') && text.includes(until)) break;
      }
      await dispatcher.destroy();
      return text;
    },
    async etcdValue(key) {
      const dispatcher = dispatcherFor('apiserver-etcd-client', 'etcd', etcdUrl);
      const answer = await request(`${etcdUrl}/v3/kv/range`, {
        dispatcher,
        method: 'POST',
        body: JSON.stringify({ key: Buffer.from(key).toString('base64') }),
      });
      const found = (await answer.body.json()) as { kvs?: { value: string }[] };
      await dispatcher.close();
      return Buffer.from(found.kvs?.[0]?.value ?? '', 'base64');
    },
    async restartEtcd(whileDown) {
      const old = etcdRunning;
      if (!old) throw new Error('this etcd is not ours');
      running.splice(running.indexOf(old), 1);
      await old.close();
      await whileDown?.();
      etcdRunning = await startEtcd(old.endpoint?.port ?? 0);
      // It is needed until the end: closed last.
      running.splice(running.indexOf(etcdRunning), 1);
      running.push(etcdRunning);
    },
    async close() {
      await Promise.all([...dispatchers.values()].map((one) => one.destroy()));
      for (const one of running) await one.close();
    },
  };
  await until(
    'the API server is ready',
    async () => (await cluster.call('admin', 'GET', '/readyz')).status === 200,
  );
  return cluster;
}

/** Wait until a condition holds. */
export async function until(
  what: string,
  condition: () => Promise<boolean> | boolean,
  withinMs = DEADLINE_MS,
): Promise<void> {
  const deadline = performance.now() + withinMs;
  let last: unknown;
  for (;;) {
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) throw new Error(`timed out: ${what}`, { cause: last });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
