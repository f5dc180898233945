/**
 * The columns of every kind, in the real order.
 *
 * @see k8s.io/kubernetes pkg/printers/internalversion/printers.go, AddHandlers
 */
import { AGE, type Column, NAME, numberColumn, selectorText, textColumn, wide } from './columns.ts';
import { ageOf, humanDuration } from './duration.ts';
import {
  at,
  isObject,
  type Json,
  type KubeObject,
  listAt,
  numberAt,
  objectAt,
  textAt,
  textsAt,
} from './object.ts';
import { NODE_COLUMNS } from './printer-node.ts';
import { POD_COLUMNS } from './printer-pod.ts';
import { ENDPOINT_SLICE_COLUMNS, ENDPOINTS_COLUMNS, SERVICE_COLUMNS } from './printer-service.ts';
import { WORKLOAD_PRINTERS } from './printer-workload.ts';

const NONE = '<none>';
const UNSET = '<unset>';
const CREATED_AT: Column = {
  name: 'Created At',
  type: 'date',
  cell: (object) => object.metadata.creationTimestamp ?? '',
};
const DATA: Column = {
  name: 'Data',
  type: 'integer',
  cell: (object) => keyCount(object, 'data') + keyCount(object, 'binaryData'),
};
const BINDING_COLUMNS: readonly Column[] = [
  NAME,
  {
    name: 'Role',
    cell: (object) => `${textAt(object, 'roleRef', 'kind')}/${textAt(object, 'roleRef', 'name')}`,
  },
  AGE,
  { name: 'Users', wide: true, cell: (object) => subjects(object, 'User') },
  { name: 'Groups', wide: true, cell: (object) => subjects(object, 'Group') },
  { name: 'ServiceAccounts', wide: true, cell: (object) => subjects(object, 'ServiceAccount') },
];

/** Columns by kind, or by kind and group where two groups share a kind. */
export const PRINTERS: Readonly<Record<string, readonly Column[]>> = {
  Pod: POD_COLUMNS,
  Node: NODE_COLUMNS,
  Service: SERVICE_COLUMNS,
  Endpoints: ENDPOINTS_COLUMNS,
  EndpointSlice: ENDPOINT_SLICE_COLUMNS,
  Namespace: [NAME, textColumn('Status', 'status.phase'), AGE],
  ConfigMap: [NAME, DATA, AGE],
  Secret: [NAME, textColumn('Type', 'type'), DATA, AGE],
  ServiceAccount: [
    NAME,
    { name: 'Secrets', type: 'integer', cell: (object) => listAt(object, 'secrets').length },
    AGE,
  ],
  ...WORKLOAD_PRINTERS,
  Event: [
    { name: 'Last Seen', cell: (event, now) => lastSeen(event, now) },
    textColumn('Type', 'type'),
    textColumn('Reason', 'reason'),
    { name: 'Object', cell: involved },
    wide(textColumn('Subobject', 'involvedObject.fieldPath')),
    { name: 'Source', wide: true, cell: eventSource },
    { name: 'Message', cell: (event) => (textAt(event, 'message') || textAt(event, 'note')).trim() },
    { name: 'First Seen', wide: true, cell: (event, now) => firstSeen(event, now) },
    { name: 'Count', wide: true, type: 'integer', cell: (event) => numberAt(event, ['count'], 1) },
    wide(NAME),
  ],
  Lease: [NAME, textColumn('Holder', 'spec.holderIdentity'), AGE],
  CertificateSigningRequest: [
    NAME,
    AGE,
    textColumn('SignerName', 'spec.signerName', NONE),
    textColumn('Requestor', 'spec.username'),
    {
      name: 'RequestedDuration',
      cell: (csr) => {
        const seconds = numberAt(csr, ['spec', 'expirationSeconds'], -1);
        return seconds < 0 ? NONE : humanDuration(seconds);
      },
    },
    { name: 'Condition', cell: csrCondition },
  ],
  ClusterRole: [NAME, CREATED_AT],
  Role: [NAME, CREATED_AT],
  ClusterRoleBinding: BINDING_COLUMNS,
  RoleBinding: BINDING_COLUMNS,
  ComponentStatus: [
    NAME,
    {
      name: 'Status',
      cell: (object) => (textAt(object, 'conditions', 0, 'status') === 'True' ? 'Healthy' : 'Unhealthy'),
    },
    { name: 'Message', cell: (object) => textAt(object, 'conditions', 0, 'message') },
    { name: 'Error', cell: (object) => textAt(object, 'conditions', 0, 'error') },
  ],
  PersistentVolume: [
    NAME,
    textColumn('Capacity', 'spec.capacity.storage'),
    { name: 'Access Modes', cell: accessModes },
    textColumn('Reclaim Policy', 'spec.persistentVolumeReclaimPolicy'),
    textColumn('Status', 'status.phase'),
    {
      name: 'Claim',
      cell: (object) =>
        at(object, 'spec', 'claimRef') === undefined
          ? ''
          : `${textAt(object, 'spec', 'claimRef', 'namespace')}/${textAt(object, 'spec', 'claimRef', 'name')}`,
    },
    textColumn('StorageClass', 'spec.storageClassName'),
    textColumn('VolumeAttributesClass', 'spec.volumeAttributesClassName', UNSET),
    textColumn('Reason', 'status.reason'),
    AGE,
    wide(textColumn('VolumeMode', 'spec.volumeMode', UNSET)),
  ],
  PersistentVolumeClaim: [
    NAME,
    textColumn('Status', 'status.phase'),
    textColumn('Volume', 'spec.volumeName'),
    textColumn('Capacity', 'status.capacity.storage'),
    {
      name: 'Access Modes',
      cell: (object) => (textAt(object, 'spec', 'volumeName') === '' ? '' : accessModes(object)),
    },
    textColumn('StorageClass', 'spec.storageClassName'),
    textColumn('VolumeAttributesClass', 'spec.volumeAttributesClassName', UNSET),
    AGE,
    wide(textColumn('VolumeMode', 'spec.volumeMode', UNSET)),
  ],
  PodDisruptionBudget: [
    NAME,
    { name: 'Min Available', cell: (object) => String(at(object, 'spec', 'minAvailable') ?? 'N/A') },
    { name: 'Max Unavailable', cell: (object) => String(at(object, 'spec', 'maxUnavailable') ?? 'N/A') },
    numberColumn('Allowed Disruptions', 'status.disruptionsAllowed'),
    AGE,
  ],
  PriorityClass: [
    NAME,
    numberColumn('Value', 'value'),
    { name: 'Global-Default', cell: (object) => at(object, 'globalDefault') === true },
    AGE,
    textColumn('PreemptionPolicy', 'preemptionPolicy', 'PreemptLowerPriority'),
  ],
  Ingress: [
    NAME,
    textColumn('Class', 'spec.ingressClassName', NONE),
    {
      name: 'Hosts',
      cell: (object) =>
        listAt(object, 'spec', 'rules')
          .map((one) => textAt(one, 'host') || '*')
          .join(',') || '*',
    },
    {
      name: 'Address',
      cell: (object) =>
        listAt(object, 'status', 'loadBalancer', 'ingress')
          .map((one) => textAt(one, 'ip') || textAt(one, 'hostname'))
          .join(','),
    },
    { name: 'Ports', cell: (object) => (listAt(object, 'spec', 'tls').length > 0 ? '80, 443' : '80') },
    AGE,
  ],
  IngressClass: [
    NAME,
    textColumn('Controller', 'spec.controller'),
    { name: 'Parameters', cell: () => NONE },
    AGE,
  ],
  NetworkPolicy: [
    NAME,
    { name: 'Pod-Selector', cell: (object) => selectorText(at(object, 'spec', 'podSelector')) },
    AGE,
  ],
  HorizontalPodAutoscaler: [
    NAME,
    {
      name: 'Reference',
      cell: (object) =>
        `${textAt(object, 'spec', 'scaleTargetRef', 'kind')}/${textAt(object, 'spec', 'scaleTargetRef', 'name')}`,
    },
    { name: 'Targets', cell: () => '<unknown>' },
    numberColumn('MinPods', 'spec.minReplicas'),
    numberColumn('MaxPods', 'spec.maxReplicas'),
    numberColumn('Replicas', 'status.currentReplicas'),
    AGE,
  ],
  StorageClass: [
    NAME,
    textColumn('Provisioner', 'provisioner'),
    textColumn('ReclaimPolicy', 'reclaimPolicy', 'Delete'),
    textColumn('VolumeBindingMode', 'volumeBindingMode', 'Immediate'),
    { name: 'AllowVolumeExpansion', cell: (object) => at(object, 'allowVolumeExpansion') === true },
    AGE,
  ],
  CSINode: [
    NAME,
    { name: 'Drivers', type: 'integer', cell: (object) => listAt(object, 'spec', 'drivers').length },
    AGE,
  ],
};

function keyCount(object: KubeObject, key: string): number {
  return Object.keys(objectAt(object, key)).length;
}

function subjects(binding: KubeObject, kind: string): string {
  return listAt(binding, 'subjects')
    .filter((one) => textAt(one, 'kind') === kind)
    .map((one) => (kind === 'ServiceAccount' ? `${textAt(one, 'namespace')}/` : '') + textAt(one, 'name'))
    .join(', ');
}

function accessModes(object: KubeObject): string {
  const short: Readonly<Record<string, string>> = {
    ReadWriteOnce: 'RWO',
    ReadOnlyMany: 'ROX',
    ReadWriteMany: 'RWX',
    ReadWriteOncePod: 'RWOP',
  };
  return textsAt(object, 'spec', 'accessModes')
    .map((mode) => short[mode] ?? mode)
    .join(',');
}

function csrCondition(csr: KubeObject): string {
  const conditions = listAt(csr, 'status', 'conditions').map((one) => textAt(one, 'type'));
  const words = ['Approved', 'Denied', 'Failed'].filter((one) => conditions.includes(one));
  const text = words.length === 0 ? 'Pending' : words.join(',');
  return textAt(csr, 'status', 'certificate') === '' ? text : `${text},Issued`;
}

function involved(event: KubeObject): string {
  const object: Json = isObject(event['involvedObject'])
    ? event['involvedObject']
    : objectAt(event, 'regarding');
  const { kind, name } = object as { kind?: Json; name?: Json };
  return `${String(kind ?? '').toLowerCase()}/${String(name ?? '')}`;
}

function eventSource(event: KubeObject): string {
  const component = textAt(event, 'source', 'component') || textAt(event, 'reportingComponent');
  const host = textAt(event, 'source', 'host');
  return host === '' ? component : `${component}, ${host}`;
}

function firstSeen(event: KubeObject, now: Date): string {
  return ageOf(
    textAt(event, 'firstTimestamp') || textAt(event, 'eventTime') || event.metadata.creationTimestamp,
    now,
  );
}

function lastSeen(event: KubeObject, now: Date): string {
  const series = textAt(event, 'series', 'lastObservedTime');
  const last = series || textAt(event, 'lastTimestamp') || textAt(event, 'eventTime');
  const count = numberAt(event, ['series', 'count']) || numberAt(event, ['count'], 1);
  const age = ageOf(last || event.metadata.creationTimestamp, now);
  return count > 1 && series !== '' ? `${age} (x${count} over ${firstSeen(event, now)})` : age;
}
