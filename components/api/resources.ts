/**
 * Which resources there are: one table for routing, storage, discovery and validation.
 *
 * Order is the real server's, by group and then by name; `etcd` is the folder under /registry/ where the real
 * one differs from the plural.
 *
 * @see k8s.io/kubernetes pkg/registry/<group>/rest, pkg/kubeapiserver/default_storage_factory_builder.go
 */

/** A subresource: which verbs it takes, and the kind it speaks when it is not the parent's. */
export interface Subresource {
  readonly verbs: readonly string[];
  readonly kind?: string;
  readonly group?: string;
  readonly version?: string;
}

/** One resource. */
export interface Resource {
  readonly group: string;
  /** The version in which it is stored, and served first. */
  readonly version: string;
  /** Older versions that are served too. */
  readonly alsoVersions?: readonly string[];
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
  /** Folder under /registry/; default the plural, and with the group in front for CRD-like groups. */
  readonly etcd?: string;
  /** `store`: objects in etcd; `create`: a question that is answered and forgotten; others are computed. */
  readonly how: 'store' | 'create' | 'computed';
  readonly subresources?: Readonly<Record<string, Subresource>>;
}

const STATUS: Subresource = { verbs: ['get', 'patch', 'update'] };
const SCALE: Subresource = {
  verbs: ['get', 'patch', 'update'],
  kind: 'Scale',
  group: 'autoscaling',
  version: 'v1',
};
const CONNECT: Subresource = { verbs: ['create', 'delete', 'get', 'patch', 'update'] };
const STREAM: Subresource = { verbs: ['create', 'get'] };
const WORKLOAD = { status: STATUS, scale: SCALE } as const;

type Row = readonly [plural: string, singular: string, kind: string, rest?: Partial<Resource>];

function group(name: string, version: string, namespaced: boolean, rows: readonly Row[]): Resource[] {
  return rows.map(([plural, singular, kind, rest]) => ({
    group: name,
    version,
    plural,
    singular,
    kind,
    namespaced,
    how: 'store',
    ...rest,
  }));
}

/** Every resource. */
export const RESOURCES: readonly Resource[] = [
  ...group('', 'v1', true, [
    ['bindings', 'binding', 'Binding', { how: 'create' }],
    [
      'componentstatuses',
      'componentstatus',
      'ComponentStatus',
      { shortNames: ['cs'], namespaced: false, how: 'computed' },
    ],
    ['configmaps', 'configmap', 'ConfigMap', { shortNames: ['cm'] }],
    ['endpoints', 'endpoints', 'Endpoints', { shortNames: ['ep'], etcd: 'services/endpoints' }],
    ['events', 'event', 'Event', { shortNames: ['ev'] }],
    ['limitranges', 'limitrange', 'LimitRange', { shortNames: ['limits'] }],
    [
      'namespaces',
      'namespace',
      'Namespace',
      {
        shortNames: ['ns'],
        namespaced: false,
        subresources: { finalize: { verbs: ['update'] }, status: STATUS },
      },
    ],
    [
      'nodes',
      'node',
      'Node',
      {
        shortNames: ['no'],
        namespaced: false,
        etcd: 'minions',
        subresources: { proxy: { ...CONNECT, kind: 'NodeProxyOptions' }, status: STATUS },
      },
    ],
    [
      'persistentvolumeclaims',
      'persistentvolumeclaim',
      'PersistentVolumeClaim',
      { shortNames: ['pvc'], subresources: { status: STATUS } },
    ],
    [
      'persistentvolumes',
      'persistentvolume',
      'PersistentVolume',
      { shortNames: ['pv'], namespaced: false, subresources: { status: STATUS } },
    ],
    [
      'pods',
      'pod',
      'Pod',
      {
        shortNames: ['po'],
        categories: ['all'],
        subresources: {
          attach: { ...STREAM, kind: 'PodAttachOptions' },
          binding: { verbs: ['create'], kind: 'Binding' },
          ephemeralcontainers: STATUS,
          eviction: { verbs: ['create'], kind: 'Eviction', group: 'policy', version: 'v1' },
          exec: { ...STREAM, kind: 'PodExecOptions' },
          log: { verbs: ['get'] },
          portforward: { ...STREAM, kind: 'PodPortForwardOptions' },
          proxy: { ...CONNECT, kind: 'PodProxyOptions' },
          resize: STATUS,
          status: STATUS,
        },
      },
    ],
    ['podtemplates', 'podtemplate', 'PodTemplate'],
    [
      'replicationcontrollers',
      'replicationcontroller',
      'ReplicationController',
      { shortNames: ['rc'], categories: ['all'], etcd: 'controllers', subresources: WORKLOAD },
    ],
    [
      'resourcequotas',
      'resourcequota',
      'ResourceQuota',
      { shortNames: ['quota'], subresources: { status: STATUS } },
    ],
    ['secrets', 'secret', 'Secret'],
    [
      'serviceaccounts',
      'serviceaccount',
      'ServiceAccount',
      {
        shortNames: ['sa'],
        subresources: {
          token: { verbs: ['create'], kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1' },
        },
      },
    ],
    [
      'services',
      'service',
      'Service',
      {
        shortNames: ['svc'],
        categories: ['all'],
        etcd: 'services/specs',
        subresources: { proxy: { ...CONNECT, kind: 'ServiceProxyOptions' }, status: STATUS },
      },
    ],
  ]),
  ...group('apps', 'v1', true, [
    ['controllerrevisions', 'controllerrevision', 'ControllerRevision'],
    [
      'daemonsets',
      'daemonset',
      'DaemonSet',
      { shortNames: ['ds'], categories: ['all'], subresources: { status: STATUS } },
    ],
    [
      'deployments',
      'deployment',
      'Deployment',
      { shortNames: ['deploy'], categories: ['all'], subresources: WORKLOAD },
    ],
    [
      'replicasets',
      'replicaset',
      'ReplicaSet',
      { shortNames: ['rs'], categories: ['all'], subresources: WORKLOAD },
    ],
    [
      'statefulsets',
      'statefulset',
      'StatefulSet',
      { shortNames: ['sts'], categories: ['all'], subresources: WORKLOAD },
    ],
  ]),
  ...group('events.k8s.io', 'v1', true, [
    ['events', 'event', 'Event', { shortNames: ['ev'], etcd: 'events' }],
  ]),
  ...group('authentication.k8s.io', 'v1', false, [
    [
      'selfsubjectreviews',
      'selfsubjectreview',
      'SelfSubjectReview',
      { how: 'create', alsoVersions: ['v1beta1'] },
    ],
    ['tokenreviews', 'tokenreview', 'TokenReview', { how: 'create' }],
  ]),
  ...group('authorization.k8s.io', 'v1', false, [
    [
      'localsubjectaccessreviews',
      'localsubjectaccessreview',
      'LocalSubjectAccessReview',
      { how: 'create', namespaced: true },
    ],
    ['selfsubjectaccessreviews', 'selfsubjectaccessreview', 'SelfSubjectAccessReview', { how: 'create' }],
    ['selfsubjectrulesreviews', 'selfsubjectrulesreview', 'SelfSubjectRulesReview', { how: 'create' }],
    ['subjectaccessreviews', 'subjectaccessreview', 'SubjectAccessReview', { how: 'create' }],
  ]),
  ...group('autoscaling', 'v2', true, [
    [
      'horizontalpodautoscalers',
      'horizontalpodautoscaler',
      'HorizontalPodAutoscaler',
      { shortNames: ['hpa'], categories: ['all'], subresources: { status: STATUS } },
    ],
  ]),
  ...group('batch', 'v1', true, [
    [
      'cronjobs',
      'cronjob',
      'CronJob',
      { shortNames: ['cj'], categories: ['all'], subresources: { status: STATUS } },
    ],
    ['jobs', 'job', 'Job', { categories: ['all'], subresources: { status: STATUS } }],
  ]),
  ...group('certificates.k8s.io', 'v1', false, [
    [
      'certificatesigningrequests',
      'certificatesigningrequest',
      'CertificateSigningRequest',
      { shortNames: ['csr'], subresources: { approval: STATUS, status: STATUS } },
    ],
  ]),
  ...group('networking.k8s.io', 'v1', true, [
    ['ingressclasses', 'ingressclass', 'IngressClass', { namespaced: false }],
    [
      'ingresses',
      'ingress',
      'Ingress',
      { shortNames: ['ing'], etcd: 'ingress', subresources: { status: STATUS } },
    ],
    ['networkpolicies', 'networkpolicy', 'NetworkPolicy', { shortNames: ['netpol'] }],
  ]),
  ...group('policy', 'v1', true, [
    [
      'poddisruptionbudgets',
      'poddisruptionbudget',
      'PodDisruptionBudget',
      { shortNames: ['pdb'], subresources: { status: STATUS } },
    ],
  ]),
  ...group('rbac.authorization.k8s.io', 'v1', false, [
    ['clusterrolebindings', 'clusterrolebinding', 'ClusterRoleBinding'],
    ['clusterroles', 'clusterrole', 'ClusterRole'],
    ['rolebindings', 'rolebinding', 'RoleBinding', { namespaced: true }],
    ['roles', 'role', 'Role', { namespaced: true }],
  ]),
  ...group('storage.k8s.io', 'v1', false, [
    ['csidrivers', 'csidriver', 'CSIDriver'],
    ['csinodes', 'csinode', 'CSINode'],
    ['csistoragecapacities', 'csistoragecapacity', 'CSIStorageCapacity', { namespaced: true }],
    ['storageclasses', 'storageclass', 'StorageClass', { shortNames: ['sc'] }],
    ['volumeattachments', 'volumeattachment', 'VolumeAttachment', { subresources: { status: STATUS } }],
  ]),
  ...group('scheduling.k8s.io', 'v1', false, [
    ['priorityclasses', 'priorityclass', 'PriorityClass', { shortNames: ['pc'] }],
  ]),
  ...group('coordination.k8s.io', 'v1', true, [['leases', 'lease', 'Lease']]),
  ...group('discovery.k8s.io', 'v1', true, [['endpointslices', 'endpointslice', 'EndpointSlice']]),
  ...group('metrics.k8s.io', 'v1beta1', false, [
    ['nodes', 'node', 'NodeMetrics', { how: 'computed' }],
    ['pods', 'pod', 'PodMetrics', { how: 'computed', namespaced: true }],
  ]),
];

const byPath = new Map(
  RESOURCES.flatMap((one) =>
    [one.version, ...(one.alsoVersions ?? [])].map(
      (version) => [`${one.group}/${version}/${one.plural}`, one] as const,
    ),
  ),
);
const byKind = new Map(
  RESOURCES.flatMap((one) =>
    [one.version, ...(one.alsoVersions ?? [])].map(
      (version) => [`${apiVersionOf(one.group, version)} ${one.kind}`, one] as const,
    ),
  ),
);

/** The resource at a path, or undefined. */
export function findResource(group: string, version: string, plural: string): Resource | undefined {
  return byPath.get(`${group}/${version}/${plural}`);
}

/** The resource by `apiVersion` and `kind` of an object. */
export function findByKind(apiVersion: string, kind: string): Resource | undefined {
  return byKind.get(`${apiVersion} ${kind}`);
}

/** The resource by name, in a group. */
export function resource(group: string, plural: string): Resource {
  const found = RESOURCES.find((one) => one.group === group && one.plural === plural);
  if (!found) throw new Error(`no resource ${plural} in group "${group}"`);
  return found;
}

/** `v1`, or `apps/v1`. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** The folder of a resource in etcd: `/registry/minions/`. */
export function etcdFolder(one: Resource): string {
  return `/registry/${one.etcd ?? one.plural}/`;
}

/** The key of an object in etcd: `/registry/pods/default/web`. */
export function etcdKey(one: Resource, namespace: string, name: string): string {
  return etcdFolder(one) + (one.namespaced ? `${namespace}/` : '') + name;
}
