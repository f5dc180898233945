/**
 * Who dials whom, and what each end shows: one table, unfolded over the workers.
 *
 * With one worker there are seven connections. The order is that of the screens: first what everything else
 * hangs on.
 */
import type { ComponentName, InstanceId } from '../components/component.ts';

/** One running program of the cluster. */
export interface Instance {
  /** `kube-scheduler`, `kubelet@worker-1`. */
  readonly id: InstanceId;
  readonly component: ComponentName;
  /** The folder under hosts/. */
  readonly host: string;
}

/** One connection of the cluster. */
export interface Channel {
  /** `kube-scheduler->kube-apiserver`. */
  readonly id: string;
  readonly client: InstanceId;
  readonly server: InstanceId;
  /** What the client shows: an identity id, `kubelet-client@worker-1` for a worker's own. */
  readonly clientIdentity: string;
  /** What the server shows. */
  readonly serverIdentity: string;
}

/** What the topology depends on, from lab.yaml. */
export interface TopologyChoices {
  readonly workers: readonly string[];
  /** `reuse`: the API server shows apiserver.crt as a client too, as the seed does. */
  readonly apiserverClient: 'dedicated' | 'reuse';
}

/** Where each program runs; `worker` is every worker. */
const PLACES = [
  { component: 'etcd', on: 'control-plane' },
  { component: 'kube-apiserver', on: 'control-plane' },
  { component: 'kubectl', on: 'laptop' },
  { component: 'kube-scheduler', on: 'control-plane' },
  { component: 'kube-controller-manager', on: 'control-plane' },
  { component: 'kube-proxy', on: 'worker' },
  { component: 'kubelet', on: 'worker' },
] as const satisfies readonly { component: ComponentName; on: string }[];

/** Who dials whom. Identities marked per worker carry the worker's name. */
const DIALS = [
  { client: 'kube-apiserver', shows: 'apiserver-etcd-client', server: 'etcd', serves: 'etcd-server' },
  { client: 'kubectl', shows: 'admin', server: 'kube-apiserver', serves: 'apiserver' },
  { client: 'kube-scheduler', shows: 'scheduler', server: 'kube-apiserver', serves: 'apiserver' },
  {
    client: 'kube-controller-manager',
    shows: 'controller-manager',
    server: 'kube-apiserver',
    serves: 'apiserver',
  },
  { client: 'kube-proxy', shows: 'kube-proxy', server: 'kube-apiserver', serves: 'apiserver' },
  { client: 'kubelet', shows: 'kubelet-client', server: 'kube-apiserver', serves: 'apiserver' },
  { client: 'kube-apiserver', shows: 'apiserver-kubelet-client', server: 'kubelet', serves: 'kubelet' },
] as const satisfies readonly {
  client: ComponentName;
  shows: string;
  server: ComponentName;
  serves: string;
}[];

const WORKER_PROGRAMS: readonly string[] = PLACES.filter(({ on }) => on === 'worker').map(
  ({ component }) => component,
);
const PER_WORKER_IDENTITIES: readonly string[] = ['kubelet', 'kubelet-client'];
const REPLACED_BY_REUSE: readonly string[] = ['apiserver-etcd-client', 'apiserver-kubelet-client'];

/** Every program, in the order in which it is shown. */
export function instancesOf(workers: readonly string[]): Instance[] {
  return PLACES.flatMap(({ component, on }): Instance[] =>
    on === 'worker'
      ? workers.map((host) => ({ id: `${component}@${host}`, component, host }))
      : [{ id: component, component, host: on }],
  );
}

/** Every connection, in the order in which it is shown. */
export function channelsOf({ workers, apiserverClient }: TopologyChoices): Channel[] {
  return DIALS.flatMap(({ client, shows, server, serves }) => {
    const onWorker = WORKER_PROGRAMS.includes(client) || WORKER_PROGRAMS.includes(server);
    const shown = apiserverClient === 'reuse' && REPLACED_BY_REUSE.includes(shows) ? 'apiserver' : shows;
    return (onWorker ? workers : [undefined]).map((worker) => {
      const from = instanceId(client, worker);
      const to = instanceId(server, worker);
      return {
        id: channelId(from, to),
        client: from,
        server: to,
        clientIdentity: identityId(shown, worker),
        serverIdentity: identityId(serves, worker),
      };
    });
  });
}

/** The id of a connection from its two ends. */
export function channelId(client: InstanceId, server: InstanceId): string {
  return `${client}->${server}`;
}

function instanceId(component: string, worker: string | undefined): InstanceId {
  return worker !== undefined && WORKER_PROGRAMS.includes(component) ? `${component}@${worker}` : component;
}

function identityId(identity: string, worker: string | undefined): string {
  return worker !== undefined && PER_WORKER_IDENTITIES.includes(identity)
    ? `${identity}@${worker}`
    : identity;
}
