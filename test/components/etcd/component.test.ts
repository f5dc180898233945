import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask, makeHost, startEtcd, type TestHost, TLS_ARGV, until } from './fixture.ts';

let made: TestHost;
beforeAll(async () => {
  made = await makeHost();
});
afterAll(() => made.remove());

const PAIR = ['--cert-file=/pki/etcd-server.crt', '--key-file=/pki/etcd-server.key'];

test('starts, says so in its own log format, serves, and frees its port', async () => {
  const etcd = await startEtcd(made);
  expect(etcd.endpoint?.url).toBe(`https://127.0.0.1:${etcd.port}`);
  expect(etcd.lines.map(({ msg }) => msg)).toEqual([
    'Running: ',
    'configuring peer listeners',
    'configuring client listeners',
    'starting an etcd server',
    'starting etcd server',
    'starting with client TLS',
    'ready to serve client requests',
    'serving client traffic securely',
  ]);
  expect(etcd.lines.at(-1)).toEqual({
    level: 'info',
    ts: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
    caller: 'embed/serve.go:210',
    msg: 'serving client traffic securely',
    traffic: 'grpc+http',
    address: `127.0.0.1:${etcd.port}`,
  });
  expect((await ask(made, etcd.port, '/health')).status).toBe(200);
  await etcd.close();
  expect(etcd.lines.at(-1)?.['msg']).toBe('closed etcd server');
  await expect(ask(made, etcd.port, '/health')).rejects.toThrow('ECONNREFUSED');
});

test('stops while a watch is open', async () => {
  const etcd = await startEtcd(made);
  const watch = ask(made, etcd.port, '/v3/watch', { create_request: { key: 'YQ==' } }).catch(() => 'ended');
  await ask(made, etcd.port, '/v3/kv/put', { key: 'YQ==' });
  await etcd.close();
  await watch;
});

const policies = [
  { name: '--client-cert-auth with --trusted-ca-file', argv: TLS_ARGV, anonymous: false },
  { name: '--trusted-ca-file alone', argv: [...PAIR, '--trusted-ca-file=/pki/ca.crt'], anonymous: false },
  { name: 'neither', argv: PAIR, anonymous: true },
] as const;

test.for(policies)(
  '$name: a client without a certificate gets in: $anonymous',
  async ({ argv, anonymous }) => {
    const etcd = await startEtcd(made, argv);
    try {
      const answer = ask(made, etcd.port, '/health', undefined, { anonymous: true });
      if (anonymous) expect((await answer).status).toBe(200);
      else {
        await expect(answer).rejects.toThrow();
        expect(etcd.lines.find(({ msg }) => msg === 'rejected connection on client endpoint')).toMatchObject({
          level: 'warn',
          'remote-addr': expect.stringMatching(/^127\.0\.0\.1:\d+$/),
          'server-name': '',
          error: "tls: client didn't provide a certificate",
        });
      }
    } finally {
      await etcd.close();
    }
  },
);

/** Texts measured on etcd 3.4.23, 2026-11-24. */
const failures = [
  {
    name: 'a certificate file that is missing',
    argv: ['--cert-file=/pki/none.crt', '--key-file=/pki/etcd-server.key'],
    code: 'FILE_MISSING',
    msg: 'listener failed',
    error: 'open /pki/none.crt: no such file or directory',
  },
  {
    name: 'a key of another certificate',
    argv: ['--cert-file=/pki/etcd-server.crt', '--key-file=/pki/apiserver-etcd-client.key'],
    code: 'KEY_MISMATCH',
    msg: 'listener failed',
    error: 'tls: private key does not match public key',
  },
  {
    name: 'a certificate file without PEM',
    argv: ['--cert-file=/pki/garbage', '--key-file=/pki/etcd-server.key'],
    code: 'PEM_INVALID',
    msg: 'listener failed',
    error: 'tls: failed to find any PEM data in certificate input',
  },
  {
    name: 'certificate and key swapped',
    argv: ['--cert-file=/pki/etcd-server.key', '--key-file=/pki/etcd-server.crt'],
    code: 'CERT_KEY_SWAPPED',
    msg: 'listener failed',
    error:
      'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
  },
  {
    name: 'a trusted CA file that is missing',
    argv: [...PAIR, '--trusted-ca-file=/pki/none.crt'],
    code: 'FILE_MISSING',
    msg: 'listener failed',
    error: 'open /pki/none.crt: no such file or directory',
  },
  {
    name: 'an https URL without certificate and key',
    argv: [],
    code: 'FLAG_INVALID',
    msg: 'discovery failed',
    error:
      'TLS key/cert (--cert-file, --key-file) must be provided for client url https://127.0.0.1:0 with HTTPS scheme',
  },
  {
    name: '--client-cert-auth without a CA, on a host without roots',
    argv: [...PAIR, '--client-cert-auth'],
    code: 'FLAG_INVALID',
    msg: 'discovery failed',
    error:
      'etcd: --client-cert-auth without --trusted-ca-file trusts the roots in /etc/ssl/certs/ca-certificates.crt, and this host has none',
  },
] as const;

test.for(failures)('says why it cannot start: $name', async ({ argv, code, msg, error }) => {
  writeFileSync(made.file('garbage'), 'no PEM here\n');
  const lines: Record<string, unknown>[] = [];
  await expect(startEtcd(made, argv, lines)).rejects.toMatchObject({ code });
  expect(lines.at(-1)).toMatchObject({ level: 'fatal', msg, error });
});

test('says which port is taken', async () => {
  const holder = createServer();
  await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
  const bound = holder.address();
  const port = typeof bound === 'object' && bound ? bound.port : 0;
  const lines: Record<string, unknown>[] = [];
  const argv = [...TLS_ARGV, `--listen-client-urls=https://127.0.0.1:${port}`];
  await expect(startEtcd(made, argv, lines)).rejects.toMatchObject({ code: 'PORT_IN_USE' });
  expect(lines.at(-1)).toMatchObject({
    level: 'fatal',
    msg: 'discovery failed',
    error: `listen tcp 127.0.0.1:${port}: bind: address already in use`,
  });
  holder.close();
});

const refusedFlags = [
  { argv: ['--bogus=1'], code: 'FLAG_UNKNOWN' },
  { argv: ['--client-cert-auth=maybe'], code: 'FLAG_INVALID' },
  { argv: ['--listen-client-urls=https://10.0.0.5:2379'], code: 'FLAG_INVALID' },
  { argv: [...PAIR, '--listen-metrics-urls=http://example.org:2381'], code: 'FLAG_INVALID' },
] as const;

test.for(refusedFlags)('refuses $argv', async ({ argv, code }) => {
  await expect(startEtcd(made, argv)).rejects.toMatchObject({ code });
});

test('accepts every flag of the manifest that kubeadm writes', async () => {
  const etcd = await startEtcd(made, [
    '--advertise-client-urls=https://127.0.0.1:2379',
    '--experimental-initial-corrupt-check=true',
    '--experimental-watch-progress-notify-interval=5s',
    '--initial-advertise-peer-urls=https://127.0.0.1:2380',
    '--initial-cluster=control-plane=https://127.0.0.1:2380',
    '--listen-metrics-urls=http://127.0.0.1:0',
    '--listen-peer-urls=https://127.0.0.1:2380',
    '--peer-cert-file=/etc/kubernetes/pki/etcd/peer.crt',
    '--peer-client-cert-auth=true',
    '--peer-key-file=/etc/kubernetes/pki/etcd/peer.key',
    '--peer-trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt',
    '--snapshot-count=10000',
    ...TLS_ARGV,
  ]);
  await etcd.close();
});

test('serves plain HTTP when its URL says so, with a warning about files that are ignored', async () => {
  const etcd = await startEtcd(made, [...PAIR, '--listen-client-urls=http://127.0.0.1:0']);
  const status = await new Promise<number | undefined>((resolve, reject) => {
    request({ host: '127.0.0.1', port: etcd.port, path: '/health' }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on('error', reject)
      .end();
  });
  expect(status).toBe(200);
  expect(etcd.lines.find(({ level }) => level === 'warn')?.['msg']).toContain('ignoring key and cert files');
  expect(etcd.lines.at(-1)?.['msg']).toBe('serving client traffic insecurely; this is strongly discouraged!');
  await etcd.close();
});

test('shows in its files what the flags name', async () => {
  const etcd = await startEtcd(made);
  expect(etcd.files().map(({ flag, path }) => [flag, path])).toEqual([
    ['--cert-file', '/pki/etcd-server.crt'],
    ['--key-file', '/pki/etcd-server.key'],
    ['--trusted-ca-file', '/pki/ca.crt'],
  ]);
  await etcd.close();
});

test('a broken certificate file takes nothing down: it is reported, and the old one stays in use', async () => {
  const etcd = await startEtcd(made);
  const good = readFileSync(made.file('etcd-server.crt'));
  try {
    writeFileSync(made.file('etcd-server.crt'), good.subarray(0, 100));
    await until(
      () => etcd.lines.some(({ msg }) => msg === 'failed to create peer certificate'),
      'the warning',
    );
    expect((await ask(made, etcd.port, '/health')).status).toBe(200);
    const [cert] = etcd.files();
    expect(cert?.onDisk).not.toBe(cert?.inProcess);
  } finally {
    writeFileSync(made.file('etcd-server.crt'), good);
    await etcd.close();
  }
});
