/** The API client over real sockets: rounds, rotation, watches, and client-go's words when it fails. */
import { copyFileSync, readFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ApiError, RequestError } from '../../../components/api/api-error.ts';
import { type ApiClient, createApiClient } from '../../../components/api/client.ts';
import type { KubeObject } from '../../../components/api/kinds.ts';
import type { Change } from '../../../components/api/reflector.ts';
import type { Settings } from '../../../components/component.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

vi.setConfig({ testTimeout: 60_000 });

const SETTINGS: Settings = { clientAuth: 'require', autoReload: 'all', alertProfile: 'go' };
const MAPS = '/api/v1/namespaces/default/configmaps';
const PKI = '/etc/kubernetes/pki';
let cluster: WholeCluster;
const clients: ApiClient[] = [];
beforeAll(async () => {
  cluster = await openWholeCluster({ start: ['etcd', 'kube-apiserver'] });
}, 120_000);
afterAll(async () => {
  for (const client of clients) await client.close();
  await cluster?.close();
});

function open(
  log: string[] = [],
  host = 'control-plane',
  kubeconfig = '/etc/kubernetes/controller-manager.conf',
): ApiClient {
  const client = createApiClient({
    host: cluster.host(host),
    component: 'kube-controller-manager',
    kubeconfig,
    settings: SETTINGS,
    roundMs: 1000,
    log: (line) => log.push(line),
  });
  clients.push(client);
  return client;
}

const put = (name: string): Promise<unknown> =>
  cluster.admin.request('POST', MAPS, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name } });
const dials = (): number =>
  new Set(
    cluster.traces
      .filter((trace) => trace.channel.startsWith('kube-controller-manager->') && trace.state !== 'open')
      .map((trace) => trace.clientRandom),
  ).size;

test('keeps one connection within a round, and dials afresh in the next', async () => {
  const client = open();
  const before = dials();
  await client.request('GET', '/version');
  await client.request('GET', '/version');
  expect(dials()).toBe(before + 1);
  client.newRound();
  await client.request('GET', '/version');
  expect(dials()).toBe(before + 2);
});

test('gives the Status message of a refusal', async () => {
  await expect(open().request('GET', '/api/v1/namespaces/default/pods/nope')).rejects.toThrow(
    expect.toSatisfy(
      (error) =>
        error instanceof ApiError && error.status === 404 && error.message === 'pods "nope" not found',
    ),
  );
});

test('follows a collection through adding, changing and deleting, over one connection', async () => {
  const seen: string[] = [];
  const client = open();
  const watch = client.watch(MAPS, {
    type: '*v1.ConfigMap',
    onChange: ({ type, object }: Change<KubeObject>) => seen.push(`${type} ${object.metadata.name}`),
  });
  await eventually('it is synced', () => watch.synced());
  const before = dials();
  await put('one');
  await eventually('one is seen', () => watch.get('default/one'));
  await cluster.admin.request(
    'PATCH',
    `${MAPS}/one`,
    { data: { a: 'b' } },
    { contentType: 'application/merge-patch+json' },
  );
  await cluster.admin.request('DELETE', `${MAPS}/one`);
  await eventually('it is gone', () => watch.get('default/one') === undefined && seen.length >= 3);
  expect(seen.slice(-3)).toEqual(['added one', 'modified one', 'deleted one']);
  expect(dials() - before).toBeLessThanOrEqual(1);
});

test('closes its connections and dials again when its own certificate changes, and says so', async () => {
  const log: string[] = [];
  const client = open(log);
  const watch = client.watch(MAPS, { type: '*v1.ConfigMap' });
  await eventually('it is synced', () => watch.synced());
  await put('before');
  await eventually('it watches', () => watch.get('default/before'));
  const host = cluster.host('control-plane');
  const mine = host.path(`${PKI}/controller-manager.crt`);
  const text = readFileSync(mine, 'utf8');
  const rotated = new Promise<void>((resolve) => client.onRotate(resolve));
  renameSync(mine, `${mine}.old`);
  copyFileSync(host.path(`${PKI}/scheduler.crt`), mine);
  await rotated;
  expect(log.join('\n')).toContain(
    'Certificate rotation detected, shutting down client connections to start using new credentials',
  );
  await expect(client.request('GET', '/version')).rejects.toThrow(
    expect.toSatisfy(
      (error) =>
        error instanceof RequestError &&
        /^Get "https:\/\/127\.0\.0\.1:\d+\/version": tls: private key does not match public key$/.test(
          error.message,
        ),
    ),
  );
  await eventually('the watch fails in the same words', () =>
    log.some((line) =>
      /reflector\.go:200\] "Failed to watch" err="failed to list \*v1\.ConfigMap: Get .*tls: private key does not match public key"/.test(
        line,
      ),
    ),
  );
  renameSync(`${mine}.old`, mine);
  expect(readFileSync(mine, 'utf8')).toBe(text);
  await eventually('it is answered again', () => client.request('GET', '/version'));
  await put('after');
  await eventually('the watch is back', () => watch.get('default/after'));
});

test('goes on watching when the server dies and comes back, with nothing missed', async () => {
  const seen: string[] = [];
  const client = open();
  const watch = client.watch(MAPS, {
    type: '*v1.ConfigMap',
    onChange: ({ type, object }: Change<KubeObject>) => seen.push(`${type} ${object.metadata.name}`),
  });
  await eventually('it is synced', () => watch.synced());
  await cluster.stop('kube-apiserver');
  client.newRound();
  await expect(client.request('GET', '/version')).rejects.toThrow(
    /dial tcp 127\.0\.0\.1:\d+: connect: connection refused$/,
  );
  await cluster.start('kube-apiserver');
  await put('meanwhile');
  await eventually('it is seen', () => watch.get('default/meanwhile'));
  expect(seen.filter((line) => line === 'added meanwhile')).toHaveLength(1);
});

test('names the kubeconfig that is missing', async () => {
  await expect(
    open([], 'control-plane', '/etc/kubernetes/nope.conf').request('GET', '/version'),
  ).rejects.toThrow(/\/etc\/kubernetes\/nope\.conf: no such file or directory/);
});

test('shows its files beside what the process holds', async () => {
  const client = open();
  await client.request('GET', '/version');
  const files = client.files();
  expect(files.map((file) => file.flag)).toEqual([
    '--kubeconfig',
    'certificate-authority',
    'client-certificate',
    'client-key',
  ]);
  for (const file of files) expect(file.inProcess).toBe(file.onDisk);
  const path = join(cluster.dir, 'hosts/control-plane', files[3]?.path ?? '');
  renameSync(path, `${path}.away`);
  const gone = client.files()[3];
  renameSync(`${path}.away`, path);
  expect(gone).toMatchObject({
    onDisk: null,
    problem: `open ${PKI}/controller-manager.key: no such file or directory`,
  });
});
