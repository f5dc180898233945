/**
 * What admission adds to a new pod: its service account, its priority, its default tolerations, its class.
 *
 * @see k8s.io/kubernetes plugin/pkg/admission/{serviceaccount,priority,defaulttolerationseconds}
 */
import { qosClassOf } from '../api/defaults-pod.ts';
import { at, ensureObject, isObject, type Json, type KubeObject, listAt, textAt } from '../api/object.ts';
import { etcdKey, resource } from '../api/resources.ts';
import { forbidden } from '../api/status.ts';
import type { Call } from './call.ts';
import { generatedName } from './prepare.ts';
import { groupResource } from './store.ts';

const ACCOUNTS = resource('', 'serviceaccounts');
const PRIORITIES = resource('scheduling.k8s.io', 'priorityclasses');
const MIRROR = 'kubernetes.io/config.mirror';
const TOLERATION_SECONDS = 300;
const TOKEN_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const TOKEN_SECONDS = 3607;
const FILE_MODE = 420;
const DEFAULT_TOLERATIONS = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'] as const;

/** Complete a new pod. */
export function admitPod(call: Call, pod: KubeObject): KubeObject {
  const copy = structuredClone(pod);
  const spec = ensureObject(copy, 'spec');
  const mirror = at(pod, 'metadata', 'annotations', MIRROR) !== undefined;
  if (!mirror) addServiceAccount(call, copy, spec);
  addPriority(call, copy, spec);
  addTolerations(spec);
  const status = ensureObject(copy, 'status');
  status['qosClass'] = qosClassOf(spec);
  return copy;
}

function addServiceAccount(call: Call, pod: KubeObject, spec: Record<string, Json | undefined>): void {
  const name = textAt(spec, 'serviceAccountName') || 'default';
  const { namespace } = call.info;
  const account = call.api.store.cache.get(etcdKey(ACCOUNTS, namespace, name));
  if (!account) {
    const why = `error looking up service account ${namespace}/${name}: serviceaccount ${JSON.stringify(name)} not found`;
    throw forbidden(groupResource(call.resource), pod.metadata.name ?? '', why);
  }
  spec['serviceAccountName'] = name;
  spec['serviceAccount'] = name;
  if (
    spec['automountServiceAccountToken'] === false ||
    at(account.object, 'automountServiceAccountToken') === false
  )
    return;
  const volume = generatedName('kube-api-access-');
  spec['volumes'] = [...listAt(spec, 'volumes'), tokenVolume(volume)];
  for (const list of ['containers', 'initContainers']) {
    if (listAt(spec, list).length === 0) continue;
    spec[list] = listAt(spec, list).map((one) => withMount(one, volume));
  }
}

function withMount(container: Json, volume: string): Json {
  if (!isObject(container)) return container;
  const mounts = listAt(container, 'volumeMounts');
  if (mounts.some((mount) => textAt(mount, 'mountPath') === TOKEN_PATH)) return container;
  return { ...container, volumeMounts: [...mounts, { mountPath: TOKEN_PATH, name: volume, readOnly: true }] };
}

function tokenVolume(name: string): Json {
  return {
    name,
    projected: {
      defaultMode: FILE_MODE,
      sources: [
        { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
        { configMap: { items: [{ key: 'ca.crt', path: 'ca.crt' }], name: 'kube-root-ca.crt' } },
        {
          downwardAPI: {
            items: [{ fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' }, path: 'namespace' }],
          },
        },
      ],
    },
  };
}

function addPriority(call: Call, pod: KubeObject, spec: Record<string, Json | undefined>): void {
  const name = textAt(spec, 'priorityClassName');
  let priority: Json = 0;
  let preemption: Json = 'PreemptLowerPriority';
  if (name !== '') {
    const found = call.api.store.cache.get(etcdKey(PRIORITIES, '', name))?.object;
    if (!found) {
      throw forbidden(
        groupResource(call.resource),
        pod.metadata.name ?? '',
        `no PriorityClass with name ${name} was found`,
      );
    }
    priority = at(found, 'value') ?? 0;
    preemption = at(found, 'preemptionPolicy') ?? preemption;
  }
  spec['priority'] ??= priority;
  spec['preemptionPolicy'] ??= preemption;
}

function addTolerations(spec: Record<string, Json | undefined>): void {
  const tolerations = [...listAt(spec, 'tolerations')];
  for (const key of DEFAULT_TOLERATIONS) {
    const tolerated = tolerations.some(
      (one) =>
        (textAt(one, 'key') === key || textAt(one, 'key') === '') &&
        ['NoExecute', ''].includes(textAt(one, 'effect')),
    );
    if (!tolerated)
      tolerations.push({
        effect: 'NoExecute',
        key,
        operator: 'Exists',
        tolerationSeconds: TOLERATION_SECONDS,
      });
  }
  spec['tolerations'] = tolerations;
}
