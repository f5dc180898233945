/**
 * Where a node's kubelet is, and dialling it with the API server's own client certificate.
 *
 * @see k8s.io/kubernetes pkg/kubelet/client/kubelet_client.go (NodeConnectionInfoGetter)
 */
import { type KubeObject, listAt, numberAt, textAt } from '../api/object.ts';
import { etcdFolder, resource } from '../api/resources.ts';
import { StatusError } from '../api/status.ts';
import { type Connection, type DialOptions, dial, HandshakeError } from '../tls/client.ts';
import type { ApiServer } from './server-context.ts';

const NODES = resource('', 'nodes');
const DEFAULT_PORT = 10_250;

/** A kubelet that can be dialled. */
export interface KubeletAddress {
  readonly node: string;
  /** `worker-1:10250`, as URLs show it. */
  readonly authority: string;
}

/** The address of a node's kubelet, by --kubelet-preferred-address-types. */
export async function kubeletOf(api: ApiServer, node: string): Promise<KubeletAddress> {
  const object = await api.store.get({ resource: NODES, namespace: '', name: node });
  return addressOf(api, object);
}

function addressOf(api: ApiServer, node: KubeObject): KubeletAddress {
  const { name = '' } = node.metadata;
  const known = listAt(node, 'status', 'addresses');
  if (isOwnNode(api, name)) {
    throw new StatusError(
      500,
      '',
      `no kubelet runs on ${name} in this lab: its pods are the programs of the control plane`,
    );
  }
  for (const type of api.flags['kubelet-preferred-address-types']) {
    const found = known.find((one) => textAt(one, 'type') === type);
    if (!found) continue;
    const port = numberAt(node, ['status', 'daemonEndpoints', 'kubeletEndpoint', 'Port'], DEFAULT_PORT);
    return { node: name, authority: `${textAt(found, 'address')}:${port}` };
  }
  const addresses = known.map((one) => `${textAt(one, 'type')}:${textAt(one, 'address')}`);
  throw new StatusError(500, '', `no preferred addresses found; known addresses: [${addresses.join(' ')}]`);
}

/** The machine on which this API server runs: it has no kubelet. */
export function isOwnNode(api: ApiServer, node: string): boolean {
  return node === api.context.host.name;
}

/** Every registered kubelet. */
export function knownKubelets(api: ApiServer): KubeletAddress[] {
  return api.store.cache.list(etcdFolder(NODES)).flatMap(({ object }) => {
    if (isOwnNode(api, object.metadata.name ?? '')) return [];
    try {
      return [addressOf(api, object)];
    } catch {
      return [];
    }
  });
}

/** How a kubelet is dialled: verified only when --kubelet-certificate-authority says by whom. */
export function kubeletDialOptions({ context, flags }: ApiServer, kubelet: KubeletAddress): DialOptions {
  const ca = flags['kubelet-certificate-authority'];
  return {
    host: context.host,
    component: context.id,
    server: `kubelet@${kubelet.node}`,
    settings: context.settings,
    url: `https://${kubelet.authority}`,
    ...(ca ? { ca: { file: ca } } : { insecure: true }),
    ...(flags['kubelet-client-certificate'] ? { cert: { file: flags['kubelet-client-certificate'] } } : {}),
    ...(flags['kubelet-client-key'] ? { key: { file: flags['kubelet-client-key'] } } : {}),
    alpn: ['http/1.1'],
  };
}

/** Dial a kubelet; rejects with HandshakeError or LabError. */
export function dialKubelet(api: ApiServer, kubelet: KubeletAddress): Promise<Connection> {
  return dial(kubeletDialOptions(api, kubelet));
}

/** Go's words for why a kubelet cannot be talked to. */
export function dialText(error: unknown, connection?: Connection): string {
  const refusal = connection?.refused() ?? undefined;
  if (refusal) return refusal.clientText;
  for (let here: unknown = error; here instanceof Error; here = here.cause) {
    if (here instanceof HandshakeError) return here.clientText;
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ECONNRESET') return 'EOF';
  return error instanceof Error ? error.message : String(error);
}
