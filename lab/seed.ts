/**
 * Something to lose: deployment `web` (2 replicas) and service `web`, made through the admin's kubeconfig, once
 * per etcd store. A user who deletes them is left in peace: a ConfigMap remembers that they were made.
 */
import { isStatus } from '../components/api/api-error.ts';
import type { ApiClient } from '../components/api/client.ts';

const MARKER = '/api/v1/namespaces/kube-system/configmaps';
const LABELS = { app: 'web' } as const;
/** The API server may still be making its namespaces when the first client comes. */
const ATTEMPTS = 20;
const AGAIN_MS = 150;

const OBJECTS = [
  {
    path: '/apis/apps/v1/namespaces/default/deployments',
    body: {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'default', labels: LABELS },
      spec: {
        replicas: 2,
        selector: { matchLabels: LABELS },
        template: {
          metadata: { labels: LABELS },
          spec: { containers: [{ name: 'web', image: 'nginx:1.27', ports: [{ containerPort: 80 }] }] },
        },
      },
    },
  },
  {
    path: '/api/v1/namespaces/default/services',
    body: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web', namespace: 'default', labels: LABELS },
      spec: { selector: LABELS, ports: [{ port: 80, targetPort: 80 }] },
    },
  },
  {
    path: MARKER,
    body: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'mtls-lab', namespace: 'kube-system' },
      data: { seeded: 'web' },
    },
  },
] as const;

/**
 * Make what is missing.
 * @returns whether anything was made; false also when the API server cannot be asked
 */
export async function seedWorkload(client: ApiClient): Promise<boolean> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await seedOnce(client);
    } catch (error) {
      if (!isStatus(error, 404) || attempt >= ATTEMPTS) return false;
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
    }
  }
}

async function seedOnce(client: ApiClient): Promise<boolean> {
  try {
    await client.request('GET', `${MARKER}/mtls-lab`);
    return false;
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
  for (const { path, body } of OBJECTS) {
    try {
      await client.request('POST', path, body);
    } catch (error) {
      if (!isStatus(error, 409)) throw error;
    }
  }
  return true;
}
