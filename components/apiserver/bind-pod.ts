/**
 * Binding a pod to a node, as the scheduler asks for it, and evicting one, as `kubectl drain` does.
 *
 * @see k8s.io/kubernetes pkg/registry/core/pod/storage/{storage,eviction}.go
 */
import {
  isObject,
  type Json,
  type KubeObject,
  kubeTime,
  listAt,
  numberAt,
  objectAt,
  textAt,
} from '../api/object.ts';
import { etcdFolder, resource } from '../api/resources.ts';
import { matchesLabelSelector } from '../api/selectors.ts';
import { badRequest, conflict, success, tooManyRequests } from '../api/status.ts';
import { type Call, isDryRun, sendObject } from './call.ts';
import { remove } from './remove.ts';
import { groupResource } from './store.ts';

const PODS = resource('', 'pods');
const BUDGETS = resource('policy', 'poddisruptionbudgets');
const RETRY_SECONDS = 10;

/** POST of a Binding: writes spec.nodeName and the condition PodScheduled. */
export async function bindPod(call: Call, name: string, binding: KubeObject): Promise<void> {
  const { api, info } = call;
  const node = textAt(binding, 'target', 'name');
  if (node === '') throw badRequest('Binding "" is invalid: target.name: Required value');
  const bind = (pod: KubeObject): KubeObject => {
    const of = groupResource(PODS);
    if (pod.metadata.deletionTimestamp !== undefined) {
      throw conflict(of, name, `pod ${name} is being deleted, cannot be assigned to a host`);
    }
    const bound = textAt(pod, 'spec', 'nodeName');
    if (bound !== '')
      throw conflict(of, name, `pod ${name} is already assigned to node ${JSON.stringify(bound)}`);
    const status = objectAt(pod, 'status');
    const scheduled: Json = {
      type: 'PodScheduled',
      status: 'True',
      lastProbeTime: null,
      lastTransitionTime: kubeTime(api.now()),
    };
    const others = listAt(status, 'conditions').filter((one) => textAt(one, 'type') !== 'PodScheduled');
    const annotations = binding.metadata.annotations;
    return {
      ...pod,
      metadata: isObject(annotations)
        ? { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } }
        : pod.metadata,
      spec: { ...objectAt(pod, 'spec'), nodeName: node },
      status: { ...status, conditions: [...others, scheduled] },
    };
  };
  if (!isDryRun(call)) await api.store.update({ resource: PODS, namespace: info.namespace, name }, bind);
  await sendObject(call, 201, success());
}

/** POST of an Eviction: a delete that disruption budgets may hold back. */
export async function evictPod(call: Call, eviction: KubeObject | undefined): Promise<void> {
  const { api, info } = call;
  const pod = await api.store.get({ resource: PODS, namespace: info.namespace, name: info.name });
  const budget = api.store.cache
    .list(`${etcdFolder(BUDGETS)}${info.namespace}/`)
    .map((entry) => entry.object)
    .find((one) =>
      matchesLabelSelector(objectAt(one, 'spec', 'selector'), objectAt(pod, 'metadata', 'labels')),
    );
  if (budget && numberAt(budget, ['status', 'disruptionsAllowed']) <= 0) {
    const refusal = tooManyRequests(
      "Cannot evict pod as it would violate the pod's disruption budget.",
      RETRY_SECONDS,
    );
    const { name = '' } = budget.metadata;
    const needs = numberAt(budget, ['status', 'desiredHealthy']);
    const has = numberAt(budget, ['status', 'currentHealthy']);
    const message = `The disruption budget ${name} needs ${needs} healthy pods and has ${has} currently`;
    refusal.status.details = {
      causes: [{ reason: 'DisruptionBudget', message }],
      retryAfterSeconds: RETRY_SECONDS,
    };
    throw refusal;
  }
  const grace =
    eviction && isObject(eviction['deleteOptions'])
      ? eviction['deleteOptions']['gracePeriodSeconds']
      : undefined;
  await remove(call, info.name, {
    graceSeconds: typeof grace === 'number' ? grace : undefined,
    propagation: '',
    uid: '',
    resourceVersion: '',
  });
  await sendObject(call, 201, success());
}
