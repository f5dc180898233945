/**
 * The Node authorizer: a kubelet may read and write what belongs to its own node, and nothing else.
 *
 * @see k8s.io/kubernetes plugin/pkg/auth/authorizer/node/node_authorizer.go,
 *      plugin/pkg/auth/authorizer/rbac/bootstrappolicy/policy.go (NodeRules)
 */
import { type Attributes, allows, type Decision, type PolicyRule } from './authorize.ts';
import { isIn, type UserInfo } from './identity.ts';
import { at, type KubeObject, listAt, textAt } from './object.ts';

const NODE_USER_PREFIX = 'system:node:';
const NODES_GROUP = 'system:nodes';
export const NODE_LEASES = 'kube-node-lease';

/** What every node may do, whatever the object. Reads of objects that are tied to pods are decided below. */
const NODE_RULES: readonly PolicyRule[] = [
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'] },
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['subjectaccessreviews', 'localsubjectaccessreviews'],
  },
  { verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['services'] },
  { verbs: ['create', 'patch', 'update'], apiGroups: ['', 'events.k8s.io'], resources: ['events'] },
  {
    verbs: ['create', 'get', 'list', 'watch'],
    apiGroups: ['certificates.k8s.io'],
    resources: ['certificatesigningrequests'],
  },
  { verbs: ['get', 'list', 'watch'], apiGroups: ['storage.k8s.io'], resources: ['csidrivers'] },
  {
    verbs: ['get', 'create', 'update', 'patch', 'delete'],
    apiGroups: ['storage.k8s.io'],
    resources: ['csinodes'],
  },
];

/** The pods that are bound to a node, from the cache. */
export type PodsOnNode = (node: string) => Iterable<KubeObject>;

/** The node's name, when the user is one: CN system:node:NAME and group system:nodes. */
export function nodeNameOf(user: UserInfo): string | undefined {
  if (!user.username.startsWith(NODE_USER_PREFIX) || !isIn(user, NODES_GROUP)) return undefined;
  return user.username.slice(NODE_USER_PREFIX.length);
}

/** Decide for a node; no opinion and no reason about anybody else. */
export function authorizeNode(podsOn: PodsOnNode, wanted: Attributes): Decision {
  const node = nodeNameOf(wanted.user);
  if (node === undefined) return no('');
  if (node === '') return no(`unknown node for user ${JSON.stringify(wanted.user.username)}`);
  if (wanted.isResource) {
    const decide = BY_RESOURCE[`${wanted.group}/${wanted.resource}`];
    if (decide) return decide(node, wanted, podsOn);
  }
  return NODE_RULES.some((rule) => allows(rule, wanted)) ? YES : no('');
}

type Decide = (node: string, wanted: Attributes, podsOn: PodsOnNode) => Decision;

const YES: Decision = { allowed: true, reason: '' };
const no = (reason: string): Decision => ({ allowed: false, reason });
const READS: readonly string[] = ['get', 'list', 'watch'];
const LEASE_VERBS: readonly string[] = ['get', 'create', 'update', 'patch', 'delete'];

const BY_RESOURCE: Readonly<Record<string, Decide>> = {
  '/nodes': decideNode,
  '/pods': decidePod,
  '/secrets': (node, wanted, podsOn) => readTied(node, wanted, podsOn, usesSecret),
  '/configmaps': (node, wanted, podsOn) => readTied(node, wanted, podsOn, usesConfigMap),
  '/persistentvolumeclaims': (node, wanted, podsOn) => readTied(node, wanted, podsOn, usesClaim),
  '/serviceaccounts': decideServiceAccount,
  'coordination.k8s.io/leases': decideLease,
};

function decideNode(node: string, { subresource, verb, name }: Attributes): Decision {
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? YES : no('');
  if (subresource !== '') return no('');
  // NodeRestriction keeps a node to its own object when it writes.
  if (verb === 'create' || verb === 'update' || verb === 'patch') return YES;
  if (!READS.includes(verb)) return no('');
  if (name === node) return YES;
  if (name === '') return no(`node '${node}' cannot read all nodes, only its own Node object`);
  return no(`node '${node}' cannot read '${name}', only its own Node object`);
}

function decidePod(node: string, wanted: Attributes, podsOn: PodsOnNode): Decision {
  const { subresource, verb } = wanted;
  if (subresource === 'status') return verb === 'update' || verb === 'patch' ? YES : no('');
  if (subresource === 'eviction') return verb === 'create' ? YES : no('');
  if (subresource !== '') return no('');
  if (verb === 'create' || verb === 'delete') return YES;
  if (verb === 'list' || verb === 'watch') {
    const own = wanted.fieldSelector
      .split(',')
      .some((term) => /^spec\.nodeName==?/.test(term) && term.endsWith(`=${node}`));
    return own ? YES : no('can only list/watch pods with spec.nodeName field selector');
  }
  if (verb !== 'get') return no('');
  return related(node, wanted, podsOn, (pod) => pod.metadata.name === wanted.name);
}

function readTied(
  node: string,
  wanted: Attributes,
  podsOn: PodsOnNode,
  uses: (pod: KubeObject, name: string) => boolean,
): Decision {
  if (!READS.includes(wanted.verb)) return no('can only read resources of this type');
  if (wanted.subresource !== '') return no('cannot read subresource');
  if (wanted.namespace === '') return no('can only read namespaced object of this type');
  return related(node, wanted, podsOn, (pod) => uses(pod, wanted.name));
}

function decideServiceAccount(node: string, wanted: Attributes, podsOn: PodsOnNode): Decision {
  if (wanted.verb !== 'create' || wanted.subresource !== 'token') {
    return no('can only create tokens for individual service accounts');
  }
  return related(
    node,
    wanted,
    podsOn,
    (pod) => (textAt(pod, 'spec', 'serviceAccountName') || 'default') === wanted.name,
  );
}

function decideLease(node: string, { verb, namespace, name }: Attributes): Decision {
  if (!LEASE_VERBS.includes(verb)) return no('can only get, create, update, patch, or delete a node lease');
  if (namespace !== NODE_LEASES) {
    return no(`can only access leases in the ${JSON.stringify(NODE_LEASES)} system namespace`);
  }
  if (verb !== 'create' && name !== node) {
    return no('can only access node lease with the same name as the requesting node');
  }
  return YES;
}

function related(
  node: string,
  wanted: Attributes,
  podsOn: PodsOnNode,
  test: (pod: KubeObject) => boolean,
): Decision {
  if (wanted.name === '') return no('No Object name found');
  for (const pod of podsOn(node)) if (pod.metadata.namespace === wanted.namespace && test(pod)) return YES;
  return no(`no relationship found between node '${node}' and this object`);
}

function usesSecret(pod: KubeObject, name: string): boolean {
  return (
    listAt(pod, 'spec', 'imagePullSecrets').some((one) => textAt(one, 'name') === name) ||
    inVolumes(pod, (volume) => textAt(volume, 'secret', 'secretName') === name) ||
    inVolumes(pod, (volume) => sources(volume).some((one) => textAt(one, 'secret', 'name') === name)) ||
    inContainers(pod, 'secretRef', 'secretKeyRef', name)
  );
}

function usesConfigMap(pod: KubeObject, name: string): boolean {
  return (
    inVolumes(pod, (volume) => textAt(volume, 'configMap', 'name') === name) ||
    inVolumes(pod, (volume) => sources(volume).some((one) => textAt(one, 'configMap', 'name') === name)) ||
    inContainers(pod, 'configMapRef', 'configMapKeyRef', name)
  );
}

function usesClaim(pod: KubeObject, name: string): boolean {
  return inVolumes(pod, (volume) => textAt(volume, 'persistentVolumeClaim', 'claimName') === name);
}

function inVolumes(pod: KubeObject, test: (volume: unknown) => boolean): boolean {
  return listAt(pod, 'spec', 'volumes').some(test);
}

function sources(volume: unknown): readonly unknown[] {
  return listAt(volume, 'projected', 'sources');
}

function inContainers(pod: KubeObject, fromRef: string, keyRef: string, name: string): boolean {
  const containers = [...listAt(pod, 'spec', 'containers'), ...listAt(pod, 'spec', 'initContainers')];
  return containers.some(
    (one) =>
      listAt(one, 'envFrom').some((from) => at(from, fromRef, 'name') === name) ||
      listAt(one, 'env').some((env) => at(env, 'valueFrom', keyRef, 'name') === name),
  );
}
