/**
 * The columns of pods, with the one word that sums a pod up.
 *
 * @see k8s.io/kubernetes pkg/printers/internalversion/printers.go, printPod
 */
import { AGE, type Column, NAME } from './columns.ts';
import { ageOf } from './duration.ts';
import { at, type Json, type KubeObject, listAt, numberAt, textAt } from './object.ts';

/** What is shown of a pod. */
interface PodSummary {
  readonly status: string;
  readonly ready: number;
  readonly total: number;
  readonly restarts: number;
  readonly lastRestart: string;
}

const NONE = '<none>';

export const POD_COLUMNS: readonly Column[] = [
  NAME,
  { name: 'Ready', cell: (pod) => `${summarizePod(pod).ready}/${summarizePod(pod).total}` },
  { name: 'Status', cell: (pod) => summarizePod(pod).status },
  {
    name: 'Restarts',
    cell: (pod, now) => {
      const { restarts, lastRestart } = summarizePod(pod);
      return restarts > 0 && lastRestart !== ''
        ? `${restarts} (${ageOf(lastRestart, now)} ago)`
        : String(restarts);
    },
  },
  AGE,
  { name: 'IP', wide: true, cell: (pod) => textAt(pod, 'status', 'podIP') || NONE },
  { name: 'Node', wide: true, cell: (pod) => textAt(pod, 'spec', 'nodeName') || NONE },
  { name: 'Nominated Node', wide: true, cell: (pod) => textAt(pod, 'status', 'nominatedNodeName') || NONE },
  { name: 'Readiness Gates', wide: true, cell: readinessGates },
];

/** Sum a pod up: `Running`, `Init:0/1`, `CrashLoopBackOff`, `Terminating` … */
export function summarizePod(pod: KubeObject): PodSummary {
  const total = listAt(pod, 'spec', 'containers').length;
  const containers = listAt(pod, 'status', 'containerStatuses');
  const inits = listAt(pod, 'status', 'initContainerStatuses');
  const initWord = initializing(pod, inits);
  let status = textAt(pod, 'status', 'reason') || textAt(pod, 'status', 'phase') || 'Unknown';
  const gated = listAt(pod, 'status', 'conditions').some(
    (one) => textAt(one, 'type') === 'PodScheduled' && textAt(one, 'reason') === 'SchedulingGated',
  );
  if (gated) status = 'SchedulingGated';
  const counted = initWord === undefined ? containers : inits;
  const restarts = counted.reduce<number>((sum, one) => sum + numberAt(one, ['restartCount']), 0);
  const ready = containers.filter(
    (one) => at(one, 'ready') === true && at(one, 'state', 'running') !== undefined,
  ).length;
  if (initWord !== undefined) status = initWord;
  else status = containerWord(pod, containers) ?? status;
  if (pod.metadata.deletionTimestamp !== undefined) {
    const lost = textAt(pod, 'status', 'reason') === 'NodeLost';
    const over = ['Failed', 'Succeeded'].includes(textAt(pod, 'status', 'phase'));
    if (lost) status = 'Unknown';
    else if (!over) status = 'Terminating';
  }
  return { status, ready, total, restarts, lastRestart: lastRestartOf(counted) };
}

function lastRestartOf(statuses: readonly Json[]): string {
  const times = statuses
    .map((one) => textAt(one, 'lastState', 'terminated', 'finishedAt'))
    .filter((one) => one !== '');
  return times.sort().at(-1) ?? '';
}

/** The word while init containers are not done; undefined when they are. */
function initializing(pod: KubeObject, inits: readonly Json[]): string | undefined {
  const total = listAt(pod, 'spec', 'initContainers').length;
  for (const [index, one] of inits.entries()) {
    const terminated = at(one, 'state', 'terminated');
    if (terminated !== undefined) {
      if (numberAt(terminated, ['exitCode']) === 0) continue;
      return `Init:${terminatedWord(terminated)}`;
    }
    const waiting = textAt(one, 'state', 'waiting', 'reason');
    if (waiting !== '' && waiting !== 'PodInitializing') return `Init:${waiting}`;
    return `Init:${index}/${total}`;
  }
  return undefined;
}

function containerWord(pod: KubeObject, containers: readonly Json[]): string | undefined {
  let word: string | undefined;
  let running = false;
  for (const one of [...containers].reverse()) {
    const waiting = textAt(one, 'state', 'waiting', 'reason');
    const terminated = at(one, 'state', 'terminated');
    if (waiting !== '') word = waiting;
    else if (terminated !== undefined && terminated !== null) word = terminatedWord(terminated);
    else if (at(one, 'ready') === true && at(one, 'state', 'running') !== undefined) running = true;
  }
  if (word !== 'Completed' || !running) return word;
  const ready = listAt(pod, 'status', 'conditions').some(
    (one) => textAt(one, 'type') === 'Ready' && textAt(one, 'status') === 'True',
  );
  return ready ? 'Running' : 'NotReady';
}

function terminatedWord(terminated: unknown): string {
  const reason = textAt(terminated, 'reason');
  if (reason !== '') return reason;
  const signal = numberAt(terminated, ['signal']);
  return signal !== 0 ? `Signal:${signal}` : `ExitCode:${numberAt(terminated, ['exitCode'])}`;
}

function readinessGates(pod: KubeObject): string {
  const gates = listAt(pod, 'spec', 'readinessGates');
  if (gates.length === 0) return NONE;
  const conditions = listAt(pod, 'status', 'conditions');
  const met = gates.filter((gate) =>
    conditions.some(
      (one) => textAt(one, 'type') === textAt(gate, 'conditionType') && textAt(one, 'status') === 'True',
    ),
  );
  return `${met.length}/${gates.length}`;
}
