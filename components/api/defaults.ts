/**
 * What the API server fills in where a client said nothing: one small function per kind.
 *
 * @see k8s.io/kubernetes pkg/apis/{core,apps,batch,rbac}/v1/defaults.go
 */
import { defaultPodSpec } from './defaults-pod.ts';
import { ensureObject, fill, isObject, type KubeObject, listAt, type MutableObject } from './object.ts';

type Fill = (object: KubeObject, spec: MutableObject) => void;

const QUARTER = '25%';
const HISTORY_LIMIT = 10;
const PROGRESS_DEADLINE_SECONDS = 600;
const RBAC_GROUP = 'rbac.authorization.k8s.io';

const FILL: Readonly<Record<string, Fill>> = {
  Pod: (_object, spec) => defaultPodSpec(spec),
  PodTemplate: (object) => defaultTemplate(object),
  Deployment: (_object, spec) => {
    fill(spec, {
      replicas: 1,
      revisionHistoryLimit: HISTORY_LIMIT,
      progressDeadlineSeconds: PROGRESS_DEADLINE_SECONDS,
    });
    const strategy = fill(ensureObject(spec, 'strategy'), { type: 'RollingUpdate' });
    if (strategy['type'] === 'RollingUpdate') {
      fill(ensureObject(strategy, 'rollingUpdate'), { maxUnavailable: QUARTER, maxSurge: QUARTER });
    }
    defaultTemplate(spec);
  },
  ReplicaSet: (_object, spec) => {
    fill(spec, { replicas: 1 });
    defaultTemplate(spec);
  },
  StatefulSet: (_object, spec) => {
    fill(spec, { replicas: 1, revisionHistoryLimit: HISTORY_LIMIT, podManagementPolicy: 'OrderedReady' });
    fill(ensureObject(spec, 'persistentVolumeClaimRetentionPolicy'), {
      whenDeleted: 'Retain',
      whenScaled: 'Retain',
    });
    const strategy = fill(ensureObject(spec, 'updateStrategy'), { type: 'RollingUpdate' });
    if (strategy['type'] === 'RollingUpdate') fill(ensureObject(strategy, 'rollingUpdate'), { partition: 0 });
    defaultTemplate(spec);
  },
  DaemonSet: (_object, spec) => {
    fill(spec, { revisionHistoryLimit: HISTORY_LIMIT });
    const strategy = fill(ensureObject(spec, 'updateStrategy'), { type: 'RollingUpdate' });
    if (strategy['type'] === 'RollingUpdate') {
      fill(ensureObject(strategy, 'rollingUpdate'), { maxUnavailable: 1, maxSurge: 0 });
    }
    defaultTemplate(spec);
  },
  ReplicationController: (_object, spec) => {
    fill(spec, { replicas: 1 });
    defaultTemplate(spec);
  },
  Job: (_object, spec) => defaultJob(spec),
  CronJob: (_object, spec) => {
    fill(spec, {
      concurrencyPolicy: 'Allow',
      suspend: false,
      successfulJobsHistoryLimit: 3,
      failedJobsHistoryLimit: 1,
    });
    const template = spec['jobTemplate'];
    if (isObject(template)) defaultJob(ensureObject(template, 'spec'));
  },
  Service: (_object, spec) => defaultService(spec),
  Secret: (object) => {
    fill(object, { type: 'Opaque' });
    encodeStringData(object);
  },
  Namespace: (object, spec) => {
    const labels = ensureObject(object.metadata, 'labels');
    if (object.metadata.name) labels['kubernetes.io/metadata.name'] = object.metadata.name;
    fill(spec, { finalizers: ['kubernetes'] });
  },
  PersistentVolumeClaim: (object, spec) => {
    fill(spec, { volumeMode: 'Filesystem' });
    if (object['status'] === undefined) object['status'] = { phase: 'Pending' };
  },
  RoleBinding: (object) => defaultBinding(object),
  ClusterRoleBinding: (object) => defaultBinding(object),
};

/** Kinds that have no spec of their own. */
const WITHOUT_SPEC: readonly string[] = ['Secret', 'RoleBinding', 'ClusterRoleBinding', 'PodTemplate'];

/** The object with its defaults; the one given is not changed. */
export function applyDefaults(object: KubeObject): KubeObject {
  const fillIn = FILL[object.kind];
  if (!fillIn) return object;
  const copy = structuredClone(object);
  fillIn(copy, WITHOUT_SPEC.includes(object.kind) ? {} : ensureObject(copy, 'spec'));
  return copy;
}

function defaultTemplate(owner: MutableObject): void {
  const template = owner['template'];
  if (isObject(template) && isObject(template['spec'])) defaultPodSpec(template['spec']);
}

function defaultJob(spec: MutableObject): void {
  fill(spec, { backoffLimit: 6, completionMode: 'NonIndexed', suspend: false, parallelism: 1 });
  fill(spec, { podReplacementPolicy: 'TerminatingOrFailed', manualSelector: false });
  if (spec['parallelism'] === 1) fill(spec, { completions: 1 });
  defaultTemplate(spec);
}

function defaultService(spec: MutableObject): void {
  fill(spec, { type: 'ClusterIP', sessionAffinity: 'None' });
  if (spec['type'] === 'ExternalName') return;
  fill(spec, { internalTrafficPolicy: 'Cluster', ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' });
  if (spec['type'] !== 'ClusterIP') fill(spec, { externalTrafficPolicy: 'Cluster' });
  for (const port of listAt(spec, 'ports')) {
    if (isObject(port)) fill(port, { protocol: 'TCP', targetPort: port['port'] ?? 0 });
  }
}

function encodeStringData(secret: KubeObject): void {
  const plain = secret['stringData'];
  if (!isObject(plain)) return;
  const data = ensureObject(secret, 'data');
  for (const [key, value] of Object.entries(plain)) {
    data[key] = Buffer.from(String(value ?? ''), 'utf8').toString('base64');
  }
  delete secret['stringData'];
}

function defaultBinding(binding: KubeObject): void {
  if (isObject(binding['roleRef'])) fill(binding['roleRef'], { apiGroup: RBAC_GROUP });
  for (const subject of listAt(binding, 'subjects')) {
    if (!isObject(subject)) continue;
    if (subject['kind'] === 'ServiceAccount') delete subject['apiGroup'];
    else fill(subject, { apiGroup: RBAC_GROUP });
  }
}
