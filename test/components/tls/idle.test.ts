import { type EventEmitter, once } from 'node:events';
import { createServer } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';
import { dial } from '../../../components/tls/client.ts';
import { type Bench, openBench } from '../../support/tls-bench.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});
afterEach(() => bench.close());

const IDLE = { headMs: 150, idleMs: 150 };
const closed = (emitter: EventEmitter): Promise<void> =>
  new Promise((resolve) => emitter.once('close', () => resolve()));

test('a connection that asks nothing is closed', async () => {
  const server = await bench.serve({ idle: IDLE });
  const { socket } = await dial(bench.options(server));
  socket.resume();
  await closed(socket);
});

test('a head that dribbles in is not waited for', async () => {
  const server = await bench.serve({ idle: IDLE });
  const { socket } = await dial(bench.options(server));
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\n');
  const timer = setInterval(() => socket.write('A: b\r\n'), 20);
  socket.resume();
  await closed(socket);
  clearInterval(timer);
});

test('a kept connection is closed when nothing is asked for a while, and not before', async () => {
  const server = await bench.serve({ idle: IDLE });
  const { socket } = await dial(bench.options(server));
  let answers = 0;
  socket.on('data', () => {
    answers += 1;
  });
  for (let i = 0; i < 4; i++) {
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 75));
  }
  expect(answers).toBeGreaterThanOrEqual(4);
  await closed(socket);
});

test('a long answer is not idle', async () => {
  const http1 = createServer((_request, response) => {
    response.write('begin');
    setTimeout(() => response.end('end'), 500);
  });
  const server = await bench.serve({ http1, idle: IDLE });
  const { socket } = await dial(bench.options(server));
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  socket.write('GET / HTTP/1.0\r\n\r\n');
  await closed(socket);
  expect(text).toMatch(/beginend$/);
});

test('an upgraded connection is left alone', async () => {
  const http1 = createServer();
  const server = await bench.serve({ http1, idle: IDLE });
  // Listens for upgrades after the guard does.
  const sockets = new WebSocketServer({ server: http1 });
  sockets.on('connection', (socket) => {
    socket.on('message', (data) => socket.send(data));
  });
  const { socket } = await dial(bench.options(server));
  const client = new WebSocket('ws://lab/', { createConnection: () => socket });
  await once(client, 'open');
  await new Promise((resolve) => setTimeout(resolve, 500));
  client.send('still there');
  expect(String((await once(client, 'message'))[0])).toBe('still there');
  client.close();
  await closed(client);
  sockets.close();
});
