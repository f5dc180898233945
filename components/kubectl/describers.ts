/**
 * One describer per kind: the lines of its description, cells separated by tabs.
 */
import { readCsr } from '../../certs/csr.ts';
import { messageOf } from '../../certs/errors.ts';
import { nameText } from '../../certs/x509/strings.ts';
import type {
  CertificateSigningRequest,
  Condition,
  Deployment,
  EndpointSlice,
  KubeList,
  KubeObject,
  Lease,
  Node,
  ReplicaSet,
  Service,
} from '../api/kinds.ts';
import { podLines, templateLines } from './describe-pod.ts';
import { age, longTime, pairLines, selectorText } from './describe-text.ts';
import { yamlText } from './print.ts';
import type { Session } from './session.ts';

/** Lines of one object, without its events. */
export type Describer = (object: KubeObject, session: Session) => Promise<string[]> | string[];

export const DESCRIBERS: Readonly<Record<string, Describer>> & { readonly default: Describer } = {
  Pod: podLines,
  Node: nodeLines,
  Service: serviceLines,
  Deployment: deploymentLines,
  ReplicaSet: replicaSetLines,
  CertificateSigningRequest: requestLines,
  Secret: secretLines,
  ConfigMap: configMapLines,
  Namespace: (object) => [
    `Name:\t${object.metadata.name}`,
    ...metadataLines(object),
    `Status:\t${(object as { status?: { phase?: string } }).status?.phase ?? ''}`,
  ],
  default: genericLines,
};

/** Labels and annotations. */
function metadataLines({ metadata }: KubeObject): string[] {
  return [
    ...pairLines('Labels', metadata.labels, '='),
    ...pairLines('Annotations', metadata.annotations, ': '),
  ];
}

function headLines(object: KubeObject): string[] {
  return [`Name:\t${object.metadata.name}`, `Namespace:\t${object.metadata.namespace ?? ''}`];
}

async function nodeLines(object: KubeObject, session: Session): Promise<string[]> {
  const node = object as Node;
  const { name } = node.metadata;
  const [lease, pods] = await Promise.all([
    session.client
      .request<Lease>('GET', `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`)
      .catch(() => undefined),
    session.client.list('/api/v1/pods', { fieldSelector: `spec.nodeName=${name}` }),
  ]);
  const taints = (node.spec?.taints ?? [])
    .map(({ key, value, effect }) => `${key}${value ? `=${value}` : ''}:${effect}`)
    .sort();
  const roles = Object.keys(node.metadata.labels ?? {})
    .filter((label) => label.startsWith('node-role.kubernetes.io/'))
    .map((label) => label.split('/')[1]);
  const amounts = (field: 'capacity' | 'allocatable'): string[] =>
    Object.entries((node.status?.[field] ?? {}) as Record<string, string>).map(
      ([key, value]) => `  ${key}:\t${value}`,
    );
  const info = (node.status?.['nodeInfo'] ?? {}) as Record<string, string>;
  return [
    `Name:\t${name}`,
    `Roles:\t${roles.length === 0 ? '<none>' : roles.join(',')}`,
    ...metadataLines(node),
    `CreationTimestamp:\t${longTime(node.metadata.creationTimestamp)}`,
    ...(taints.length === 0
      ? ['Taints:\t<none>']
      : taints.map((one, at) => `${at === 0 ? 'Taints:' : ''}\t${one}`)),
    `Unschedulable:\t${node.spec?.unschedulable ?? false}`,
    'Lease:',
    `  HolderIdentity:\t${lease?.spec?.holderIdentity ?? '<unset>'}`,
    `  AcquireTime:\t${longTime(lease?.spec?.acquireTime)}`,
    `  RenewTime:\t${longTime(lease?.spec?.renewTime)}`,
    'Conditions:',
    '  Type\tStatus\tLastHeartbeatTime\tLastTransitionTime\tReason\tMessage',
    '  ----\t------\t-----------------\t------------------\t------\t-------',
    ...(node.status?.conditions ?? []).map(
      (one) =>
        `  ${one.type} \t${one.status} \t${longTime(one.lastHeartbeatTime)} \t${longTime(one.lastTransitionTime)} \t${one.reason} \t${one.message}`,
    ),
    'Addresses:',
    ...(node.status?.addresses ?? []).map(({ type, address }) => `  ${type}:\t${address}`),
    'Capacity:',
    ...amounts('capacity'),
    'Allocatable:',
    ...amounts('allocatable'),
    'System Info:',
    ...Object.entries(SYSTEM_INFO).map(([key, title]) => `  ${title}:\t${info[key] ?? ''}`),
    ...(node.spec?.podCIDR === undefined
      ? []
      : [`PodCIDR:\t${node.spec.podCIDR}`, `PodCIDRs:\t${(node.spec.podCIDRs ?? []).join(',')}`]),
    `Non-terminated Pods:\t(${pods.items.length} in total)`,
    '  Namespace\tName\t\tCPU Requests\tCPU Limits\tMemory Requests\tMemory Limits\tAge',
    '  ---------\t----\t\t------------\t----------\t---------------\t-------------\t---',
    ...pods.items.map(
      ({ metadata }) =>
        `  ${metadata.namespace}	${metadata.name}		0 (0%)	0 (0%)	0 (0%)	0 (0%)	${age(session, metadata.creationTimestamp)}`,
    ),
    ...ALLOCATED,
  ];
}

/** The lab's pods ask for nothing. */
const ALLOCATED = [
  'Allocated resources:',
  '  (Total limits may be over 100 percent, i.e., overcommitted.)',
  '  Resource\tRequests\tLimits',
  '  --------\t--------\t------',
  '  cpu\t0 (0%)\t0 (0%)',
  '  memory\t0 (0%)\t0 (0%)',
  '  ephemeral-storage\t0 (0%)\t0 (0%)',
] as const;

const SYSTEM_INFO: Readonly<Record<string, string>> = {
  machineID: 'Machine ID',
  systemUUID: 'System UUID',
  bootID: 'Boot ID',
  kernelVersion: 'Kernel Version',
  osImage: 'OS Image',
  operatingSystem: 'Operating System',
  architecture: 'Architecture',
  containerRuntimeVersion: 'Container Runtime Version',
  kubeletVersion: 'Kubelet Version',
  kubeProxyVersion: 'Kube-Proxy Version',
};

async function serviceLines(object: KubeObject, { client }: Session): Promise<string[]> {
  const service = object as Service;
  const { name, namespace } = service.metadata;
  const slices = await client.request<KubeList<EndpointSlice>>(
    'GET',
    `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`,
    undefined,
    { query: { labelSelector: `kubernetes.io/service-name=${name}` } },
  );
  const addresses = (portName: string): string => {
    const found = slices.items.flatMap(({ endpoints, ports }) => {
      const port = ports?.find((one) => (one.name ?? '') === portName)?.port;
      const ready = (endpoints ?? []).filter((one) => one.conditions?.ready !== false);
      return ready.flatMap((one) => one.addresses.map((address) => `${address}:${port}`));
    });
    const more = found.length > 3 ? ` + ${found.length - 3} more...` : '';
    return `${found.slice(0, 3).join(',')}${more}`;
  };
  const { spec } = service;
  return [
    ...headLines(service),
    ...metadataLines(service),
    `Selector:\t${selectorText(spec.selector)}`,
    `Type:\t${spec.type ?? 'ClusterIP'}`,
    'IP Family Policy:\tSingleStack',
    'IP Families:\tIPv4',
    `IP:\t${spec.clusterIP ?? ''}`,
    `IPs:\t${spec.clusterIP ?? ''}`,
    ...(spec.ports ?? []).flatMap((port) => [
      `Port:\t${port.name ?? '<unset>'}\t${port.port}/${port.protocol ?? 'TCP'}`,
      `TargetPort:\t${port.targetPort ?? port.port}/${port.protocol ?? 'TCP'}`,
      ...(port.nodePort === undefined
        ? []
        : [`NodePort:\t${port.name ?? '<unset>'}\t${port.nodePort}/${port.protocol ?? 'TCP'}`]),
      `Endpoints:\t${addresses(port.name ?? '')}`,
    ]),
    'Session Affinity:\tNone',
    'Internal Traffic Policy:\tCluster',
  ];
}

async function deploymentLines(object: KubeObject, { client }: Session): Promise<string[]> {
  const deployment = object as Deployment;
  const { metadata, spec, status } = deployment;
  const sets = await client.list<ReplicaSet>(`/apis/apps/v1/namespaces/${metadata.namespace}/replicasets`);
  const mine = sets.items.filter((set) =>
    set.metadata.ownerReferences?.some((one) => one.uid === metadata.uid),
  );
  const revision = (set: ReplicaSet): number =>
    Number(set.metadata.annotations?.['deployment.kubernetes.io/revision'] ?? 0);
  const [fresh, ...old] = [...mine].sort((a, b) => revision(b) - revision(a));
  const count = (set: ReplicaSet): string =>
    `${set.metadata.name} (${set.status?.replicas ?? 0}/${set.spec.replicas ?? 0} replicas created)`;
  const number = (field: string): unknown => status?.[field] ?? 0;
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {};
  return [
    ...headLines(deployment),
    `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`,
    ...metadataLines(deployment),
    `Selector:\t${selectorText(spec.selector.matchLabels)}`,
    `Replicas:\t${spec.replicas ?? 1} desired | ${number('updatedReplicas')} updated | ${number('replicas')} total | ${number('availableReplicas')} available | ${number('unavailableReplicas')} unavailable`,
    `StrategyType:\t${spec.strategy?.type ?? 'RollingUpdate'}`,
    'MinReadySeconds:\t0',
    `RollingUpdateStrategy:\t${maxUnavailable} max unavailable, ${maxSurge} max surge`,
    'Pod Template:',
    ...templateLines(spec.template),
    ...conditionLines(status?.conditions, true),
    `OldReplicaSets:\t${old.length === 0 ? '<none>' : old.map(count).join(', ')}`,
    `NewReplicaSet:\t${fresh ? count(fresh) : '<none>'}`,
  ];
}

function replicaSetLines(object: KubeObject): string[] {
  const set = object as ReplicaSet;
  const owner = set.metadata.ownerReferences?.find((one) => one.controller);
  return [
    ...headLines(set),
    `Selector:\t${selectorText(set.spec.selector.matchLabels)}`,
    ...metadataLines(set),
    ...(owner ? [`Controlled By:\t${owner.kind}/${owner.name}`] : []),
    `Replicas:\t${set.status?.replicas ?? 0} current / ${set.spec.replicas ?? 0} desired`,
    `Pods Status:\t${set.status?.readyReplicas ?? 0} Running / ${(set.status?.replicas ?? 0) - (set.status?.readyReplicas ?? 0)} Waiting / 0 Succeeded / 0 Failed`,
    'Pod Template:',
    ...templateLines(set.spec.template),
  ];
}

function requestLines(object: KubeObject): string[] {
  const request = object as CertificateSigningRequest;
  const { spec, status, metadata } = request;
  const conditions = (status?.conditions ?? []).map((one) => one.type);
  const state = conditions.length === 0 ? 'Pending' : conditions.join(',');
  let subject: string;
  try {
    subject = nameText(readCsr(Buffer.from(spec.request, 'base64').toString('utf8'), metadata.name).subject);
  } catch (error) {
    subject = `<${messageOf(error)}>`;
  }
  return [
    `Name:\t${metadata.name}`,
    ...metadataLines(request),
    `CreationTimestamp:\t${longTime(metadata.creationTimestamp)}`,
    `Requesting User:\t${spec.username ?? ''}`,
    `Signer:\t${spec.signerName}`,
    ...(spec.expirationSeconds === undefined ? [] : [`Requested Duration:\t${spec.expirationSeconds}s`]),
    `Status:\t${state}${status?.certificate ? ',Issued' : ''}`,
    'Subject:',
    `  ${subject}`,
  ];
}

function secretLines(object: KubeObject): string[] {
  const secret = object as KubeObject & { type?: string; data?: Record<string, string> };
  return [
    ...headLines(secret),
    ...metadataLines(secret),
    '',
    `Type:\t${secret.type ?? 'Opaque'}`,
    '',
    'Data',
    '====',
    ...Object.entries(secret.data ?? {}).map(
      ([key, value]) => `${key}:\t${Buffer.from(value, 'base64').length} bytes`,
    ),
  ];
}

function configMapLines(object: KubeObject): string[] {
  const { data = {} } = object as KubeObject & { data?: Record<string, string> };
  const entries = Object.entries(data).flatMap(([key, value]) => [`${key}:`, '----', value, '']);
  return [
    ...headLines(object),
    ...metadataLines(object),
    '',
    'Data',
    '====',
    ...entries,
    '',
    'BinaryData',
    '====',
    '',
  ];
}

/** What no describer knows: metadata, then the rest as YAML. */
function genericLines(object: KubeObject): string[] {
  const { apiVersion, kind, metadata, ...rest } = object;
  const body = yamlText(rest).trimEnd();
  return [
    ...headLines(object),
    ...metadataLines(object),
    `API Version:\t${apiVersion ?? ''}`,
    `Kind:\t${kind ?? ''}`,
    `Created:\t${longTime(metadata.creationTimestamp)}`,
    ...(body === '{}' ? [] : body.split('\n')),
  ];
}

function conditionLines(conditions: readonly Condition[] | undefined, reasons: boolean): string[] {
  if (!conditions?.length) return [];
  return [
    'Conditions:',
    reasons ? '  Type\tStatus\tReason' : '  Type\tStatus',
    reasons ? '  ----\t------\t------' : '  ----\t------',
    ...conditions.map((one) => `  ${one.type}\t${one.status}${reasons ? `\t${one.reason}` : ''}`),
  ];
}
