/** Handshakes on request: with an ordered version, held and let go over the API of the running lab. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isStepping } from '../../components/tls/step.ts';
import { callLab, followLab } from '../../lab/api.ts';
import type { WatchedEvent } from '../../lab/handshake-api.ts';
import { bytesFromJson } from '../../lab/trace-json.ts';
import { callCli } from '../support/cli.ts';
import { openTestLab, type TestLab } from '../support/lab.ts';
import { until } from '../support/tls-bench.ts';
import { requireTool } from '../support/tools.ts';

let bench: TestLab;
beforeAll(async () => {
  bench = await openTestLab();
});
afterAll(() => bench.close());

const BIN = resolve(import.meta.dirname, '../../scripts/mtls-lab.js');
const NAMES = ['kube-scheduler', 'kube-apiserver'];
const at = (): { dir: string; shownDir: string } => ({ dir: bench.dir, shownDir: bench.dir });
const cli = (...args: string[]) => callCli(['handshake', ...args, '--dir', bench.dir]);

/** Follow a watched handshake; what `next` returns is asked for. */
async function watch(
  body: object,
  next: (event: WatchedEvent) => 'release' | 'go' | 'stay' | undefined,
): Promise<WatchedEvent[]> {
  const events: WatchedEvent[] = [];
  let id = '';
  for await (const json of followLab(at(), 'POST /handshake/watch', body)) {
    const event = bytesFromJson(json) as WatchedEvent;
    events.push(event);
    if (event.kind === 'asked') id = event.id;
    const move = next(event);
    if (move) await callLab(at(), `POST /handshake/${move}`, { id });
    if (event.kind === 'done' || event.kind === 'failed') break;
  }
  return events;
}

test.for(['1.2', '1.3'])('a handshake with --tls %s has that version', async (tls) => {
  const { code, stdout } = await cli(...NAMES, '--tls', tls, '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout).channel).toMatchObject({ layer: 'ok', protocol: `TLSv${tls}` });
});

test('a held handshake passes one message per release, each with its reason, and ends with its card', async () => {
  const events = await watch({ names: NAMES }, (event) =>
    (event.kind === 'held' && event.waiting === 1) || (event.kind === 'released' && event.waiting > 0)
      ? 'release'
      : undefined,
  );
  const said = events.flatMap((event) => (event.kind === 'message' ? [event.message.type] : []));
  expect(said.slice(0, 2)).toEqual(['client_hello', 'server_hello']);
  expect(said.filter((type) => type === 'finished')).toHaveLength(2);
  expect(events[0]).toMatchObject({
    kind: 'asked',
    channel: { id: 'kube-scheduler->kube-apiserver' },
    isLimited: false,
  });
  const hello = events.find((event) => event.kind === 'message');
  expect(hello).toMatchObject({
    title: 'ClientHello',
    why: expect.stringContaining('kube-scheduler opens the conversation'),
  });
  expect(events.find(({ kind }) => kind === 'open')).toEqual({ kind: 'open', why: 'handshake over' });
  expect(events.at(-1)).toMatchObject({ kind: 'done', channel: { layer: 'ok' } });
});

test('who leaves lets the handshake go', async () => {
  for await (const json of followLab(at(), 'POST /handshake/watch', { names: NAMES })) {
    if ((json as WatchedEvent).kind === 'held') break;
  }
  await until('nothing is held', () => !isStepping());
});

test('a server that is not the lab’s own is told of as one that will not wait; nobody there at all, at once', async () => {
  await callLab(at(), 'POST /components/stop', { component: 'etcd' });
  const events = await watch({ names: ['kube-apiserver', 'etcd'] }, () => undefined);
  await callLab(at(), 'POST /components/start', { component: 'etcd' });
  expect(events[0]).toMatchObject({ kind: 'asked', isLimited: true });
  expect(events.at(-1)).toMatchObject({
    kind: 'done',
    channel: { layer: 'tcp', code: 'CONNECTION_REFUSED' },
  });
});

test('--delay prints every message as it passes', async () => {
  const { code, stdout } = await cli(...NAMES, '--delay', '1', '--tls', '1.2');
  expect(code).toBe(0);
  expect(stdout).toContain('1.  kube-scheduler ──▶ kube-apiserver  ClientHello');
  expect(stdout).toContain('13. kube-scheduler ◀── kube-apiserver  Finished  🔒');
  expect(stdout).toContain('verified each other and are connected');
});

test('--step on a terminal: Enter for every message, then the card', async (context) => {
  if (process.platform !== 'linux') context.skip('script(1) has other options elsewhere');
  const script = requireTool(context, 'script');
  const command = `${process.execPath} ${BIN} handshake ${NAMES.join(' ')} --step --dir ${bench.dir}`;
  const child = spawn(script, ['-qec', command, '/dev/null'], {
    env: { ...process.env, NO_COLOR: '1', TERM: 'dumb' },
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  let shown = '';
  let answered = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text;
    for (; shown.split(' wait (8 s) ').length - 1 > answered; answered += 1) child.stdin.write('\n');
  });
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(0);
  expect(shown).toContain('Enter lets the next one go, w waits for you without limit');
  expect(shown).toMatch(/⏸ \d+ bytes from kube-scheduler wait \(8 s\)/);
  expect(shown).toContain('10. kube-scheduler ──▶ kube-apiserver  Finished  🔒');
  expect(shown).not.toContain('On by itself');
  expect(shown).toContain('kube-scheduler and kube-apiserver verified each other and are connected.');
  // A message each, and the server's last word: its ticket.
  expect(answered).toBeGreaterThanOrEqual(10);
});

test.for([
  { args: [...NAMES, '--step'], what: 'not a terminal' },
  { args: [...NAMES, '--tls', '1.1'], what: '--tls 1.1' },
  { args: [...NAMES, '--delay', 'soon'], what: '--delay soon' },
  { args: ['kube-scheduler', 'etcd', '--delay', '1'], what: 'never dials etcd' },
])('refuses $args with the reason', async ({ args, what }) => {
  const { code, stderr } = await cli(...args);
  expect(code).toBe(2);
  expect(stderr).toContain(what);
});
