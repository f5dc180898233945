/**
 * What the API server writes into an empty cluster: namespaces, RBAC, service accounts, the service `kubernetes`.
 *
 * Run each time the store was read afresh; objects that exist stay as they are. RBAC defaults that a student
 * deleted come back when the API server starts again, as in reality; kubeadm's bindings do not.
 *
 * @see k8s.io/kubernetes pkg/controlplane/controller/{systemnamespaces,kubernetesservice}, pkg/registry/rbac/rest
 */
import { randomUUID } from 'node:crypto';
import { CLUSTER_ROLE_BINDINGS, CLUSTER_ROLES, SYSTEM_ROLES } from '../api/bootstrap-policy.ts';
import { applyDefaults } from '../api/defaults.ts';
import { type Json, type KubeObject, kubeTime, type MutableObject } from '../api/object.ts';
import { apiVersionOf, etcdKey, resource } from '../api/resources.ts';
import { addressAt, rangeOf } from './addresses.ts';
import type { ApiServer } from './server-context.ts';
import type { Place, Store } from './store.ts';

const RBAC = 'rbac.authorization.k8s.io';
const NAMESPACES = ['default', 'kube-system', 'kube-public', 'kube-node-lease'] as const;
const ACCOUNTS = ['default'] as const;
const SYSTEM_PRIORITIES = {
  'system-cluster-critical': 2_000_000_000,
  'system-node-critical': 2_000_001_000,
} as const;
const AUTO_UPDATE = 'rbac.authorization.kubernetes.io/autoupdate';

/** One object to be made if it is not there. */
interface Wanted {
  readonly group: string;
  readonly plural: string;
  readonly object: MutableObject & { metadata: MutableObject };
  /** kubeadm made it once: after that it is the user's to delete. */
  readonly once?: boolean;
}

/** Whether a cluster stands in etcd already. */
export function isBegun(store: Store): boolean {
  return store.cache.get(etcdKey(resource('', 'namespaces'), '', 'kube-system')) !== undefined;
}

/** Write all that is missing. Rejects when etcd does. */
export async function bootstrap(api: ApiServer, port: number): Promise<void> {
  const first = !isBegun(api.store);
  // The namespaces come last: they say that all the rest is there, also after a kill half-way.
  const groups = [
    [...accounts(), ...roles(), ...priorities(), ...kubernetesService(api, port)],
    namespaces(),
  ];
  for (const wanted of groups) {
    const missing = wanted.filter(
      ({ group, plural, object, once }) =>
        (first || !once) && api.store.cache.get(keyOf(group, plural, object.metadata)) === undefined,
    );
    await api.store.createMany(missing.map((one) => made(api, one)));
  }
}

function keyOf(group: string, plural: string, metadata: MutableObject): string {
  return etcdKey(resource(group, plural), String(metadata['namespace'] ?? ''), String(metadata['name']));
}

function made(api: ApiServer, { group, plural, object }: Wanted): { place: Place; object: KubeObject } {
  const kind = resource(group, plural);
  const filled = applyDefaults({
    apiVersion: apiVersionOf(kind.group, kind.version),
    kind: kind.kind,
    ...object,
    metadata: { ...object.metadata, uid: randomUUID(), creationTimestamp: kubeTime(api.now()) },
  } as KubeObject);
  const { namespace = '', name = '' } = filled.metadata;
  return { place: { resource: kind, namespace, name }, object: filled };
}

function namespaces(): Wanted[] {
  return NAMESPACES.map((name) => ({
    group: '',
    plural: 'namespaces',
    object: { metadata: { name }, status: { phase: 'Active' } },
  }));
}

function accounts(): Wanted[] {
  return NAMESPACES.flatMap((namespace) =>
    ACCOUNTS.map((name) => ({
      group: '',
      plural: 'serviceaccounts',
      object: { metadata: { name, namespace } },
    })),
  );
}

function priorities(): Wanted[] {
  return Object.entries(SYSTEM_PRIORITIES).map(([name, value]) => ({
    group: 'scheduling.k8s.io',
    plural: 'priorityclasses',
    object: { metadata: { name }, value, preemptionPolicy: 'PreemptLowerPriority' },
  }));
}

function roles(): Wanted[] {
  const meta = (name: string, byKubeadm: boolean): MutableObject =>
    byKubeadm
      ? { name }
      : {
          name,
          annotations: { [AUTO_UPDATE]: 'true' },
          labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' },
        };
  const clusterRoles = Object.entries(CLUSTER_ROLES).map(([name, rules]) => ({
    group: RBAC,
    plural: 'clusterroles',
    once: isKubeadms(name),
    object: { metadata: meta(name, isKubeadms(name)), rules: rules as unknown as Json },
  }));
  const clusterBindings = Object.entries(CLUSTER_ROLE_BINDINGS).map(([name, { role, to }]) => ({
    group: RBAC,
    plural: 'clusterrolebindings',
    once: isKubeadms(name),
    object: {
      metadata: meta(name, isKubeadms(name)),
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: role },
      ...(to.length === 0 ? {} : { subjects: to.map(subject) }),
    },
  }));
  const system = Object.entries(SYSTEM_ROLES).flatMap(([name, { rules, to }]) => [
    {
      group: RBAC,
      plural: 'roles',
      object: {
        metadata: { ...meta(name, false), namespace: 'kube-system' },
        rules: rules as unknown as Json,
      },
    },
    {
      group: RBAC,
      plural: 'rolebindings',
      object: {
        metadata: { ...meta(name, false), namespace: 'kube-system' },
        roleRef: { apiGroup: RBAC, kind: 'Role', name },
        subjects: to.map(subject),
      },
    },
  ]);
  return [...clusterRoles, ...clusterBindings, ...system];
}

function isKubeadms(name: string): boolean {
  return name.startsWith('kubeadm:');
}

/** `Group system:nodes` or `ServiceAccount kube-system/x` as a subject. */
function subject(text: string): Json {
  const split = text.indexOf(' ');
  const kind = text.slice(0, split);
  const name = text.slice(split + 1);
  if (kind !== 'ServiceAccount') return { kind, apiGroup: RBAC, name };
  const [namespace = '', account = ''] = name.split('/');
  return { kind, name: account, namespace };
}

/** The service `kubernetes`, first address of the range, and its endpoints. */
function kubernetesService(api: ApiServer, port: number): Wanted[] {
  const clusterIP = addressAt(rangeOf(api.flags['service-cluster-ip-range']).first, 1);
  const address = api.flags['advertise-address'] || '127.0.0.1';
  const labels = { component: 'apiserver', provider: 'kubernetes' };
  const metadata = { name: 'kubernetes', namespace: 'default' };
  return [
    {
      group: '',
      plural: 'services',
      object: {
        metadata: { ...metadata, labels },
        spec: {
          type: 'ClusterIP',
          clusterIP,
          clusterIPs: [clusterIP],
          ports: [{ name: 'https', port: 443, protocol: 'TCP', targetPort: port }],
        },
        status: { loadBalancer: {} },
      },
    },
    {
      group: '',
      plural: 'endpoints',
      object: {
        metadata: { ...metadata, labels: { 'endpointslice.kubernetes.io/skip-mirror': 'true' } },
        subsets: [{ addresses: [{ ip: address }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
      },
    },
    {
      group: 'discovery.k8s.io',
      plural: 'endpointslices',
      object: {
        metadata: { ...metadata, labels: { 'kubernetes.io/service-name': 'kubernetes' } },
        addressType: 'IPv4',
        endpoints: [{ addresses: [address], conditions: { ready: true } }],
        ports: [{ name: 'https', port, protocol: 'TCP' }],
      },
    },
  ];
}
