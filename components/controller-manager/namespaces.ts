/**
 * Namespaces: what every one gets (a default ServiceAccount, the cluster's CA), and how one is emptied and removed.
 */
import { readFileSync } from 'node:fs';
import type { KubeObject } from '../api/kinds.ts';
import type { Host } from '../host.ts';
import { type Control, type Namespace, unlessStatus } from './control.ts';

interface ResourceList {
  readonly resources?: readonly {
    readonly name: string;
    readonly namespaced: boolean;
    readonly verbs?: readonly string[];
  }[];
}

const AGAIN_MS = 500;

/**
 * Run serviceaccount-controller, root-ca-certificate-publisher-controller and namespace-controller.
 * @param rootCaFile  --root-ca-file, absolute inside the host; empty publishes none
 * @see               pkg/controller/{serviceaccount,certificates/rootcacertpublisher,namespace}
 */
export function startNamespaces(control: Control, host: Host, rootCaFile: string): void {
  const { client, copies } = control;
  const rootCa = rootCaFile === '' ? null : readFileSync(host.path(rootCaFile), 'utf8');

  const queue = control.queue('namespace', async (name) => {
    const namespace = copies.namespaces.get(name);
    if (!namespace) return;
    if (namespace.metadata.deletionTimestamp !== undefined || namespace.status?.phase === 'Terminating') {
      await empty(namespace);
      return;
    }
    await provide(name);
  });

  const provide = async (namespace: string): Promise<void> => {
    const metadata = (name: string) => ({ name, namespace });
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('default') };
    await unlessStatus(
      client.request('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, account),
      409,
    );
    if (rootCa === null) return;
    const published = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: metadata('kube-root-ca.crt'),
      data: { 'ca.crt': rootCa },
    };
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    await unlessStatus(client.request('POST', path, published), 409);
    const now = await client.request<KubeObject & { data?: Record<string, string> }>(
      'GET',
      `${path}/kube-root-ca.crt`,
    );
    if (now.data?.['ca.crt'] === rootCa) return;
    await client.request('PUT', `${path}/kube-root-ca.crt`, { ...now, data: { 'ca.crt': rootCa } });
  };

  /** Delete all content, whatever kinds the API server has; when nothing is left, let the namespace go. */
  const empty = async (namespace: Namespace): Promise<void> => {
    const { name } = namespace.metadata;
    let left = 0;
    for (const path of await collections(name)) {
      const { items } = await client.list(path);
      left += items.length;
      for (const item of items) {
        if (item.metadata.deletionTimestamp !== undefined) continue;
        await unlessStatus(client.request('DELETE', `${path}/${item.metadata.name}`), 404, 405);
      }
    }
    if (left > 0) {
      queue.addLater(name, AGAIN_MS);
      return;
    }
    const spec = { ...namespace.spec, finalizers: [] };
    await unlessStatus(
      client.request('PUT', `/api/v1/namespaces/${name}/finalize`, { ...namespace, spec }),
      404,
      409,
    );
  };

  /** Paths of every namespaced kind that can be listed and deleted. */
  const collections = async (namespace: string): Promise<readonly string[]> => {
    const groups = await client.request<{
      groups?: readonly { preferredVersion?: { groupVersion: string } }[];
    }>('GET', '/apis');
    const versions = (groups.groups ?? []).flatMap((group) => group.preferredVersion?.groupVersion ?? []);
    const roots = ['/api/v1', ...versions.map((version) => `/apis/${version}`)];
    const paths: string[] = [];
    for (const root of roots) {
      const { resources = [] } = await client.request<ResourceList>('GET', root);
      for (const { name, namespaced, verbs = [] } of resources) {
        if (!namespaced || name.includes('/') || !verbs.includes('list') || !verbs.includes('delete'))
          continue;
        paths.push(`${root}/namespaces/${namespace}/${name}`);
      }
    }
    return paths;
  };

  control.on('namespaces', ({ type, object }) => {
    if (type !== 'deleted') queue.add(object.metadata.name);
  });
}
