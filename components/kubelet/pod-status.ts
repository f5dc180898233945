/**
 * A local pod as the API server stores its status. Pure.
 */
import { type Condition, type ContainerStatus, type Pod, timestamp } from '../api/kinds.ts';
import { imageId, type RunningContainer } from './containers.ts';
import type { LocalPod } from './pods.ts';

type Status = NonNullable<Pod['status']>;

/**
 * The status of a pod.
 * @param now  RFC 3339, for conditions that change
 * @see        pkg/kubelet/kubelet_pods.go, generateAPIPodStatus and getPhase
 */
export function podStatus(mine: LocalPod, hostIP: string, now: string): Status {
  const statuses = mine.pod.spec.containers.map((spec): ContainerStatus => {
    const container = mine.containers.get(spec.name);
    if (container) return containerStatus(container);
    const waiting = mine.waiting ?? { reason: 'ContainerCreating' };
    return {
      name: spec.name,
      image: spec.image,
      imageID: '',
      ready: false,
      started: false,
      restartCount: 0,
      state: { waiting },
    };
  });
  const phase = phaseOf(mine, statuses);
  const done = phase === 'Succeeded' || phase === 'Failed';
  const ready = phase === 'Running' && statuses.every((one) => one.ready);
  const unready = statuses.filter((one) => !one.ready).map((one) => one.name);
  const reason = done
    ? { reason: 'PodCompleted' }
    : { reason: 'ContainersNotReady', message: `containers with unready status: [${unready.join(' ')}]` };
  const started = mine.phase !== 'creating';
  const condition = (
    type: string,
    value: boolean,
    detail: { reason?: string; message?: string },
  ): Condition => {
    const status = value ? 'True' : 'False';
    const before = mine.pod.status?.conditions?.find((one) => one.type === type);
    const lastTransitionTime = before?.status === status ? (before.lastTransitionTime ?? now) : now;
    return { type, status, lastProbeTime: null, lastTransitionTime, ...(value ? {} : detail) };
  };
  return {
    phase,
    conditions: [
      condition('PodReadyToStartContainers', started && !done, {}),
      { ...condition('Initialized', true, {}), ...(done ? { reason: 'PodCompleted' } : {}) },
      condition('Ready', ready, reason),
      condition('ContainersReady', ready, reason),
      condition('PodScheduled', true, {}),
    ],
    hostIP,
    ...(started ? { podIP: mine.ip, podIPs: [{ ip: mine.ip }] } : {}),
    startTime: timestamp(new Date(mine.startedAtMs)),
    containerStatuses: statuses,
  };
}

function containerStatus(container: RunningContainer): ContainerStatus {
  const { spec, exit } = container;
  const startedAt = timestamp(new Date(container.startedAtMs));
  const containerID = `containerd://${container.id}`;
  const base = { name: spec.name, image: spec.image, imageID: imageId(spec.image), containerID };
  if (!exit) {
    const restartCount = container.restarts;
    return { ...base, ready: true, started: true, restartCount, state: { running: { startedAt } } };
  }
  const terminated = {
    exitCode: exit.code,
    reason: exit.code === 0 ? 'Completed' : 'Error',
    startedAt,
    finishedAt: timestamp(new Date(exit.atMs)),
    containerID,
  };
  return { ...base, ready: false, started: false, restartCount: container.restarts, state: { terminated } };
}

function phaseOf(mine: LocalPod, statuses: readonly ContainerStatus[]): string {
  if (statuses.some((one) => one.state.waiting)) return 'Pending';
  const policy = mine.pod.spec.restartPolicy ?? 'Always';
  const codes = statuses.map((one) => one.state.terminated?.exitCode);
  if (policy === 'Always' || codes.some((code) => code === undefined)) return 'Running';
  if (codes.every((code) => code === 0)) return 'Succeeded';
  return policy === 'Never' ? 'Failed' : 'Running';
}
