/**
 * node-lifecycle-controller: a node whose lease is no longer renewed becomes Unknown, is tainted, and its pods are
 * no longer counted as ready. Silence is measured on a monotonic clock, never by the times that leases carry.
 */
import { messageOf } from '../../certs/errors.ts';
import { recorder } from '../api/events.ts';
import { type Condition, conditionOf, type Node, type Pod, type Taint, timestamp } from '../api/kinds.ts';
import { podSubnet } from '../api/pod-cidr.ts';
import { type Control, unlessStatus } from './control.ts';

/** Rounds without a renewal after which a node is silent. Real: 40 s, four renewals. */
const GRACE_ROUNDS = 4;
const REAL_DEFAULT_MS = 40_000;
const MERGE = { contentType: 'application/merge-patch+json' };
const CONDITIONS = ['MemoryPressure', 'DiskPressure', 'PIDPressure', 'Ready'] as const;
const TAINT = {
  unreachable: 'node.kubernetes.io/unreachable',
  notReady: 'node.kubernetes.io/not-ready',
} as const;

/** A running monitor. */
export interface NodeMonitor {
  /** Look at every node once. Logs what goes wrong; never rejects. */
  check(): Promise<void>;
}

/**
 * Run the controller.
 * @param graceMs  --node-monitor-grace-period; its default means four rounds
 * @see            pkg/controller/nodelifecycle/node_lifecycle_controller.go, tryUpdateNodeHealth
 */
export function startNodeMonitor(control: Control, graceMs: number): NodeMonitor {
  const { client, copies } = control;
  const record = recorder(client, 'node-controller', { apiVersion: 'v1', kind: 'Node' });
  const silentAfterMs = graceMs === REAL_DEFAULT_MS ? control.roundMs * GRACE_ROUNDS : graceMs;
  const heard = new Map<string, { renewTime: string; atMs: number }>();

  const lastHeard = (node: Node): number => {
    const { name } = node.metadata;
    const renewTime = copies.leases.get(`kube-node-lease/${name}`)?.spec?.renewTime ?? '';
    const known = heard.get(name);
    if (known?.renewTime === renewTime) return known.atMs;
    const atMs = performance.now();
    heard.set(name, { renewTime, atMs });
    return atMs;
  };

  /** A process that was itself held up has not listened: what it missed is nobody's silence. */
  let checkedAtMs = performance.now();
  const forgiveOwnDelay = (): void => {
    const lateMs = performance.now() - checkedAtMs - control.roundMs;
    checkedAtMs = performance.now();
    if (lateMs > 0) for (const one of heard.values()) one.atMs += lateMs;
  };

  const check = async (): Promise<void> => {
    forgiveOwnDelay();
    const present = new Set<string>();
    let silentNodes = 0;
    const nodes = copies.nodes.list();
    for (const node of nodes) {
      present.add(node.metadata.name);
      const silent = performance.now() - lastHeard(node) > silentAfterMs;
      if (silent) silentNodes += 1;
      if (!control.leads()) continue;
      try {
        await settle(node, silent);
      } catch (error) {
        client.klog(
          'E',
          'node_lifecycle_controller.go:783',
          'Update health of Node from Controller error, Skipping',
          {
            node: node.metadata.name,
            err: messageOf(error),
          },
        );
      }
    }
    for (const name of heard.keys()) if (!present.has(name)) heard.delete(name);
    if (nodes.length > 0 && silentNodes === nodes.length && control.leads()) {
      client.klog(
        'I',
        'node_lifecycle_controller.go:1044',
        'Controller detected that all Nodes are not-Ready. Entering master disruption mode',
      );
    }
  };

  const settle = async (node: Node, silent: boolean): Promise<void> => {
    const ready = conditionOf(node.status?.conditions, 'Ready')?.status ?? 'Unknown';
    if (silent && ready !== 'Unknown') await markUnknown(node);
    const effective = silent ? 'Unknown' : ready;
    await setTaints(node, effective);
    if (effective !== 'True') await markPods(node);
  };

  const markUnknown = async (node: Node): Promise<void> => {
    const now = timestamp(client.now());
    const conditions = CONDITIONS.map((type): Condition => {
      const before = conditionOf(node.status?.conditions, type);
      return {
        type,
        status: 'Unknown',
        lastHeartbeatTime: before?.lastHeartbeatTime ?? now,
        lastTransitionTime: now,
        reason: before ? 'NodeStatusUnknown' : 'NodeStatusNeverUpdated',
        message: before ? 'Kubelet stopped posting node status.' : 'Kubelet never posted node status.',
      };
    });
    const { name } = node.metadata;
    await client.request('PATCH', `/api/v1/nodes/${name}/status`, { status: { conditions } }, MERGE);
    client.klog('I', 'node_lifecycle_controller.go:1085', 'Node is not responding as of last observed time', {
      node: name,
    });
    await record(node, 'Normal', 'NodeNotReady', `Node ${name} status is now: NodeNotReady`);
  };

  const setTaints = async (node: Node, ready: string): Promise<void> => {
    const key = ready === 'True' ? null : ready === 'Unknown' ? TAINT.unreachable : TAINT.notReady;
    const mine: readonly string[] = [TAINT.unreachable, TAINT.notReady];
    const taints = node.spec?.taints ?? [];
    const kept = taints.filter((taint) => !mine.includes(taint.key));
    const timeAdded = timestamp(client.now());
    const wanted: readonly Taint[] =
      key === null
        ? []
        : [
            { key, effect: 'NoSchedule', timeAdded },
            { key, effect: 'NoExecute', timeAdded },
          ];
    const has = taints.filter((taint) => mine.includes(taint.key));
    const same = has.length === wanted.length && has.every((taint) => taint.key === key);
    const podCIDR = node.spec?.podCIDR ?? `${podSubnet(node.metadata.name)}.0/24`;
    if (same && node.spec?.podCIDR !== undefined) return;
    const spec = { taints: same ? taints : [...kept, ...wanted], podCIDR, podCIDRs: [podCIDR] };
    await client.request('PATCH', `/api/v1/nodes/${node.metadata.name}`, { spec }, MERGE);
  };

  /** Pods of a node that is not ready are not ready either: services stop sending to them. */
  const markPods = async (node: Node): Promise<void> => {
    const pods = copies.pods.list().filter((pod) => pod.spec.nodeName === node.metadata.name);
    for (const pod of pods) {
      const ready = conditionOf(pod.status?.conditions, 'Ready');
      if (ready?.status !== 'True') continue;
      const conditions = (pod.status?.conditions ?? []).map((one) =>
        one === ready ? { ...one, status: 'False', lastTransitionTime: timestamp(client.now()) } : one,
      );
      await unlessStatus(patchPod(pod, { conditions }), 404);
    }
  };

  const patchPod = (pod: Pod, status: unknown): Promise<unknown> => {
    const { namespace, name } = pod.metadata;
    return client.request('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, { status }, MERGE);
  };

  return { check };
}
