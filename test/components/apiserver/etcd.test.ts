/** The API server and etcd: what it says when etcd is away, when etcd comes back empty, and on a real etcd. */
import { execFile, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startCluster, type TestCluster, until } from '../../support/cluster.ts';
import { requireTool } from '../../support/tools.ts';

const MAPS = '/api/v1/namespaces/default/configmaps';
const SECRETS = '/api/v1/namespaces/default/secrets';
const MERGE = { 'content-type': 'application/merge-patch+json' };

describe('without etcd', () => {
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster();
  });

  afterAll(() => cluster?.close());

  test('the server stays up, says what is wrong, and recovers with an empty etcd', async () => {
    await cluster.call('admin', 'POST', MAPS, { metadata: { name: 'lost' } });
    await cluster.restartEtcd(async () => {
      await until(
        'the link is known to be down',
        async () => (await cluster.call('admin', 'GET', '/readyz')).status === 500,
      );
      const ready = await cluster.call('admin', 'GET', '/readyz?verbose');
      expect(ready.text).toContain('[+]ping ok\n[+]log ok\n[-]etcd failed: reason withheld\n');
      expect(ready.text).toMatch(/readyz check failed\n$/);
      expect((await cluster.call('admin', 'GET', '/version')).status).toBe(200);
      for (const [method, path] of [
        ['GET', MAPS],
        ['GET', `${MAPS}/lost`],
        ['POST', MAPS],
      ] as const) {
        const answer = await cluster.call(
          'admin',
          method,
          path,
          method === 'POST' ? { metadata: { name: 'x' } } : undefined,
        );
        expect(answer.body).toMatchObject({
          code: 500,
          message: expect.stringMatching(
            /^rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127\.0\.0\.1:\d+: connect: connection refused"$/,
          ),
        });
        expect(answer.body).not.toHaveProperty('reason');
      }
      await until('it is logged', () =>
        cluster.logs.some((line) =>
          /grpc: addrConn\.createTransport failed to connect to .* connect: connection refused/.test(line),
        ),
      );
    });
    await until(
      'it is ready again',
      async () => (await cluster.call('admin', 'GET', '/readyz')).status === 200,
    );
    // The mock keeps everything in memory: the cluster begins anew.
    expect((await cluster.call('admin', 'GET', `${MAPS}/lost`)).status).toBe(404);
    expect((await cluster.call('admin', 'GET', '/api/v1/namespaces/kube-system')).status).toBe(200);
  }, 60_000);

  test("a client certificate that etcd refuses is told in gRPC's words", async () => {
    const crt = join(cluster.dir, 'hosts/control-plane/etc/kubernetes/pki/apiserver-etcd-client.crt');
    const good = (await import('node:fs')).readFileSync(crt);
    writeFileSync(crt, 'garbage');
    await until('it shows', async () => (await cluster.call('admin', 'GET', `${MAPS}/x`)).status === 500);
    const { body } = await cluster.call('admin', 'GET', `${MAPS}/x`);
    expect(body.message).toMatch(
      /^rpc error: code = Unavailable desc = .*tls: failed to find any PEM data in certificate input/,
    );
    writeFileSync(crt, good);
    await until('it is mended', async () => (await cluster.call('admin', 'GET', `${MAPS}/x`)).status === 404);
  }, 60_000);
});

describe('with an encryption provider', () => {
  const key = Buffer.alloc(32, 1).toString('base64');
  const config = `apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - secretbox: {keys: [{name: key1, secret: ${key}}]}
  - identity: {}
- resources: [configmaps]
  providers:
  - aescbc: {keys: [{name: key2, secret: ${key}}]}
`;
  let cluster: TestCluster;

  beforeAll(async () => {
    cluster = await startCluster({
      apiserverFlags: ['--encryption-provider-config=/etc/kubernetes/encryption.yaml'],
      prepare: (dir) =>
        writeFileSync(join(dir, 'hosts/control-plane/etc/kubernetes/encryption.yaml'), config),
    });
    const metadata = { name: 'one' };
    await cluster.call('admin', 'POST', SECRETS, { metadata, stringData: { password: 'hunter2' } });
    await cluster.call('admin', 'POST', MAPS, { metadata, data: { a: 'hunter2' } });
  });

  afterAll(() => cluster?.close());

  test('what was sealed is read again', async () => {
    const { body } = await cluster.call('admin', 'GET', `${SECRETS}/one`);
    expect(body.data.password).toBe(Buffer.from('hunter2').toString('base64'));
    expect((await cluster.call('admin', 'GET', SECRETS)).body.items[0].data).toHaveProperty('password');
    expect((await cluster.call('admin', 'GET', `${MAPS}/one`)).body.data).toEqual({ a: 'hunter2' });
  });

  test.for([
    ['/registry/secrets/default/one', /^\/registry\/secrets\/default\/one\nk8s:enc:secretbox:v1:key1:/],
    ['/registry/configmaps/default/one', /^\/registry\/configmaps\/default\/one\nk8s:enc:aescbc:v1:key2:/],
    ['/registry/namespaces/default', /"kind":"Namespace"/],
  ] as const)('etcdctl get %s shows what lies there', async ([path, wanted], context) => {
    const pki = join(cluster.dir, 'hosts/control-plane/etc/kubernetes/pki');
    const argv = [
      `--endpoints=${cluster.etcdUrl}`,
      `--cacert=${pki}/ca.crt`,
      `--cert=${pki}/apiserver-etcd-client.crt`,
      `--key=${pki}/apiserver-etcd-client.key`,
    ];
    const { stdout } = await promisify(execFile)(requireTool(context, 'etcdctl'), [...argv, 'get', path], {
      encoding: 'latin1',
      env: { ETCDCTL_API: '3' },
    });
    expect(stdout).toMatch(wanted);
    expect(stdout).not.toMatch(/hunter2|aHVudGVyMg/);
  });
});

test('works on a real etcd', async (context) => {
  const program = requireTool(context, 'etcd');
  let stop = async (): Promise<void> => undefined;
  const cluster = await startCluster({
    realEtcd: async (dir) => {
      const [port, peer] = await freePorts();
      const pki = join(dir, 'hosts/control-plane/etc/kubernetes/pki');
      const child = spawn(
        program,
        [
          '--name=control-plane',
          `--data-dir=${join(dir, 'run/real-etcd')}`,
          `--listen-client-urls=https://127.0.0.1:${port}`,
          `--advertise-client-urls=https://127.0.0.1:${port}`,
          `--listen-peer-urls=http://127.0.0.1:${peer}`,
          `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
          `--initial-cluster=control-plane=http://127.0.0.1:${peer}`,
          `--cert-file=${pki}/etcd-server.crt`,
          `--key-file=${pki}/etcd-server.key`,
          `--trusted-ca-file=${pki}/ca.crt`,
          '--client-cert-auth',
        ],
        { stdio: 'ignore', env: {} },
      );
      const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
      stop = async () => {
        child.kill('SIGKILL');
        await ended;
      };
      return `https://127.0.0.1:${port}`;
    },
  });
  try {
    const made = await cluster.call('admin', 'POST', MAPS, { metadata: { name: 'one' }, data: { a: '1' } });
    expect(made.status).toBe(201);
    expect(
      (await cluster.call('admin', 'PATCH', `${MAPS}/one`, { data: { a: '2' } }, MERGE)).body.data,
    ).toEqual({ a: '2' });
    const from = made.body.metadata.resourceVersion;
    const { text } = await cluster.call(
      'admin',
      'GET',
      `${MAPS}?watch=true&resourceVersion=${from}&timeoutSeconds=1`,
    );
    expect(text).toContain('"type":"MODIFIED"');
    const list = await cluster.call('admin', 'GET', `${MAPS}?limit=1`);
    expect(list.body.items).toHaveLength(1);
    expect((await cluster.call('admin', 'DELETE', `${MAPS}/one`)).status).toBe(200);
    expect((await cluster.call('admin', 'GET', `${MAPS}/one`)).status).toBe(404);
    const event = {
      metadata: { name: 'e1' },
      involvedObject: { kind: 'Pod', name: 'x', namespace: 'default' },
      reason: 'Test',
    };
    expect((await cluster.call('admin', 'POST', '/api/v1/namespaces/default/events', event)).status).toBe(
      201,
    );
    expect((await cluster.call('admin', 'GET', '/readyz')).status).toBe(200);
  } finally {
    await cluster.close();
    await stop();
  }
}, 60_000);

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address ? address.port : 0);
          });
        }),
    ),
  );
  for (const server of servers) server.close();
  return [ports[0] ?? 0, ports[1] ?? 0];
}
