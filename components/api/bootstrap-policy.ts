/**
 * The RBAC objects that a new cluster begins with: the API server's own, and those that kubeadm adds.
 *
 * Controllers of a real cluster work under service accounts of their own; the lab's controller-manager works
 * under its certificate's name alone, so the roles of its controllers are bound to that name as well.
 *
 * @see k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac/bootstrappolicy/{policy,controller_policy}.go,
 *      cmd/kubeadm/app/phases/{kubeconfig,bootstraptoken,addons/proxy}
 */
import type { PolicyRule } from './authorize.ts';

const READ = ['get', 'list', 'watch'] as const;
const WRITE = ['create', 'delete', 'deletecollection', 'patch', 'update'] as const;
const ALL: readonly string[] = [...READ, ...WRITE];
const KCM = 'system:kube-controller-manager';

/** A rule over resources: verbs, then groups, then resources, then names. */
function on(verbs: readonly string[], groups: string, resources: string, names?: string): PolicyRule {
  return {
    verbs,
    apiGroups: groups.split(','),
    resources: resources.split(','),
    ...(names === undefined ? {} : { resourceNames: names.split(',') }),
  };
}

function paths(...urls: readonly string[]): PolicyRule {
  return { verbs: ['get'], nonResourceURLs: urls };
}

const EVENTS = on(['create', 'patch', 'update'], ',events.k8s.io', 'events');
const REVIEWS: readonly PolicyRule[] = [
  on(['create'], 'authentication.k8s.io', 'tokenreviews'),
  on(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
];
const VIEWED =
  'configmaps,endpoints,events,limitranges,namespaces,persistentvolumeclaims,pods,pods/log,pods/status,replicationcontrollers,replicationcontrollers/scale,resourcequotas,serviceaccounts,services,services/status';
const VIEW: readonly PolicyRule[] = [
  on(READ, '', VIEWED),
  on(
    READ,
    'apps',
    'controllerrevisions,daemonsets,daemonsets/status,deployments,deployments/scale,deployments/status,replicasets,replicasets/scale,replicasets/status,statefulsets,statefulsets/scale,statefulsets/status',
  ),
  on(READ, 'batch', 'cronjobs,cronjobs/status,jobs,jobs/status'),
  on(READ, 'autoscaling', 'horizontalpodautoscalers,horizontalpodautoscalers/status'),
  on(READ, 'discovery.k8s.io', 'endpointslices'),
  on(READ, 'networking.k8s.io', 'ingresses,ingresses/status,networkpolicies'),
  on(READ, 'policy', 'poddisruptionbudgets,poddisruptionbudgets/status'),
  on(READ, 'metrics.k8s.io', 'pods,nodes'),
];
const EDIT: readonly PolicyRule[] = [
  ...VIEW,
  on(READ, '', 'pods/attach,pods/exec,pods/portforward,pods/proxy,secrets,services/proxy'),
  on(
    WRITE,
    '',
    'configmaps,events,persistentvolumeclaims,pods,pods/attach,pods/exec,pods/portforward,pods/proxy,replicationcontrollers,replicationcontrollers/scale,secrets,serviceaccounts,services,services/proxy',
  ),
  on(['create'], '', 'pods/eviction,serviceaccounts/token'),
  on(['impersonate'], '', 'serviceaccounts'),
  on(
    WRITE,
    'apps',
    'daemonsets,deployments,deployments/rollback,deployments/scale,replicasets,replicasets/scale,statefulsets,statefulsets/scale',
  ),
  on(WRITE, 'batch', 'cronjobs,jobs'),
  on(WRITE, 'autoscaling', 'horizontalpodautoscalers'),
  on(WRITE, 'networking.k8s.io', 'ingresses,networkpolicies'),
  on(WRITE, 'policy', 'poddisruptionbudgets'),
  on(ALL, 'coordination.k8s.io', 'leases'),
];

/** ClusterRoles by name. */
export const CLUSTER_ROLES: Readonly<Record<string, readonly PolicyRule[]>> = {
  'cluster-admin': [on(['*'], '*', '*'), { verbs: ['*'], nonResourceURLs: ['*'] }],
  admin: [
    ...EDIT,
    on(['create'], 'authorization.k8s.io', 'localsubjectaccessreviews'),
    on(ALL, 'rbac.authorization.k8s.io', 'rolebindings,roles'),
  ],
  edit: EDIT,
  view: VIEW,
  'system:discovery': [
    paths(
      '/api',
      '/api/*',
      '/apis',
      '/apis/*',
      '/healthz',
      '/livez',
      '/openapi',
      '/openapi/*',
      '/readyz',
      '/version',
      '/version/',
    ),
  ],
  'system:public-info-viewer': [paths('/healthz', '/livez', '/readyz', '/version', '/version/')],
  'system:basic-user': [
    on(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews,selfsubjectrulesreviews'),
    on(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
  ],
  'system:monitoring': [
    paths(
      '/healthz',
      '/healthz/*',
      '/livez',
      '/livez/*',
      '/metrics',
      '/metrics/slis',
      '/readyz',
      '/readyz/*',
    ),
  ],
  'system:kube-scheduler': [
    EVENTS,
    on(['create'], 'coordination.k8s.io', 'leases'),
    on(['get', 'list', 'update', 'watch'], 'coordination.k8s.io', 'leases', 'kube-scheduler'),
    on(READ, '', 'nodes'),
    on(['delete', 'get', 'list', 'watch'], '', 'pods'),
    on(['create'], '', 'bindings,pods/binding'),
    on(['patch', 'update'], '', 'pods/status'),
    on(READ, '', 'replicationcontrollers,services,namespaces'),
    on(READ, 'apps', 'replicasets,statefulsets'),
    on(READ, 'policy', 'poddisruptionbudgets'),
    on(READ, '', 'persistentvolumeclaims,persistentvolumes'),
    ...REVIEWS,
    on(READ, 'storage.k8s.io', 'csinodes,csidrivers,csistoragecapacities'),
  ],
  'system:volume-scheduler': [
    on([...READ, 'patch', 'update'], '', 'persistentvolumes'),
    on(READ, 'storage.k8s.io', 'storageclasses'),
    on([...READ, 'patch', 'update'], '', 'persistentvolumeclaims'),
  ],
  [KCM]: [
    EVENTS,
    on(['create'], 'coordination.k8s.io', 'leases'),
    on(['get', 'update'], 'coordination.k8s.io', 'leases', 'kube-controller-manager'),
    on(['create'], '', 'secrets,serviceaccounts'),
    on(['delete'], '', 'secrets'),
    on(['get'], '', 'configmaps,namespaces,secrets,serviceaccounts'),
    on(['update'], '', 'secrets,serviceaccounts'),
    ...REVIEWS,
    on(['list', 'watch'], '*', '*'),
    on(['create'], '', 'serviceaccounts/token'),
  ],
  'system:node-proxier': [
    on(['list', 'watch'], '', 'endpoints,services'),
    on(READ, '', 'nodes'),
    EVENTS,
    on(['list', 'watch'], 'discovery.k8s.io', 'endpointslices'),
  ],
  'system:node': [],
  'system:node-bootstrapper': [on(['create', ...READ], 'certificates.k8s.io', 'certificatesigningrequests')],
  'system:kubelet-api-admin': [
    on(READ, '', 'nodes'),
    on(['proxy'], '', 'nodes'),
    on(['*'], '', 'nodes/log,nodes/metrics,nodes/proxy,nodes/stats,nodes/healthz,nodes/pods,nodes/configz'),
  ],
  'kubeadm:get-nodes': [on(['get'], '', 'nodes')],
  'system:certificates.k8s.io:certificatesigningrequests:nodeclient': [
    on(['create'], 'certificates.k8s.io', 'certificatesigningrequests/nodeclient'),
  ],
  'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient': [
    on(['create'], 'certificates.k8s.io', 'certificatesigningrequests/selfnodeclient'),
  ],
  ...Object.fromEntries(
    ['kube-apiserver-client', 'kube-apiserver-client-kubelet', 'kubelet-serving', 'legacy-unknown'].map(
      (signer) => [
        `system:certificates.k8s.io:${signer}-approver`,
        [on(['approve'], 'certificates.k8s.io', 'signers', `kubernetes.io/${signer}`)],
      ],
    ),
  ),
  'system:controller:deployment-controller': [
    on([...READ, 'update'], 'apps', 'deployments'),
    on(['update'], 'apps', 'deployments/status,deployments/finalizers'),
    on(['create', 'delete', 'get', 'list', 'patch', 'update', 'watch'], 'apps', 'replicasets'),
    on(['get', 'list', 'update', 'watch'], '', 'pods'),
    EVENTS,
  ],
  'system:controller:replicaset-controller': [
    on(['get', 'list', 'update', 'watch'], 'apps', 'replicasets'),
    on(['update'], 'apps', 'replicasets/status,replicasets/finalizers'),
    on(['create', 'delete', 'get', 'list', 'patch', 'watch'], '', 'pods'),
    EVENTS,
  ],
  'system:controller:node-controller': [
    on(['delete', 'get', 'list', 'patch', 'update'], '', 'nodes'),
    on(['patch', 'update'], '', 'nodes/status'),
    on(['patch', 'update'], '', 'pods/status'),
    on(['delete', 'get', 'list'], '', 'pods'),
    on(READ, 'coordination.k8s.io', 'leases'),
    EVENTS,
  ],
  'system:controller:endpoint-controller': [
    on(READ, '', 'pods,services'),
    on(['create', 'delete', 'get', 'list', 'update'], '', 'endpoints'),
    EVENTS,
  ],
  'system:controller:endpointslice-controller': [
    on(READ, '', 'nodes,pods,services'),
    on(['create', 'delete', 'get', 'list', 'update'], 'discovery.k8s.io', 'endpointslices'),
    EVENTS,
  ],
  'system:controller:service-account-controller': [on(['create'], '', 'serviceaccounts'), EVENTS],
  'system:controller:root-ca-cert-publisher': [on(['create', 'update'], '', 'configmaps'), EVENTS],
  'system:controller:namespace-controller': [
    on(['delete', 'get', 'list', 'watch'], '', 'namespaces'),
    on(['update'], '', 'namespaces/finalize,namespaces/status'),
    on(['delete', 'deletecollection', 'get', 'list'], '*', '*'),
  ],
  'system:controller:generic-garbage-collector': [
    on(['delete', ...READ, 'patch', 'update'], '*', '*'),
    EVENTS,
  ],
  'system:controller:certificate-controller': [
    on(['delete', ...READ], 'certificates.k8s.io', 'certificatesigningrequests'),
    on(
      ['update'],
      'certificates.k8s.io',
      'certificatesigningrequests/approval,certificatesigningrequests/status',
    ),
    on(['approve'], 'certificates.k8s.io', 'signers', 'kubernetes.io/kube-apiserver-client-kubelet'),
    on(
      ['sign'],
      'certificates.k8s.io',
      'signers',
      'kubernetes.io/kube-apiserver-client,kubernetes.io/kube-apiserver-client-kubelet,kubernetes.io/kubelet-serving,kubernetes.io/legacy-unknown',
    ),
    on(['create'], 'authorization.k8s.io', 'subjectaccessreviews'),
    EVENTS,
  ],
  'system:controller:job-controller': [
    on([...READ, 'patch', 'update'], 'batch', 'jobs'),
    on(['update'], 'batch', 'jobs/finalizers,jobs/status'),
    on(['create', 'delete', 'list', 'patch', 'watch'], '', 'pods'),
    EVENTS,
  ],
};

/** Who gets a role: `Group name`, `User name`, or `ServiceAccount namespace/name`. */
interface BindingRow {
  readonly role: string;
  readonly to: readonly string[];
}

const CONTROLLERS = Object.keys(CLUSTER_ROLES).filter((name) => name.startsWith('system:controller:'));

/** ClusterRoleBindings by name. */
export const CLUSTER_ROLE_BINDINGS: Readonly<Record<string, BindingRow>> = {
  'cluster-admin': { role: 'cluster-admin', to: ['Group system:masters'] },
  'kubeadm:cluster-admins': { role: 'cluster-admin', to: ['Group kubeadm:cluster-admins'] },
  'system:discovery': { role: 'system:discovery', to: ['Group system:authenticated'] },
  'system:basic-user': { role: 'system:basic-user', to: ['Group system:authenticated'] },
  'system:public-info-viewer': {
    role: 'system:public-info-viewer',
    to: ['Group system:authenticated', 'Group system:unauthenticated'],
  },
  'system:monitoring': { role: 'system:monitoring', to: ['Group system:monitoring'] },
  'system:kube-scheduler': { role: 'system:kube-scheduler', to: ['User system:kube-scheduler'] },
  'system:volume-scheduler': { role: 'system:volume-scheduler', to: ['User system:kube-scheduler'] },
  [KCM]: { role: KCM, to: [`User ${KCM}`] },
  'system:node-proxier': { role: 'system:node-proxier', to: ['User system:kube-proxy'] },
  'system:node': { role: 'system:node', to: [] },
  'kubeadm:node-proxier': { role: 'system:node-proxier', to: ['ServiceAccount kube-system/kube-proxy'] },
  'kubeadm:get-nodes': {
    role: 'kubeadm:get-nodes',
    to: ['Group system:bootstrappers:kubeadm:default-node-token'],
  },
  'kubeadm:kubelet-bootstrap': {
    role: 'system:node-bootstrapper',
    to: ['Group system:bootstrappers:kubeadm:default-node-token'],
  },
  'kubeadm:node-autoapprove-bootstrap': {
    role: 'system:certificates.k8s.io:certificatesigningrequests:nodeclient',
    to: ['Group system:bootstrappers:kubeadm:default-node-token'],
  },
  'kubeadm:node-autoapprove-certificate-rotation': {
    role: 'system:certificates.k8s.io:certificatesigningrequests:selfnodeclient',
    to: ['Group system:nodes'],
  },
  // The seed's cluster lets the API server show its serving certificate to kubelets: its user needs a role.
  'system:kube-apiserver': { role: 'system:kubelet-api-admin', to: ['User kube-apiserver'] },
  ...Object.fromEntries(
    CONTROLLERS.map((role) => [
      role,
      { role, to: [`ServiceAccount kube-system/${role.slice('system:controller:'.length)}`, `User ${KCM}`] },
    ]),
  ),
};

/** Roles in kube-system, and who gets them there. */
export const SYSTEM_ROLES: Readonly<
  Record<string, { readonly rules: readonly PolicyRule[]; readonly to: readonly string[] }>
> = {
  'extension-apiserver-authentication-reader': {
    rules: [on(READ, '', 'configmaps', 'extension-apiserver-authentication')],
    to: ['User system:kube-scheduler', `User ${KCM}`],
  },
  'system::leader-locking-kube-controller-manager': {
    rules: [
      on(['watch'], '', 'configmaps'),
      on(['get', 'update'], '', 'configmaps', 'kube-controller-manager'),
    ],
    to: [`User ${KCM}`],
  },
  'system::leader-locking-kube-scheduler': {
    rules: [on(['watch'], '', 'configmaps'), on(['get', 'update'], '', 'configmaps', 'kube-scheduler')],
    to: ['User system:kube-scheduler'],
  },
};
