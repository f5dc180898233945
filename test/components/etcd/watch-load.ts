/**
 * Many watchers of one prefix beside a steady stream of writes, against an etcd in a process of its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Agent, request } from 'node:https';
import { resolve } from 'node:path';
import { ask, type TestHost, TLS_ARGV } from './fixture.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');

export interface WatchLoad {
  readonly watchers: number;
  readonly writesPerSecond: number;
  readonly seconds: number;
}

/** What was seen. */
export interface WatchReport {
  readonly writes: number;
  /** Revisions that some watcher missed or saw out of order; the first few. */
  readonly faults: readonly string[];
  /** Resident memory of the etcd process, MB: after a tenth of the time, and at the end. */
  readonly earlyMb: number;
  readonly lateMb: number;
  /** From the last write's answer until every watcher had its event, milliseconds. */
  readonly lagMs: number;
}

/** Run the load; the etcd process is gone afterwards. */
export async function watchUnderLoad(made: TestHost, load: WatchLoad): Promise<WatchReport> {
  const argv = ['--listen-client-urls=https://127.0.0.1:0', ...TLS_ARGV];
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'components/etcd/main.ts', '--root', made.root, ...argv],
    { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] },
  );
  try {
    const port = await new Promise<number>((found) => {
      let output = '';
      child.stderr.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        const serving = /"serving client traffic securely".*"address":"127\.0\.0\.1:(\d+)"/.exec(output);
        if (serving) found(Number(serving[1]));
      });
    });
    return await run(made, port, child.pid ?? 0, load);
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

async function run(made: TestHost, port: number, pid: number, load: WatchLoad): Promise<WatchReport> {
  const { ca, cert, key } = made.pem;
  const agent = new Agent({ keepAlive: true, ca, cert, key, maxSockets: load.watchers + 4 });
  const faults: string[] = [];
  const watchers = [];
  for (let at = 0; at < load.watchers; at++) watchers.push(await openWatcher(agent, port, at, faults));
  const total = load.writesPerSecond * load.seconds;
  const value = Buffer.alloc(300, 'x').toString('base64');
  let earlyMb = 0;
  const begun = performance.now();
  for (let write = 0; write < total; write++) {
    const early = begun + (write * 1000) / load.writesPerSecond - performance.now();
    if (early > 1) await new Promise((done) => setTimeout(done, early));
    const name = Buffer.from(`load/${write % 100}`).toString('base64');
    await post(agent, port, '/v3/kv/put', JSON.stringify({ key: name, value }));
    if (write === Math.floor(total / 10)) earlyMb = residentMb(pid);
  }
  const lateMb = residentMb(pid);
  const last = performance.now();
  const newest = Number(
    /"revision":"(\d+)"/.exec((await ask(made, port, '/v3/kv/range', { key: 'AA==' })).body)?.[1],
  );
  while (watchers.some((watcher) => watcher.seen() < newest) && performance.now() - last < 60_000) {
    await new Promise((done) => setTimeout(done, 10));
  }
  const lagMs = performance.now() - last;
  for (const [at, watcher] of watchers.entries()) {
    if (watcher.seen() !== newest) faults.push(`watcher ${at} saw ${watcher.seen()} of ${newest}`);
  }
  agent.destroy();
  return { writes: total, faults: faults.slice(0, 5), earlyMb, lateMb, lagMs };
}

/** Watch `load/`; every revision must follow the one before. */
async function openWatcher(
  agent: Agent,
  port: number,
  at: number,
  faults: string[],
): Promise<{ seen(): number }> {
  let seen = 1;
  let held = '';
  const created = new Promise<void>((resolveCreated, reject) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/v3/watch', method: 'POST', agent },
      (response) => {
        response.setEncoding('utf8').on('data', (chunk: string) => {
          held += chunk;
          const end = held.lastIndexOf('\n');
          if (end < 0) return;
          const text = held.slice(0, end);
          held = held.slice(end + 1);
          if (text.includes('"created":true')) resolveCreated();
          for (const match of text.matchAll(/"mod_revision":"(\d+)"/g)) {
            const revision = Number(match[1]);
            if (revision !== seen + 1) faults.push(`watcher ${at}: ${revision} after ${seen}`);
            seen = revision;
          }
        });
        response.on('error', () => {});
      },
    );
    sent.on('error', reject);
    const create = {
      key: Buffer.from('load/').toString('base64'),
      range_end: Buffer.from('load0').toString('base64'),
    };
    sent.end(JSON.stringify({ create_request: create }));
  });
  await created;
  return { seen: () => seen };
}

function post(agent: Agent, port: number, path: string, body: string): Promise<void> {
  return new Promise((done, failed) => {
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent }, (response) => {
      response.resume();
      response.on('end', done);
    });
    sent.on('error', failed);
    sent.end(body);
  });
}

function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024);
}
