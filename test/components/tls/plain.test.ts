/** Without TLS: a client that is told http://, and a server that listens so. Both ends tell, and their halves fit. */
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDispatcher, dial } from '../../../components/tls/client.ts';
import { servePlain } from '../../../components/tls/plain.ts';
import type { TlsServer } from '../../../components/tls/server.ts';
import { type Bench, latest, openBench, until } from '../../support/tls-bench.ts';

let bench: Bench;
let secure: TlsServer;
let plain: { readonly url: string; readonly port: number; close(): void };

beforeAll(async () => {
  bench = openBench();
  secure = await bench.serve();
  const http = createHttpServer((_, response) => response.end('plain'));
  const front = createServer((raw) =>
    servePlain(raw, {
      host: bench.host,
      component: 'etcd',
      accept: (socket) => http.emit('connection', socket),
    }),
  );
  await new Promise<void>((resolve) => front.listen(0, '127.0.0.1', resolve));
  const { port } = front.address() as AddressInfo;
  plain = { url: `http://127.0.0.1:${port}`, port, close: () => front.close() };
});
afterAll(async () => {
  void plain.close();
  await bench.close();
});

/** Ask once, and what both ends told of it. */
async function ask(url: string) {
  const from = bench.traces.length;
  const dispatcher = createDispatcher({ ...bench.options(secure), url });
  const answer = await request(`${url}/api`, { dispatcher }).then(
    async ({ statusCode, body }) => ({ status: statusCode, text: await body.text() }),
    (error: Error) => ({ status: 0, text: error.message }),
  );
  await dispatcher.destroy();
  const told = () => latest(bench.traces.slice(from));
  await until('both ends are over', () => told().filter(({ state }) => state === 'closed').length === 2);
  const client = told().find((trace) => trace.client !== null);
  const server = told().find((trace) => trace.server !== null);
  return { answer, client, server };
}

test('a plain request at a TLS port is answered 400, and told as the server’s refusal', async () => {
  const { answer, client, server } = await ask(secure.url.replace('https', 'http'));
  expect(answer).toEqual({ status: 400, text: 'Client sent an HTTP request to an HTTPS server.\n' });
  const refused = { layer: 'tls', by: 'server', code: 'NOT_TLS', alert: null };
  expect(client?.outcome).toEqual(refused);
  expect(server?.outcome).toEqual(refused);
  expect(client?.client?.realTexts[0]?.text).toContain(
    'failed to list *v1.Pod: the server rejected our request for an unknown reason (get pods)',
  );
  expect(client?.clientAddress).toEqual(server?.clientAddress);
});

test('plain HTTP on both sides goes well, and is told as unsafe', async () => {
  const { answer, client, server } = await ask(plain.url);
  expect(answer).toEqual({ status: 200, text: 'plain' });
  expect(client?.outcome.layer).toBe('ok');
  expect(server?.outcome.layer).toBe('ok');
  expect(client?.unsafe).toEqual([
    'kube-scheduler speaks plain HTTP to kube-apiserver: anybody on the way reads and changes it',
  ]);
});

test('a TLS client at a plain server is hung up on, and the server knows why', async () => {
  const { client, server } = await ask(`https://127.0.0.1:${plain.port}`);
  expect(client?.outcome).toEqual({ layer: 'tcp', by: null, code: 'CONNECTION_RESET', alert: null });
  expect(client?.client?.realTexts[0]?.text).toContain('EOF');
  expect(server?.outcome).toEqual({ layer: 'tls', by: 'server', code: 'NOT_TLS', alert: null });
});

test('nobody listens', async () => {
  await expect(dial({ ...bench.options(secure), url: 'http://127.0.0.1:1' })).rejects.toMatchObject({
    clientText: 'dial tcp 127.0.0.1:1: connect: connection refused',
  });
});
