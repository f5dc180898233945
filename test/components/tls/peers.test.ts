/** The same refusals as real programs read them: openssl, curl, kubectl, and Node's own TLS. */
import { execFile, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { get } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { dial, HandshakeError } from '../../../components/tls/client.ts';
import { clientLeaf, OTHER_CA, openBench, SETTINGS, serverLeaf } from '../../support/tls-bench.ts';
import { requireKubectl, requireTool } from '../../support/tools.ts';

const bench = openBench();
afterAll(() => bench.close());
bench.put('stranger', clientLeaf({ by: OTHER_CA }));
bench.put('old', clientLeaf({ notAfter: '2024-01-01' }));
bench.put('expired-server', serverLeaf({ notAfter: '2024-01-01' }));
const file = (path: string): string => bench.host.path(path);

interface Output {
  readonly code: number;
  readonly text: string;
}

/** Run a program to its end, with nothing on its standard input. */
function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Output> {
  return new Promise((resolve) => {
    const child = execFile(
      program,
      [...args],
      { timeout: 20_000, env: { PATH: process.env['PATH'], HOME: bench.host.root, ...env } },
      (error, stdout, stderr) => {
        const code = error ? Number(error.code ?? 1) : 0;
        resolve({ code, text: stdout + stderr });
      },
    );
    child.stdin?.end();
  });
}

const ROWS = [
  { who: 'stranger', number: 48, openssl: 'tlsv1 alert unknown ca', go: 'unknown certificate authority' },
  { who: 'old', number: 45, openssl: 'sslv3 alert certificate expired', go: 'expired certificate' },
  { who: null, number: 116, openssl: 'tlsv13 alert certificate required', go: 'certificate required' },
] as const;

const pair = (who: string | null, names: readonly [string, string]): string[] =>
  who === null ? [] : [names[0], file(`/pki/${who}.crt`), names[1], file(`/pki/${who}.key`)];

test.for(ROWS)('openssl s_client reads alert $number', async ({ who, number }, context) => {
  const openssl = requireTool(context, 'openssl');
  const server = await bench.serve();
  const { text } = await run(openssl, [
    's_client',
    '-connect',
    `127.0.0.1:${server.port}`,
    '-CAfile',
    file('/pki/ca.crt'),
    '-ign_eof',
    ...pair(who, ['-cert', '-key']),
  ]);
  expect(text).toContain(`SSL alert number ${number}`);
});

test.for(ROWS)('curl reads "$openssl"', async ({ who, openssl }, context) => {
  const curl = requireTool(context, 'curl');
  const server = await bench.serve();
  const { code, text } = await run(curl, [
    '-sS',
    '--cacert',
    file('/pki/ca.crt'),
    ...pair(who, ['--cert', '--key']),
    server.url,
  ]);
  expect(code).toBe(56);
  expect(text).toContain(openssl);
});

test('curl gets its answer, and the server counts the CA that OpenSSL appended by itself', async (context) => {
  const curl = requireTool(context, 'curl');
  const server = await bench.serve();
  const { text } = await run(curl, [
    '-sS',
    '--cacert',
    file('/pki/ca.crt'),
    ...pair('client', ['--cert', '--key']),
    server.url,
  ]);
  expect(text).toBe('2 ok');
});

const KUBECTLS = ['1.29', '1.33'].flatMap((release) => ROWS.map((row) => ({ ...row, release })));

test.for(KUBECTLS)('kubectl $release reads "$go"', async ({ who, go, release }, context) => {
  const kubectl = requireKubectl(context, release);
  const server = await bench.serve();
  const { code, text } = await run(kubectl, [
    'get',
    '--raw',
    '/',
    '--server',
    server.url,
    '--kubeconfig',
    '/dev/null',
    `--certificate-authority=${file('/pki/ca.crt')}`,
    ...(who === null
      ? ['--token=none']
      : [`--client-certificate=${file(`/pki/${who}.crt`)}`, `--client-key=${file(`/pki/${who}.key`)}`]),
  ]);
  expect(code).toBe(1);
  expect(text).toContain(`remote error: tls: ${go}`);
});

test.for(['1.29', '1.33'])(
  'kubectl %s refuses our server, and we read its alert',
  async (release, context) => {
    const kubectl = requireKubectl(context, release);
    const server = await bench.serve({
      certFile: '/pki/expired-server.crt',
      keyFile: '/pki/expired-server.key',
    });
    const { text } = await run(kubectl, [
      'get',
      '--raw',
      '/',
      '--server',
      server.url,
      '--kubeconfig',
      '/dev/null',
      `--certificate-authority=${file('/pki/ca.crt')}`,
      `--client-certificate=${file('/pki/client.crt')}`,
      `--client-key=${file('/pki/client.key')}`,
    ]);
    expect(text).toContain(
      'tls: failed to verify certificate: x509: certificate has expired or is not yet valid',
    );
    expect(bench.traces.at(-1)).toMatchObject({
      channel: '?->kube-apiserver',
      outcome: { layer: 'tls', by: 'client', alert: { number: 42, name: 'bad_certificate', from: 'client' } },
    });
    expect(bench.events.at(-1)).toMatchObject({ text: 'remote error: tls: bad certificate' });
  },
);

test("Node's own client reads the alert", async () => {
  const server = await bench.serve();
  const error = await new Promise((resolve) => {
    get(
      server.url,
      {
        ca: readFileSync(file('/pki/ca.crt')),
        cert: readFileSync(file('/pki/stranger.crt')),
        key: readFileSync(file('/pki/stranger.key')),
      },
      resolve,
    ).on('error', resolve);
  });
  expect(error).toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA' });
});

test.for(['TLSv1.2', 'TLSv1.3'] as const)(
  "%s: Node's own server reads our client's alert",
  async (maxVersion) => {
    const server = createTlsServer({
      cert: readFileSync(file('/pki/expired-server.crt')),
      key: readFileSync(file('/pki/expired-server.key')),
    });
    const told = new Promise((resolve) => server.once('tlsClientError', resolve));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const options = bench.options({ url: `https://127.0.0.1:${port}` } as never, { maxVersion });
    const error = await dial(options).catch((problem: unknown) => problem);
    expect(error).toBeInstanceOf(HandshakeError);
    expect(error).toMatchObject({ outcome: { by: 'client', code: 'CERT_EXPIRED', alert: { number: 42 } } });
    expect(await told).toMatchObject({ code: 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE' });
    await new Promise((resolve) => server.close(resolve));
  },
);

/**
 * Node's server sends an alert for a missing certificate only; for a bad one it just closes. Up to TLS 1.2 the client
 * is told by a reset in the middle, in TLS 1.3 by an end where an answer should have been.
 */
const NODE_REFUSES = [
  { who: null, version: 'TLSv1.2', outcome: { layer: 'tls', by: 'server', alert: { number: 40 } } },
  { who: null, version: 'TLSv1.3', outcome: { layer: 'tls', by: 'server', alert: { number: 116 } } },
  { who: 'stranger', version: 'TLSv1.2', outcome: { layer: 'tcp', code: 'CONNECTION_RESET', alert: null } },
  { who: 'stranger', version: 'TLSv1.3', outcome: { layer: 'tcp', code: 'CONNECTION_RESET', alert: null } },
] as const;

test.for(NODE_REFUSES)("$version: Node's own server refuses our client as $who", async (row) => {
  const { who, version, outcome } = row;
  const server = createTlsServer({
    cert: readFileSync(file('/pki/server.crt')),
    key: readFileSync(file('/pki/server.key')),
    ca: readFileSync(file('/pki/ca.crt')),
    requestCert: true,
    rejectUnauthorized: true,
    maxVersion: version,
  }).on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { cert: _cert, key: _key, ...rest } = bench.options({ url: `https://127.0.0.1:${port}` } as never);
  const pair = who === null ? {} : { cert: { file: `/pki/${who}.crt` }, key: { file: `/pki/${who}.key` } };
  const options = { ...rest, ...pair, maxVersion: version };
  const failed = await dial(options).then(
    ({ socket, refused }) =>
      new Promise((resolve) => {
        socket.on('error', () => {});
        socket.once('close', () => resolve(refused())).resume();
      }),
    (error: unknown) => error,
  );
  expect(failed).toBeInstanceOf(HandshakeError);
  expect(failed).toMatchObject({ outcome });
  await new Promise((resolve) => server.close(resolve));
});

test.for(['TLSv1.2', 'TLSv1.3'] as const)(
  '%s: openssl s_server refuses our client',
  async (maxVersion, context) => {
    const openssl = requireTool(context, 'openssl');
    const port = await freePort();
    const child = spawn(openssl, [
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      '-cert',
      file('/pki/server.crt'),
      '-key',
      file('/pki/server.key'),
      '-CAfile',
      file('/pki/ca.crt'),
      '-Verify',
      '3',
      '-verify_return_error',
    ]);
    try {
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          if (chunk.toString().includes('ACCEPT')) resolve();
        });
      });
      const options = bench.options({ url: `https://127.0.0.1:${port}` } as never, {
        maxVersion,
        settings: SETTINGS,
        cert: { file: '/pki/stranger.crt' },
        key: { file: '/pki/stranger.key' },
      });
      const refusal = { layer: 'tls', by: 'server', code: 'CERT_UNKNOWN_AUTHORITY', alert: { number: 48 } };
      if (maxVersion === 'TLSv1.2') {
        await expect(dial(options)).rejects.toMatchObject({ outcome: refusal });
      } else {
        const { socket, trace, refused } = await dial(options);
        expect(trace().outcome.layer).toBe('ok');
        const error = await new Promise((resolve) => socket.once('error', resolve));
        expect(error).toBe(refused());
        expect(error).toMatchObject({
          outcome: refusal,
          clientText: 'remote error: tls: unknown certificate authority',
        });
      }
    } finally {
      child.kill();
    }
  },
);

async function freePort(): Promise<number> {
  const probe = createTcpServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
