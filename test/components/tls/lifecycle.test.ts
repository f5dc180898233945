/** What the refusals rely on in Node, and what many connections leave behind: nothing. */
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { standInFor } from '../../../components/tls/stand-in.ts';
import { Tap } from '../../../components/tls/tap.ts';
import {
  type Bench,
  CA,
  clientLeaf,
  connectAndAsk,
  latest,
  OTHER_CA,
  openBench,
  until,
} from '../../support/tls-bench.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});
afterEach(() => bench.close());

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

/** One handshake between Node's own two ends over taps; what each end did, in order. */
async function order(version: (typeof VERSIONS)[number]): Promise<{ client: string[]; server: string[] }> {
  const said = { client: [] as string[], server: [] as string[] };
  const file = (path: string) => readFileSync(bench.host.path(path));
  const engine = createTlsServer({
    cert: file('/pki/server.crt'),
    key: file('/pki/server.key'),
    ca: [standInFor(CA.der) ?? ''],
    requestCert: true,
    rejectUnauthorized: false,
  });
  engine.on('keylog', () => {});
  engine.on('secureConnection', (socket) => {
    said.server.push('secureConnection');
    socket.on('error', () => {});
    setImmediate(() => socket.end());
  });
  const front = createTcpServer({ allowHalfOpen: true }, (raw) => {
    const tap = new Tap(raw);
    tap.watch = (direction) => said.server.push(direction);
    engine.emit('connection', tap);
  });
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const raw = connectTcp({
    port: (front.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  const tap = new Tap(raw);
  tap.watch = (direction) => said.client.push(direction);
  await new Promise<void>((resolve) => {
    const socket = connectTls({
      socket: tap,
      ca: [],
      cert: file('/pki/client.crt'),
      key: file('/pki/client.key'),
      rejectUnauthorized: false,
      maxVersion: version,
    });
    socket.on('keylog', (line: Buffer) => said.client.push(line.toString().split(' ')[0] ?? ''));
    socket.on('secureConnect', () => said.client.push('secureConnect'));
    socket.on('data', () => {});
    socket.on('end', () => socket.end());
    socket.on('close', () => resolve());
  });
  await new Promise((resolve) => front.close(resolve));
  return said;
}

test.for(VERSIONS)(
  "%s: Node's server reports a handshake before it flushes its last flight",
  async (version) => {
    const { server } = await order(version);
    const at = server.indexOf('secureConnection');
    // Before it: only the first flight has gone out. Right after it: the last one.
    expect(server.slice(0, at).filter((step) => step === 'out')).toHaveLength(1);
    expect(server[at - 1]).toBe('in');
    expect(server[at + 1]).toBe('out');
  },
);

test("TLSv1.3: Node's client reports a handshake before it flushes its certificate", async () => {
  const { client } = await order('TLSv1.3');
  const at = client.indexOf('secureConnect');
  expect(client.slice(0, at).filter((step) => step === 'out')).toHaveLength(1);
  expect(client[at + 1]).toBe('out');
});

test("TLSv1.2: Node's client tells its key before it flushes its certificate", async () => {
  const { client } = await order('TLSv1.2');
  const at = client.indexOf('CLIENT_RANDOM');
  expect(client.slice(0, at).filter((step) => step === 'out')).toHaveLength(1);
  expect(client[at + 1]).toBe('out');
});

/** Sockets, timers and the like that keep a process up. */
function resources(): string[] {
  return process
    .getActiveResourcesInfo()
    .filter((name) => /TCP|TLS|JSStream/.test(name))
    .sort();
}

test('two hundred connections at once, half of them refused, leave nothing behind', async () => {
  bench.put('stranger', clientLeaf({ by: OTHER_CA }));
  // The first watch of a process opens one inotify descriptor, which libuv keeps.
  await (await bench.serve()).close();
  const before = resources();
  const descriptors = readdirSync('/proc/self/fd').length;
  const server = await bench.serve({ handshakeMs: PATIENCE_MS });
  const shakes = await Promise.all(
    Array.from({ length: 200 }, async (_, i) => {
      const { status, error } = await ask(server, i % 2 === 0 ? 'client' : 'stranger');
      return status ?? error;
    }),
  );
  expect(shakes.filter((one) => one === 200)).toHaveLength(100);
  expect(shakes.filter((one) => one === 48)).toHaveLength(100);
  await until('all is closed', () => latest(bench.traces).every(({ state }) => state === 'closed'));
  expect(latest(bench.traces)).toHaveLength(400);
  await server.close();
  await until('no socket is left', () => resources().length <= before.length);
  await until('no descriptor is left', () => readdirSync('/proc/self/fd').length <= descriptors);
});

/** Four hundred ends in one process take a busy computer longer than a client of Go would wait. */
const PATIENCE_MS = 60_000;

async function ask(
  server: Awaited<ReturnType<Bench['serve']>>,
  who: string,
): Promise<{ status: number | null; error: number | undefined }> {
  const { status, error } = await connectAndAsk(
    bench.options(server, {
      cert: { file: `/pki/${who}.crt` },
      key: { file: `/pki/${who}.key` },
      timeoutMs: PATIENCE_MS,
    }),
  );
  return { status, error: error?.outcome.alert?.number };
}
