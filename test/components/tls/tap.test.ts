/** A tap is as transparent as the socket below it. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import {
  type AddressInfo,
  connect as connectTcp,
  createServer as createTcpServer,
  type Socket,
} from 'node:net';
import { pipeline } from 'node:stream/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { dial } from '../../../components/tls/client.ts';
import { Tap } from '../../../components/tls/tap.ts';
import { type Bench, openBench, until } from '../../support/tls-bench.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});
afterEach(() => bench.close());

/** Two connected sockets, one of them under a tap. */
async function pair(): Promise<{ tap: Tap; peer: Socket; close(): Promise<void> }> {
  const server = createTcpServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const raw = connectTcp({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    allowHalfOpen: true,
  });
  await once(raw, 'connect');
  const [peer] = await accepted;
  const tap = new Tap(raw);
  tap.on('error', () => {});
  peer.on('error', () => {});
  return {
    tap,
    peer,
    close: async () => {
      tap.destroy();
      peer.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('carries every byte both ways, in order, however it is written', async () => {
  const { tap, peer, close } = await pair();
  const sent = randomBytes(1_000_003);
  const seen: Buffer[] = [];
  const watched: Buffer[] = [];
  tap.watch = (direction, bytes) => {
    if (direction === 'out') watched.push(Buffer.from(bytes));
  };
  peer.on('data', (bytes: Buffer) => seen.push(bytes));
  tap.cork();
  for (let at = 0; at < sent.length; at += 70_001) tap.write(sent.subarray(at, at + 70_001));
  tap.uncork();
  tap.end();
  await once(peer, 'end');
  expect(Buffer.concat(seen).equals(sent)).toBe(true);
  expect(Buffer.concat(watched).equals(sent)).toBe(true);
  await close();
});

test('a half-closed connection still carries the answer', async () => {
  const { tap, peer, close } = await pair();
  peer.end('question');
  const chunks: string[] = [];
  tap.on('data', (bytes: Buffer) => chunks.push(bytes.toString()));
  await once(tap, 'end');
  const answer = once(peer, 'data');
  tap.end('answer');
  expect([chunks.join(''), String((await answer)[0])]).toEqual(['question', 'answer']);
  await close();
});

test('a reader who does not read holds the sender back', async () => {
  const { tap, peer, close } = await pair();
  tap.pause();
  let sent = 0;
  const block = Buffer.alloc(65_536);
  const push = (): void => {
    while (sent < 256 * 1024 * 1024) {
      sent += block.length;
      if (!peer.write(block)) return;
    }
  };
  peer.on('drain', push);
  push();
  let last = -1;
  await until('the sender stands still', () => {
    const still = sent === last;
    last = sent;
    return still && peer.writableNeedDrain;
  });
  expect(tap.readableLength).toBeLessThan(1_000_000);
  expect(sent).toBeLessThan(64 * 1024 * 1024);
  await close();
});

test('a reset becomes an error', async () => {
  const { tap, peer, close } = await pair();
  const error = once(tap, 'error');
  tap.resume();
  peer.resetAndDestroy();
  expect(String((await error)[0])).toContain('ECONNRESET');
  await close();
});

test('what a slow reader has not read survives the close', async () => {
  const { tap, peer, close } = await pair();
  peer.end('last words');
  await until('they have arrived', () => tap.readableLength > 0 || tap.raw.bytesRead > 0);
  tap.end();
  const chunks: string[] = [];
  await new Promise((resolve) => setImmediate(resolve));
  tap.on('data', (bytes: Buffer) => chunks.push(bytes.toString()));
  await once(tap, 'end');
  expect(chunks.join('')).toBe('last words');
  await close();
});

test('a refusal replaces everything that was still to be said, and hangs up by itself', async () => {
  const { tap, peer, close } = await pair();
  const chunks: Buffer[] = [];
  peer.on('data', (bytes: Buffer) => chunks.push(bytes));
  tap.refuse(Buffer.from('alert'));
  tap.write('last flight');
  tap.destroy();
  await once(peer, 'end');
  expect(Buffer.concat(chunks).toString()).toBe('alert');
  // The peer never closes: two seconds, and the socket is gone.
  await until('the socket is gone', () => tap.raw.destroyed, 5000);
  await close();
});

test('addresses stand on both TLS sockets, also after the end', async () => {
  let remote = '';
  const http1 = createServer((request, response) => {
    remote = `${request.socket.remoteAddress}:${request.socket.remotePort}`;
    response.end();
  });
  const server = await bench.serve({ http1 });
  const { socket } = await dial(bench.options(server));
  expect(socket.remoteAddress).toBe('127.0.0.1');
  expect(socket.remotePort).toBe(server.port);
  socket.resume().write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await once(socket, 'close');
  expect(remote).toBe(`127.0.0.1:${socket.localPort}`);
});

test('64 MiB arrive whole over TLS and two taps', async () => {
  const total = 64;
  const block = randomBytes(1024 * 1024);
  const http1 = createServer((_request, response) => {
    const send = async (): Promise<void> => {
      await pipeline(function* () {
        for (let i = 0; i < total; i++) yield block;
      }, response);
    };
    send().catch((error: Error) => response.destroy(error));
  });
  const server = await bench.serve({ http1 });
  const { socket } = await dial(bench.options(server));
  const hash = createHash('sha256');
  let head = Buffer.alloc(0);
  let inBody = false;
  socket.write('GET / HTTP/1.0\r\n\r\n');
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    if (inBody) {
      hash.update(chunk);
      continue;
    }
    head = Buffer.concat([head, chunk]);
    const at = head.indexOf('\r\n\r\n');
    if (at < 0) continue;
    inBody = true;
    hash.update(head.subarray(at + 4));
  }
  const wanted = createHash('sha256');
  for (let i = 0; i < total; i++) wanted.update(block);
  expect(hash.digest('hex')).toBe(wanted.digest('hex'));
});

test('a WebSocket works over both taps', async () => {
  const http1 = createServer();
  const sockets = new WebSocketServer({ server: http1 });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => socket.send(data));
  });
  const server = await bench.serve({ http1 });
  const { socket } = await dial(bench.options(server));
  const client = new WebSocket('ws://lab/', { createConnection: () => socket });
  await once(client, 'open');
  const echoes: number[] = [];
  client.on('message', (data: Buffer) => echoes.push(data.length));
  for (let i = 0; i < 100; i++) client.send(Buffer.alloc(20_000 + i));
  await until('every echo is back', () => echoes.length === 100);
  expect(echoes).toEqual(Array.from({ length: 100 }, (_, i) => 20_000 + i));
  client.close();
  await once(client, 'close');
  sockets.close();
});
