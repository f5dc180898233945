/**
 * What the server itself writes into an object before it is stored: identity, times, generation, and which
 * parts a request may not touch.
 *
 * @see apiserver pkg/registry/rest/{create,update}.go, pkg/registry/generic/registry/store.go, and each strategy
 */
import { randomInt, randomUUID } from 'node:crypto';
import { isObject, type KubeObject, kubeTime } from '../api/object.ts';
import type { Resource } from '../api/resources.ts';
import { badRequest, conflict, type StatusError } from '../api/status.ts';
import type { ApiServer } from './server-context.ts';
import { groupResource } from './store.ts';

/** Kinds whose generation counts changes of the spec. */
const HAS_GENERATION: readonly string[] = [
  'Deployment',
  'ReplicaSet',
  'StatefulSet',
  'DaemonSet',
  'Job',
  'CronJob',
  'Ingress',
  'NetworkPolicy',
  'PodDisruptionBudget',
  'HorizontalPodAutoscaler',
  'ReplicationController',
];

/** Kinds whose status is not the creator's to set. */
const STATUS_IS_DROPPED: readonly string[] = [
  ...HAS_GENERATION,
  'CertificateSigningRequest',
  'Service',
  'PersistentVolumeClaim',
];

const NAME_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const RANDOM_NAME_LENGTH = 5;

/** `web-` -> `web-x7k2p`. */
export function generatedName(base: string): string {
  const suffix = Array.from(
    { length: RANDOM_NAME_LENGTH },
    () => NAME_ALPHABET[randomInt(NAME_ALPHABET.length)],
  );
  return base.slice(0, 58) + suffix.join('');
}

/**
 * Fill in a new object.
 * @param namespace  of the request; empty for cluster-scoped resources
 * @throws           StatusError 400 when the object names another namespace
 */
export function prepareCreate(
  api: ApiServer,
  resource: Resource,
  namespace: string,
  object: KubeObject,
): KubeObject {
  const metadata = { ...object.metadata };
  if (resource.namespaced) {
    if (metadata.namespace && metadata.namespace !== namespace) {
      throw badRequest(
        'the namespace of the provided object does not match the namespace sent on the request',
      );
    }
    metadata.namespace = namespace;
  } else delete metadata.namespace;
  if (!metadata.name && metadata.generateName) metadata.name = generatedName(metadata.generateName);
  delete metadata.resourceVersion;
  delete metadata.deletionTimestamp;
  delete metadata.deletionGracePeriodSeconds;
  delete metadata['selfLink'];
  metadata.uid = randomUUID();
  metadata.creationTimestamp = kubeTime(api.now());
  if (HAS_GENERATION.includes(resource.kind)) metadata.generation = 1;
  else delete metadata.generation;
  const prepared: KubeObject = { ...object, metadata };
  if (STATUS_IS_DROPPED.includes(resource.kind)) delete prepared['status'];
  if (resource.kind === 'Pod') prepared['status'] = { phase: 'Pending' };
  if (resource.kind === 'Namespace') prepared['status'] = { phase: 'Active' };
  return prepared;
}

/**
 * Put together what a write of the whole object leaves: the client's parts over the server's.
 * @param subresource  `status` takes the status alone; empty takes everything but it
 * @throws             StatusError 409 on a stale resourceVersion or another uid
 */
export function prepareUpdate(
  resource: Resource,
  current: KubeObject,
  wanted: KubeObject,
  subresource: string,
): KubeObject {
  const { name = '' } = current.metadata;
  const of = groupResource(resource);
  if (
    wanted.metadata.resourceVersion &&
    wanted.metadata.resourceVersion !== current.metadata.resourceVersion
  ) {
    throw conflict(of, name);
  }
  if (wanted.metadata.uid && wanted.metadata.uid !== current.metadata.uid)
    throw uidMismatch(of, current, wanted);
  const metadata: KubeObject['metadata'] = { ...wanted.metadata, name };
  for (const key of [
    'uid',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'generation',
    'namespace',
    'generateName',
    'resourceVersion',
  ]) {
    if (current.metadata[key] === undefined) delete metadata[key];
    else metadata[key] = current.metadata[key];
  }
  if (subresource === 'finalize') return { ...current, ...part(wanted, 'spec') };
  if (subresource !== '') {
    return {
      ...current,
      metadata: { ...current.metadata, ...annotationsOf(metadata) },
      ...part(wanted, 'status'),
    };
  }
  const next: KubeObject = { ...wanted, apiVersion: current.apiVersion, kind: current.kind, metadata };
  if (resource.subresources?.['status']) {
    if (current['status'] === undefined) delete next['status'];
    else next['status'] = current['status'];
  }
  if (HAS_GENERATION.includes(resource.kind) && !sameJson(current['spec'], next['spec'])) {
    metadata.generation = (current.metadata.generation ?? 1) + 1;
  }
  return next;
}

function annotationsOf(metadata: KubeObject['metadata']): Partial<KubeObject['metadata']> {
  return {
    ...(isObject(metadata.annotations) ? { annotations: metadata.annotations } : {}),
    ...(isObject(metadata.labels) ? { labels: metadata.labels } : {}),
    ...(metadata['finalizers'] === undefined ? {} : { finalizers: metadata['finalizers'] }),
  };
}

function part(object: KubeObject, key: string): Partial<KubeObject> {
  return object[key] === undefined ? {} : { [key]: object[key] };
}

function uidMismatch(
  of: ReturnType<typeof groupResource>,
  current: KubeObject,
  wanted: KubeObject,
): StatusError {
  const why = `Precondition failed: UID in precondition: ${wanted.metadata.uid}, UID in object meta: ${current.metadata.uid}`;
  return conflict(of, current.metadata.name ?? '', why);
}

/** Equal as JSON, whatever the order of keys. */
export function sameJson(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return (
    JSON.stringify(value, (_key, inner: unknown) =>
      isObject(inner)
        ? Object.fromEntries(Object.entries(inner).sort(([x], [y]) => (x < y ? -1 : 1)))
        : inner,
    ) ?? ''
  );
}
