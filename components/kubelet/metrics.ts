/**
 * The kubelet's figures: a few Prometheus lines and the summary that `kubectl top` is made from. Simulated, and so
 * the same for every look at the same pod.
 */
import { createHash } from 'node:crypto';
import { timestamp } from '../api/kinds.ts';
import type { LocalPod, Pods } from './pods.ts';

/** What the figures are taken from. */
interface Measured {
  readonly node: string;
  readonly pods: Pods;
  readonly now: () => Date;
  readonly startedAtMs: number;
}

/** Prometheus text format, version 0.0.4. */
export function metricsText({ node, pods, startedAtMs }: Measured): string {
  const running = pods.list().filter((one) => one.phase === 'started');
  const containers = running.reduce((sum, one) => sum + one.containers.size, 0);
  return [
    "# HELP kubelet_node_name The node's name. The count is always 1.",
    '# TYPE kubelet_node_name gauge',
    `kubelet_node_name{node="${node}"} 1`,
    '# HELP kubelet_running_pods Number of pods that have a running pod sandbox',
    '# TYPE kubelet_running_pods gauge',
    `kubelet_running_pods ${running.length}`,
    '# HELP kubelet_running_containers Number of containers currently running',
    '# TYPE kubelet_running_containers gauge',
    `kubelet_running_containers{container_state="running"} ${containers}`,
    '# HELP process_start_time_seconds Start time of the process since unix epoch in seconds.',
    '# TYPE process_start_time_seconds gauge',
    `process_start_time_seconds ${startedAtMs / 1000}`,
    '',
  ].join('\n');
}

/**
 * /stats/summary.
 * @see k8s.io/kubelet pkg/apis/stats/v1alpha1/types.go, Summary
 */
export function summary({ node, pods, now, startedAtMs }: Measured): Readonly<Record<string, unknown>> {
  const time = timestamp(now());
  const running = pods.list().filter((one) => one.phase === 'started');
  const usage = (seed: string, baseCores: number, baseBytes: number) => {
    const share = (createHash('sha256').update(seed).digest()[0] ?? 0) / 256;
    return {
      cpu: { time, usageNanoCores: Math.round(baseCores * (1 + share) * 1e9) },
      memory: { time, workingSetBytes: Math.round(baseBytes * (1 + share)) },
    };
  };
  const podStats = (one: LocalPod) => {
    const { name, namespace } = one.pod.metadata;
    const containers = [...one.containers.values()].map((container) => ({
      name: container.spec.name,
      startTime: timestamp(new Date(container.startedAtMs)),
      ...usage(container.id, 0.001, 6_000_000),
    }));
    return {
      podRef: { name, namespace, uid: one.uid },
      startTime: timestamp(new Date(one.startedAtMs)),
      containers,
      ...usage(one.uid, 0.001, 7_000_000),
    };
  };
  return {
    node: {
      nodeName: node,
      startTime: timestamp(new Date(startedAtMs)),
      ...usage(node, 0.08, 600_000_000 + running.length * 7_000_000),
    },
    pods: running.map(podStats),
  };
}
