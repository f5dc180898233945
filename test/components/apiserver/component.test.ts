/** The API server over real mutual TLS, on the mock etcd. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type TestCluster, until } from '../../support/cluster.ts';

interface Listed {
  readonly items: readonly { readonly metadata: { readonly name: string } }[];
}

let cluster: TestCluster;
const MAPS = '/api/v1/namespaces/default/configmaps';
const names = (body: Listed): string[] => body.items.map((one) => one.metadata.name);

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster?.close());

test('creates the four namespaces and the RBAC defaults', async () => {
  const { body } = await cluster.call('admin', 'GET', '/api/v1/namespaces');
  expect(names(body)).toEqual(['default', 'kube-node-lease', 'kube-public', 'kube-system']);
  const role = await cluster.call(
    'admin',
    'GET',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin',
  );
  expect(role.status).toBe(200);
});

test('stores, changes, lists and deletes an object', async () => {
  const made = await cluster.call('admin', 'POST', MAPS, { metadata: { name: 'one' }, data: { a: '1' } });
  expect(made.status).toBe(201);
  const again = await cluster.call('admin', 'POST', MAPS, { metadata: { name: 'one' } });
  expect(again.body).toMatchObject({
    reason: 'AlreadyExists',
    code: 409,
    message: 'configmaps "one" already exists',
  });
  const changed = await cluster.call('admin', 'PUT', `${MAPS}/one`, { ...made.body, data: { a: '2' } });
  expect(changed.status).toBe(200);
  const stale = await cluster.call('admin', 'PUT', `${MAPS}/one`, { ...made.body, data: { a: '3' } });
  expect(stale.body).toMatchObject({ reason: 'Conflict', code: 409 });
  expect((await cluster.call('admin', 'GET', `${MAPS}/one`)).body.data).toEqual({ a: '2' });
  expect((await cluster.call('admin', 'DELETE', `${MAPS}/one`)).body.status).toBe('Success');
  expect((await cluster.call('admin', 'GET', `${MAPS}/one`)).status).toBe(404);
});

test('a list sees every write that was acknowledged before it', async () => {
  for (let at = 0; at < 20; at++) {
    await cluster.call('admin', 'POST', MAPS, { metadata: { name: `seen-${at}`, labels: { seen: '' } } });
    const { body } = await cluster.call('admin', 'GET', `${MAPS}?labelSelector=seen`);
    expect(body.items).toHaveLength(at + 1);
  }
  await cluster.call('admin', 'DELETE', `${MAPS}?labelSelector=seen`);
  expect((await cluster.call('admin', 'GET', `${MAPS}?labelSelector=seen`)).body.items).toEqual([]);
});

test('pages of a list are of one moment', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    await cluster.call('admin', 'POST', MAPS, { metadata: { name: `page-${name}`, labels: { page: '' } } });
  }
  const first = await cluster.call('admin', 'GET', `${MAPS}?labelSelector=page&limit=2`);
  expect(names(first.body)).toEqual(['page-a', 'page-b']);
  await cluster.call('admin', 'DELETE', `${MAPS}/page-c`);
  const token = encodeURIComponent(first.body.metadata.continue);
  const second = await cluster.call('admin', 'GET', `${MAPS}?labelSelector=page&limit=2&continue=${token}`);
  expect(names(second.body)).toEqual(['page-c', 'page-d']);
  expect(second.body.metadata.resourceVersion).toBe(first.body.metadata.resourceVersion);
  await cluster.call('admin', 'DELETE', `${MAPS}?labelSelector=page`);
});

test('generateName finds a name of its own', async () => {
  const made = await cluster.call('admin', 'POST', MAPS, { metadata: { generateName: 'some-' } });
  expect(made.body.metadata.name).toMatch(/^some-[a-z0-9]{5}$/);
  await cluster.call('admin', 'DELETE', `${MAPS}/${made.body.metadata.name}`);
});

test('a finalizer holds an object until it is taken away', async () => {
  await cluster.call('admin', 'POST', MAPS, { metadata: { name: 'held', finalizers: ['lab.example/hold'] } });
  const begun = await cluster.call('admin', 'DELETE', `${MAPS}/held`);
  expect(begun.body.metadata.deletionTimestamp).toMatch(/^\d{4}-/);
  expect((await cluster.call('admin', 'GET', `${MAPS}/held`)).status).toBe(200);
  const patch = [{ op: 'remove', path: '/metadata/finalizers' }];
  await cluster.call('admin', 'PATCH', `${MAPS}/held`, patch, {
    'content-type': 'application/json-patch+json',
  });
  expect((await cluster.call('admin', 'GET', `${MAPS}/held`)).status).toBe(404);
});

test('a lease that is PUT before it exists is created', async () => {
  const path = '/apis/coordination.k8s.io/v1/namespaces/default/leases/mine';
  const lease = { metadata: { name: 'mine' }, spec: { holderIdentity: 'me' } };
  expect((await cluster.call('admin', 'PUT', path, lease)).status).toBe(201);
  expect((await cluster.call('admin', 'PUT', path, lease)).status).toBe(200);
});

/** Bodies that cannot be stored, and the real words for them. */
test.for([
  [
    'POST',
    MAPS,
    { metadata: { name: 'Bad_Name' } },
    422,
    /ConfigMap "Bad_Name" is invalid: metadata\.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain/,
  ],
  ['POST', MAPS, {}, 422, /metadata\.name: Required value: name or generateName is required/],
  ['POST', MAPS, 'not json', 400, /json parse error/],
  [
    'POST',
    MAPS,
    { kind: 'Pod', metadata: { name: 'x' } },
    400,
    /Pod in version "v1" cannot be handled as a ConfigMap/,
  ],
  [
    'POST',
    MAPS,
    { apiVersion: 'v2', metadata: { name: 'x' } },
    400,
    /the API version in the data \(v2\) does not match the expected API version \(v1\)/,
  ],
  [
    'POST',
    MAPS,
    { metadata: { name: 'x', namespace: 'other' } },
    400,
    /the namespace of the provided object does not match/,
  ],
  [
    'POST',
    '/api/v1/namespaces/nope/configmaps',
    { metadata: { name: 'x' } },
    404,
    /namespaces "nope" not found/,
  ],
  [
    'POST',
    '/api/v1/namespaces/default/pods',
    { metadata: { name: 'x' }, spec: { containers: [{ name: 'a' }] } },
    422,
    /spec\.containers\[0\]\.image: Required value/,
  ],
  [
    'POST',
    '/apis/apps/v1/namespaces/default/deployments',
    { metadata: { name: 'x' }, spec: {} },
    422,
    /spec\.selector: Required value/,
  ],
  ['PATCH', `${MAPS}/kube`, {}, 415, /the body of the request was in an unknown format/],
  [
    'DELETE',
    '/api/v1/namespaces/kube-system',
    undefined,
    403,
    /namespaces "kube-system" is forbidden: this namespace may not be deleted/,
  ],
  ['GET', '/api/v1/nonsense', undefined, 404, /404 page not found/],
  ['GET', '/nonsense', undefined, 404, /404 page not found/],
  ['POST', '/version', {}, 405, /the server does not allow this method/],
] as const)('%s %s %o is answered with %s', async ([method, path, body, status, text]) => {
  const answer = await cluster.call('admin', method, path, body);
  expect(answer.status).toBe(status);
  expect(answer.body?.message ?? answer.text).toMatch(text);
});

/** Who may do what, by certificate: kubernetes-tls facts, section 4. */
test.for([
  ['scheduler', 'GET', '/api/v1/nodes', 200],
  ['scheduler', 'GET', '/api/v1/secrets', 403],
  ['controller-manager', 'GET', '/apis/apps/v1/deployments', 200],
  ['kube-proxy', 'GET', '/api/v1/services', 200],
  ['kube-proxy', 'GET', '/api/v1/pods', 403],
  ['worker-1/kubelet-client', 'GET', '/api/v1/nodes/worker-1', 404],
  ['worker-1/kubelet-client', 'GET', '/api/v1/nodes/control-plane', 403],
  ['worker-1/kubelet-client', 'GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dworker-1', 200],
  ['worker-1/kubelet-client', 'GET', '/api/v1/pods', 403],
] as const)('%s %s %s -> %s', async ([identity, method, path, status]) => {
  expect((await cluster.call(identity, method, path)).status).toBe(status);
});

test('NodeRestriction keeps a kubelet to its own node', async () => {
  const refused = await cluster.call(
    'worker-1/kubelet-client',
    'PATCH',
    '/api/v1/nodes/control-plane',
    { metadata: { labels: { a: 'b' } } },
    {
      'content-type': 'application/merge-patch+json',
    },
  );
  expect(refused.body.message).toBe(
    'nodes "control-plane" is forbidden: node "worker-1" is not allowed to modify node "control-plane"',
  );
});

test('the control plane has a node, a lease, and a mirror pod for each manifest', async () => {
  await until('the mirror pods are there', async () => {
    const { body } = await cluster.call('admin', 'GET', '/api/v1/namespaces/kube-system/pods');
    return (
      names(body).join() ===
      ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']
        .map((one) => `${one}-control-plane`)
        .join()
    );
  });
  const node = await cluster.call('admin', 'GET', '/api/v1/nodes/control-plane');
  expect(node.body.status.conditions).toContainEqual(
    expect.objectContaining({ type: 'Ready', status: 'True' }),
  );
});

test('etcd holds the objects under the real keys', async () => {
  const role = await cluster.call('admin', 'GET', '/metrics');
  expect(role.text).toMatch(/^apiserver_storage_up 1$/m);
  expect(Number(/^etcd_revision (\d+)$/m.exec(role.text)?.[1])).toBeGreaterThan(4);
});

test('a service gets an address of its own', async () => {
  const services = '/api/v1/namespaces/default/services';
  const made = await Promise.all(
    ['s1', 's2', 's3'].map((name) =>
      cluster.call('admin', 'POST', services, { metadata: { name }, spec: { ports: [{ port: 80 }] } }),
    ),
  );
  const addresses = made.map((one) => one.body.spec.clusterIP);
  expect(new Set(addresses).size).toBe(3);
  for (const address of addresses) expect(address).toMatch(/^10\.(9[6-9]|10\d|11[01])\.\d+\.\d+$/);
});

test('tables show the real columns', async () => {
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
  const { body } = await cluster.call('admin', 'GET', '/api/v1/namespaces', undefined, { accept });
  expect(body.kind).toBe('Table');
  expect(body.columnDefinitions.map((one: { name: string }) => one.name)).toEqual(['Name', 'Status', 'Age']);
  expect(body.rows[0]).toMatchObject({
    cells: ['default', 'Active', expect.any(String)],
    object: { kind: 'PartialObjectMetadata' },
  });
});

test('a body beyond the limit is refused', async () => {
  const answer = await cluster.call('admin', 'POST', MAPS, {
    metadata: { name: 'big' },
    data: { a: 'x'.repeat(4_000_000) },
  });
  expect(answer.status).toBe(413);
});
