/** Step mode: nothing moves until it is let go, and nobody times out unsaid. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { dial } from '../../../components/tls/client.ts';
import { holdNext, isStepping, type StepEvent } from '../../../components/tls/step.ts';
import {
  type Bench,
  clientLeaf,
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
afterEach(async () => {
  await bench.close();
  await until('nothing is held any more', () => !isStepping());
});

const CHANNEL = 'kube-scheduler->kube-apiserver';
const kinds = (events: readonly StepEvent[], kind: StepEvent['kind']) =>
  events.filter((event) => event.kind === kind);
const said = (events: readonly StepEvent[]): string[] =>
  events.flatMap((event) =>
    event.kind === 'message' ? [`${event.message.from}:${event.message.type}`] : [],
  );

test.for(['TLSv1.2', 'TLSv1.3'] as const)(
  '%s: a handshake is let go record by record',
  async (maxVersion) => {
    const server = await bench.serve();
    const events: StepEvent[] = [];
    const session = holdNext(CHANNEL, { onEvent: (event) => void events.push(event) });
    const dialled = dial(bench.options(server, { maxVersion }));
    await until('the ClientHello waits', () => kinds(events, 'held').length === 1);
    expect(said(events)).toEqual([]);
    expect(isStepping()).toBe(true);
    session.release(1);
    await until("the server's flight waits", () => kinds(events, 'held').length > 1);
    expect(said(events)).toEqual(['client:client_hello']);
    session.release(1);
    expect(said(events)).toEqual(['client:client_hello', 'server:server_hello']);
    let settled = false;
    const done = dialled.then((connection) => {
      settled = true;
      return connection;
    });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(settled).toBe(false);
    session.go();
    const { socket } = await done;
    expect(kinds(events, 'open')).toEqual([{ kind: 'open', why: 'asked' }]);
    socket.destroy();
  },
);

test('stepped to the end, pacing ends with the handshake', async () => {
  const server = await bench.serve();
  const events: StepEvent[] = [];
  const session = holdNext(CHANNEL, {
    onEvent: (event) => {
      events.push(event);
      if (event.kind === 'held') setImmediate(() => session.release(1));
    },
  });
  const { status, joined } = await bench.shake(server);
  expect(status).toBe(200);
  expect(kinds(events, 'open')).toEqual([{ kind: 'open', why: 'handshake over' }]);
  expect(said(events)).toEqual(
    joined.messages.map(({ from, type }) => `${from}:${type}`).slice(0, said(events).length),
  );
  expect(said(events)).toContain('client:finished');
});

test('a slowed handshake takes its time, and is refused all the same', async () => {
  bench.put('client', clientLeaf({ by: OTHER_CA }));
  const server = await bench.serve();
  const events: StepEvent[] = [];
  holdNext(CHANNEL, { delayMs: 20, onEvent: (event) => void events.push(event) });
  const from = performance.now();
  const { joined } = await bench.shake(server, { maxVersion: 'TLSv1.2' });
  expect(performance.now() - from).toBeGreaterThan(20 * 7);
  expect(joined.outcome).toMatchObject({ by: 'server', alert: { number: 48 } });
});

test('a client that refuses while stepped sends its alert when released', async () => {
  bench.put('server', serverLeaf({ by: OTHER_CA }));
  const server = await bench.serve();
  const session = holdNext(CHANNEL, {
    onEvent: (event) => {
      if (event.kind === 'held') setImmediate(() => session.release(1));
    },
  });
  const { joined } = await bench.shake(server);
  expect(joined.outcome).toMatchObject({ by: 'client', alert: { number: 42 } });
  expect(bench.events.at(-1)).toMatchObject({ text: 'remote error: tls: bad certificate' });
});

test('towards a peer outside the lab it goes on by itself in time', async () => {
  const server = await bench.serve();
  const events: StepEvent[] = [];
  holdNext('?->kube-apiserver', { limitMs: 50, onEvent: (event) => void events.push(event) });
  const { status } = await bench.shake(server);
  expect(status).toBe(200);
  expect(kinds(events, 'open')).toEqual([{ kind: 'open', why: 'peer would give up' }]);
});

test('neither end gives up while a handshake is held', async () => {
  const server = await bench.serve({ handshakeMs: 250 });
  const session = holdNext(CHANNEL, { onEvent: () => {} });
  const dialled = dial(bench.options(server, { timeoutMs: 250, settings: SETTINGS }));
  await new Promise((resolve) => setTimeout(resolve, 700));
  session.go();
  const { socket } = await dialled;
  socket.destroy();
});

test('only the next handshake of that channel is held', async () => {
  const server = await bench.serve();
  const events: StepEvent[] = [];
  const session = holdNext('kubectl->kube-apiserver', { onEvent: (event) => void events.push(event) });
  expect((await bench.shake(server)).status).toBe(200);
  expect(events).toEqual([]);
  session.go();
  expect((await bench.shake(server, { component: 'kubectl' })).status).toBe(200);
  expect(events).toEqual([]);
});
