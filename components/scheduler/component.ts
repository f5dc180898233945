/**
 * kube-scheduler: binds pending pods to ready nodes. A pure client of the API server.
 *
 * Each round it renews its leader lease over a fresh connection; while it leads it places every pod that its watch
 * shows without a node. Without the lease it places nothing, and new pods stay Pending.
 */
import { randomUUID } from 'node:crypto';
import { LabError, messageOf } from '../../certs/errors.ts';
import { isStatus } from '../api/api-error.ts';
import { type ApiClient, createApiClient } from '../api/client.ts';
import { recorder } from '../api/events.ts';
import { keyOf, type Node, type Pod, timestamp } from '../api/kinds.ts';
import { startLeader } from '../api/leader.ts';
import { startRounds } from '../api/rounds.ts';
import type { Component, Running, StartContext } from '../component.ts';
import { parseFlags } from '../flags.ts';
import { SCHEDULER_FLAGS } from './flags.ts';
import { place } from './place.ts';

/** The real binary, as the lab runs it. */
export const kubeScheduler: Component = {
  name: 'kube-scheduler',
  role: 'client',
  flags: SCHEDULER_FLAGS,
  dependsOn: ['kube-apiserver'],
  start,
};

async function start(context: StartContext): Promise<Running> {
  const flags = parseFlags('kube-scheduler', SCHEDULER_FLAGS, context.argv);
  if (flags.kubeconfig === '') {
    throw new LabError('FLAG_INVALID', {
      what: 'kube-scheduler: --kubeconfig is not set',
      fix: 'add --kubeconfig=/etc/kubernetes/scheduler.conf',
    });
  }
  const client = createApiClient({
    host: context.host,
    component: context.id,
    kubeconfig: flags.kubeconfig,
    settings: context.settings,
    roundMs: context.roundMs,
    log: context.log,
  });
  client.klog('I', 'server.go:174', 'Starting Kubernetes Scheduler', { version: 'v1.33.0' });
  const holder = `${context.host.name}_${randomUUID()}`;
  const leaseMs = Math.max(flags['leader-elect-lease-duration'], context.roundMs * 2);
  const leader = startLeader(client, 'kube-scheduler', holder, leaseMs);
  const scheduling = startScheduling(client, () => leader.leads() || !flags['leader-elect']);
  const rounds = startRounds(context.roundMs, async () => {
    client.newRound();
    if (flags['leader-elect']) await leader.round();
    else await client.request('GET', '/version');
    await scheduling.run(true);
  });
  client.onRotate(() => void rounds.now());
  return {
    id: context.id,
    endpoint: null,
    files: () => client.files(),
    dialNow: () => rounds.now(),
    close: async () => {
      await rounds.close();
      await leader.release();
      await scheduling.close();
      await client.close();
    },
  };
}

interface Scheduling {
  /** Place what waits. `retry`: also what failed before. */
  run(retry: boolean): Promise<void>;
  close(): Promise<void>;
}

function startScheduling(client: ApiClient, leads: () => boolean): Scheduling {
  const record = recorder(client, 'default-scheduler', { apiVersion: 'v1', kind: 'Pod' });
  /** Pods that found no node, or whose binding failed: tried again when a node changes, and in each round. */
  const failed = new Set<string>();
  let again = false;
  let running: Promise<void> | undefined;
  let closed = false;

  const kick = (retry: boolean): void => {
    void run(retry);
  };
  const nodes = client.watch<Node>('/api/v1/nodes', { type: '*v1.Node', onChange: () => kick(true) });
  const pods = client.watch<Pod>('/api/v1/pods', {
    type: '*v1.Pod',
    onChange: ({ type, object }) => {
      if (type === 'deleted') failed.delete(keyOf(object));
      if (type === 'deleted' || waits(object)) kick(type === 'deleted');
    },
  });

  const run = (retry: boolean): Promise<void> => {
    if (retry) failed.clear();
    again = true;
    running ??= loop().finally(() => {
      running = undefined;
    });
    return running;
  };

  const loop = async (): Promise<void> => {
    while (again && !closed) {
      again = false;
      // One turn of the event loop, so that a burst of changes is one pass.
      await new Promise((resolve) => setImmediate(resolve));
      if (!leads() || !nodes.synced() || !pods.synced()) return;
      const load = new Map<string, number>();
      const waiting: Pod[] = [];
      for (const pod of pods.list()) {
        const node = pod.spec.nodeName;
        if (node) load.set(node, (load.get(node) ?? 0) + 1);
        else if (waits(pod) && !failed.has(keyOf(pod))) waiting.push(pod);
      }
      for (const pod of waiting) {
        if (closed || !leads()) return;
        await schedule(pod, load);
      }
    }
  };

  const schedule = async (pod: Pod, load: Map<string, number>): Promise<void> => {
    const placement = place(pod, nodes.list(), load);
    const { name, namespace = 'default' } = pod.metadata;
    if (placement.node === null) {
      failed.add(keyOf(pod));
      client.klog('I', 'schedule_one.go:1050', 'Unable to schedule pod; no fit; waiting', {
        pod: keyOf(pod),
        err: placement.message,
      });
      await markUnschedulable(client, pod, placement.message);
      await record(pod, 'Warning', 'FailedScheduling', placement.message);
      return;
    }
    const path = `/api/v1/namespaces/${namespace}/pods/${name}/binding`;
    try {
      await client.request('POST', path, {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { name, namespace, ...(pod.metadata.uid === undefined ? {} : { uid: pod.metadata.uid }) },
        target: { kind: 'Node', name: placement.node },
      });
    } catch (error) {
      failed.add(keyOf(pod));
      if (isStatus(error, 404)) return;
      client.klog('E', 'schedule_one.go:1055', 'Error scheduling pod; retrying', {
        err: `binding rejected: ${messageOf(error)}`,
        pod: keyOf(pod),
      });
      return;
    }
    pods.remember({
      ...pod,
      metadata: { ...pod.metadata, resourceVersion: bumped(pod) },
      spec: { ...pod.spec, nodeName: placement.node },
    });
    load.set(placement.node, (load.get(placement.node) ?? 0) + 1);
    client.klog('I', 'schedule_one.go:314', 'Successfully bound pod to node', {
      pod: keyOf(pod),
      node: placement.node,
      evaluatedNodes: placement.evaluated,
      feasibleNodes: placement.feasible,
    });
    await record(
      pod,
      'Normal',
      'Scheduled',
      `Successfully assigned ${namespace}/${name} to ${placement.node}`,
    );
  };

  return {
    run,
    close: async () => {
      closed = true;
      await running;
    },
  };
}

/** True for a pod that nobody has placed and that is this scheduler's to place. */
function waits(pod: Pod): boolean {
  return (
    !pod.spec.nodeName &&
    pod.metadata.deletionTimestamp === undefined &&
    (pod.spec.schedulerName ?? 'default-scheduler') === 'default-scheduler'
  );
}

/** A version just above the pod's own, so that the copy keeps the assumed binding until the watch brings it. */
function bumped(pod: Pod): string {
  return String(Number(pod.metadata.resourceVersion ?? 0) + 0.5);
}

async function markUnschedulable(client: ApiClient, pod: Pod, message: string): Promise<void> {
  const { name, namespace = 'default' } = pod.metadata;
  const condition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastProbeTime: null,
    lastTransitionTime: timestamp(client.now()),
  };
  const others = (pod.status?.conditions ?? []).filter((one) => one.type !== 'PodScheduled');
  const old = pod.status?.conditions?.find((one) => one.type === 'PodScheduled');
  if (old?.status === 'False' && old.message === message) return;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/status`;
  await client
    .request(
      'PATCH',
      path,
      { status: { conditions: [...others, condition] } },
      {
        contentType: 'application/merge-patch+json',
      },
    )
    .catch(() => undefined);
}
