import { expect, test } from 'vitest';
import {
  type Attributes,
  authorizeRbac,
  forbiddenText,
  type RbacSource,
  rulesIn,
} from '../../../components/api/authorize.ts';
import { authorizeNode } from '../../../components/api/authorize-node.ts';
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES } from '../../../components/api/bootstrap-policy.ts';
import type { Json, KubeObject } from '../../../components/api/object.ts';

function roleObject(name: string): KubeObject | undefined {
  const rules = CLUSTER_ROLES[name];
  if (!rules) return undefined;
  return { apiVersion: 'v1', kind: 'ClusterRole', metadata: { name }, rules: rules as unknown as Json };
}

const source: RbacSource = {
  clusterRole: roleObject,
  role: () => undefined,
  *clusterRoleBindings() {
    for (const [name, { role, to }] of Object.entries(CLUSTER_ROLE_BINDINGS)) {
      yield {
        apiVersion: 'v1',
        kind: 'ClusterRoleBinding',
        metadata: { name },
        roleRef: { kind: 'ClusterRole', name: role },
        subjects: to.map((text) => {
          const [kind = '', subject = ''] = text.split(' ');
          return { kind, name: subject };
        }),
      };
    }
  },
  *roleBindings() {},
};

function wants(
  user: string,
  groups: readonly string[],
  verb: string,
  what: string,
  more: Partial<Attributes> = {},
): Attributes {
  const [resource = '', group = ''] = what.split('.');
  const [plural = '', subresource = ''] = resource.split('/');
  return {
    user: { username: user, groups: [...groups, 'system:authenticated'] },
    verb,
    isResource: true,
    group: what.includes('.') ? what.slice(what.indexOf('.') + 1) : group,
    resource: plural,
    subresource,
    namespace: 'default',
    name: '',
    path: '',
    fieldSelector: '',
    ...more,
  };
}

/** kubernetes-tls facts, section 4: who may do what. */
test.for([
  ['system:kube-scheduler', [], 'create', 'pods/binding', true],
  ['system:kube-scheduler', [], 'list', 'nodes', true],
  ['system:kube-scheduler', [], 'list', 'secrets', false],
  ['system:kube-scheduler', [], 'create', 'pods', false],
  ['system:kube-controller-manager', [], 'watch', 'deployments.apps', true],
  ['system:kube-controller-manager', [], 'create', 'pods', true],
  ['system:kube-controller-manager', [], 'create', 'clusterrolebindings.rbac.authorization.k8s.io', false],
  ['system:kube-proxy', [], 'watch', 'endpointslices.discovery.k8s.io', true],
  ['system:kube-proxy', [], 'list', 'pods', false],
  ['kubernetes-admin', ['kubeadm:cluster-admins'], 'delete', 'secrets', true],
  ['somebody', ['system:node-proxier'], 'list', 'services', false],
  ['jane', [], 'list', 'nodes', false],
  ['jane', [], 'create', 'selfsubjectaccessreviews.authorization.k8s.io', true],
  ['kube-apiserver', [], 'create', 'nodes/proxy', true],
  ['kube-apiserver', [], 'list', 'secrets', false],
] as const)('%s %s may %s %s: %s', ([user, groups, verb, what, allowed]) => {
  expect(authorizeRbac(source, wants(user, groups, verb, what)).allowed).toBe(allowed);
});

test('the binding that allows is named', () => {
  const decision = authorizeRbac(
    source,
    wants('kubernetes-admin', ['kubeadm:cluster-admins'], 'get', 'pods'),
  );
  expect(decision.reason).toBe(
    'RBAC: allowed by ClusterRoleBinding "kubeadm:cluster-admins" of ClusterRole "cluster-admin" to Group "kubeadm:cluster-admins"',
  );
});

const pod: KubeObject = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default' },
  spec: { nodeName: 'worker-1', volumes: [{ name: 's', secret: { secretName: 'mine' } }], containers: [] },
};
const podsOn = (node: string) => (node === 'worker-1' ? [pod] : []);

test.for([
  ['get', 'nodes', { name: 'worker-1', namespace: '' }, true, ''],
  [
    'get',
    'nodes',
    { name: 'worker-2', namespace: '' },
    false,
    "node 'worker-1' cannot read 'worker-2', only its own Node object",
  ],
  [
    'list',
    'nodes',
    { namespace: '' },
    false,
    "node 'worker-1' cannot read all nodes, only its own Node object",
  ],
  ['get', 'pods', { name: 'web' }, true, ''],
  ['list', 'pods', { fieldSelector: 'spec.nodeName=worker-1' }, true, ''],
  ['list', 'pods', {}, false, 'can only list/watch pods with spec.nodeName field selector'],
  [
    'list',
    'pods',
    { fieldSelector: 'spec.nodeName=worker-2' },
    false,
    'can only list/watch pods with spec.nodeName field selector',
  ],
  ['get', 'secrets', { name: 'mine' }, true, ''],
  [
    'get',
    'secrets',
    { name: 'other' },
    false,
    "no relationship found between node 'worker-1' and this object",
  ],
  ['delete', 'secrets', { name: 'mine' }, false, 'can only read resources of this type'],
  ['update', 'leases.coordination.k8s.io', { name: 'worker-1', namespace: 'kube-node-lease' }, true, ''],
  [
    'update',
    'leases.coordination.k8s.io',
    { name: 'worker-2', namespace: 'kube-node-lease' },
    false,
    'can only access node lease with the same name as the requesting node',
  ],
  ['create', 'subjectaccessreviews.authorization.k8s.io', {}, true, ''],
  ['list', 'services', {}, true, ''],
  ['list', 'deployments.apps', {}, false, ''],
] as const)('node worker-1 may %s %s %o: %s', ([verb, what, more, allowed, reason]) => {
  const wanted = wants('system:node:worker-1', ['system:nodes'], verb, what, more);
  expect(authorizeNode(podsOn, wanted)).toEqual({ allowed, reason });
});

test('a node without the group, or without a name, is none', () => {
  expect(authorizeNode(podsOn, wants('system:node:worker-1', [], 'list', 'services'))).toEqual({
    allowed: false,
    reason: '',
  });
  expect(authorizeNode(podsOn, wants('system:node:', ['system:nodes'], 'list', 'services')).reason).toBe(
    'unknown node for user "system:node:"',
  );
});

test('the refusal says who, what, where and why', () => {
  const wanted = wants('jane', [], 'get', 'pods/log', { name: 'web' });
  expect(forbiddenText(wanted, 'because')).toBe(
    'User "jane" cannot get resource "pods/log" in API group "" in the namespace "default": because',
  );
});

test('reads rules of any shape', () => {
  expect(rulesIn({ apiVersion: 'v1', kind: 'Role', metadata: {}, rules: [{}] })).toEqual([
    { verbs: [], apiGroups: [], resources: [], resourceNames: [], nonResourceURLs: [] },
  ]);
});
