/**
 * A whole cluster in this process, program by program: for tests that stop one and watch the others.
 *
 * Like a lab, but with short rounds and without supervisor and journal: nothing restarts what a test has stopped.
 */
import { join } from 'node:path';
import { type ApiClient, createApiClient } from '../../components/api/client.ts';
import type { Running, Settings } from '../../components/component.ts';
import { type Host, openHost } from '../../components/host.ts';
import { loadComponent } from '../../components/registry.ts';
import type { Trace } from '../../components/tls/trace.ts';
import { readDirectory, settingsOf } from '../../lab/directory.ts';
import { type InitOptions, initDirectory } from '../../lab/init.ts';
import { planOf } from '../../lab/plan.ts';
import { instancesOf } from '../../lab/topology.ts';
import { temporaryFolder } from './cli.ts';

/** What a test may choose. */
export interface WholeClusterOptions extends InitOptions {
  /** Milliseconds; default 1000. */
  readonly roundMs?: number;
  /** Instances to start; default all but kubectl. */
  readonly start?: readonly string[];
  readonly settings?: Partial<Settings>;
  /** Called when the directory is made and nothing runs yet. */
  readonly prepare?: (cluster: WholeCluster) => void | Promise<void>;
}

/** A running cluster. */
export interface WholeCluster {
  readonly dir: string;
  /** The admin's client, from the laptop's kubeconfig. */
  readonly admin: ApiClient;
  host(name: string): Host;
  /** Start an instance, with its flags from disk and more behind them. */
  start(id: string, moreFlags?: readonly string[]): Promise<Running>;
  stop(id: string): Promise<void>;
  running(id: string): Running;
  /** What an instance has logged. */
  log(id: string): readonly string[];
  readonly traces: readonly Trace[];
  close(): Promise<void>;
}

/** Make a directory and start a cluster in it. */
export async function openWholeCluster(options: WholeClusterOptions = {}): Promise<WholeCluster> {
  const { roundMs = 1000, start, settings = {}, prepare, ...init } = options;
  const folder = temporaryFolder('cluster');
  const dir = join(folder.path, 'lab');
  await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0, ...init });
  const instances = instancesOf(readDirectory(dir).workers);
  const hosts = new Map<string, Host>();
  const logs = new Map<string, string[]>();
  const running = new Map<string, Running>();
  const traces: Trace[] = [];
  const settingsFor = (id: string): Settings => ({ ...settingsOf(readDirectory(dir), id), ...settings });
  const host = (name: string): Host => {
    const known = hosts.get(name);
    if (known) return known;
    const opened = openHost(join(dir, 'hosts', name), { onTrace: (trace) => traces.push(trace) });
    hosts.set(name, opened);
    return opened;
  };
  const admin = createApiClient({
    host: host('laptop'),
    component: 'kubectl',
    kubeconfig: '/.kube/config',
    settings: settingsFor('kubectl'),
    roundMs,
    log: () => undefined,
  });
  const cluster: WholeCluster = {
    dir,
    admin,
    host,
    traces,
    log: (id) => logs.get(id) ?? [],
    running: (id) => {
      const found = running.get(id);
      if (!found) throw new Error(`${id} does not run`);
      return found;
    },
    start: async (id, moreFlags = []) => {
      const instance = instances.find((one) => one.id === id);
      if (!instance) throw new Error(`no ${id} in this cluster`);
      const plan = planOf(instance, host(instance.host));
      if (plan.kind !== 'run') throw plan.why;
      const lines = logs.get(id) ?? [];
      logs.set(id, lines);
      const component = await loadComponent(instance.component);
      const started = await component.start({
        id,
        host: host(instance.host),
        argv: [...plan.argv, ...moreFlags],
        settings: settingsFor(id),
        log: (line) => lines.push(line),
        roundMs,
      });
      running.set(id, started);
      if (id === 'kube-apiserver') await eventually('the API server is ready', () => isReady(admin));
      return started;
    },
    stop: async (id) => {
      const one = running.get(id);
      running.delete(id);
      await one?.close();
    },
    close: async () => {
      await admin.close();
      for (const id of [...running.keys()].reverse()) await cluster.stop(id);
      folder.remove();
    },
  };
  try {
    await prepare?.(cluster);
    const wanted = start ?? instances.map((one) => one.id).filter((id) => id !== 'kubectl');
    for (const id of wanted) await cluster.start(id);
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

/** Ready: storage answers, and the first roles are there. */
async function isReady(admin: ApiClient): Promise<boolean> {
  await admin.request('GET', '/readyz');
  await admin.request('GET', '/api/v1/nodes');
  return true;
}

/**
 * Wait until something holds.
 * @param what   for the message when it does not
 * @param check  the value to wait for; undefined, null and false mean "not yet", and so does a rejection
 */
export async function eventually<T>(
  what: string,
  check: () => T | Promise<T>,
  timeoutMs = 40_000,
): Promise<Exclude<T, undefined | null | false>> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const value = await check();
      if (value !== undefined && value !== null && value !== false) {
        return value as Exclude<T, undefined | null | false>;
      }
      last = value;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadline) {
      throw new Error(`${what}: still not so after ${timeoutMs} ms (last: ${String(last)})`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
