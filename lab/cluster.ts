/**
 * The running cluster: every component under supervision, started in the order of `dependsOn` and otherwise at
 * once, restarted when its configuration changes, stopped without a handle left.
 *
 * Components tell their hosts about handshakes; the hosts tell the journal; `channels()` is what came of it.
 */
import { join } from 'node:path';
import { DEFAULT_CHOICES, identities } from '../certs/identities.ts';
import type { Component, ComponentName, InstanceId, Settings } from '../components/component.ts';
import { type Host, openHost } from '../components/host.ts';
import type { Trace } from '../components/tls/trace.ts';
import { type ChannelState, channelState } from './channel.ts';
import { createJournal, type Journal } from './journal.ts';
import { type LogFile, logPath, openLogFile } from './log-files.ts';
import { foldersOf, planOf } from './plan.ts';
import { stampOf } from './settings.ts';
import { type InstanceState, type Plan, type Supervisor, supervise } from './supervisor.ts';
import { type Channel, channelsOf, type Instance, instancesOf, type TopologyChoices } from './topology.ts';
import { type FolderWatch, watchFolder } from './watch.ts';

/** A real kubelet looks at its manifests anew every 20 s (fileCheckFrequency) and then drops a pod it cannot read. */
const MANIFEST_CHECK_MS = 20_000;
/** How long `settle` waits for outcomes, and between two looks. */
const SETTLE_MS = 6000;
/** For each connection in addition: two cores make about fifty handshakes a second while everything starts. */
const SETTLE_CHANNEL_MS = 60;
const LOOK_MS = 10;
const REDIAL_MS = 1500;
const ASK_AGAIN_MS = 60;
/** DESIGN section 6: a round lasts 5 s, or so long that at most 50 clients dial per second. */
const ROUND_MS = 5000;
const DIALS_PER_SECOND = 50;

/** What a cluster is made of. */
export interface ClusterOptions {
  /** The cluster directory, absolute. */
  readonly dir: string;
  readonly topology: TopologyChoices;
  readonly settings: (id: InstanceId) => Settings;
  /** Loads a component's code; called once per component, all at once. */
  readonly load: (name: ComponentName) => Promise<Component>;
  readonly onLine?: (id: InstanceId, line: string) => void;
  /** Where handshakes are told from the first moment on; a new one by default. */
  readonly journal?: Journal;
  /** Default: DESIGN section 6. */
  readonly roundMs?: number;
}

/** A cluster that runs. */
export interface Cluster {
  readonly journal: Journal;
  readonly instances: readonly Instance[];
  readonly topology: readonly Channel[];
  host(name: string): Host;
  settings(id: InstanceId): Settings;
  states(): InstanceState[];
  /** @param only  ids of the channels that are wanted; default all */
  channels(only?: ReadonlySet<string>): ChannelState[];
  supervisor(id: InstanceId): Supervisor | undefined;
  /** Let every client dial, and wait until every channel has an outcome, at most some seconds. */
  settle(): Promise<ChannelState[]>;
  close(): Promise<void>;
}

/** Start all components. Resolves when each runs or has said why it cannot. */
export async function startCluster(options: ClusterOptions): Promise<Cluster> {
  const { dir } = options;
  const journal = options.journal ?? createJournal();
  const instances = instancesOf(options.topology.workers);
  const topology = channelsOf(options.topology);
  const hosts = new Map<string, Host>();
  for (const { host } of instances) {
    if (!hosts.has(host)) hosts.set(host, openHost(join(dir, 'hosts', host), { onTrace: journal.record }));
  }
  const hostOf = (name: string): Host => hosts.get(name) ?? openHost(join(dir, 'hosts', name));
  const names = [...new Set(instances.map(({ component }) => component))];
  const components = new Map(
    await Promise.all(names.map(async (name) => [name, await options.load(name)] as const)),
  );
  const roundMs =
    options.roundMs ?? Math.max(ROUND_MS, Math.ceil((instances.length / DIALS_PER_SECOND) * 1000));
  const logs: LogFile[] = [];
  const supervisors = new Map<InstanceId, Supervisor>();
  for (const instance of instances) {
    const component = components.get(instance.component);
    if (!component) continue;
    const host = hostOf(instance.host);
    const onLine = options.onLine;
    const log = openLogFile(
      logPath(dir, instance.id, instance.host),
      onLine && ((line) => onLine(instance.id, line)),
    );
    logs.push(log);
    supervisors.set(
      instance.id,
      supervise({
        instance,
        component,
        log,
        plan: () => withSettings(planOf(instance, host), options.settings(instance.id)),
        context: (argv) => ({
          id: instance.id,
          host,
          argv,
          settings: options.settings(instance.id),
          log: log.write,
          roundMs,
        }),
        changed: (kind, text) => journal.note({ kind, component: instance.id, text }),
      }),
    );
  }

  await startInOrder(instances, components, supervisors);
  const watches = [
    ...watchConfigurations(instances, hostOf, supervisors),
    watchLabYaml(dir, [...supervisors.values()]),
  ];

  const isUp = (id: InstanceId): boolean => supervisors.get(id)?.phase() === 'running';
  journal.expectServers(isUp);
  const { workers, apiserverClient } = options.topology;
  const ownIdentities = new Map(
    identities({ ...DEFAULT_CHOICES, apiserverClient, workers: workers.length }).map(
      ({ id, commonName, organizations }) => [id, { cn: commonName, o: organizations }] as const,
    ),
  );
  /** The newest connection of a channel since its client was started. */
  const latest = ({ id, client }: Channel): Trace | undefined => {
    const trace = journal.latest(id);
    const since = supervisors.get(client)?.startedAtMs() ?? 0;
    return trace !== undefined && trace.startedAtMs >= since ? trace : undefined;
  };
  const channels = (only?: ReadonlySet<string>): ChannelState[] =>
    topology
      .filter(({ id }) => only === undefined || only.has(id))
      .map((channel) =>
        isUp(channel.client)
          ? channelState(
              channel,
              latest(channel),
              journal.traces(channel.id),
              ownIdentities.get(channel.clientIdentity),
            )
          : channelState(channel, undefined),
      );

  return {
    journal,
    instances,
    topology,
    host: hostOf,
    settings: options.settings,
    states: () => [...supervisors.values()].map((one) => one.state()),
    channels,
    supervisor: (id) => supervisors.get(id),
    settle: () => settle(supervisors, channels),
    close: async () => {
      for (const watch of watches) watch.close();
      await stopInOrder(instances, components, supervisors);
      for (const log of logs) log.flush();
    },
  };
}

/** Each component starts when those that it depends on have started, or have said why they cannot. */
async function startInOrder(
  instances: readonly Instance[],
  components: ReadonlyMap<ComponentName, Component>,
  supervisors: ReadonlyMap<InstanceId, Supervisor>,
): Promise<void> {
  const begun = new Map<ComponentName, Promise<void>>();
  const begin = (name: ComponentName): Promise<void> => {
    const known = begun.get(name);
    if (known !== undefined) return known;
    const own = instances.filter(({ component }) => component === name);
    const work = (async () => {
      await Promise.all((components.get(name)?.dependsOn ?? []).map(begin));
      await Promise.all(own.map(({ id }) => supervisors.get(id)?.start()));
    })();
    begun.set(name, work);
    return work;
  };
  await Promise.all([...components.keys()].map(begin));
}

/** Clients first, then what they depended on. */
async function stopInOrder(
  instances: readonly Instance[],
  components: ReadonlyMap<ComponentName, Component>,
  supervisors: ReadonlyMap<InstanceId, Supervisor>,
): Promise<void> {
  const left = new Set(components.keys());
  while (left.size > 0) {
    const needed = new Set([...left].flatMap((name) => components.get(name)?.dependsOn ?? []));
    const free = [...left].filter((name) => !needed.has(name));
    const now = free.length > 0 ? free : [...left];
    const ending = instances.filter(({ component }) => now.includes(component));
    await Promise.all(ending.map(({ id }) => supervisors.get(id)?.close()));
    for (const name of now) left.delete(name);
  }
}

/** Restart what was edited, stop what was moved away, and try again what could not start when a file changes. */
function watchConfigurations(
  instances: readonly Instance[],
  hostOf: (name: string) => Host,
  supervisors: ReadonlyMap<InstanceId, Supervisor>,
): FolderWatch[] {
  const concerned = new Map<string, Supervisor[]>();
  for (const instance of instances) {
    const supervisor = supervisors.get(instance.id);
    for (const folder of supervisor ? foldersOf(instance) : []) {
      const path = hostOf(instance.host).path(folder);
      concerned.set(path, [...(concerned.get(path) ?? []), ...(supervisor ? [supervisor] : [])]);
    }
  }
  return [...concerned].map(([folder, own]) => watchOne(folder, own));
}

/** A program whose settings in lab.yaml change is restarted, as by an edit of its own configuration. */
function watchLabYaml(dir: string, all: readonly Supervisor[]): FolderWatch {
  const file = join(dir, 'lab.yaml');
  let seen = stampOf(file);
  return watchFolder(dir, () => {
    const now = stampOf(file);
    if (now === seen) return;
    seen = now;
    for (const supervisor of all) void supervisor.reconsider();
  });
}

/** The same configuration under other settings is another one. */
function withSettings(plan: Plan, settings: Settings): Plan {
  return plan.kind === 'run'
    ? { ...plan, fingerprint: `${plan.fingerprint} ${JSON.stringify(settings)}` }
    : plan;
}

function watchOne(folder: string, concerned: readonly Supervisor[]): FolderWatch {
  let strict: NodeJS.Timeout | undefined;
  const watch = watchFolder(folder, () => {
    for (const supervisor of concerned) {
      void supervisor.reconsider();
      supervisor.nudge();
    }
    clearTimeout(strict);
    strict = setTimeout(() => {
      for (const supervisor of concerned) void supervisor.reconsider(true);
    }, MANIFEST_CHECK_MS);
    strict.unref();
  });
  return {
    close: () => {
      clearTimeout(strict);
      watch.close();
    },
  };
}

/**
 * Wait until every channel has an outcome; give up on those that cannot have one, and after some seconds. Clients
 * dial by themselves when they start; whoever has not dialled after a while is told to.
 */
async function settle(
  supervisors: ReadonlyMap<InstanceId, Supervisor>,
  channels: () => ChannelState[],
): Promise<ChannelState[]> {
  const startedAt = performance.now();
  const limitMs = SETTLE_MS + channels().length * SETTLE_CHANNEL_MS;
  const toldAt = new Map<InstanceId, number>();
  for (;;) {
    const states = channels();
    const waiting = states.filter((state) => mayStillCome(state, states, supervisors));
    const now = performance.now();
    if (waiting.length === 0 || now - startedAt > limitMs) return states;
    for (const { client, server } of waiting) {
      if (isUnregistered(server, client, states)) continue;
      // The API server dials a kubelet when it is told to; everybody else has begun already.
      const patienceMs = server.startsWith('kubelet@') ? ASK_AGAIN_MS : REDIAL_MS;
      const before = toldAt.get(client) ?? (server.startsWith('kubelet@') ? 0 : startedAt);
      if (now - before < patienceMs) continue;
      // It dials every server that it is a client of: not told again before all of them have answered.
      toldAt.set(client, Number.POSITIVE_INFINITY);
      void dialAll(supervisors.get(client)).then((tookMs) => toldAt.set(client, performance.now() + tookMs));
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Let a client dial. @returns how long that took, milliseconds */
async function dialAll(client: Supervisor | undefined): Promise<number> {
  const begunMs = performance.now();
  await client?.dialNow().catch(() => undefined);
  return performance.now() - begunMs;
}

/** Whether a channel without an outcome will have one soon. */
function mayStillCome(
  { trace, client, server }: ChannelState,
  all: readonly ChannelState[],
  supervisors: ReadonlyMap<InstanceId, Supervisor>,
): boolean {
  if (trace !== null || supervisors.get(client)?.phase() !== 'running') return false;
  // The API server learns of a kubelet from its Node object: a kubelet that is refused never registers.
  const register = all.find((other) => other.client === server && other.server === client);
  return register === undefined || register.layer === 'ok' || register.layer === 'untried';
}

/** The kubelet's own connection to the API server is not there yet, so its Node object is not either. */
function isUnregistered(server: InstanceId, client: InstanceId, all: readonly ChannelState[]): boolean {
  const register = all.find((other) => other.client === server && other.server === client);
  return register !== undefined && register.layer !== 'ok';
}
