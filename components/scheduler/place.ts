/**
 * Where a pod goes: the nodes that it fits, and the one with the fewest pods. Pure.
 */
import type { Node, Pod, Taint, Toleration } from '../api/kinds.ts';
import { conditionOf } from '../api/kinds.ts';

/** A choice, or why there is none (the text of FailedScheduling). */
export type Placement =
  | { readonly node: string; readonly evaluated: number; readonly feasible: number }
  | { readonly node: null; readonly message: string };

interface Filter {
  readonly name: string;
  /** The reason, as the real plugin words it; null when the node fits. */
  readonly refuse: (pod: Pod, node: Node) => string | null;
}

/**
 * The filters, in the order of the real ones.
 * @see pkg/scheduler/framework/plugins: nodeunschedulable, tainttoleration, nodeaffinity
 */
const FILTERS: readonly Filter[] = [
  {
    name: 'NodeUnschedulable',
    refuse: (pod, node) => {
      const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };
      return node.spec?.unschedulable && !tolerates(pod.spec.tolerations, taint)
        ? 'node(s) were unschedulable'
        : null;
    },
  },
  {
    name: 'TaintToleration',
    refuse: (pod, node) => {
      const taint = taintsOf(node).find((one) => !tolerates(pod.spec.tolerations, one));
      return taint ? `node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}` : null;
    },
  },
  {
    name: 'NodeAffinity',
    refuse: (pod, node) => {
      const wanted = Object.entries(pod.spec.nodeSelector ?? {});
      return wanted.every(([key, value]) => node.metadata.labels?.[key] === value)
        ? null
        : "node(s) didn't match Pod's node affinity/selector";
    },
  },
];

/**
 * Choose a node.
 * @param load  pods per node name
 * @see         pkg/scheduler/framework/types.go, FitError.Error
 */
export function place(pod: Pod, nodes: readonly Node[], load: ReadonlyMap<string, number>): Placement {
  if (nodes.length === 0) return { node: null, message: 'no nodes available to schedule pods' };
  const reasons = new Map<string, number>();
  const fitting: Node[] = [];
  for (const node of nodes) {
    const reason = FILTERS.map((filter) => filter.refuse(pod, node)).find((one) => one !== null);
    if (reason === undefined) fitting.push(node);
    else if (reason) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  const free = (node: Node): number => load.get(node.metadata.name) ?? 0;
  const best = [...fitting].sort(
    (a, b) => free(a) - free(b) || a.metadata.name.localeCompare(b.metadata.name),
  )[0];
  if (best) return { node: best.metadata.name, evaluated: nodes.length, feasible: fitting.length };
  const counted = [...reasons].map(([reason, count]) => `${count} ${reason}`).sort();
  const all = counted.join(', ');
  return {
    node: null,
    message:
      `0/${nodes.length} nodes are available: ${all}. preemption: 0/${nodes.length} nodes are available: ` +
      `${nodes.length} Preemption is not helpful for scheduling.`,
  };
}

/** True when one of the tolerations covers the taint. */
export function tolerates(tolerations: readonly Toleration[] | undefined, taint: Taint): boolean {
  return (tolerations ?? []).some(
    (one) =>
      (one.effect === undefined || one.effect === '' || one.effect === taint.effect) &&
      (one.key === undefined || one.key === '' || one.key === taint.key) &&
      (one.operator === 'Exists' || (one.key !== undefined && (one.value ?? '') === (taint.value ?? ''))),
  );
}

/** The node's taints that keep pods away; a node that is not ready counts as tainted, whoever writes the taint. */
function taintsOf(node: Node): readonly Taint[] {
  const taints = (node.spec?.taints ?? []).filter((taint) => taint.effect !== 'PreferNoSchedule');
  const ready = conditionOf(node.status?.conditions, 'Ready')?.status;
  if (ready === 'True') return taints;
  const key = ready === 'Unknown' ? 'node.kubernetes.io/unreachable' : 'node.kubernetes.io/not-ready';
  return taints.some((taint) => taint.key === key) ? taints : [...taints, { key, effect: 'NoSchedule' }];
}
