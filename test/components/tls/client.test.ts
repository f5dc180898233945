/** Clients of the transport: what they are told when something is wrong, and what undici makes of it. */
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { request } from 'undici';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writePem } from '../../../certs/pem.ts';
import {
  createDispatcher,
  type DialOptions,
  dial,
  HandshakeError,
  onCredentialsChanged,
} from '../../../components/tls/client.ts';
import {
  type Bench,
  clientLeaf,
  latest,
  OTHER_CA,
  openBench,
  SETTINGS,
  serverLeaf,
  until,
} from '../../support/tls-bench.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});
afterEach(() => bench.close());

const at = (port: number, change: Partial<DialOptions> = {}): DialOptions =>
  bench.options({ url: `https://127.0.0.1:${port}` } as never, change);

/** A TCP server that does one thing with each connection. */
async function listen(serve: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const server = createTcpServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

const BAD_SERVERS = [
  {
    what: 'speaks plain HTTP',
    serve: (socket: Socket) => socket.once('data', () => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
    code: 'NOT_TLS',
    text: /^http: server gave HTTP response to HTTPS client$/,
    layer: 'tls',
  },
  {
    what: 'speaks something else',
    serve: (socket: Socket) => socket.end('220 mail.example.com ESMTP\r\n'),
    code: 'NOT_TLS',
    text: /^tls: first record does not look like a TLS handshake$/,
    layer: 'tls',
  },
  {
    what: 'closes after the ClientHello',
    serve: (socket: Socket) => socket.once('data', () => socket.end()),
    code: 'CONNECTION_RESET',
    text: /^EOF$/,
    layer: 'tcp',
  },
  {
    what: 'resets after the ClientHello',
    serve: (socket: Socket) => socket.once('data', () => socket.resetAndDestroy()),
    code: 'CONNECTION_RESET',
    text: /^read tcp 127\.0\.0\.1:\d+->127\.0\.0\.1:\d+: read: connection reset by peer$/,
    layer: 'tcp',
  },
  {
    what: 'says nothing',
    serve: () => {},
    code: 'CONNECT_TIMEOUT',
    text: /^net\/http: TLS handshake timeout$/,
    layer: 'tcp',
  },
] as const;

test.for(BAD_SERVERS)('a server that $what', async ({ serve, code, text, layer }) => {
  const open = new Set<Socket>();
  const { port, server } = await listen((socket) => {
    open.add(socket);
    socket.on('error', () => {});
    serve(socket);
  });
  const error = await dial(at(port, { timeoutMs: 300 })).catch((problem: unknown) => problem);
  expect(error).toBeInstanceOf(HandshakeError);
  expect(error).toMatchObject({ outcome: { layer, code }, clientText: expect.stringMatching(text) });
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test('kubectl and the components say it in their own ways', async () => {
  const { port, server } = await listen(() => {});
  await new Promise((resolve) => server.close(resolve));
  const texts = [];
  for (const component of ['kubectl', 'kube-scheduler', 'kubelet@worker-1', 'kube-apiserver']) {
    const error = await dial(at(port, { component, server: 'etcd' })).catch((problem: unknown) => problem);
    texts.push((error as HandshakeError).trace.client?.realTexts[0]?.text.replaceAll(String(port), 'PORT'));
  }
  expect(texts).toMatchInlineSnapshot(`
    [
      "The connection to the server 127.0.0.1:PORT was refused - did you specify the right host or port?",
      ""Failed to watch" err="failed to list *v1.Pod: Get \\"https://127.0.0.1:PORT/api/v1/pods?limit=500&resourceVersion=0\\": dial tcp 127.0.0.1:PORT: connect: connection refused" logger="UnhandledError" reflector="k8s.io/client-go/informers/factory.go:160" type="*v1.Pod"",
      ""Unable to register node with API server" err="Post \\"https://127.0.0.1:PORT/api/v1/nodes\\": dial tcp 127.0.0.1:PORT: connect: connection refused" node="worker-1"",
      "[core] [Channel #1 SubChannel #2]grpc: addrConn.createTransport failed to connect to {Addr: "127.0.0.1:PORT", ServerName: "127.0.0.1:PORT", }. Err: connection error: desc = "transport: Error while dialing: dial tcp 127.0.0.1:PORT: connect: connection refused"",
    ]
  `);
});

const OWN_FILES = [
  {
    what: 'missing certificate',
    path: '/pki/client.crt',
    content: null,
    code: 'FILE_MISSING',
    text: 'open /pki/client.crt: no such file or directory',
  },
  {
    what: 'empty certificate',
    path: '/pki/client.crt',
    content: '',
    code: 'PEM_INVALID',
    text: 'tls: failed to find any PEM data in certificate input',
  },
  {
    what: 'garbage for a CA',
    path: '/pki/ca.crt',
    content: 'garbage',
    code: 'CA_BUNDLE_EMPTY',
    text: 'unable to load root certificates: unable to parse bytes as PEM block',
  },
  {
    what: 'a foreign key',
    path: '/pki/client.key',
    content: serverLeaf().key.export({ type: 'pkcs8', format: 'pem' }),
    code: 'KEY_MISMATCH',
    text: 'tls: private key does not match public key',
  },
] as const;

test.for(OWN_FILES)('a client with a $what never dials', async ({ path, content, code, text }) => {
  const server = await bench.serve();
  if (content === null) rmSync(bench.host.path(path));
  else bench.write(path, content.toString());
  await expect(dial(bench.options(server))).rejects.toMatchObject({
    clientText: text,
    outcome: { layer: 'untried', by: 'client', code },
    cause: { code, what: expect.stringContaining(path) },
  });
  expect(bench.traces.some((trace) => trace.server !== null)).toBe(false);
});

test('an empty CA file trusts nobody', async () => {
  bench.write('/empty.crt', '');
  const server = await bench.serve();
  await expect(dial(bench.options(server, { ca: { file: '/empty.crt' } }))).rejects.toMatchObject({
    clientText: 'tls: failed to verify certificate: x509: certificate signed by unknown authority',
  });
});

test('certificates embedded in a kubeconfig serve as well as files', async () => {
  const server = await bench.serve();
  const pem = (path: string) => readFileSync(bench.host.path(path), 'utf8');
  const { status } = await bench.shake(server, {
    ca: { pem: pem('/pki/ca.crt'), from: 'certificate-authority-data of lab' },
    cert: { pem: pem('/pki/client.crt'), from: 'client-certificate-data of admin' },
    key: { pem: pem('/pki/client.key'), from: 'client-key-data of admin' },
  });
  expect(status).toBe(200);
});

test('a name is asked for and verified; tls-server-name stands in for the address', async () => {
  bench.put('server', serverLeaf({}, 'serverAuth', ['dns:worker-1']));
  const server = await bench.serve();
  const byName = await bench.shake(server, { url: `https://worker-1:${server.port}` });
  expect({ status: byName.status, sni: byName.joined.sni }).toEqual({ status: 200, sni: 'worker-1' });
  const byAddress = await bench.shake(server);
  expect(byAddress.error?.clientText).toContain("doesn't contain any IP SANs");
  expect(byAddress.joined.sni).toBe(null);
  const renamed = await bench.shake(server, { serverName: 'worker-1' });
  expect({ status: renamed.status, sni: renamed.joined.sni }).toEqual({ status: 200, sni: 'worker-1' });
});

test('who does not verify is told of as unsafe', async () => {
  bench.put('server', serverLeaf({ by: OTHER_CA }));
  const server = await bench.serve();
  const { joined, status } = await bench.shake(server, { insecure: true });
  expect(status).toBe(200);
  expect(joined.unsafe).toEqual(['kube-scheduler does not verify the certificate of kube-apiserver']);
  expect(joined.client?.caFile).toBe(null);
});

test('TLS 1.3: a connection that is reset before the server said a word was none', async () => {
  const server = await bench.serve();
  // Lets the server's first flight pass, and resets the client when its own comes.
  const proxy = createTcpServer((near) => {
    const far = connectTcp(server.port, '127.0.0.1', () => {
      near.once('data', (hello) => {
        far.write(hello);
        near.once('data', () => near.resetAndDestroy());
      });
    });
    far.on('data', (bytes) => near.write(bytes)).on('error', () => {});
    near.on('error', () => {}).on('close', () => far.destroy());
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const { socket, refused, trace } = await dial(
    bench.options(server, { url: `https://127.0.0.1:${port}`, maxVersion: 'TLSv1.3' }),
  );
  expect(trace().outcome.layer).toBe('ok');
  socket.on('error', () => {});
  socket.resume();
  await new Promise((resolve) => socket.once('close', resolve));
  expect(refused()?.outcome).toEqual({ layer: 'tcp', by: null, code: 'CONNECTION_RESET', alert: null });
  expect(refused()?.clientText).toMatch(/(read|write): (connection reset by peer|broken pipe)$/);
  await new Promise((resolve) => proxy.close(resolve));
});

test("the host's clock decides, and the trace says by how much it is off", async () => {
  bench.write('/clock', '+36500d');
  const server = await bench.serve();
  const { joined } = await bench.shake(server);
  expect(joined.outcome).toMatchObject({ by: 'client', code: 'CERT_EXPIRED' });
  expect(joined.client?.clockShiftMs).toBe(36_500 * 24 * 3_600_000);
});

test.for(['TLSv1.2', 'TLSv1.3'] as const)(
  '%s: undici passes a refusal on as HandshakeError',
  async (maxVersion) => {
    bench.put('client', clientLeaf({ by: OTHER_CA }));
    const server = await bench.serve();
    const dispatcher = createDispatcher(bench.options(server, { maxVersion }));
    for (let round = 0; round < 5; round++) {
      const error = await request(server.url, { dispatcher }).catch((problem: unknown) => problem);
      expect(error).toBeInstanceOf(HandshakeError);
      expect(error).toMatchObject({
        clientText: 'remote error: tls: unknown certificate authority',
        outcome: { by: 'server', alert: { number: 48 } },
      });
    }
    await dispatcher.close();
  },
);

test('undici keeps a connection, and both halves note the answer', async () => {
  const server = await bench.serve({ settings: { ...SETTINGS, clientAuth: 'request' } });
  bench.put('client', clientLeaf({ by: OTHER_CA }));
  const dispatcher = createDispatcher(bench.options(server));
  for (let round = 0; round < 10; round++) {
    const { statusCode, body } = await request(server.url, { dispatcher });
    await body.text();
    expect(statusCode).toBe(401);
  }
  expect(latest(bench.traces).length).toBeLessThanOrEqual(8);
  for (const half of latest(bench.traces)) {
    expect(half).toMatchObject({
      outcome: { layer: '401', by: 'server', code: 'UNAUTHENTICATED' },
      http: { status: 401 },
    });
  }
  await dispatcher.close();
});

test('undici carries many requests over few connections', async () => {
  const server = await bench.serve();
  const dispatcher = createDispatcher(bench.options(server));
  const answers = await Promise.all(
    Array.from({ length: 100 }, async () => (await request(server.url, { dispatcher })).body.text()),
  );
  expect(new Set(answers)).toEqual(new Set(['1 ok']));
  expect(latest(bench.traces).length).toBeLessThanOrEqual(8);
  await dispatcher.close();
});

test('a client hears of its own new certificate, and the next connection shows it', async () => {
  const server = await bench.serve();
  const options = bench.options(server);
  let changes = 0;
  const stop = onCredentialsChanged(options, () => {
    changes += 1;
  });
  expect((await bench.shake(server)).status).toBe(200);
  const renewed = clientLeaf({ notAfter: '2040-01-01' });
  bench.put('client', renewed);
  await until('the change is noticed', () => changes > 0);
  const { joined } = await bench.shake(server);
  expect(joined.client?.presented.map((der) => writePem('CERTIFICATE', der))).toEqual([
    writePem('CERTIFICATE', renewed.der),
  ]);
  stop();
});
