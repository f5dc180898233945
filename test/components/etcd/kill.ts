/**
 * kill -9 of a separate etcd process under write load, again and again on one data directory: what was
 * acknowledged must be there.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:https';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { expect } from 'vitest';
import { ask, type TestHost, TLS_ARGV } from './fixture.ts';

const root = resolve(import.meta.dirname, '..', '..', '..');
const WRITERS = 8;
/** So few that rewrites of the file are killed too. */
const SNAPSHOT_COUNT = 40;
const DEADLINE_MS = 30_000;

/** What was acknowledged about a key last: its value, or that it is gone, and the revision. */
interface Acknowledged {
  readonly value: string | undefined;
  readonly revision: number;
  /** Its deletion was asked for and not acknowledged: it may be gone. */
  readonly mayBeGone?: true;
}

/** What the rounds saw. */
export interface KillReport {
  readonly acknowledged: number;
  readonly repairs: number;
  readonly rewrites: number;
}

/** Start, write, kill at a random moment, start again, compare; `rounds` times. */
export async function killUnderLoad(made: TestHost, rounds: number): Promise<KillReport> {
  const acknowledged = new Map<string, Acknowledged>();
  const report = { repairs: 0, rewrites: 0 };
  const program = await bundleEtcd(made);
  for (let round = 0; round < rounds; round++) {
    const etcd = await startProcess(made, program);
    await compare(made, etcd.port, acknowledged);
    const writing = writeUntilItDies(made, etcd.port, round, acknowledged);
    const wanted = acknowledged.size + 20 + Math.floor(Math.random() * 200);
    await writing.reached(wanted);
    const exited = once(etcd.child, 'exit');
    etcd.child.kill('SIGKILL');
    await exited;
    await writing.ended;
    report.repairs += count(etcd.output(), '"repaired"');
    report.rewrites += count(etcd.output(), '"saved snapshot"');
  }
  const etcd = await startProcess(made, program);
  await compare(made, etcd.port, acknowledged);
  etcd.child.kill('SIGTERM');
  await once(etcd.child, 'exit');
  return { acknowledged: acknowledged.size, ...report };
}

/** One file of JavaScript: reading a hundred of TypeScript fifty times would take longer than all the writing. */
async function bundleEtcd(made: TestHost): Promise<string> {
  const outfile = join(made.root, 'etcd.mjs');
  await build({
    absWorkingDir: root,
    entryPoints: ['components/etcd/main.ts'],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
    logLevel: 'error',
  });
  return outfile;
}

async function startProcess(
  made: TestHost,
  program: string,
): Promise<{
  readonly child: ReturnType<typeof spawn>;
  readonly port: number;
  readonly output: () => string;
}> {
  const argv = [
    '--listen-client-urls=https://127.0.0.1:0',
    '--data-dir=/var/lib/etcd',
    `--snapshot-count=${SNAPSHOT_COUNT}`,
    ...TLS_ARGV,
  ];
  const child = spawn(process.execPath, [program, '--root', made.root, ...argv], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  const port = await new Promise<number>((found, failed) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const serving = /"serving client traffic securely".*"address":"127\.0\.0\.1:(\d+)"/.exec(output);
      if (serving) found(Number(serving[1]));
    });
    child.once('exit', () => failed(new Error(`etcd did not start: ${output}`)));
  });
  return { child, port, output: () => output };
}

/** Several writers, each one write at a time, until the connection breaks. */
function writeUntilItDies(
  made: TestHost,
  port: number,
  round: number,
  acknowledged: Map<string, Acknowledged>,
): { readonly ended: Promise<void>; reached(count: number): Promise<void> } {
  const { ca, cert, key } = made.pem;
  const agent = new Agent({ keepAlive: true, ca, cert, key });
  const write = async (writer: number): Promise<void> => {
    for (let number = 0; ; number++) {
      // Some keys are written again and again: the newest acknowledged value counts.
      const name = number % 3 === 0 ? `w${writer}/same` : `w${writer}/r${round}/${number}`;
      const value = `${round}/${number}`;
      const revision = await change(agent, port, name, value);
      if (revision === undefined) return;
      acknowledged.set(name, { value, revision });
      if (number % 7 !== 0) continue;
      acknowledged.set(name, { value, revision, mayBeGone: true });
      const gone = await change(agent, port, name, undefined);
      if (gone === undefined) return;
      acknowledged.set(name, { value: undefined, revision: gone });
    }
  };
  const ended = Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer))).then(() =>
    agent.destroy(),
  );
  return {
    ended,
    async reached(wanted) {
      const deadline = performance.now() + DEADLINE_MS;
      while (acknowledged.size < wanted) {
        if (performance.now() > deadline) throw new Error(`only ${acknowledged.size} of ${wanted} writes`);
        await new Promise((done) => setTimeout(done, 1));
      }
    },
  };
}

/** Write a key, or delete it; its revision, or undefined when it was not acknowledged. */
function change(
  agent: Agent,
  port: number,
  name: string,
  value: string | undefined,
): Promise<number | undefined> {
  const key = Buffer.from(name).toString('base64');
  const body = JSON.stringify(
    value === undefined ? { key } : { key, value: Buffer.from(value).toString('base64') },
  );
  const path = value === undefined ? '/v3/kv/deleterange' : '/v3/kv/put';
  return new Promise((done) => {
    const sent = request({ host: '127.0.0.1', port, path, method: 'POST', agent }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => done(Number(/"revision":"(\d+)"/.exec(text)?.[1])));
      response.on('error', () => done(undefined));
    });
    sent.on('error', () => done(undefined));
    sent.end(body);
  });
}

/** Everything acknowledged holds, at its revision, or was overtaken by a later write. */
async function compare(
  made: TestHost,
  port: number,
  acknowledged: ReadonlyMap<string, Acknowledged>,
): Promise<void> {
  const { body } = await ask(made, port, '/v3/kv/range', { key: 'AA==', range_end: 'AA==' });
  const { kvs = [], header } = JSON.parse(body) as {
    readonly header: { readonly revision: string };
    readonly kvs?: readonly { readonly key: string; readonly value: string; readonly mod_revision: string }[];
  };
  const found = new Map(kvs.map((kv) => [Buffer.from(kv.key, 'base64').toString(), kv]));
  const lost: string[] = [];
  for (const [name, { value, revision, mayBeGone }] of acknowledged) {
    const kv = found.get(name);
    // What was on its way when the process died may have happened, acknowledged by nobody.
    if (kv ? Number(kv.mod_revision) > revision : mayBeGone) continue;
    const there =
      kv && Number(kv.mod_revision) === revision ? Buffer.from(kv.value, 'base64').toString() : kv;
    if (there !== value) lost.push(`${name}=${value ?? 'deleted'} of revision ${revision}`);
  }
  expect(lost).toEqual([]);
  const newest = Math.max(1, ...[...acknowledged.values()].map(({ revision }) => revision));
  expect(Number(header.revision)).toBeGreaterThanOrEqual(newest);
}

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}
