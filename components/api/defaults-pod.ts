/**
 * The defaults of a pod's spec and its containers, and the quality of service that follows from them.
 *
 * @see k8s.io/kubernetes pkg/apis/core/v1/defaults.go, pkg/apis/core/v1/helper/qos/qos.go
 */
import { at, ensureObject, fill, isObject, listAt, type MutableObject, objectAt, textAt } from './object.ts';

const GRACE_SECONDS = 30;
/** 0644, as JSON has no octal. */
const FILE_MODE = 420;
const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const MODED_VOLUMES = ['secret', 'configMap', 'projected', 'downwardAPI'] as const;

/** Fill in a pod's spec, in place. */
export function defaultPodSpec(spec: MutableObject): void {
  fill(spec, {
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: GRACE_SECONDS,
    dnsPolicy: 'ClusterFirst',
    securityContext: {},
    schedulerName: 'default-scheduler',
  });
  const account = spec['serviceAccountName'] ?? spec['serviceAccount'];
  if (typeof account === 'string' && account !== '') {
    spec['serviceAccountName'] = account;
    spec['serviceAccount'] = account;
  }
  for (const list of ['containers', 'initContainers', 'ephemeralContainers']) {
    for (const container of listAt(spec, list)) if (isObject(container)) defaultContainer(container);
  }
  for (const volume of listAt(spec, 'volumes')) if (isObject(volume)) defaultVolume(volume);
}

function defaultContainer(container: MutableObject): void {
  const image = textAt(container, 'image');
  fill(container, {
    resources: {},
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: isLatest(image) ? 'Always' : 'IfNotPresent',
  });
  for (const port of listAt(container, 'ports')) if (isObject(port)) fill(port, { protocol: 'TCP' });
  for (const env of listAt(container, 'env')) {
    const fieldRef = at(env, 'valueFrom', 'fieldRef');
    if (isObject(fieldRef)) fill(fieldRef, { apiVersion: 'v1' });
  }
  for (const name of PROBES) {
    const probe = container[name];
    if (!isObject(probe)) continue;
    fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 });
    const http = probe['httpGet'];
    if (isObject(http)) fill(http, { path: '/', scheme: 'HTTP' });
  }
}

/** No tag, or the tag latest, and no digest. */
function isLatest(image: string): boolean {
  if (image.includes('@')) return false;
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
}

function defaultVolume(volume: MutableObject): void {
  const kinds = Object.keys(volume).filter((key) => key !== 'name');
  if (kinds.length === 0) ensureObject(volume, 'emptyDir');
  for (const kind of MODED_VOLUMES) {
    const source = volume[kind];
    if (isObject(source)) fill(source, { defaultMode: FILE_MODE });
  }
  const hostPath = volume['hostPath'];
  if (isObject(hostPath)) fill(hostPath, { type: '' });
}

/** `Guaranteed`, `Burstable` or `BestEffort`. */
export function qosClassOf(spec: unknown): string {
  const containers = [...listAt(spec, 'containers'), ...listAt(spec, 'initContainers')];
  let any = false;
  let guaranteed = true;
  for (const container of containers) {
    const limits = objectAt(container, 'resources', 'limits');
    const requests = objectAt(container, 'resources', 'requests');
    for (const name of ['cpu', 'memory']) {
      const limit = limits[name];
      const request = requests[name] ?? limit;
      if (limit !== undefined || request !== undefined) any = true;
      if (limit === undefined || String(limit) !== String(request)) guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}
