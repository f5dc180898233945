/**
 * deployment-controller: one replica set per pod template, rolled over from the old to the new.
 */
import { recorder } from '../api/events.ts';
import {
  type Condition,
  conditionOf,
  type Deployment,
  keyOf,
  type ReplicaSet,
  timestamp,
} from '../api/kinds.ts';
import { type Control, controllerOf, ownedBy, unlessStatus } from './control.ts';
import { type Counted, nextStep, REVISION, revisionOf, TEMPLATE_HASH, templateHash } from './rollout.ts';

const SETS = (namespace: string): string => `/apis/apps/v1/namespaces/${namespace}/replicasets`;
const MERGE = { contentType: 'application/merge-patch+json' };

/**
 * Run the controller.
 * @see pkg/controller/deployment/deployment_controller.go, syncDeployment
 */
export function startDeployments(control: Control): void {
  const { client, copies } = control;
  const record = recorder(client, 'deployment-controller', { apiVersion: 'apps/v1', kind: 'Deployment' });

  const queue = control.queue('deployment', async (key) => {
    const deployment = copies.deployments.get(key);
    if (!deployment || deployment.metadata.deletionTimestamp !== undefined) return;
    const all = copies.replicaSets.list().filter((set) => controllerOf(set)?.uid === deployment.metadata.uid);
    const hash = templateHash(deployment.spec.template);
    const found = all.find((set) => set.metadata.labels?.[TEMPLATE_HASH] === hash);
    const old = all.filter((set) => set !== found);
    const fresh = found ? await withRevision(deployment, found, old) : await create(deployment, hash, old);
    await writeRevision(deployment, fresh);
    if (!deployment.spec.paused) {
      for (const { set, replicas } of nextStep(deployment, counted(fresh), old.map(counted))) {
        await scale(deployment, set, replicas);
      }
    } else if (
      counted(fresh).wanted !== (deployment.spec.replicas ?? 1) &&
      old.every((set) => counted(set).wanted === 0)
    ) {
      await scale(deployment, fresh, deployment.spec.replicas ?? 1);
    }
    await writeStatus(deployment, fresh, old);
    await forgetOldest(deployment, old);
  });

  const create = async (
    deployment: Deployment,
    hash: string,
    old: readonly ReplicaSet[],
  ): Promise<ReplicaSet> => {
    const { namespace = 'default', name } = deployment.metadata;
    const { template, selector } = deployment.spec;
    const labels = { ...template.metadata?.labels, [TEMPLATE_HASH]: hash };
    const body = {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        name: `${name}-${hash}`,
        namespace,
        labels,
        annotations: { [REVISION]: String(Math.max(0, ...old.map(revisionOf)) + 1) },
        ownerReferences: [ownedBy(deployment, 'apps/v1', 'Deployment')],
      },
      spec: {
        replicas: 0,
        selector: { matchLabels: { ...selector.matchLabels, [TEMPLATE_HASH]: hash } },
        template: { ...template, metadata: { ...template.metadata, labels } },
      },
    };
    return client.request<ReplicaSet>('POST', SETS(namespace), body);
  };

  /** The current template's set always has the highest revision, also after a step back. */
  const withRevision = async (
    deployment: Deployment,
    set: ReplicaSet,
    old: readonly ReplicaSet[],
  ): Promise<ReplicaSet> => {
    const highest = Math.max(0, ...old.map(revisionOf));
    if (revisionOf(set) > highest) return set;
    const patch = { metadata: { annotations: { [REVISION]: String(highest + 1) } } };
    const path = `${SETS(deployment.metadata.namespace ?? 'default')}/${set.metadata.name}`;
    return client.request<ReplicaSet>('PATCH', path, patch, MERGE);
  };

  const writeRevision = async (deployment: Deployment, fresh: ReplicaSet): Promise<void> => {
    const revision = String(revisionOf(fresh));
    if (deployment.metadata.annotations?.[REVISION] === revision) return;
    const { namespace, name } = deployment.metadata;
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}`;
    await client.request('PATCH', path, { metadata: { annotations: { [REVISION]: revision } } }, MERGE);
  };

  const scale = async (deployment: Deployment, set: ReplicaSet, replicas: number): Promise<void> => {
    const before = counted(set).wanted;
    const path = `${SETS(set.metadata.namespace ?? 'default')}/${set.metadata.name}`;
    await client.request('PATCH', path, { spec: { replicas } }, MERGE);
    const way = replicas > before ? 'up' : 'down';
    const message = `Scaled ${way} replica set ${set.metadata.name} from ${before} to ${replicas}`;
    client.klog('I', 'event.go:377', 'Event occurred', {
      object: keyOf(deployment),
      reason: 'ScalingReplicaSet',
      message,
    });
    await record(deployment, 'Normal', 'ScalingReplicaSet', message);
  };

  const writeStatus = async (
    deployment: Deployment,
    fresh: ReplicaSet,
    old: readonly ReplicaSet[],
  ): Promise<void> => {
    const status = statusOf(deployment, fresh, old, timestamp(client.now()));
    if (JSON.stringify(withoutTimes(status)) === JSON.stringify(withoutTimes(deployment.status))) return;
    const { namespace, name } = deployment.metadata;
    const path = `/apis/apps/v1/namespaces/${namespace}/deployments/${name}/status`;
    await client.request('PATCH', path, { status }, MERGE);
  };

  const forgetOldest = async (deployment: Deployment, old: readonly ReplicaSet[]): Promise<void> => {
    const empty = old.filter((set) => counted(set).wanted === 0 && (set.status?.replicas ?? 0) === 0);
    const surplus = empty.length - (deployment.spec.revisionHistoryLimit ?? 10);
    const oldest = [...empty].sort((a, b) => revisionOf(a) - revisionOf(b));
    for (const set of oldest.slice(0, Math.max(0, surplus))) {
      const path = `${SETS(set.metadata.namespace ?? 'default')}/${set.metadata.name}`;
      await unlessStatus(client.request('DELETE', path), 404);
    }
  };

  control.on('deployments', ({ type, object }) => {
    if (type !== 'deleted') queue.add(keyOf(object));
  });
  control.on('replicaSets', ({ object }) => {
    const owner = controllerOf(object);
    if (owner?.kind === 'Deployment') queue.add(`${object.metadata.namespace}/${owner.name}`);
  });
}

function counted(set: ReplicaSet): Counted {
  return { set, wanted: set.spec.replicas ?? 1, available: set.status?.availableReplicas ?? 0 };
}

/** @see pkg/controller/deployment/sync.go, calculateStatus; progress.go, syncRolloutStatus */
function statusOf(
  deployment: Deployment,
  fresh: ReplicaSet,
  old: readonly ReplicaSet[],
  now: string,
): Readonly<Record<string, unknown>> {
  const wanted = deployment.spec.replicas ?? 1;
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas'): number =>
    [fresh, ...old].reduce((total, set) => total + (set.status?.[field] ?? 0), 0);
  const available = sum('availableReplicas');
  const updated = fresh.status?.replicas ?? 0;
  const complete = updated === wanted && sum('replicas') === wanted && available >= wanted;
  const unavailable = Math.max(0, Math.max(wanted, sum('replicas')) - available);
  const name = fresh.metadata.name;
  const enough = available >= wanted - Math.floor(wanted / 4);
  return {
    observedGeneration: deployment.metadata.generation ?? 1,
    replicas: sum('replicas'),
    updatedReplicas: updated,
    readyReplicas: sum('readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: unavailable,
    conditions: [
      condition(
        deployment,
        now,
        'Available',
        enough,
        enough ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
        enough ? 'Deployment has minimum availability.' : 'Deployment does not have minimum availability.',
      ),
      condition(
        deployment,
        now,
        'Progressing',
        true,
        complete ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
        complete
          ? `ReplicaSet "${name}" has successfully progressed.`
          : `ReplicaSet "${name}" is progressing.`,
      ),
    ],
  };
}

function condition(
  deployment: Deployment,
  now: string,
  type: string,
  holds: boolean,
  reason: string,
  message: string,
): Condition {
  const status = holds ? 'True' : 'False';
  const before = conditionOf(deployment.status?.conditions, type);
  const changed = before?.status !== status;
  const said = before?.reason !== reason || before.message !== message;
  return {
    type,
    status,
    lastUpdateTime: said ? now : (before.lastUpdateTime ?? now),
    lastTransitionTime: changed ? now : (before.lastTransitionTime ?? now),
    reason,
    message,
  };
}

/** For comparison: a status whose times alone differ is the same; fields in a fixed order, zeros as if absent. */
function withoutTimes(status: Deployment['status']): unknown {
  const fields = [
    'observedGeneration',
    'replicas',
    'updatedReplicas',
    'readyReplicas',
    'availableReplicas',
    'unavailableReplicas',
  ];
  return [
    ...fields.map((field) => status?.[field] ?? 0),
    ...(status?.conditions ?? []).map(({ type, status: value, reason, message }) => [
      type,
      value,
      reason,
      message,
    ]),
  ];
}
