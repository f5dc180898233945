/** kubectl 1.27, which asks for OpenAPI v2 before it writes. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kubectlFor } from '../../support/kubectl.ts';
import { openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

const OLD = '1.27';
const DEPLOYMENT = (env: string) => `apiVersion: apps/v1
kind: Deployment
metadata: {name: applied}
spec:
  replicas: 0
  selector: {matchLabels: {app: applied}}
  template:
    metadata: {labels: {app: applied}}
    spec:
      containers:
      - {name: web, image: nginx, env: [${env}]}
`;
let cluster: WholeCluster;

beforeAll(async () => {
  cluster = await openWholeCluster({ roundMs: 1_500 });
});

afterAll(() => cluster?.close());

test('applies, and merges lists by their keys', async (context) => {
  const kubectl = kubectlFor(context, cluster.dir, OLD);
  const first = await kubectl(
    ['apply', '-f', '-'],
    DEPLOYMENT('{name: A, value: "1"}, {name: B, value: "2"}'),
  );
  expect(first).toMatchObject({ code: 0, stdout: 'deployment.apps/applied created\n', stderr: '' });
  const second = await kubectl(['apply', '-f', '-'], DEPLOYMENT('{name: B, value: "3"}'));
  expect(second.stdout).toBe('deployment.apps/applied configured\n');
  const found = await kubectl([
    'get',
    'deploy',
    'applied',
    '-o',
    'jsonpath={.spec.template.spec.containers[0].env}',
  ]);
  expect(JSON.parse(found.stdout)).toEqual([{ name: 'B', value: '3' }]);
});

test('creates, and has a field that does not exist refused', async (context) => {
  const kubectl = kubectlFor(context, cluster.dir, OLD);
  const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: made}\ndata: {a: "1"}\n';
  expect((await kubectl(['create', '-f', '-'], map)).stdout).toBe('configmap/made created\n');
  const bad = await kubectl(['create', '-f', '-'], map.replace('\ndata', '\ndato'));
  expect(bad.stderr).toContain('strict decoding error: unknown field "dato"');
});

test('explains a field', async (context) => {
  const kubectl = kubectlFor(context, cluster.dir, OLD);
  const { stdout } = await kubectl(['explain', 'pod.spec.containers.image']);
  expect(stdout).toMatch(/^KIND: +Pod\nVERSION: +v1\n\nFIELD: image <string>/);
});

test('whoami, can-i and get work', async (context) => {
  const kubectl = kubectlFor(context, cluster.dir, OLD);
  expect((await kubectl(['auth', 'whoami'])).stdout).toContain('kubernetes-admin');
  expect((await kubectl(['auth', 'can-i', 'create', 'pods'])).stdout).toBe('yes\n');
  expect((await kubectl(['get', 'nodes'])).stdout).toMatch(/control-plane +Ready/);
});
