/**
 * garbage-collector-controller: what was owned by an object that is gone goes too; `--cascade=foreground` and
 * `--cascade=orphan` are finalizers that it resolves.
 */
import type { KubeObject } from '../api/kinds.ts';
import { type Control, type Followed, unlessStatus } from './control.ts';

/** Kinds that own, and kinds that are owned; enough for what the lab's controllers make. */
const OWNERS = ['deployments', 'replicaSets', 'services', 'nodes'] as const satisfies readonly Followed[];

interface Dependent {
  readonly path: (object: KubeObject) => string;
  readonly kind: Followed;
}

const DEPENDENTS: readonly Dependent[] = [
  {
    kind: 'replicaSets',
    path: ({ metadata }) => `/apis/apps/v1/namespaces/${metadata.namespace}/replicasets/${metadata.name}`,
  },
  { kind: 'pods', path: ({ metadata }) => `/api/v1/namespaces/${metadata.namespace}/pods/${metadata.name}` },
  {
    kind: 'slices',
    path: ({ metadata }) =>
      `/apis/discovery.k8s.io/v1/namespaces/${metadata.namespace}/endpointslices/${metadata.name}`,
  },
  {
    kind: 'leases',
    path: ({ metadata }) =>
      `/apis/coordination.k8s.io/v1/namespaces/${metadata.namespace}/leases/${metadata.name}`,
  },
];

const PATHS: Readonly<Record<(typeof OWNERS)[number], (object: KubeObject) => string>> = {
  deployments: ({ metadata }) =>
    `/apis/apps/v1/namespaces/${metadata.namespace}/deployments/${metadata.name}`,
  replicaSets: ({ metadata }) =>
    `/apis/apps/v1/namespaces/${metadata.namespace}/replicasets/${metadata.name}`,
  services: ({ metadata }) => `/api/v1/namespaces/${metadata.namespace}/services/${metadata.name}`,
  nodes: ({ metadata }) => `/api/v1/nodes/${metadata.name}`,
};

const FOREGROUND = 'foregroundDeletion';
const ORPHAN = 'orphan';
const MERGE = { contentType: 'application/merge-patch+json' };
const AGAIN_MS = 200;

/**
 * Run the controller.
 * @see pkg/controller/garbagecollector/garbagecollector.go, attemptToDeleteItem
 */
export function startGarbageCollector(control: Control): void {
  const { client, copies } = control;

  const dependents = (uid: string): readonly { readonly object: KubeObject; readonly path: string }[] =>
    DEPENDENTS.flatMap(({ kind, path }) =>
      (copies[kind].list() as readonly KubeObject[])
        .filter((object) => object.metadata.ownerReferences?.some((one) => one.uid === uid))
        .map((object) => ({ object, path: path(object) })),
    );

  /** Keys are UIDs of owners that are gone, or that wait for their dependents. */
  const queue = control.queue('garbage_collector', async (uid) => {
    const owner = waiting.get(uid);
    const all = dependents(uid);
    if (owner?.finalizer === ORPHAN) {
      for (const { object, path } of all) {
        const ownerReferences = object.metadata.ownerReferences?.filter((one) => one.uid !== uid) ?? [];
        await unlessStatus(client.request('PATCH', path, { metadata: { ownerReferences } }, MERGE), 404);
      }
    } else {
      const options = owner ? { propagationPolicy: 'Foreground' } : { propagationPolicy: 'Background' };
      const body = { apiVersion: 'v1', kind: 'DeleteOptions', ...options };
      for (const { object, path } of all) {
        if (object.metadata.deletionTimestamp !== undefined) continue;
        await unlessStatus(client.request('DELETE', path, body), 404);
      }
      if (owner && all.length > 0) {
        queue.addLater(uid, AGAIN_MS);
        return;
      }
    }
    if (!owner) return;
    const current = await client.request<KubeObject>('GET', owner.path);
    if (current.metadata.uid !== uid) return;
    const finalizers = (current.metadata.finalizers ?? []).filter((one) => one !== owner.finalizer);
    await unlessStatus(client.request('PATCH', owner.path, { metadata: { finalizers } }, MERGE), 404);
    waiting.delete(uid);
  });
  const waiting = new Map<string, { readonly path: string; readonly finalizer: string }>();

  for (const kind of OWNERS) {
    control.on(kind, ({ type, object }) => {
      const { uid = '', finalizers = [], deletionTimestamp } = object.metadata;
      if (type === 'deleted') {
        waiting.delete(uid);
        queue.add(uid);
        return;
      }
      const finalizer = [FOREGROUND, ORPHAN].find((one) => finalizers.includes(one));
      if (deletionTimestamp === undefined || finalizer === undefined) return;
      waiting.set(uid, { path: PATHS[kind](object), finalizer });
      queue.add(uid);
    });
  }
  /** An owner that went before its dependent came: looked at when the dependent is first seen. */
  for (const kind of ['replicaSets', 'pods', 'slices'] as const) {
    control.on(kind, ({ type, object }) => {
      if (type !== 'added') return;
      for (const { kind: ownerKind, uid, name } of object.metadata.ownerReferences ?? []) {
        const owners = OWNED_KINDS[ownerKind];
        if (!owners || !copies[owners].synced()) continue;
        const key = owners === 'nodes' ? name : `${object.metadata.namespace}/${name}`;
        if (copies[owners].get(key)?.metadata.uid !== uid) confirmGone(owners, object, name, uid);
      }
    });
  }

  /** The copy may be behind: only the API server knows. */
  const confirmGone = (
    kind: (typeof OWNERS)[number],
    dependent: KubeObject,
    name: string,
    uid: string,
  ): void => {
    const { namespace } = dependent.metadata;
    const path = PATHS[kind]({ metadata: { name, ...(namespace === undefined ? {} : { namespace }) } });
    client.request<KubeObject>('GET', path).then(
      (found) => {
        if (found.metadata.uid !== uid) queue.add(uid);
      },
      (error: unknown) => {
        if (error instanceof Error && 'status' in error && error.status === 404) queue.add(uid);
      },
    );
  };
}

const OWNED_KINDS: Readonly<Record<string, (typeof OWNERS)[number]>> = {
  Deployment: 'deployments',
  ReplicaSet: 'replicaSets',
  Service: 'services',
  Node: 'nodes',
};
