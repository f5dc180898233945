import { expect, test } from 'vitest';
import type { Node, Pod, Taint, Toleration } from '../../../components/api/kinds.ts';
import { place } from '../../../components/scheduler/place.ts';

function node(
  name: string,
  more: { ready?: string; taints?: Taint[]; unschedulable?: boolean; disk?: string } = {},
): Node {
  return {
    metadata: { name, labels: { disk: more.disk ?? 'hdd' } },
    spec: { taints: more.taints ?? [], unschedulable: more.unschedulable ?? false },
    status: { conditions: [{ type: 'Ready', status: more.ready ?? 'True' }] },
  };
}

function pod(more: { nodeSelector?: Record<string, string>; tolerations?: Toleration[] } = {}): Pod {
  return { metadata: { name: 'web', namespace: 'default' }, spec: { containers: [], ...more } };
}

const CONTROL_PLANE = { key: 'node-role.kubernetes.io/control-plane', effect: 'NoSchedule' };

test('takes the ready node with the fewest pods', () => {
  const load = new Map([
    ['worker-1', 3],
    ['worker-2', 1],
  ]);
  expect(place(pod(), [node('worker-1'), node('worker-2')], load)).toMatchObject({
    node: 'worker-2',
    feasible: 2,
  });
});

test('takes a node whose taint the pod tolerates', () => {
  const nodes = [node('control-plane', { taints: [CONTROL_PLANE] })];
  const tolerations = [{ key: CONTROL_PLANE.key, operator: 'Exists' }];
  expect(place(pod({ tolerations }), nodes, new Map())).toMatchObject({ node: 'control-plane' });
});

test.for([
  { name: 'there is none', nodes: [], pod: pod(), message: 'no nodes available to schedule pods' },
  {
    name: 'it is cordoned',
    nodes: [node('worker-1', { unschedulable: true })],
    pod: pod(),
    message: '0/1 nodes are available: 1 node(s) were unschedulable.',
  },
  {
    name: 'it is not ready',
    nodes: [node('worker-1', { ready: 'False' })],
    pod: pod(),
    message: '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.',
  },
  {
    name: 'its kubelet is silent',
    nodes: [node('worker-1', { ready: 'Unknown' })],
    pod: pod(),
    message: '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unreachable: }.',
  },
  {
    name: 'each has another reason',
    nodes: [node('worker-1', { taints: [CONTROL_PLANE] }), node('worker-2')],
    pod: pod({ nodeSelector: { disk: 'ssd' } }),
    message:
      "0/2 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 1 node(s) had untolerated taint {node-role.kubernetes.io/control-plane: }.",
  },
])('says why no node fits when $name', ({ nodes, pod: wanted, message }) => {
  const placement = place(wanted, nodes, new Map());
  expect(placement.node).toBeNull();
  expect('message' in placement ? placement.message : '').toContain(message);
});
