import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { requireTool } from '../../support/tools.ts';
import { type Answer, ask, makeHost, startEtcd, type TestEtcd, type TestHost, TLS_ARGV } from './fixture.ts';
import { startRealEtcd } from './real-etcd.ts';

const b64 = (text: string): string => Buffer.from(text).toString('base64');
const foo = b64('foo');
const all = { key: 'AA==', range_end: 'AA==' };

/**
 * Requests in an order that makes sense: each is sent to both, and the answers must be the same.
 * `lines`: how many lines of an endless answer are read.
 */
const REQUESTS: readonly { readonly path: string; readonly body: unknown; readonly lines?: number }[] = [
  { path: '/v3/kv/range', body: all },
  { path: '/v3/kv/range', body: '' },
  { path: '/v3/kv/range', body: 'garbage' },
  { path: '/v3/kv/range', body: { key: '!!' } },
  { path: '/v3/kv/range', body: { key: 5 } },
  { path: '/v3/kv/range', body: { key: foo, limit: 'x' } },
  { path: '/v3/kv/range', body: { key: foo, sort_order: 'UP' } },
  { path: '/v3/kv/range', body: { key: foo, sort_order: 9 } },
  { path: '/v3/kv/range', body: { key: null } },
  { path: '/v3/kv/range', body: [] },
  { path: '/v3/kv/range', body: '{"key":"Zm9v"} trailing' },
  { path: '/v3/kv/put', body: { key: foo, value: b64('bar') } },
  { path: '/v3/kv/put', body: { key: foo, value: b64('baz'), prev_kv: true } },
  { path: '/v3/kv/put', body: { key: b64('foo/1'), value: b64('z') } },
  { path: '/v3/kv/put', body: { key: b64('foo/2'), value: b64('y') } },
  { path: '/v3/kv/put', body: { value: foo } },
  { path: '/v3/kv/put', body: { key: foo, lease: '123' } },
  { path: '/v3/kv/put', body: { key: foo, value: foo, ignore_value: true } },
  { path: '/v3/kv/put', body: { key: b64('none'), ignore_value: true } },
  { path: '/v3/kv/put', body: { key: foo, ignore_lease: true, lease: '1' } },
  { path: '/v3/kv/range', body: all },
  { path: '/v3/kv/range', body: { ...all, limit: 1 } },
  { path: '/v3/kv/range', body: { ...all, limit: '2', sortOrder: 'DESCEND' } },
  { path: '/v3/kv/range', body: { ...all, sort_target: 'VALUE' } },
  { path: '/v3/kv/range', body: { ...all, sort_target: 'MOD', sort_order: 'DESCEND', limit: 1 } },
  { path: '/v3/kv/range', body: { ...all, min_mod_revision: '4', keys_only: true } },
  { path: '/v3/kv/range', body: { ...all, count_only: true } },
  { path: '/v3/kv/range', body: { key: foo, rangeEnd: b64('foo0'), revision: 2 } },
  { path: '/v3/kv/range', body: { key: foo, revision: '100' } },
  {
    path: '/v3/kv/txn',
    body: {
      compare: [{ key: foo, target: 'VERSION', version: '2', result: 'EQUAL' }],
      success: [
        { request_range: { key: foo } },
        { request_put: { key: b64('a'), value: b64('1') } },
        { request_delete_range: { key: b64('foo/1'), prev_kv: true } },
      ],
    },
  },
  {
    path: '/v3/kv/txn',
    body: {
      compare: [{ key: foo, target: 'MOD', mod_revision: '99', result: 'GREATER' }],
      success: [{ request_range: { key: foo } }],
      failure: [{ requestTxn: { success: [{ request_put: { key: b64('b'), value: b64('1') } }] } }],
    },
  },
  { path: '/v3/kv/txn', body: { success: [{ request_put: { key: foo } }, { request_put: { key: foo } }] } },
  { path: '/v3/kv/txn', body: { success: [{}] } },
  { path: '/v3/kv/txn', body: {} },
  { path: '/v3/kv/deleterange', body: { key: b64('none') } },
  { path: '/v3/kv/deleterange', body: { key: b64('b'), prev_kv: true } },
  { path: '/v3/kv/deleterange', body: {} },
  { path: '/v3/lease/grant', body: { TTL: '60', ID: '77' } },
  { path: '/v3/lease/grant', body: { TTL: '60', ID: '77' } },
  { path: '/v3/lease/grant', body: { TTL: '99999999999', ID: '78' } },
  { path: '/v3/lease/grant', body: { TTL: '1', ID: 7587862094527898379n.toString() } },
  { path: '/v3/kv/put', body: { key: b64('leased'), value: b64('v'), lease: '77' } },
  { path: '/v3/kv/lease/timetolive', body: { ID: '78' } },
  { path: '/v3/lease/keepalive', body: { ID: '77' } },
  { path: '/v3/lease/keepalive', body: '{"ID":"77"}{"ID":"78"}' },
  { path: '/v3/lease/keepalive', body: 'x' },
  { path: '/v3/lease/revoke', body: { ID: '7587862094527898379' } },
  { path: '/v3/kv/lease/leases', body: {} },
  { path: '/v3/lease/revoke', body: { ID: '77' } },
  { path: '/v3/lease/revoke', body: { ID: '77' } },
  { path: '/v3/watch', body: { create_request: { ...all, start_revision: '2', prev_kv: true } }, lines: 2 },
  {
    path: '/v3/watch',
    body: { create_request: { ...all, start_revision: '2', filters: ['NOPUT'] } },
    lines: 2,
  },
  { path: '/v3/watch', body: { create_request: { key: foo, range_end: b64('a') } }, lines: 1 },
  {
    path: '/v3/watch',
    body: '{"create_request":{"key":"AA==","watch_id":"7"}}{"cancel_request":{"watch_id":"7"}}',
    lines: 2,
  },
  { path: '/v3/watch', body: 'x' },
  { path: '/v3/kv/compaction', body: { revision: '5' } },
  { path: '/v3/kv/compaction', body: { revision: '5' } },
  { path: '/v3/kv/compaction', body: { revision: '400' } },
  { path: '/v3/kv/range', body: { key: foo, revision: '2' } },
  { path: '/v3/watch', body: { create_request: { key: foo, start_revision: '2' } }, lines: 2 },
  { path: '/v3/cluster/member/remove', body: { ID: '1' } },
  { path: '/v3/cluster/member/add', body: { peerURLs: ['x'] } },
  { path: '/v3/cluster/member/promote', body: { ID: '1' } },
  { path: '/v3/maintenance/alarm', body: {} },
  { path: '/v3/maintenance/defragment', body: {} },
  { path: '/v3/maintenance/transfer-leadership', body: { targetID: '1' } },
  { path: '/v3/auth/enable', body: {} },
  { path: '/v3/auth/user/list', body: {} },
  { path: '/v3/auth/role/list', body: {} },
  { path: '/v3/auth/user/get', body: { name: 'x' } },
  { path: '/v3/auth/role/get', body: { role: 'x' } },
  { path: '/v3/auth/authenticate', body: { name: 'x', password: 'y' } },
  { path: '/v3/nothing', body: {} },
  { path: '/health', body: {} },
  { path: '/', body: undefined },
  { path: '/v3/kv/range', body: undefined },
];

let made: TestHost;
let ours: TestEtcd;
beforeAll(async () => {
  made = await makeHost();
  ours = await startEtcd(made);
});
afterAll(async () => {
  await ours.close();
  made.remove();
});

test('answers as a real etcd does, byte for byte', async (context) => {
  const program = requireTool(context, 'etcd');
  const real = await startRealEtcd(program, made);
  const twin = await startEtcd(made, [...TLS_ARGV, `--initial-advertise-peer-urls=${real.peerUrl}`]);
  try {
    const send = async (port: number): Promise<string[]> => {
      const said: string[] = [];
      for (const { path, body, lines } of REQUESTS) {
        const answer = await ask(made, port, path, body, lines === undefined ? {} : { untilLines: lines });
        said.push(`${path} ${JSON.stringify(body)} -> ${answer.status} ${answer.type} ${answer.body}`);
      }
      return said;
    };
    expect(await send(twin.port)).toEqual(await send(real.port));
  } finally {
    await Promise.all([real.close(), twin.close()]);
  }
}, 60_000);

const post = (path: string, body: unknown): Promise<Answer> => ask(made, ours.port, path, body);

test('streams events of what happens after the watch began', async () => {
  const watching = ask(
    made,
    ours.port,
    '/v3/watch',
    { create_request: { key: b64('w') } },
    { untilLines: 3 },
  );
  // Puts go on until two events were told: when exactly the watch begins does not matter.
  let going = true;
  const puts = (async () => {
    for (let round = 0; going && round < 1000; round++) await post('/v3/kv/put', { key: b64('w') });
  })();
  const lines = (await watching).body.trim().split('\n');
  going = false;
  await puts;
  expect(lines.map((line) => Object.keys(JSON.parse(line) as object))).toEqual([
    ['result'],
    ['result'],
    ['result'],
  ]);
  const revisions = [...lines.join('').matchAll(/"mod_revision":"(\d+)"/g)].map((match) => Number(match[1]));
  expect(revisions.length).toBeGreaterThanOrEqual(2);
  expect(revisions).toEqual(revisions.map((_, index) => (revisions[0] ?? 0) + index));
});

test('reports health, version and metrics', async () => {
  expect(await ask(made, ours.port, '/health')).toMatchObject({
    status: 200,
    body: '{"health":"true","reason":""}',
  });
  expect((await ask(made, ours.port, '/version')).body).toBe('{"etcdserver":"3.5.21","etcdcluster":"3.5.0"}');
  expect((await ask(made, ours.port, '/metrics')).body).toMatch(
    /^etcd_debugging_mvcc_current_revision \d+$/m,
  );
});

test('answers curl, which speaks HTTP/2 when it is offered', async (context) => {
  const curl = requireTool(context, 'curl');
  const run = promisify(execFile);
  const argv = (path: string, ...more: string[]): string[] => [
    ...['--silent', '--http2', '--cacert', made.file('ca.crt')],
    ...['--cert', made.file('apiserver-etcd-client.crt'), '--key', made.file('apiserver-etcd-client.key')],
    ...['--write-out', ' %{http_version} %{http_code}', `https://127.0.0.1:${ours.port}${path}`, ...more],
  ];
  const body = JSON.stringify({ key: b64('none') });
  expect((await run(curl, argv('/v3/kv/range', '--data', body))).stdout).toMatch(
    /^\{"header":\{.*\}\} 2 200$/,
  );
  expect((await run(curl, argv('/v3/kv/range', '--data', '{}'))).stdout).toMatch(/"code":3\} 2 400$/);
  expect((await run(curl, argv('/health'))).stdout).toBe('{"health":"true","reason":""} 2 200');
  const watch = JSON.stringify({ create_request: { key: b64('none') } });
  const seen = await run(curl, argv('/v3/watch', '--max-time', '1', '--data', watch)).catch(
    (error: unknown) => error,
  );
  expect(seen).toMatchObject({ stdout: expect.stringContaining('"created":true') });
});

test('answers the calls that are newer than the etcd above', async () => {
  expect(JSON.parse((await post('/v3/auth/status', {})).body)).toMatchObject({ authRevision: '1' });
  expect(JSON.parse((await post('/v3/maintenance/hashkv', {})).body)).toHaveProperty('hash');
  expect(JSON.parse((await post('/v3/maintenance/status', {})).body)).toMatchObject({
    version: '3.5.21',
    raftTerm: '2',
  });
});

test('refuses a value that is larger than the limit', async () => {
  const answer = await post('/v3/kv/put', { key: foo, value: Buffer.alloc(1_600_000).toString('base64') });
  expect(answer).toMatchObject({
    status: 400,
    body: expect.stringContaining('etcdserver: request is too large'),
  });
});

test('drops a body that never ends and goes on serving', async () => {
  const answer = await post('/v3/kv/put', 'x'.repeat(4_000_000)).catch(() => undefined);
  expect(answer?.status ?? 400).toBe(400);
  expect((await ask(made, ours.port, '/health')).status).toBe(200);
});

test('forgets the watch of a client that has gone', async () => {
  const watchers = async (): Promise<string> => (await ask(made, ours.port, '/metrics')).body;
  const watch = { create_request: { key: b64('gone') } };
  await ask(made, ours.port, '/v3/watch', watch, { untilLines: 1 });
  await vi.waitFor(
    async () => expect(await watchers()).toMatch(/^etcd_debugging_mvcc_watcher_total 0$/m),
    10_000,
  );
});
