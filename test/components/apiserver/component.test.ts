/** The API server over real mutual TLS, on the mock etcd. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCluster, type TestCluster, until } from '../../support/cluster.ts';

let cluster: TestCluster;

beforeAll(async () => {
  cluster = await startCluster();
});

afterAll(() => cluster?.close());

test('creates the four namespaces and the RBAC defaults', async () => {
  const { body } = await cluster.call('admin', 'GET', '/api/v1/namespaces');
  expect(body.items.map((one: { metadata: { name: string } }) => one.metadata.name)).toEqual([
    'default',
    'kube-node-lease',
    'kube-public',
    'kube-system',
  ]);
  const roles = await cluster.call(
    'admin',
    'GET',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles/cluster-admin',
  );
  expect(roles.status).toBe(200);
});

test('stores, changes, lists and deletes an object', async () => {
  const base = '/api/v1/namespaces/default/configmaps';
  const made = await cluster.call('admin', 'POST', base, { metadata: { name: 'one' }, data: { a: '1' } });
  expect(made.status).toBe(201);
  const again = await cluster.call('admin', 'POST', base, { metadata: { name: 'one' } });
  expect(again.body).toMatchObject({
    reason: 'AlreadyExists',
    code: 409,
    message: 'configmaps "one" already exists',
  });
  const changed = await cluster.call('admin', 'PUT', `${base}/one`, { ...made.body, data: { a: '2' } });
  expect(changed.status).toBe(200);
  const stale = await cluster.call('admin', 'PUT', `${base}/one`, { ...made.body, data: { a: '3' } });
  expect(stale.body).toMatchObject({ reason: 'Conflict', code: 409 });
  expect((await cluster.call('admin', 'GET', `${base}/one`)).body.data).toEqual({ a: '2' });
  expect((await cluster.call('admin', 'DELETE', `${base}/one`)).body.status).toBe('Success');
  await until('it is gone', async () => (await cluster.call('admin', 'GET', `${base}/one`)).status === 404);
});
