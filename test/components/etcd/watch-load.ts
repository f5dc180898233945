/**
 * Many watchers of one prefix beside a steady stream of writes: etcd in a process of its own, the watchers in another.
 *
 * The writes come by the clock, whether earlier ones were answered or not (an open loop): a server that is too slow
 * does not slow the load down, it falls behind and is seen to.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { join, resolve } from 'node:path';
import { type TestHost, TLS_ARGV } from './fixture.ts';
import type { Probe } from './memory-probe.ts';
import type { WatchOrder, WatchSeen, WatchWait } from './watch-client.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const TICK_MS = 5;
const WRITERS = 16;
const PATIENCE_MS = 30_000;
const VALUE = Buffer.alloc(300, 'x').toString('base64');

export interface WatchLoad {
  readonly watchers: number;
  readonly writesPerSecond: number;
  readonly seconds: number;
  /** Revisions that are written before the watchers come, as fast as it goes. */
  readonly before: number;
}

/** What was seen. */
export interface WatchReport {
  /** From the first write until the last one was answered, milliseconds. */
  readonly tookMs: number;
  /** For so much of that time etcd had work and no processor, because others had them. Linux only. */
  readonly starvedMs: number;
  /** Processor time that etcd used meanwhile, milliseconds. */
  readonly cpuMs: number;
  /** Events that all watchers together were told of. */
  readonly events: number;
  /** What some watcher missed, or saw twice or out of order; the first few. */
  readonly faults: readonly string[];
  /** What etcd holds after a full garbage collection: before the load, in the middle of it, after it. MB. */
  readonly heldMb: readonly [before: number, during: number, after: number];
}

/** Run the load; both processes are gone afterwards. */
export async function watchUnderLoad(made: TestHost, load: WatchLoad): Promise<WatchReport> {
  const probe = join(import.meta.dirname, 'memory-probe.ts');
  const etcd = start(
    'components/etcd/main.ts',
    ['--expose-gc', '--import', probe],
    [...['--root', made.root, '--listen-client-urls=https://127.0.0.1:0'], ...TLS_ARGV],
  );
  const client = start('test/components/etcd/watch-client.ts', [], []);
  try {
    return await run(made, etcd, client, load);
  } finally {
    await Promise.all([etcd, client].map(end));
  }
}

async function run(
  made: TestHost,
  etcd: ChildProcess,
  client: ChildProcess,
  load: WatchLoad,
): Promise<WatchReport> {
  const { writesPerSecond, watchers } = load;
  const port = await portOf(etcd);
  const { ca, cert, key } = made.pem;
  const agent = new Agent({ keepAlive: true, ca, cert, key, maxSockets: WRITERS });
  const probe = (): Promise<Probe> => tell<Probe>(etcd, {});
  let revision = 1;
  const put = async (): Promise<void> => {
    const name = Buffer.from(`load/${revision % 100}`).toString('base64');
    const written = await post(agent, port, JSON.stringify({ key: name, value: VALUE }));
    revision = Math.max(revision, written);
  };
  await pace(load.before, Number.POSITIVE_INFINITY, put);
  const order: WatchOrder = { port, watchers, pem: { ca, cert, key }, revision };
  const ready = await tell<WatchSeen>(client, order);
  if (ready.faults.length > 0) throw new Error(ready.faults.join('\n'));
  const before = await probe();
  const starvedBefore = starvedMs(etcd);
  const begun = performance.now();
  const middle = new Promise((done) => setTimeout(done, load.seconds * 500)).then(probe);
  await pace(writesPerSecond * load.seconds, writesPerSecond, put);
  const tookMs = performance.now() - begun;
  const starved = starvedMs(etcd) - starvedBefore;
  const wait: WatchWait = { upTo: revision, patienceMs: PATIENCE_MS };
  const { faults, events } = await tell<WatchSeen>(client, wait);
  const during = await middle;
  const after = await probe();
  agent.destroy();
  return {
    tookMs,
    starvedMs: starved,
    cpuMs: after.cpuMs - before.cpuMs,
    faults,
    events,
    heldMb: [before.heldMb, during.heldMb, after.heldMb],
  };
}

/** Begin so many tasks, so many a second at most, and wait for all. Up to WRITERS of an endless rate at a time. */
async function pace(total: number, perSecond: number, task: () => Promise<void>): Promise<void> {
  const running = new Set<Promise<void>>();
  const begun = performance.now();
  for (let started = 0; started < total; ) {
    const due = Math.min(total, Math.ceil(((performance.now() - begun) * perSecond) / 1000) || WRITERS);
    for (; started < due; started++) {
      const one = task().finally(() => running.delete(one));
      running.add(one);
      if (perSecond === Number.POSITIVE_INFINITY && running.size >= WRITERS) await Promise.race(running);
    }
    await new Promise((done) => setTimeout(done, TICK_MS));
  }
  await Promise.all(running);
}

/**
 * How long a process's main thread has waited for a processor.
 * @see Linux Documentation/scheduler/sched-stats.rst: time on the processor, time on a run queue (ns), slices
 */
function starvedMs({ pid }: ChildProcess): number {
  try {
    return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[1]) / 1e6;
  } catch {
    return 0;
  }
}

function start(program: string, nodeArgv: readonly string[], argv: readonly string[]): ChildProcess {
  return fork(program, argv, {
    cwd: root,
    execArgv: ['--import', 'tsx', ...nodeArgv],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

function portOf(etcd: ChildProcess): Promise<number> {
  return new Promise((found, failed) => {
    let output = '';
    etcd.stderr?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const serving = /"serving client traffic securely".*"address":"127\.0\.0\.1:(\d+)"/.exec(output);
      if (serving) found(Number(serving[1]));
    });
    etcd.once('exit', () => failed(new Error(`etcd did not start: ${output}`)));
  });
}

/** One message to a process, and its answer. */
function tell<T>(child: ChildProcess, message: object): Promise<T> {
  return new Promise((answered, failed) => {
    const gone = (): void => failed(new Error(`the process ended: ${child.exitCode ?? child.signalCode}`));
    child.once('exit', gone);
    child.once('message', (answer) => {
      child.off('exit', gone);
      answered(answer as T);
    });
    child.send(message);
  });
}

/** Write a key; returns the revision. */
function post(agent: Agent, port: number, body: string): Promise<number> {
  return new Promise((done, failed) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/v3/kv/put', method: 'POST', agent },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        response.on('end', () => {
          const revision = /"revision":"(\d+)"/.exec(text)?.[1];
          if (revision === undefined) failed(new Error(`${response.statusCode} ${text}`));
          else done(Number(revision));
        });
        response.on('error', failed);
      },
    );
    sent.on('error', failed);
    sent.end(body);
  });
}
