/**
 * The columns of nodes.
 *
 * @see k8s.io/kubernetes pkg/printers/internalversion/printers.go, printNode
 */
import { AGE, type Column, NAME, textColumn, wide } from './columns.ts';
import { at, type KubeObject, listAt, objectAt, textAt } from './object.ts';

const ROLE_LABEL = 'node-role.kubernetes.io/';
const UNKNOWN = '<unknown>';

export const NODE_COLUMNS: readonly Column[] = [
  NAME,
  { name: 'Status', cell: statusOf },
  { name: 'Roles', cell: rolesOf },
  AGE,
  textColumn('Version', 'status.nodeInfo.kubeletVersion'),
  { name: 'Internal-IP', wide: true, cell: (node) => addressOf(node, 'InternalIP') },
  { name: 'External-IP', wide: true, cell: (node) => addressOf(node, 'ExternalIP') },
  wide(textColumn('OS-Image', 'status.nodeInfo.osImage', UNKNOWN)),
  wide(textColumn('Kernel-Version', 'status.nodeInfo.kernelVersion', UNKNOWN)),
  wide(textColumn('Container-Runtime', 'status.nodeInfo.containerRuntimeVersion', UNKNOWN)),
];

function statusOf(node: KubeObject): string {
  const ready = listAt(node, 'status', 'conditions').find((one) => textAt(one, 'type') === 'Ready');
  const word = ready === undefined ? 'Unknown' : textAt(ready, 'status') === 'True' ? 'Ready' : 'NotReady';
  return at(node, 'spec', 'unschedulable') === true ? `${word},SchedulingDisabled` : word;
}

function rolesOf(node: KubeObject): string {
  const labels = objectAt(node, 'metadata', 'labels');
  const roles = Object.entries(labels).flatMap(([key, value]) => {
    if (key.startsWith(ROLE_LABEL) && key.length > ROLE_LABEL.length) return [key.slice(ROLE_LABEL.length)];
    return key === 'kubernetes.io/role' && value !== '' ? [String(value)] : [];
  });
  return roles.length === 0 ? '<none>' : roles.sort().join(',');
}

function addressOf(node: KubeObject, type: string): string {
  const found = listAt(node, 'status', 'addresses').find((one) => textAt(one, 'type') === type);
  return found === undefined ? '<none>' : textAt(found, 'address');
}
