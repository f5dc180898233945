/** `etcdctl snapshot`: saved from the lab's etcd, checked by etcdctl, restored into a real etcd that then serves it. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { requireTool } from '../../support/tools.ts';
import { ask, makeHost, startEtcd, type TestEtcd, type TestHost } from './fixture.ts';
import { startRealEtcd } from './real-etcd.ts';

/** Three transactions of so many keys; then one large key, one on a lease, one written again, one deleted. */
const KEYS = 100;
const REVISIONS = 3 + 4;
const RECORDS = 3 * KEYS + 4;
const LARGE = 'x'.repeat(20_000);

const base64 = (text: string): string => Buffer.from(text).toString('base64');

let made: TestHost;
let etcd: TestEtcd;
beforeAll(async () => {
  made = await makeHost();
  etcd = await startEtcd(made);
  const put = (key: string, value: string, more = {}) =>
    ask(made, etcd.port, '/v3/kv/put', { key: base64(key), value: base64(value), ...more });
  await ask(made, etcd.port, '/v3/lease/grant', { ID: '77', TTL: '600' });
  for (const letter of 'abc') {
    const success = Array.from({ length: KEYS }, (_, at) => ({
      request_put: { key: base64(`${letter}/${at}`), value: base64(`value ${at}`) },
    }));
    await ask(made, etcd.port, '/v3/kv/txn', { success });
  }
  await put('large', LARGE);
  await put('leased', 'v', { lease: '77' });
  await put('a/0', 'again');
  await ask(made, etcd.port, '/v3/kv/deleterange', { key: base64('a/1') });
});
afterAll(async () => {
  await etcd.close();
  made.remove();
});

async function etcdctl(context: TestContext, ...args: readonly string[]): Promise<string> {
  const own = [
    `--endpoints=https://127.0.0.1:${etcd.port}`,
    `--cacert=${made.file('ca.crt')}`,
    `--cert=${made.file('apiserver-etcd-client.crt')}`,
    `--key=${made.file('apiserver-etcd-client.key')}`,
  ];
  const env = { ETCDCTL_API: '3' };
  const { stdout } = await promisify(execFile)(requireTool(context, 'etcdctl'), [...own, ...args], { env });
  return stdout;
}

/** What a server has under all keys, at a revision. */
async function everything(port: number, revision = 0): Promise<unknown> {
  const all = { key: 'AA==', range_end: 'AA==', revision };
  return JSON.parse((await ask(made, port, '/v3/kv/range', all)).body).kvs;
}

test('etcdctl saves and checks a snapshot, and a real etcd goes on from it', async (context) => {
  const file = join(made.root, 'snapshot.db');
  expect(await etcdctl(context, 'snapshot', 'save', file)).toBe(`Snapshot saved at ${file}\n`);
  const status = JSON.parse(await etcdctl(context, 'snapshot', 'status', file, '-w', 'json'));
  // Every record of the history, one lease, one entry of meta.
  expect(status).toMatchObject({ revision: 1 + REVISIONS, totalKey: RECORDS + 2 });
  const real = requireTool(context, 'etcd');
  await etcdctl(
    context,
    ...['snapshot', 'restore', file, `--data-dir=${join(made.root, 'real-etcd')}`, '--name=control-plane'],
    ...[
      '--initial-cluster=control-plane=http://127.0.0.1:1',
      '--initial-advertise-peer-urls=http://127.0.0.1:1',
    ],
  );
  const restored = await startRealEtcd(real, made);
  try {
    expect(await everything(restored.port)).toEqual(await everything(etcd.port));
    const past = 3;
    expect(await everything(restored.port, past)).toEqual(await everything(etcd.port, past));
    const { body } = await ask(made, restored.port, '/v3/lease/timetolive', { ID: '77', keys: true });
    expect(JSON.parse(body)).toMatchObject({ grantedTTL: '600', keys: [base64('leased')] });
  } finally {
    await restored.close();
  }
}, 60_000);

test('the JSON gateway sends the same file, and its checksum last', async () => {
  const { body } = await ask(made, etcd.port, '/v3/maintenance/snapshot', {});
  const parts = body
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).result as { readonly remaining_bytes?: string; readonly blob: string });
  const blobs = parts.map(({ blob }) => Buffer.from(blob, 'base64'));
  const file = Buffer.concat(blobs.slice(0, -1));
  expect(blobs.at(-1)).toEqual(createHash('sha256').update(file).digest());
  expect(Number(parts[0]?.remaining_bytes)).toBe(file.length - (blobs[0]?.length ?? 0));
});
