/** A server of the transport, seen from both sides of real sockets. */
import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { connect as connectHttp2, createServer as createHttp2Server } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dial } from '../../../components/tls/client.ts';
import { goTextOf } from '../../../components/tls/credentials.ts';
import { type Peer, peerOf, startTlsServer } from '../../../components/tls/server.ts';
import { CERT_SIGN, ca, keyNamed, keyUsage, mint, name } from '../../support/mint.ts';
import {
  type Bench,
  CA,
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

const intermediate = mint({
  subject: name('CN=intermediate'),
  key: keyNamed('intermediate'),
  by: CA,
  extensions: [keyUsage(CERT_SIGN), ca()],
});

/** Send bytes, collect the answer until the server closes. */
function talk(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connectTcp(port, '127.0.0.1', () => socket.write(bytes));
    let answer = '';
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', () => {});
    socket.on('close', () => resolve(answer));
  });
}

const CHAINS = [
  { what: 'the leaf alone', chain: [serverLeaf()] },
  { what: 'leaf and intermediate', chain: [serverLeaf({ by: intermediate }), intermediate] },
  { what: 'leaf and CA', chain: [serverLeaf(), CA] },
  { what: 'a leaf whose intermediate is missing', chain: [serverLeaf({ by: intermediate })] },
  { what: 'leaf and a stranger', chain: [serverLeaf(), OTHER_CA] },
];
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

test.for(CHAINS.flatMap((row) => VERSIONS.map((version) => ({ ...row, version }))))(
  '$version: the Certificate messages hold exactly what the files hold: $what',
  async ({ chain, version }) => {
    bench.put('server', ...chain);
    const clientChain = [clientLeaf(), ...chain.slice(1)];
    bench.put('client', ...clientChain);
    const server = await bench.serve({ settings: { ...SETTINGS, clientAuth: 'request' } });
    const { joined } = await bench.shake(server, { maxVersion: version, insecure: true });
    const hex = (ders: readonly Uint8Array[] | undefined) =>
      ders?.map((der) => Buffer.from(der).toString('hex'));
    expect(hex(joined.server?.presented)).toEqual(hex(chain.map(({ der }) => der)));
    expect(hex(joined.client?.presented)).toEqual(hex(clientChain.map(({ der }) => der)));
  },
);

test.for(VERSIONS)(
  '%s: announces the names of the CAs in its bundle, and no key of theirs',
  async (version) => {
    bench.put('ca', CA, OTHER_CA);
    const server = await bench.serve();
    const { joined } = await bench.shake(server, { maxVersion: version });
    const request = joined.messages.find(({ type }) => type === 'certificate_request');
    const bytes = Buffer.from(request?.bytes ?? []);
    expect(bytes.includes(Buffer.from(CA.subject))).toBe(true);
    expect(bytes.includes(Buffer.from(OTHER_CA.subject))).toBe(true);
    expect(joined.outcome.layer).toBe('ok');
  },
);

test('answers plain HTTP as Go does, and tells the component', async () => {
  const server = await bench.serve();
  expect(await talk(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toBe(
    'HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n',
  );
  expect(bench.events).toMatchObject([
    { kind: 'handshake-error', text: 'client sent an HTTP request to an HTTPS server' },
  ]);
  expect(latest(bench.traces)).toMatchObject([{ outcome: { layer: 'tls', by: 'server', code: 'NOT_TLS' } }]);
});

test('etcd closes on plain HTTP without a word', async () => {
  const server = await bench.serve({ component: 'etcd' });
  expect(await talk(server.port, 'GET / HTTP/1.1\r\nHost: x\r\n\r\n')).toBe('');
  expect(bench.events).toMatchObject([{ text: 'tls: first record does not look like a TLS handshake' }]);
  expect(bench.traces.at(-1)?.server?.realTexts).toMatchObject([
    {
      program: 'etcd',
      level: 'warn',
      text: expect.stringContaining('rejected connection on client endpoint'),
    },
  ]);
});

test('a port scan is an EOF', async () => {
  const server = await bench.serve();
  connectTcp(server.port, '127.0.0.1').end();
  await until('the scan is noted', () => bench.events.length > 0);
  expect(bench.events).toMatchObject([{ text: 'EOF' }]);
});

test('a client that stalls is dropped', async () => {
  const server = await bench.serve({ handshakeMs: 50 });
  expect(await talk(server.port, '\x16\x03\x01')).toBe('');
  expect(bench.events).toMatchObject([{ text: expect.stringMatching(/^read tcp .*: i\/o timeout$/) }]);
  expect(bench.traces.at(-1)?.outcome.code).toBe('CONNECT_TIMEOUT');
});

const RANGES = [
  {
    what: 'a client of TLS 1.1 at a server of today',
    server: {},
    client: { tlsMinVersion: 'TLSv1', tlsMaxVersion: 'TLSv1.1' },
    ends: { layer: 'tls', by: 'server', code: 'PROTOCOL_VERSION', alert: { number: 70 } },
    serverText: 'tls: client offered only unsupported versions: [302 301]',
    clientText: 'remote error: tls: protocol version not supported',
  },
  {
    what: 'a client of today at a server of TLS 1.1',
    server: { tlsMinVersion: 'TLSv1', tlsMaxVersion: 'TLSv1.1' },
    client: {},
    ends: { layer: 'tls', by: 'server', code: 'PROTOCOL_VERSION', alert: { number: 70 } },
    serverText: 'tls: client offered only unsupported versions: [304 303]',
    clientText: 'remote error: tls: protocol version not supported',
  },
  {
    what: 'no cipher suite in common',
    server: { tlsMaxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' },
    client: { ciphers: 'ECDHE-ECDSA-AES256-GCM-SHA384' },
    ends: { layer: 'tls', by: 'server', code: 'NO_SHARED_CIPHER', alert: { number: 40 } },
    serverText: 'tls: no cipher suite supported by both client and server',
    clientText: 'remote error: tls: handshake failure',
  },
] as const;

test.for(RANGES)('$what', async ({ server: serving, client, ends, serverText, clientText }) => {
  const server = await bench.serve({ settings: { ...SETTINGS, ...serving } });
  const { joined, error } = await bench.shake(server, { settings: { ...SETTINGS, ...client } });
  expect(joined.outcome).toMatchObject(ends);
  expect(error?.clientText).toBe(clientText);
  expect(bench.events.at(-1)).toMatchObject({ text: expect.stringContaining(serverText) });
});

test('two ends of TLS 1.1 understand each other', async () => {
  const settings = { ...SETTINGS, tlsMinVersion: 'TLSv1', tlsMaxVersion: 'TLSv1.1' } as const;
  const server = await bench.serve({ settings });
  const { joined, status } = await bench.shake(server, { settings });
  expect({ protocol: joined.protocol, status }).toEqual({ protocol: 'TLSv1.1', status: 200 });
});

test.for([
  { what: 'accepted', code: null, number: undefined },
  { what: 'refused', code: 'CERT_EXPIRED', number: 45 },
])('after a HelloRetryRequest a client is $what', async ({ code, number }) => {
  if (code) bench.put('client', clientLeaf({ notAfter: '2024-01-01' }));
  const server = await bench.serve({ groups: 'P-384' });
  const { joined } = await bench.shake(server);
  expect(joined.messages.map(({ type }) => type)).toContain('hello_retry_request');
  expect(joined.outcome.code).toBe(code);
  expect(joined.outcome.alert?.number).toBe(number);
});

test('after a HelloRetryRequest a client refuses a server', async () => {
  bench.put('server', serverLeaf({ notAfter: '2024-01-01' }));
  const server = await bench.serve({ groups: 'P-384' });
  const { joined } = await bench.shake(server);
  expect(joined.outcome).toMatchObject({ by: 'client', code: 'CERT_EXPIRED', alert: { number: 42 } });
  expect(bench.events.at(-1)).toMatchObject({ text: 'remote error: tls: bad certificate' });
});

test("OpenSSL's alert profile says what OpenSSL says", async () => {
  bench.put('client', clientLeaf({}, 'serverAuth'));
  const server = await bench.serve({ settings: { ...SETTINGS, alertProfile: 'openssl' } });
  const { joined } = await bench.shake(server);
  expect(joined.outcome).toMatchObject({ code: 'CERT_WRONG_USAGE', alert: { number: 43 } });
});

test('without a serving certificate every handshake ends in an internal error, until there is one', async () => {
  const server = await bench.serve({
    component: 'kubelet@worker-1',
    certFile: '/later/kubelet.crt',
    keyFile: '/later/kubelet.key',
    certMayBeMissing: true,
  });
  const { joined, error } = await bench.shake(server);
  expect(joined.outcome).toMatchObject({
    by: 'server',
    code: 'NO_SERVING_CERTIFICATE',
    alert: { number: 80, from: 'server' },
  });
  expect(error?.clientText).toBe('remote error: tls: internal error');
  bench.put('kubelet', serverLeaf());
  const files = ['crt', 'key'].map((end) => [`/later/kubelet.${end}`, `/pki/kubelet.${end}`] as const);
  for (const [to, from] of files) bench.write(to, readFileSync(bench.host.path(from)));
  expect((await bench.shake(server)).status).toBe(200);
});

test('a client says what it believed before the refusal came', async () => {
  bench.put('client', clientLeaf({ by: OTHER_CA }));
  const server = await bench.serve();
  const { client } = await bench.shake(server);
  expect(client.client?.believed.map(({ state }) => state)).toEqual([
    'accepted',
    'connected',
    'learned-refused',
    'closed',
  ]);
});

test('serves HTTP/2 to who asks for it, and knows the peer there too', async () => {
  const peers: Peer[] = [];
  const http2 = createHttp2Server((request, response) => {
    const { socket } = request.stream.session ?? {};
    if (socket) peers.push(peerOf(socket));
    response.end('two');
  });
  const server = await bench.serve({ http2 });
  const { socket } = await dial(bench.options(server, { alpn: ['h2', 'http/1.1'] }));
  expect((socket as TLSSocket).alpnProtocol).toBe('h2');
  const session = connectHttp2(server.url, { createConnection: () => socket });
  const stream = session.request({ ':path': '/' });
  const text = await new Promise<string>((resolve) => stream.setEncoding('utf8').on('data', resolve));
  expect(text).toBe('two');
  expect(peers).toMatchObject([{ verdict: { accepted: true } }]);
  await new Promise<void>((resolve) => session.close(resolve));
});

test('asks for no certificate without a bundle', async () => {
  const options = bench.options(await bench.serve());
  const http1: Server = createServer((request, response) => {
    response.end(String(peerOf(request.socket).chain.length));
  });
  const server = await startTlsServer({
    host: bench.host,
    component: 'kubelet@worker-1',
    settings: SETTINGS,
    port: 0,
    certFile: '/pki/server.crt',
    keyFile: '/pki/server.key',
    flags: { cert: 'tlsCertFile', key: 'tlsPrivateKeyFile', ca: 'clientCAFile' },
    http1,
    log: () => {},
  });
  const { joined } = await bench.shake(server, { ...options, url: server.url });
  expect(joined.clientAuth).toBe('none');
  expect(joined.messages.map(({ type }) => type)).not.toContain('certificate_request');
  await server.close();
});

test('a taken port is named', async () => {
  const first = await bench.serve();
  const error = await bench.serve({ port: first.port }).catch((problem: unknown) => problem);
  expect(error).toMatchObject({ code: 'PORT_IN_USE', what: expect.stringContaining(String(first.port)) });
  expect(goTextOf(error)).toBe(`listen tcp 127.0.0.1:${first.port}: bind: address already in use`);
});

test('an unknown cipher suite is refused at the start', async () => {
  await expect(bench.serve({ cipherSuites: ['TLS_NO_SUCH'] })).rejects.toMatchObject({
    code: 'FLAG_INVALID',
    what: expect.stringContaining('TLS_NO_SUCH'),
  });
});

test('only the chosen cipher suites are spoken', async () => {
  const server = await bench.serve({ cipherSuites: ['TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'] });
  const { joined } = await bench.shake(server, { maxVersion: 'TLSv1.2' });
  expect(joined.cipher).toBe('TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384');
});

test('a session is never resumed', async () => {
  const server = await bench.serve();
  const file = (path: string) => readFileSync(bench.host.path(path));
  const once = (session: Buffer | undefined): Promise<{ session: Buffer | undefined; reused: boolean }> =>
    new Promise((resolve, reject) => {
      let ticket: Buffer | undefined;
      const socket = connectTls({
        port: server.port,
        host: '127.0.0.1',
        cert: file('/pki/client.crt'),
        key: file('/pki/client.key'),
        rejectUnauthorized: false,
        ...(session ? { session } : {}),
      });
      socket.on('session', (given: Buffer) => {
        ticket = given;
      });
      socket.on('error', reject);
      let reused = true;
      socket.on('secureConnect', () => {
        reused = socket.isSessionReused();
      });
      socket.on('data', () => {});
      socket.on('close', () => resolve({ session: ticket, reused }));
      socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    });
  const first = await once(undefined);
  expect(first.session?.length).toBeGreaterThan(0);
  expect(await once(first.session)).toMatchObject({ reused: false });
});

test('closing drops every connection and frees the port', async () => {
  const server = await bench.serve();
  const { socket } = await dial(bench.options(server));
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.on('error', () => {});
  await server.close();
  await gone;
  await expect(dial(bench.options(server))).rejects.toMatchObject({
    clientText: `dial tcp 127.0.0.1:${server.port}: connect: connection refused`,
    outcome: { layer: 'tcp', by: null, code: 'CONNECTION_REFUSED', alert: null },
  });
});
