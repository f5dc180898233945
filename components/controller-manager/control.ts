/**
 * What all controllers share: one client, one set of watches, the question whether this instance leads.
 */
import { messageOf } from '../../certs/errors.ts';
import { isStatus } from '../api/api-error.ts';
import type { ApiClient } from '../api/client.ts';
import type {
  CertificateSigningRequest,
  Deployment,
  EndpointSlice,
  KubeObject,
  Lease,
  Node,
  OwnerReference,
  Pod,
  ReplicaSet,
  Service,
} from '../api/kinds.ts';
import type { Change, Watch } from '../api/reflector.ts';
import { startQueue, type WorkQueue } from './queue.ts';

/** Kinds that the controllers follow: where they are, and Go's name for their type. */
const FOLLOWED = {
  deployments: ['/apis/apps/v1/deployments', '*v1.Deployment'],
  replicaSets: ['/apis/apps/v1/replicasets', '*v1.ReplicaSet'],
  pods: ['/api/v1/pods', '*v1.Pod'],
  nodes: ['/api/v1/nodes', '*v1.Node'],
  leases: ['/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', '*v1.Lease'],
  services: ['/api/v1/services', '*v1.Service'],
  slices: ['/apis/discovery.k8s.io/v1/endpointslices', '*v1.EndpointSlice'],
  namespaces: ['/api/v1/namespaces', '*v1.Namespace'],
  requests: ['/apis/certificates.k8s.io/v1/certificatesigningrequests', '*v1.CertificateSigningRequest'],
} as const;

/** A namespace, as its controller reads it. */
export interface Namespace extends KubeObject {
  readonly spec?: { readonly finalizers?: readonly string[] };
  readonly status?: { readonly phase?: string };
}

interface Kinds {
  deployments: Deployment;
  replicaSets: ReplicaSet;
  pods: Pod;
  nodes: Node;
  leases: Lease;
  services: Service;
  slices: EndpointSlice;
  namespaces: Namespace;
  requests: CertificateSigningRequest;
}

export type Followed = keyof Kinds;

/** What a controller works with. */
export interface Control {
  readonly client: ApiClient;
  readonly roundMs: number;
  leads(): boolean;
  /** The copy of a kind. */
  readonly copies: { readonly [K in Followed]: Watch<Kinds[K]> };
  /** Be told of changes of a kind. */
  on<K extends Followed>(kind: K, listener: (change: Change<Kinds[K]>) => void): void;
  /** A queue that works while this instance leads and its copies are complete. */
  queue(name: string, work: (key: string) => Promise<void>): WorkQueue;
  /** Go on with everything that waits. */
  resume(): void;
  close(): Promise<void>;
}

/** Start following; the controllers register before the first list arrives. */
export function startControl(client: ApiClient, roundMs: number, leads: () => boolean): Control {
  const listeners = new Map<Followed, ((change: Change<KubeObject>) => void)[]>();
  const queues: WorkQueue[] = [];
  const follow = <K extends Followed>(kind: K): Watch<Kinds[K]> => {
    const [path, type] = FOLLOWED[kind];
    return client.watch<Kinds[K]>(path, {
      type,
      onChange: (change) => {
        for (const listener of listeners.get(kind) ?? []) listener(change as Change<KubeObject>);
      },
    });
  };
  const copies = {
    deployments: follow('deployments'),
    replicaSets: follow('replicaSets'),
    pods: follow('pods'),
    nodes: follow('nodes'),
    leases: follow('leases'),
    services: follow('services'),
    slices: follow('slices'),
    namespaces: follow('namespaces'),
    requests: follow('requests'),
  };
  const ready = (): boolean => leads() && Object.values(copies).every((copy) => copy.synced());
  return {
    client,
    roundMs,
    leads,
    copies,
    on: (kind, listener) => {
      const all = listeners.get(kind) ?? [];
      all.push(listener as (change: Change<KubeObject>) => void);
      listeners.set(kind, all);
    },
    queue: (name, work) => {
      const queue = startQueue(
        work,
        () => !ready(),
        (key, error) => {
          // A conflict is no news: the copy was old, and the next try has a newer one.
          if (isStatus(error, 409) || isStatus(error, 404)) return;
          client.klog('E', 'controller.go:144', 'Unhandled Error', {
            err: `${name}: syncing "${key}" failed: ${messageOf(error)}`,
            logger: 'UnhandledError',
          });
        },
      );
      queues.push(queue);
      return queue;
    },
    resume: () => {
      for (const queue of queues) queue.retry();
    },
    close: async () => {
      await Promise.all(queues.map((queue) => queue.close()));
    },
  };
}

/** A reference that makes an object the controller of another. */
export function ownedBy(owner: KubeObject, apiVersion: string, kind: string): OwnerReference {
  const { name, uid = '' } = owner.metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** The controller of an object, when it has one. */
export function controllerOf(object: KubeObject): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((one) => one.controller === true);
}

/** Ignore that something is there already, or gone already. */
export async function unlessStatus(work: Promise<unknown>, ...statuses: readonly number[]): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!statuses.some((status) => isStatus(error, status))) throw error;
  }
}
