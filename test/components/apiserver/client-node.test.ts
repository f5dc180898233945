/** The JavaScript client library of Kubernetes, through the laptop's kubeconfig: lists, watches, executes. */
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { AppsV1Api, CoreV1Api, Exec, KubeConfig, type V1Status, Watch } from '@kubernetes/client-node';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

let cluster: WholeCluster;
let config: KubeConfig;

beforeAll(async () => {
  cluster = await openWholeCluster({ roundMs: 1_500 });
  config = new KubeConfig();
  config.loadFromFile(join(cluster.dir, 'hosts/laptop/.kube/config'));
});
afterAll(() => cluster?.close());

test('lists nodes and creates a namespace', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const nodes = await core.listNode();
  expect(nodes.items.map((node) => node.metadata?.name)).toContain('worker-1');
  await core.createNamespace({ body: { metadata: { name: 'from-a-library' } } });
  const namespaces = await core.listNamespace();
  expect(namespaces.items.map((one) => one.metadata?.name)).toContain('from-a-library');
});

test('an object that does not exist is a 404 with its Status', async () => {
  const apps = config.makeApiClient(AppsV1Api);
  await expect(apps.readNamespacedDeployment({ name: 'nobody', namespace: 'default' })).rejects.toMatchObject(
    {
      code: 404,
      body: expect.stringContaining('deployments.apps \\"nobody\\" not found'),
    },
  );
});

test('watches a config map come and go', async () => {
  const core = config.makeApiClient(CoreV1Api);
  const seen: string[] = [];
  const request = await new Watch(config).watch(
    '/api/v1/namespaces/default/configmaps',
    { fieldSelector: 'metadata.name=watched' },
    (type, object) => seen.push(`${type} ${object.metadata.name}`),
    () => undefined,
  );
  await core.createNamespacedConfigMap({
    namespace: 'default',
    body: { metadata: { name: 'watched' }, data: { a: '1' } },
  });
  await core.deleteNamespacedConfigMap({ name: 'watched', namespace: 'default' });
  await eventually('both events have come', () => seen.length >= 2);
  request.abort();
  expect(seen).toEqual(['ADDED watched', 'DELETED watched']);
});

test('executes a command in a pod, with its output and its exit code', async () => {
  const core = config.makeApiClient(CoreV1Api);
  await core.createNamespacedPod({
    namespace: 'default',
    body: { metadata: { name: 'one' }, spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] } },
  });
  await eventually('the pod runs', async () => {
    const pod = await core.readNamespacedPod({ name: 'one', namespace: 'default' });
    return pod.status?.phase === 'Running';
  });
  const out = new PassThrough();
  let text = '';
  out.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const run = (command: string[]) =>
    new Promise<V1Status>((resolve, reject) => {
      new Exec(config).exec('default', 'one', 'web', command, out, null, null, false, resolve).catch(reject);
    });
  expect((await run(['echo', 'hello'])).status).toBe('Success');
  expect(text).toBe('hello\n');
  const failed = await run(['sh', '-c', 'exit 3']);
  expect(failed.status).toBe('Failure');
  expect(failed.details?.causes).toContainEqual({ reason: 'ExitCode', message: '3' });
});
