/**
 * The kubelet's pods: what its watch shows becomes running containers, and what becomes of them goes back to the
 * API server as pod status. Pending, ContainerCreating, Running; Succeeded or Failed when a command ends.
 */
import { messageOf } from '../../certs/errors.ts';
import { isStatus } from '../api/api-error.ts';
import type { ApiClient } from '../api/client.ts';
import { type RecordEvent, recorder } from '../api/events.ts';
import { type Condition, conditionOf, keyOf, type Pod, timestamp } from '../api/kinds.ts';
import type { Watch } from '../api/reflector.ts';
import {
  isImageReference,
  mainCommand,
  type RunningContainer,
  startContainer,
  writeLog,
} from './containers.ts';
import { podStatus } from './pod-status.ts';
import { runCommand } from './shell.ts';

/** A pod on this node. */
export interface LocalPod {
  pod: Pod;
  readonly uid: string;
  readonly ip: string;
  startedAtMs: number;
  readonly containers: Map<string, RunningContainer>;
  phase: 'creating' | 'started' | 'ending';
  /** Why a container cannot start; null when all could. */
  waiting: { readonly reason: string; readonly message: string } | null;
  /** A write of its status is under way; what changes meanwhile is written after it. */
  writing?: Promise<void>;
  dirty?: boolean;
}

/** All pods of a node. */
export interface Pods {
  list(): readonly LocalPod[];
  get(namespace: string, name: string): LocalPod | undefined;
  /** Begin to watch, unless that has been done. */
  follow(): void;
  /** Write again what could not be written. */
  retry(): Promise<void>;
  close(): Promise<void>;
}

/** Where and as whom pods run. */
export interface PodsOptions {
  readonly client: ApiClient;
  readonly node: string;
  readonly hostIP: string;
  /** `10.244.1`: pod addresses follow. */
  readonly subnet: string;
  /** How long an image takes, milliseconds. */
  readonly pullMs: number;
}

/** The longest wait between two starts of a container that keeps ending. Real: 5 minutes. */
const MAX_BACKOFF_MS = 300_000;
const FIRST_BACKOFF_MS = 10_000;

/** Start running what the API server binds to this node. */
export function startPods(options: PodsOptions): Pods {
  const { client, node } = options;
  const record: RecordEvent = recorder(client, 'kubelet', { apiVersion: 'v1', kind: 'Pod' }, node);
  const local = new Map<string, LocalPod>();
  const unwritten = new Set<LocalPod>();
  const timers = new Set<NodeJS.Timeout>();
  let nextAddress = 2;
  let closed = false;

  const later = (delayMs: number, action: () => void): void => {
    const timer = setTimeout(() => {
      timers.delete(timer);
      if (!closed) action();
    }, delayMs);
    timers.add(timer);
  };

  let watch: Watch<Pod> | undefined;
  const follow = (): void => {
    if (closed) return;
    watch ??= client.watch<Pod>('/api/v1/pods', {
      type: '*v1.Pod',
      query: { fieldSelector: `spec.nodeName=${node}` },
      onChange: ({ type, object }) => {
        if (type === 'deleted') forget(object);
        else take(object);
      },
    });
  };

  const take = (pod: Pod): void => {
    const key = keyOf(pod);
    const uid = pod.metadata.uid ?? '';
    const known = local.get(key);
    if (known && known.uid !== uid) forget(known.pod);
    const mine = local.get(key);
    if (mine) {
      mine.pod = pod;
      if (pod.metadata.deletionTimestamp !== undefined) end(mine);
      else if (!mine.writing && mine.phase === 'started' && disagrees(mine)) void write(mine);
      return;
    }
    if (pod.metadata.deletionTimestamp !== undefined) {
      void remove(pod);
      return;
    }
    const phase = pod.status?.phase;
    if (phase === 'Succeeded' || phase === 'Failed') return;
    begin(pod, uid);
  };

  /** Someone else wrote that a pod is not ready which is: the node was taken for dead. */
  const disagrees = (mine: LocalPod): boolean => {
    const ready = (conditions: readonly Condition[] | undefined) => conditionOf(conditions, 'Ready')?.status;
    const wanted = podStatus(mine, options.hostIP, timestamp(client.now()));
    return ready(wanted.conditions) !== ready(mine.pod.status?.conditions);
  };

  const begin = (pod: Pod, uid: string): void => {
    const kept = pod.status?.podIP ?? '';
    const ip = pod.spec.hostNetwork ? options.hostIP : kept !== '' ? kept : address();
    const mine: LocalPod = {
      pod,
      uid,
      ip,
      startedAtMs: client.now().getTime(),
      containers: new Map(),
      phase: 'creating',
      waiting: null,
    };
    local.set(keyOf(pod), mine);
    if (adopt(mine)) return;
    void write(mine);
    later(options.pullMs, () => {
      if (mine.phase === 'creating') startAll(mine);
    });
  };

  /** Containers outlive their kubelet: a pod that ran when this one started goes on as it was. */
  const adopt = (mine: LocalPod): boolean => {
    const { containers } = mine.pod.spec;
    const statuses = mine.pod.status?.containerStatuses ?? [];
    if (mine.pod.status?.phase !== 'Running' || statuses.length < containers.length) return false;
    mine.phase = 'started';
    mine.startedAtMs = Date.parse(mine.pod.status.startTime ?? '') || mine.startedAtMs;
    for (const { name, restartCount, state } of statuses) {
      run(mine, name, restartCount);
      const container = mine.containers.get(name);
      if (container && state.running) container.startedAtMs = Date.parse(state.running.startedAt);
    }
    void write(mine);
    return true;
  };

  const address = (): string => {
    const taken = new Set([...local.values()].map((one) => one.ip));
    for (let tries = 0; tries < 253; tries++) {
      const candidate = `${options.subnet}.${nextAddress}`;
      nextAddress = nextAddress >= 254 ? 2 : nextAddress + 1;
      if (!taken.has(candidate)) return candidate;
    }
    return `${options.subnet}.254`;
  };

  const startAll = (mine: LocalPod): void => {
    const bad = mine.pod.spec.containers.find((one) => !isImageReference(one.image));
    if (bad) {
      const message = `Failed to apply default image tag "${bad.image}": couldn't parse image name "${bad.image}": invalid reference format`;
      mine.waiting = { reason: 'InvalidImageName', message };
      void write(mine);
      void record(mine.pod, 'Warning', 'InspectFailed', message);
      return;
    }
    mine.phase = 'started';
    for (const container of mine.pod.spec.containers) run(mine, container.name, 0);
    void write(mine);
    void tellStarted(mine);
  };

  const tellStarted = async (mine: LocalPod): Promise<void> => {
    for (const { name, image } of mine.pod.spec.containers) {
      const pulled = `Container image "${image}" already present on machine`;
      await record(mine.pod, 'Normal', 'Pulled', pulled);
      await record(mine.pod, 'Normal', 'Created', `Created container: ${name}`);
      await record(mine.pod, 'Normal', 'Started', `Started container ${name}`);
    }
  };

  const run = (mine: LocalPod, name: string, restarts: number): void => {
    const spec = mine.pod.spec.containers.find((one) => one.name === name);
    if (!spec) return;
    const nowMs = client.now().getTime();
    const container = startContainer(spec, mine.uid, nowMs, restarts);
    mine.containers.set(name, container);
    const words = mainCommand(spec);
    if (!words) return;
    const print = (stream: 'stdout' | 'stderr') => (data: string | Uint8Array) => {
      const text = typeof data === 'string' ? data : Buffer.from(data).toString('utf8');
      for (const line of text.replace(/\n$/, '').split('\n')) {
        writeLog(container, { atMs: client.now().getTime(), stream, text: line });
      }
    };
    void runCommand(words, {
      pod: mine,
      container,
      node,
      now: () => client.now(),
      stdout: print('stdout'),
      stderr: print('stderr'),
      stdin: null,
      signal: container.ended.signal,
      terminal: null,
      maxSleepMs: Number.POSITIVE_INFINITY,
    }).then((code) => {
      if (!container.ended.signal.aborted && !closed) ended(mine, container, code);
    });
  };

  const ended = (mine: LocalPod, container: RunningContainer, code: number): void => {
    container.exit = { code, atMs: client.now().getTime() };
    container.ended.abort();
    const policy = mine.pod.spec.restartPolicy ?? 'Always';
    const again = policy === 'Always' || (policy === 'OnFailure' && code !== 0);
    void write(mine);
    if (!again || mine.phase !== 'started') return;
    const { name } = container.spec;
    const backoffMs =
      container.restarts === 0
        ? 1000
        : Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** (container.restarts - 1));
    if (container.restarts > 0) {
      const pod = `${mine.pod.metadata.name}_${mine.pod.metadata.namespace}(${mine.uid})`;
      const message = `Back-off restarting failed container ${name} in pod ${pod}`;
      void record(mine.pod, 'Warning', 'BackOff', message);
    }
    later(backoffMs, () => {
      if (mine.phase !== 'started' || mine.containers.get(name) !== container) return;
      run(mine, name, container.restarts + 1);
      void write(mine);
    });
  };

  /** A pod is being deleted: stop its containers, then confirm that it is gone. */
  const end = (mine: LocalPod): void => {
    if (mine.phase === 'ending') return;
    mine.phase = 'ending';
    for (const container of mine.containers.values()) {
      container.ended.abort();
      void record(mine.pod, 'Normal', 'Killing', `Stopping container ${container.spec.name}`);
    }
    void remove(mine.pod);
  };

  const remove = async (pod: Pod): Promise<void> => {
    const { name, namespace, uid } = pod.metadata;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      gracePeriodSeconds: 0,
      ...(uid === undefined ? {} : { preconditions: { uid } }),
    };
    try {
      await client.request('DELETE', `/api/v1/namespaces/${namespace}/pods/${name}`, body);
      forget(pod);
    } catch (error) {
      if (isStatus(error, 404) || isStatus(error, 409)) forget(pod);
      else
        client.klog('E', 'status_manager.go:1006', 'Failed to delete status for pod', {
          err: messageOf(error),
          pod: keyOf(pod),
        });
    }
  };

  const forget = (pod: Pod): void => {
    const mine = local.get(keyOf(pod));
    if (!mine || mine.uid !== (pod.metadata.uid ?? '')) return;
    mine.phase = 'ending';
    for (const container of mine.containers.values()) container.ended.abort();
    local.delete(keyOf(pod));
    unwritten.delete(mine);
  };

  /** One write per pod at a time, each with the status of its moment: they must not overtake each other. */
  const write = (mine: LocalPod): Promise<void> => {
    mine.dirty = true;
    mine.writing ??= writeAll(mine).finally(() => {
      delete mine.writing;
    });
    return mine.writing;
  };

  const writeAll = async (mine: LocalPod): Promise<void> => {
    while (mine.dirty && !closed) {
      mine.dirty = false;
      if (!(await writeOnce(mine))) return;
    }
  };

  const writeOnce = async (mine: LocalPod): Promise<boolean> => {
    const { name, namespace } = mine.pod.metadata;
    const status = podStatus(mine, options.hostIP, timestamp(client.now()));
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
    try {
      const extras = { contentType: 'application/merge-patch+json' };
      mine.pod = await client.request<Pod>('PATCH', path, { metadata: { uid: mine.uid }, status }, extras);
      unwritten.delete(mine);
      if (mine.pod.metadata.deletionTimestamp !== undefined) end(mine);
      return true;
    } catch (error) {
      if (closed) return false;
      if (isStatus(error, 404)) {
        forget(mine.pod);
        return false;
      }
      unwritten.add(mine);
      client.klog('E', 'status_manager.go:895', 'Failed to update status for pod', {
        pod: keyOf(mine.pod),
        err: `failed to patch status for pod "${namespace}"/"${name}": ${messageOf(error)}`,
      });
      return false;
    }
  };

  return {
    list: () => [...local.values()],
    get: (namespace, name) => local.get(`${namespace}/${name}`),
    follow,
    retry: async () => {
      for (const mine of [...unwritten]) if (local.get(keyOf(mine.pod)) === mine) await write(mine);
      for (const mine of [...local.values()]) if (mine.phase === 'ending') await remove(mine.pod);
    },
    close: async () => {
      closed = true;
      for (const timer of timers) clearTimeout(timer);
      for (const mine of local.values()) for (const one of mine.containers.values()) one.ended.abort();
      await watch?.close();
    },
  };
}
