/**
 * replicaset-controller: as many pods as a replica set wants.
 */
import { recorder } from '../api/events.ts';
import { conditionOf, keyOf, type Pod, type ReplicaSet } from '../api/kinds.ts';
import { type Control, controllerOf, ownedBy, unlessStatus } from './control.ts';

/** How long a write may take to show up in the copy before it is no longer waited for. */
const EXPECTATION_MS = 5000;
const BURST = 50;

/**
 * Run the controller.
 * @see pkg/controller/replicaset/replica_set.go, syncReplicaSet and manageReplicas
 */
export function startReplicaSets(control: Control): void {
  const { client, copies } = control;
  const record = recorder(client, 'replicaset-controller', { apiVersion: 'apps/v1', kind: 'ReplicaSet' });
  /** Writes that the copy does not show yet: without them a second pass would make the same pods again. */
  const expected = new Map<string, { readonly uids: Set<string>; untilMs: number }>();

  const queue = control.queue('replicaset', async (key) => {
    const set = copies.replicaSets.get(key);
    if (!set) {
      expected.delete(key);
      return;
    }
    const waiting = expected.get(key);
    if (waiting && waiting.uids.size > 0 && waiting.untilMs > performance.now()) {
      queue.addLater(key, EXPECTATION_MS);
      return;
    }
    const pods = podsOf(set);
    const active = pods.filter((pod) => pod.metadata.deletionTimestamp === undefined && !isDone(pod));
    if (set.metadata.deletionTimestamp === undefined) await manage(set, key, active);
    await writeStatus(set, active);
  });

  const podsOf = (set: ReplicaSet): readonly Pod[] =>
    copies.pods.list().filter((pod) => controllerOf(pod)?.uid === set.metadata.uid);

  const manage = async (set: ReplicaSet, key: string, active: readonly Pod[]): Promise<void> => {
    const missing = (set.spec.replicas ?? 1) - active.length;
    const { namespace = 'default', name } = set.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods`;
    const uids = new Set<string>();
    expected.set(key, { uids, untilMs: performance.now() + EXPECTATION_MS });
    for (let count = 0; count < Math.min(missing, BURST); count++) {
      const pod = await client.request<Pod>('POST', path, podFrom(set, namespace));
      const seen = copies.pods.get(keyOf(pod));
      if (!seen) uids.add(pod.metadata.uid ?? '');
      void record(set, 'Normal', 'SuccessfulCreate', `Created pod: ${pod.metadata.name}`);
    }
    for (const pod of inDeletionOrder(active).slice(0, Math.max(0, -missing))) {
      uids.add(pod.metadata.uid ?? '');
      await unlessStatus(client.request('DELETE', `${path}/${pod.metadata.name}`), 404);
      void record(set, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`);
    }
    if (missing > BURST) queue.addLater(key, 10);
    if (missing === 0) return;
    client.klog('I', 'replica_set.go:676', 'Finished syncing', {
      kind: 'ReplicaSet',
      key: `${namespace}/${name}`,
    });
  };

  const writeStatus = async (set: ReplicaSet, active: readonly Pod[]): Promise<void> => {
    const ready = active.filter(isReady).length;
    const status = {
      replicas: active.length,
      fullyLabeledReplicas: active.length,
      readyReplicas: ready,
      availableReplicas: ready,
      observedGeneration: set.metadata.generation ?? 1,
    };
    const old = set.status ?? {};
    const same = Object.entries(status).every(
      ([field, value]) => (old as Record<string, unknown>)[field] === value,
    );
    if (same) return;
    const { namespace, name } = set.metadata;
    const extras = { contentType: 'application/merge-patch+json' };
    const path = `/apis/apps/v1/namespaces/${namespace}/replicasets/${name}/status`;
    await unlessStatus(client.request('PATCH', path, { status }, extras), 404);
  };

  control.on('replicaSets', ({ object }) => queue.add(keyOf(object)));
  control.on('pods', ({ type, object }) => {
    const owner = controllerOf(object);
    if (owner?.kind !== 'ReplicaSet') return;
    const key = `${object.metadata.namespace}/${owner.name}`;
    const uid = object.metadata.uid ?? '';
    const waiting = expected.get(key);
    const confirmed = type !== 'modified' || object.metadata.deletionTimestamp !== undefined;
    if (confirmed) waiting?.uids.delete(uid);
    queue.add(key);
  });
}

/** A pod that runs and is ready. */
export function isReady(pod: Pod): boolean {
  return conditionOf(pod.status?.conditions, 'Ready')?.status === 'True';
}

function isDone(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function podFrom(set: ReplicaSet, namespace: string): unknown {
  const { metadata, spec } = set.spec.template;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      generateName: `${set.metadata.name}-`,
      namespace,
      ...(metadata?.labels ? { labels: metadata.labels } : {}),
      ...(metadata?.annotations ? { annotations: metadata.annotations } : {}),
      ownerReferences: [ownedBy(set, 'apps/v1', 'ReplicaSet')],
    },
    spec,
  };
}

/** Unplaced first, then not ready, then the youngest. pkg/controller/controller_utils.go, ActivePodsWithRanks */
function inDeletionOrder(pods: readonly Pod[]): readonly Pod[] {
  const rank = (pod: Pod): number => (pod.spec.nodeName ? 2 : 0) + (isReady(pod) ? 1 : 0);
  const born = (pod: Pod): string => pod.metadata.creationTimestamp ?? '';
  return [...pods].sort((a, b) => rank(a) - rank(b) || born(b).localeCompare(born(a)));
}
