/**
 * What in the cluster suffers: read from the API server's objects as the admin, and, where a connection fails,
 * from who depends on it.
 */
import { type ApiClient, createApiClient } from '../components/api/client.ts';
import type { Deployment, Lease, Node, Pod } from '../components/api/kinds.ts';
import type { ChannelState } from './channel.ts';
import type { Cluster } from './cluster.ts';
import { CONFIG_PATHS } from './config-files.ts';
import type { Recovery } from './recovery.ts';

/** A failing connection costs this. `{client}` and `{server}` are its ends. */
const COSTS = [
  {
    client: 'kube-apiserver',
    server: 'etcd',
    text: 'kube-apiserver cannot reach etcd: every read and write of the API fails; running pods go on',
  },
  { client: 'kubectl', server: 'kube-apiserver', text: 'kubectl gets no answer; the cluster itself goes on' },
  {
    client: 'kube-scheduler',
    server: 'kube-apiserver',
    text: 'new pods stay Pending: kube-scheduler cannot work; running pods go on',
  },
  {
    client: 'kube-controller-manager',
    server: 'kube-apiserver',
    text: 'deployments are not carried out and lost pods not replaced: kube-controller-manager cannot work',
  },
  {
    client: 'kube-proxy',
    server: 'kube-apiserver',
    text: '{client} keeps its old rules: changes of services do not arrive on its node',
  },
  {
    client: 'kubelet',
    server: 'kube-apiserver',
    text: '{client} cannot report: its node goes NotReady and gets no new pods; its pods go on',
  },
  {
    client: 'kube-apiserver',
    server: 'kubelet',
    text: 'kubectl logs and exec fail for pods on the node of {server}',
  },
] as const;

/** How long the API server may take to answer. */
const ASK_MS = 2500;

/** What the cluster holds, as far as the admin can read it. */
export interface Workload {
  /** Desired and running pods of deployment web; null when it is not there or cannot be read. */
  readonly web: { readonly wanted: number; readonly running: number } | null;
  readonly troubles: readonly string[];
  readonly badges: readonly Badge[];
  /** False when the API server did not answer. */
  readonly isRead: boolean;
}

/** Something short to stand beside a program: `Pending 3` at the scheduler. */
export interface Badge {
  readonly component: string;
  readonly text: string;
}

/** What suffers, in sentences and beside the programs. */
export interface Suffering {
  readonly consequences: readonly string[];
  readonly badges: readonly Badge[];
  /** What suffered some minutes ago and does no more. */
  readonly recovered: readonly Recovery[];
}

/** What suffers: sentences, the most telling first, and badges. */
export async function sufferingOf(cluster: Cluster): Promise<Suffering> {
  const channels = cluster.channels();
  const broken = channels
    .filter(({ layer, code }) => layer !== 'ok' && (layer !== 'untried' || code !== 'NOT_TRIED'))
    .map(costOf);
  const stopped = cluster
    .states()
    .filter(({ phase }) => phase !== 'running')
    .map(({ id, problem }) => `${id} does not run${problem ? `: ${problem.what}` : ''}`);
  const { troubles, badges, isRead } = await readWorkload(cluster);
  const { recoveries } = cluster.journal;
  recoveries.see('connections', [...stopped, ...broken]);
  // A pod that cannot be looked at has not recovered.
  if (isRead) recoveries.see('objects', troubles);
  return {
    consequences: [...new Set([...stopped, ...broken, ...troubles])],
    badges,
    recovered: recoveries.recent(),
  };
}

/** Ask the API server about pods, nodes, deployment web and the leases of the control plane. */
export async function readWorkload(cluster: Cluster): Promise<Workload> {
  const client = adminClient(cluster);
  try {
    const query = { timeoutSeconds: '2' };
    const [pods, nodes, deployments, leases] = await Promise.all([
      client.request<{ items: Pod[] }>('GET', '/api/v1/pods', undefined, { query, timeoutMs: ASK_MS }),
      client.request<{ items: Node[] }>('GET', '/api/v1/nodes', undefined, { query, timeoutMs: ASK_MS }),
      client.request<{ items: Deployment[] }>('GET', '/apis/apps/v1/deployments', undefined, {
        query,
        timeoutMs: ASK_MS,
      }),
      client.request<{ items: Lease[] }>(
        'GET',
        '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases',
        undefined,
        { query, timeoutMs: ASK_MS },
      ),
    ]);
    const now = cluster.host('control-plane').now();
    const web = deployments.items.find(({ metadata }) => metadata.name === 'web');
    return {
      web: web ? { wanted: web.spec.replicas ?? 1, running: ready(web) } : null,
      troubles: [
        ...pods.items.flatMap(podTrouble),
        ...nodes.items.flatMap(nodeTrouble),
        ...deployments.items.flatMap(deploymentTrouble),
        ...leases.items.flatMap((lease) => leaseTrouble(lease, now)),
      ],
      badges: badgesOf(pods.items, nodes.items),
      isRead: true,
    };
  } catch {
    // The connection's own row says why; there is nothing more to know.
    return { web: null, troubles: [], badges: [], isRead: false };
  } finally {
    await client.close();
  }
}

/** The admin's client, as `kubectl` on the laptop. */
export function adminClient(cluster: Cluster): ApiClient {
  return createApiClient({
    host: cluster.host('laptop'),
    component: 'kubectl',
    kubeconfig: CONFIG_PATHS.kubectl,
    settings: cluster.settings('kubectl'),
    roundMs: ASK_MS,
    log: () => undefined,
  });
}

/** What the failure of this connection costs, in a sentence. */
export function costOf(channel: Pick<ChannelState, 'client' | 'server'>): string {
  const [client, server] = [channel.client, channel.server].map((id) => id.split('@')[0]);
  const cost = COSTS.find((row) => row.client === client && row.server === server);
  return (cost?.text ?? '{client} cannot reach {server}')
    .replace('{client}', channel.client)
    .replace('{server}', channel.server);
}

function badgesOf(pods: readonly Pod[], nodes: readonly Node[]): Badge[] {
  const counts = new Map<string, number>();
  for (const pod of pods) {
    if (podTrouble(pod).length === 0) continue;
    const where = pod.spec.nodeName ? `kubelet@${pod.spec.nodeName}` : 'kube-scheduler';
    counts.set(where, (counts.get(where) ?? 0) + 1);
  }
  return [
    ...[...counts].map(([component, count]) => ({ component, text: `Pending ${count}` })),
    ...nodes
      .filter((node) => nodeTrouble(node).length > 0)
      .map(({ metadata }) => ({ component: `kubelet@${metadata.name}`, text: 'NotReady' })),
  ];
}

function podTrouble(pod: Pod): string[] {
  const phase = pod.status?.phase ?? 'Pending';
  if (phase === 'Running' || phase === 'Succeeded') return [];
  const scheduled = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const why = pod.spec.nodeName
    ? `its kubelet on ${pod.spec.nodeName} has not started it`
    : (scheduled?.message ?? 'no scheduler has bound it to a node');
  const since = sinceText(scheduled?.lastTransitionTime ?? pod.metadata.creationTimestamp);
  return [`pod ${pod.metadata.namespace}/${pod.metadata.name} is ${phase}: ${why}${since}`];
}

function nodeTrouble(node: Node): string[] {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return [];
  const why = ready?.message ?? 'it has not reported yet';
  return [`node ${node.metadata.name} is NotReady: ${why}${sinceText(ready?.lastTransitionTime)}`];
}

/** A leader that does not renew in time leads no more: whoever else runs may take over. */
function leaseTrouble({ metadata, spec }: Lease, now: Date): string[] {
  const { renewTime, leaseDurationSeconds, holderIdentity } = spec ?? {};
  if (!renewTime || !leaseDurationSeconds || !holderIdentity) return [];
  if (now.getTime() - Date.parse(renewTime) <= leaseDurationSeconds * 1000) return [];
  return [`${metadata.name} has lost its lease: not renewed${sinceText(renewTime)}`];
}

/** ` (since 10:02:07 UTC)`, by the cluster's clock: the sentence stays the same while the trouble does. */
function sinceText(rfc3339: string | undefined): string {
  const time = /T(\d\d:\d\d:\d\d)/.exec(rfc3339 ?? '')?.[1];
  return time === undefined ? '' : ` (since ${time} UTC)`;
}

function deploymentTrouble(deployment: Deployment): string[] {
  const { metadata, spec } = deployment;
  const wanted = spec.replicas ?? 1;
  const running = ready(deployment);
  if (running >= wanted) return [];
  return [`deployment ${metadata.namespace}/${metadata.name}: ${running} of ${wanted} pods are ready`];
}

function ready({ status }: Deployment): number {
  const count: unknown = status?.['readyReplicas'];
  return typeof count === 'number' ? count : 0;
}
