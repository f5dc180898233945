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
/** True when the last thing heard of the queue is that something waits. */
const waits = (events: readonly StepEvent[]): boolean => {
  const last = events.findLast(({ kind }) => kind === 'held' || kind === 'released');
  return last !== undefined && 'waiting' in last && last.waiting > 0;
};
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
    expect(said(events).slice(0, 2)).toEqual(['client:client_hello', 'server:server_hello']);
    // In TLS 1.3 the ChangeCipherSpec behind it means nothing, and is no step.
    expect(said(events).slice(2)).toEqual(maxVersion === 'TLSv1.3' ? ['server:change_cipher_spec'] : []);
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

test('TLS 1.3: the refusal waits too, while the client believes itself connected', async () => {
  bench.put('client', clientLeaf({ by: OTHER_CA }));
  const server = await bench.serve();
  const events: StepEvent[] = [];
  const session = holdNext(CHANNEL, { onEvent: (event) => void events.push(event) });
  const shaken = bench.shake(server);
  await until("the client's last word is out", () => {
    if (waits(events)) session.release(1);
    return said(events).includes('client:finished');
  });
  await until('the server has judged, and its alert waits', () => bench.events.length === 1 && waits(events));
  expect(bench.traces.find(({ client }) => client !== null)?.outcome.layer).toBe('ok');
  expect(said(events)).not.toContain('server:alert');
  expect(kinds(events, 'open')).toEqual([]);
  session.release(1);
  const { joined, error } = await shaken;
  expect(said(events)).toContain('server:alert');
  expect(kinds(events, 'open')).toEqual([{ kind: 'open', why: 'handshake over' }]);
  expect(error?.clientText).toBe('remote error: tls: unknown certificate authority');
  expect(joined.client?.believed.map(({ state }) => state).slice(0, 3)).toEqual([
    'accepted',
    'connected',
    'learned-refused',
  ]);
});

test('nobody asks: it goes on by itself, unless it was told to stay', async () => {
  const server = await bench.serve();
  const events: StepEvent[] = [];
  holdNext(CHANNEL, { idleMs: 50, onEvent: (event) => void events.push(event) });
  expect((await bench.shake(server)).status).toBe(200);
  expect(kinds(events, 'open')).toEqual([{ kind: 'open', why: 'nobody asked' }]);
  const staying = holdNext(CHANNEL, { idleMs: 50, onEvent: (event) => void events.push(event) });
  staying.stay();
  const shaken = bench.shake(server);
  await new Promise((resolve) => setTimeout(resolve, 150));
  staying.go();
  expect((await shaken).status).toBe(200);
  expect(kinds(events, 'open').at(-1)).toEqual({ kind: 'open', why: 'asked' });
});

test.for(['TLSv1.2', 'TLSv1.3'] as const)(
  'the next handshake can be ordered to be %s, and is pointed out to all who wait for it',
  async (version) => {
    const server = await bench.serve();
    const told: string[] = [];
    const onEvent = (event: StepEvent): void => {
      told.push(event.kind === 'began' ? event.traceId : event.kind);
    };
    holdNext(CHANNEL, { mode: 'pass', version, onEvent });
    holdNext(CHANNEL, { mode: 'pass', version, onEvent });
    const { client } = await bench.shake(server);
    expect(client.protocol).toBe(version);
    expect(told).toEqual([client.id, client.id]);
    expect((await bench.shake(server)).client.protocol).toBe('TLSv1.3');
    expect(told).toHaveLength(2);
  },
);

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
