/** Nodes in a whole cluster, over real sockets: pods run, and each part that stops costs what it should. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  conditionOf,
  type Deployment,
  type Lease,
  type Node,
  type Pod,
} from '../../../components/api/kinds.ts';
import { RULES_PATH } from '../../../components/kube-proxy/component.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

// A loaded machine is slow; what is awaited is awaited by condition.
vi.setConfig({ testTimeout: 60_000 });

let cluster: WholeCluster;
beforeAll(async () => {
  cluster = await openWholeCluster({ workers: 2 });
}, 120_000);
afterAll(() => cluster?.close());

function deployment(name: string, replicas: number, image = 'nginx:1.27'): unknown {
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { containers: [{ name: 'web', image, ports: [{ containerPort: 80 }] }] },
      },
    },
  };
}

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments';
const PODS = '/api/v1/namespaces/default/pods';
const podsOf = async (app: string): Promise<readonly Pod[]> =>
  (await cluster.admin.list<Pod>(PODS, { labelSelector: `app=${app}` })).items;
const running = async (app: string, count: number): Promise<readonly Pod[] | false> => {
  const pods = await podsOf(app);
  const ready = pods.filter((pod) => conditionOf(pod.status?.conditions, 'Ready')?.status === 'True');
  return ready.length === count && pods.length === count ? pods : false;
};
const readyOf = async (node: string): Promise<string | undefined> =>
  conditionOf((await cluster.admin.request<Node>('GET', `/api/v1/nodes/${node}`)).status?.conditions, 'Ready')
    ?.status;
const newImage = (pods: readonly Pod[]): boolean =>
  pods.every((pod) => pod.spec.containers[0]?.image === 'nginx:1.28');
const scale = (name: string, replicas: number): Promise<unknown> =>
  cluster.admin.request(
    'PATCH',
    `${DEPLOYMENTS}/${name}`,
    { spec: { replicas } },
    { contentType: 'application/merge-patch+json' },
  );

describe('a healthy cluster', () => {
  test('registers its nodes with their port, address and lease', async () => {
    const node = await eventually('worker-1 is there', () =>
      cluster.admin.request<Node>('GET', '/api/v1/nodes/worker-1'),
    );
    expect(node.status?.addresses).toContainEqual({ type: 'Hostname', address: 'worker-1' });
    expect(node.status?.daemonEndpoints?.kubeletEndpoint.Port).toBe(
      cluster.running('kubelet@worker-1').endpoint?.port,
    );
    const path = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/worker-1';
    const before = await eventually('its lease is there', () => cluster.admin.request<Lease>('GET', path));
    await eventually('the lease is renewed', async () => {
      const now = await cluster.admin.request<Lease>('GET', path);
      return now.spec?.renewTime !== before.spec?.renewTime;
    });
  });

  test('brings a deployment of three replicas to Running, spread over the nodes', async () => {
    await cluster.admin.request('POST', DEPLOYMENTS, deployment('web', 3));
    const pods = await eventually('three pods run', () => running('web', 3));
    expect(new Set(pods.map((pod) => pod.spec.nodeName))).toEqual(new Set(['worker-1', 'worker-2']));
    expect(new Set(pods.map((pod) => pod.status?.podIP)).size).toBe(3);
    for (const pod of pods) expect(pod.metadata.name).toMatch(/^web-[a-z0-9]{5,10}-[a-z0-9]{5}$/);
    await eventually('the deployment says so', async () => {
      const { status } = await cluster.admin.request<Deployment>('GET', `${DEPLOYMENTS}/web`);
      return (
        status?.['availableReplicas'] === 3 &&
        conditionOf(status.conditions, 'Progressing')?.reason === 'NewReplicaSetAvailable'
      );
    });
  });

  test('gives the service its endpoints, and every kube-proxy its rules', async () => {
    const spec = { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 80 }] };
    await cluster.admin.request('POST', '/api/v1/namespaces/default/services', {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web' },
      spec,
    });
    const pods = await podsOf('web');
    for (const worker of ['worker-1', 'worker-2']) {
      await eventually(`rules of ${worker}`, () => {
        const rules = readFileSync(cluster.host(worker).path(RULES_PATH), 'utf8');
        return pods.every((pod) => rules.includes(`--to-destination ${pod.status?.podIP}:80`));
      });
    }
  });

  test('rolls a new image out without losing the old pods first', async () => {
    const before = await podsOf('web');
    const containers = [{ name: 'web', image: 'nginx:1.28' }];
    const patch = { spec: { template: { spec: { containers } } } };
    await cluster.admin.request('PATCH', `${DEPLOYMENTS}/web`, patch, {
      contentType: 'application/strategic-merge-patch+json',
    });
    const after = await eventually('the new pods run alone', async () => {
      const pods = await running('web', 3);
      return pods && newImage(pods) ? pods : false;
    });
    expect(after.some((pod) => before.some((old) => old.metadata.uid === pod.metadata.uid))).toBe(false);
    const { metadata } = await cluster.admin.request<Deployment>('GET', `${DEPLOYMENTS}/web`);
    expect(metadata.annotations?.['deployment.kubernetes.io/revision']).toBe('2');
  });

  test('replaces a pod that is deleted, and removes all when the deployment goes', async () => {
    await cluster.admin.request('POST', DEPLOYMENTS, deployment('gone', 2));
    const [first] = await eventually('two pods run', () => running('gone', 2));
    await cluster.admin.request('DELETE', `${PODS}/${first?.metadata.name}`);
    await eventually('another takes its place', async () => {
      const pods = await running('gone', 2);
      return pods && !pods.some((pod) => pod.metadata.uid === first?.metadata.uid);
    });
    await cluster.admin.request('DELETE', `${DEPLOYMENTS}/gone`);
    await eventually('no pod is left', async () => (await podsOf('gone')).length === 0);
    const sets = await cluster.admin.list('/apis/apps/v1/namespaces/default/replicasets', {
      labelSelector: 'app=gone',
    });
    expect(sets.items).toEqual([]);
  });

  test('runs a command to its end, and keeps its output', async () => {
    await cluster.admin.request('POST', PODS, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'job' },
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'job', image: 'busybox', command: ['sh', '-c', 'echo done; exit 2'] }],
      },
    });
    const pod = await eventually('it has failed', async () => {
      const found = await cluster.admin.request<Pod>('GET', `${PODS}/job`);
      return found.status?.phase === 'Failed' ? found : false;
    });
    expect(pod.status?.containerStatuses?.[0]?.state.terminated).toMatchObject({
      exitCode: 2,
      reason: 'Error',
    });
  });

  test('empties and removes a namespace', async () => {
    await cluster.admin.request('POST', '/api/v1/namespaces', {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'lab' },
    });
    await eventually('it has its CA', () =>
      cluster.admin.request('GET', '/api/v1/namespaces/lab/configmaps/kube-root-ca.crt'),
    );
    await cluster.admin.request('DELETE', '/api/v1/namespaces/lab');
    await eventually('it is gone', async () => {
      const { items } = await cluster.admin.list('/api/v1/namespaces');
      return !items.some((one) => one.metadata.name === 'lab');
    });
  });
});

describe('a part that stops', () => {
  test('leaves new pods Pending without a scheduler, until it is back', async () => {
    await cluster.stop('kube-scheduler');
    await scale('web', 4);
    const waiting = await eventually('a fourth pod is there', async () => {
      const pods = await podsOf('web');
      return pods.length === 4 ? pods.find((pod) => !pod.spec.nodeName) : false;
    });
    expect(waiting.status?.phase).toBe('Pending');
    await cluster.running('kube-controller-manager').dialNow();
    const still = await cluster.admin.request<Pod>('GET', `${PODS}/${waiting.metadata.name}`);
    expect(still.spec.nodeName ?? '').toBe('');
    await cluster.start('kube-scheduler');
    await eventually('it runs', () => running('web', 4));
  });

  test('makes a node NotReady without its kubelet, taints it, and takes its pods out of service', async () => {
    await cluster.stop('kubelet@worker-2');
    await eventually('worker-2 is Unknown', async () => (await readyOf('worker-2')) === 'Unknown');
    const node = await eventually('worker-2 is tainted', async () => {
      const found = await cluster.admin.request<Node>('GET', '/api/v1/nodes/worker-2');
      return (found.spec?.taints ?? []).length > 0 ? found : false;
    });
    expect(node.spec?.taints).toContainEqual(
      expect.objectContaining({ key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' }),
    );
    expect(conditionOf(node.status?.conditions, 'Ready')).toMatchObject({
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    });
    const lost = await eventually('its pods are not ready', async () => {
      const pods = (await podsOf('web')).filter((pod) => pod.spec.nodeName === 'worker-2');
      return pods.length > 0 &&
        pods.every((pod) => conditionOf(pod.status?.conditions, 'Ready')?.status === 'False')
        ? pods
        : false;
    });
    await eventually('the rules of worker-1 have lost them', () => {
      const rules = readFileSync(cluster.host('worker-1').path(RULES_PATH), 'utf8');
      return lost.every((pod) => !rules.includes(`${pod.status?.podIP}:80`));
    });
    expect(await readyOf('worker-1')).toBe('True');

    await cluster.start('kubelet@worker-2');
    await eventually('worker-2 is Ready again', async () => (await readyOf('worker-2')) === 'True');
    await eventually('its taint is gone', async () => {
      const found = await cluster.admin.request<Node>('GET', '/api/v1/nodes/worker-2');
      return (found.spec?.taints ?? []).length === 0;
    });
    await eventually('all pods are ready again', () => running('web', 4));
  });

  test('goes on with running pods, but makes no new ones, without a controller manager', async () => {
    await cluster.stop('kube-controller-manager');
    await scale('web', 5);
    await cluster.running('kube-scheduler').dialNow();
    expect((await podsOf('web')).length).toBe(4);
    await cluster.start('kube-controller-manager');
    await eventually('five run', () => running('web', 5));
  });
});

test('closes without leaving its port behind', async () => {
  const before = cluster.running('kubelet@worker-1').endpoint?.port ?? 0;
  await cluster.stop('kubelet@worker-1');
  await cluster.start('kubelet@worker-1');
  expect(cluster.running('kubelet@worker-1').endpoint?.port).toBe(before);
  expect(readFileSync(join(cluster.dir, 'hosts/worker-1/var/lib/kubelet/config.yaml'), 'utf8')).toContain(
    String(before),
  );
});
