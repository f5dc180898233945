/**
 * What in the cluster suffers: read from the API server's objects as the admin, and, where a connection fails,
 * from who depends on it.
 */
import { type ApiClient, createApiClient } from '../components/api/client.ts';
import type { Deployment, Node, Pod } from '../components/api/kinds.ts';
import type { ChannelState } from './channel.ts';
import type { Cluster } from './cluster.ts';
import { CONFIG_PATHS } from './config-files.ts';

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
}

/** Sentences about what suffers, the most telling first. */
export async function consequencesOf(cluster: Cluster): Promise<readonly string[]> {
  return (await sufferingOf(cluster)).consequences;
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
  const { troubles, badges } = await readWorkload(cluster);
  return { consequences: [...new Set([...stopped, ...broken, ...troubles])], badges };
}

/** Ask the API server about pods, nodes and deployment web. */
export async function readWorkload(cluster: Cluster): Promise<Workload> {
  const client = adminClient(cluster);
  try {
    const query = { timeoutSeconds: '2' };
    const [pods, nodes, deployments] = await Promise.all([
      client.request<{ items: Pod[] }>('GET', '/api/v1/pods', undefined, { query, timeoutMs: ASK_MS }),
      client.request<{ items: Node[] }>('GET', '/api/v1/nodes', undefined, { query, timeoutMs: ASK_MS }),
      client.request<{ items: Deployment[] }>('GET', '/apis/apps/v1/deployments', undefined, {
        query,
        timeoutMs: ASK_MS,
      }),
    ]);
    const web = deployments.items.find(({ metadata }) => metadata.name === 'web');
    return {
      web: web ? { wanted: web.spec.replicas ?? 1, running: ready(web) } : null,
      troubles: [
        ...pods.items.flatMap(podTrouble),
        ...nodes.items.flatMap(nodeTrouble),
        ...deployments.items.flatMap(deploymentTrouble),
      ],
      badges: badgesOf(pods.items, nodes.items),
    };
  } catch {
    // The connection's own row says why; there is nothing more to know.
    return { web: null, troubles: [], badges: [] };
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
export function costOf(channel: ChannelState): string {
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
  return [`pod ${pod.metadata.namespace}/${pod.metadata.name} is ${phase}: ${why}`];
}

function nodeTrouble(node: Node): string[] {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  if (ready?.status === 'True') return [];
  const why = ready?.message ?? 'it has not reported yet';
  return [`node ${node.metadata.name} is NotReady: ${why}`];
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
