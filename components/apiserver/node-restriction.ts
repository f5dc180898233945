/**
 * NodeRestriction: a kubelet writes its own node, its own pods and its own lease, and nothing of other nodes.
 *
 * @see k8s.io/kubernetes plugin/pkg/admission/noderestriction/admission.go
 */
import { nodeNameOf } from '../api/authorize-node.ts';
import { at, type KubeObject, objectAt, textAt } from '../api/object.ts';
import { forbidden } from '../api/status.ts';
import type { Call } from './call.ts';
import { groupResource } from './store.ts';

const MIRROR = 'kubernetes.io/config.mirror';

/** The node whose kubelet is calling, when the plugin is on. */
function restricted(call: Call): string | undefined {
  if (!call.api.flags['enable-admission-plugins'].includes('NodeRestriction')) return undefined;
  return nodeNameOf(call.user);
}

function refuse(call: Call, name: string, why: string): never {
  throw forbidden(groupResource(call.resource), name, why);
}

/** A new object from a kubelet. */
export function admitNodeCreate(call: Call, object: KubeObject): void {
  const node = restricted(call);
  if (node === undefined) return;
  const { name = '' } = object.metadata;
  switch (call.resource.kind) {
    case 'Node':
      if (name !== node) refuse(call, name, `node ${q(node)} is not allowed to modify node ${q(name)}`);
      return;
    case 'Lease':
      if (name !== node)
        refuse(call, name, `can only access node lease with the same name as the requesting node`);
      return;
    case 'Pod':
      if (at(object, 'metadata', 'annotations', MIRROR) === undefined) {
        refuse(
          call,
          name,
          `pod does not have ${q(MIRROR)} annotation, node ${q(node)} can only create mirror pods`,
        );
      }
      if (textAt(object, 'spec', 'nodeName') !== node) {
        refuse(call, name, `node ${q(node)} can only create pods with spec.nodeName set to itself`);
      }
      return;
    default:
  }
}

/** A change by a kubelet. */
export function admitNodeUpdate(call: Call, object: KubeObject, before: KubeObject): void {
  const node = restricted(call);
  if (node === undefined) return;
  const { name = '' } = before.metadata;
  if (call.resource.kind === 'Node') {
    if (name !== node) refuse(call, name, `node ${q(node)} is not allowed to modify node ${q(name)}`);
    if (call.info.subresource === '' && taints(object) !== taints(before)) {
      refuse(call, name, `node ${q(node)} is not allowed to modify taints`);
    }
    const changed = restrictedLabels(object, before);
    if (changed.length > 0) {
      refuse(call, name, `is not allowed to modify labels: ${changed.join(', ')}`);
    }
  }
  if (call.resource.kind === 'Pod') {
    const at = textAt(before, 'spec', 'nodeName');
    if (at !== node) {
      refuse(
        call,
        name,
        `node ${q(node)} can only update pod status for pods with spec.nodeName set to itself`,
      );
    }
  }
}

/** A delete by a kubelet. */
export function admitNodeDelete(call: Call, object: KubeObject): void {
  const node = restricted(call);
  if (node === undefined) return;
  const { name = '' } = object.metadata;
  if (call.resource.kind === 'Node' && name !== node) {
    refuse(call, name, `node ${q(node)} is not allowed to modify node ${q(name)}`);
  }
  if (call.resource.kind === 'Pod' && textAt(object, 'spec', 'nodeName') !== node) {
    refuse(call, name, `node ${q(node)} can only delete pods with spec.nodeName set to itself`);
  }
}

function taints(node: KubeObject): string {
  return JSON.stringify(at(node, 'spec', 'taints') ?? []);
}

/** Labels under kubernetes.io that a kubelet may not give itself. */
function restrictedLabels(object: KubeObject, before: KubeObject): string[] {
  const now = objectAt(object, 'metadata', 'labels');
  const was = objectAt(before, 'metadata', 'labels');
  const names = new Set([...Object.keys(now), ...Object.keys(was)]);
  return [...names]
    .filter((name) => /(^|\.)node-restriction\.kubernetes\.io\//.test(name) && now[name] !== was[name])
    .sort();
}

function q(text: string): string {
  return JSON.stringify(text);
}
