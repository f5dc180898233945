/** Real etcdctl against the lab's etcd: each command that the README lists, with what it prints. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest';
import { requireTool } from '../../support/tools.ts';
import { makeHost, startEtcd, type TestEtcd, type TestHost, until } from './fixture.ts';

let made: TestHost;
let etcd: TestEtcd;
beforeAll(async () => {
  made = await makeHost();
  etcd = await startEtcd(made);
});
afterAll(async () => {
  await etcd.close();
  made.remove();
});

function argv(args: readonly string[], anonymous = false): string[] {
  const own = [
    `--cert=${made.file('apiserver-etcd-client.crt')}`,
    `--key=${made.file('apiserver-etcd-client.key')}`,
  ];
  return [
    `--endpoints=https://127.0.0.1:${etcd.port}`,
    `--cacert=${made.file('ca.crt')}`,
    ...(anonymous ? [] : own),
    ...args,
  ];
}

const ENV = { ETCDCTL_API: '3', PATH: process.env['PATH'] ?? '' };

/** Run etcdctl to its end; the error text is what it prints on standard error. */
function etcdctl(
  context: TestContext,
  args: readonly string[],
  options: { readonly input?: string; readonly anonymous?: boolean } = {},
): Promise<{ readonly out: string; readonly err: string; readonly code: number }> {
  const program = requireTool(context, 'etcdctl');
  return new Promise((resolve) => {
    const child = execFile(
      program,
      argv(args, options.anonymous),
      { env: ENV, timeout: 20_000 },
      (error, out, err) =>
        resolve({ out, err, code: typeof error?.code === 'number' ? error.code : error ? -1 : 0 }),
    );
    child.stdin?.end(options.input ?? '');
  });
}

/** Run etcdctl until it is stopped. */
function follow(context: TestContext, args: readonly string[]): { out: () => string; stop(): Promise<void> } {
  const child: ChildProcess = spawn(requireTool(context, 'etcdctl'), argv(args), {
    env: { ETCDCTL_API: '3' },
  });
  let out = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  return {
    out: () => out,
    async stop() {
      if (child.exitCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

/** In this order: each row builds on those above. `out` is the whole output, or a pattern of it. */
const COMMANDS: readonly {
  readonly args: string;
  readonly out: string | RegExp;
  readonly input?: string;
  readonly error?: RegExp;
}[] = [
  { args: 'put foo bar', out: 'OK\n' },
  { args: 'put foo baz --prev-kv', out: 'OK\nfoo\nbar\n' },
  { args: 'put foo/1 x', out: 'OK\n' },
  { args: 'get foo', out: 'foo\nbaz\n' },
  { args: 'get foo --print-value-only', out: 'baz\n' },
  { args: 'get foo --prefix', out: 'foo\nbaz\nfoo/1\nx\n' },
  { args: 'get foo --prefix --keys-only', out: 'foo\n\nfoo/1\n\n' },
  { args: 'get foo --prefix --order=DESCEND --sort-by=MODIFY --limit=1', out: 'foo/1\nx\n' },
  { args: 'get foo --rev=2', out: 'foo\nbar\n' },
  { args: 'get --from-key foo/', out: 'foo/1\nx\n' },
  { args: 'get nothing', out: '' },
  {
    args: 'get foo -w json',
    out: /^\{"header":\{"cluster_id":\d+,"member_id":\d+,"revision":4,"raft_term":2\},"kvs":\[\{"key":"Zm9v","create_revision":2,"mod_revision":3,"version":2,"value":"YmF6"\}\],"count":1\}\n$/,
  },
  { args: 'get foo --rev=99', out: '', error: /etcdserver: mvcc: required revision is a future revision/ },
  { args: 'put foo y --lease=7b', out: '', error: /etcdserver: requested lease not found/ },
  { args: 'del foo/1 --prev-kv', out: '1\nfoo/1\nx\n' },
  { args: 'del nothing', out: '0\n' },
  {
    args: 'txn',
    input: 'value("foo") = "baz"\n\nput foo won\nget foo\n\nput foo lost\n\n',
    out: 'SUCCESS\n\nOK\n\nfoo\nwon\n',
  },
  { args: 'txn', input: 'mod("foo") > "100"\n\nput foo won\n\nget foo\n\n', out: 'FAILURE\n\nfoo\nwon\n' },
  { args: 'compaction 5', out: 'compacted revision 5\n' },
  { args: 'compaction 5', out: '', error: /etcdserver: mvcc: required revision has been compacted/ },
  {
    args: 'watch foo --rev=2',
    out: '',
    error: /watch was canceled \(etcdserver: mvcc: required revision has been compacted\)/,
  },
  { args: 'endpoint health', out: '', error: /is healthy: successfully committed proposal: took = / },
  {
    args: 'endpoint status -w table',
    out: /\|\s+ENDPOINT\s+\|[\s\S]*\| https:\/\/127\.0\.0\.1:\d+ \| 8e9e05c52164694d \|\s+3\.5\.21 \|.*\|\s+true \|\s+false \|/,
  },
  { args: 'endpoint status -w json', out: /"version":"3\.5\.21","dbSize":\d+,"leader":10276657743932975437/ },
  { args: 'endpoint hashkv', out: /^https:\/\/127\.0\.0\.1:\d+, \d+\n$/ },
  {
    args: 'member list',
    out: '8e9e05c52164694d, started, control-plane, http://localhost:2380, http://localhost:2379, false\n',
  },
  { args: 'user list', out: '' },
  { args: 'role list', out: '' },
  { args: 'auth enable', out: '', error: /etcdserver: root user does not exist/ },
  { args: 'alarm list', out: '' },
  { args: 'defrag', out: /^Finished defragmenting etcd member/ },
  { args: 'lease list', out: 'found 0 leases\n' },
];

test('does what etcdctl asks for, command by command', async (context) => {
  for (const { args, input, out, error } of COMMANDS) {
    const said = await etcdctl(context, args.split(' '), input === undefined ? {} : { input });
    if (typeof out === 'string') expect(said.out, args).toBe(out);
    else expect(said.out, args).toMatch(out);
    if (error) expect(said.err, args).toMatch(error);
    else expect(said, args).toMatchObject({ code: 0, err: '' });
  }
}, 60_000);

test('tells a watcher of puts and deletes', async (context) => {
  const watcher = follow(context, ['watch', 'w', '--prefix', '--prev-kv', '-w', 'simple']);
  try {
    // A first event shows that the watch stands.
    for (let round = 0; !watcher.out().includes('w/ready'); round++) {
      await etcdctl(context, ['put', 'w/ready', String(round)]);
    }
    await etcdctl(context, ['put', 'w/1', 'one']);
    await etcdctl(context, ['put', 'w/1', 'two']);
    await etcdctl(context, ['del', 'w/1']);
    const wanted = 'PUT\nw/1\none\nPUT\nw/1\none\nw/1\ntwo\nDELETE\nw/1\ntwo\nw/1\n\n';
    await until(() => watcher.out().endsWith(wanted), `the events; got ${JSON.stringify(watcher.out())}`);
  } finally {
    await watcher.stop();
  }
});

test('grants, shows, keeps alive and revokes a lease', async (context) => {
  const granted = await etcdctl(context, ['lease', 'grant', '60']);
  const id = /^lease ([0-9a-f]{16}) granted with TTL\(60s\)\n$/.exec(granted.out)?.[1];
  if (id === undefined) throw new Error(`unexpected: ${granted.out}`);
  expect((await etcdctl(context, ['put', 'leased', 'v', `--lease=${id}`])).out).toBe('OK\n');
  expect((await etcdctl(context, ['lease', 'timetolive', id, '--keys'])).out).toMatch(
    new RegExp(
      `^lease ${id} granted with TTL\\(60s\\), remaining\\([45]\\ds\\), attached keys\\(\\[leased\\]\\)\\n$`,
    ),
  );
  expect((await etcdctl(context, ['lease', 'list'])).out).toBe(`found 1 leases\n${id}\n`);
  expect((await etcdctl(context, ['lease', 'keep-alive', '--once', id])).out).toBe(
    `lease ${id} keepalived with TTL(60)\n`,
  );
  const keeper = follow(context, ['lease', 'keep-alive', id]);
  await until(() => keeper.out().includes(`lease ${id} keepalived with TTL(60)`), 'the first keep-alive');
  await keeper.stop();
  expect((await etcdctl(context, ['lease', 'revoke', id])).out).toBe(`lease ${id} revoked\n`);
  expect((await etcdctl(context, ['get', 'leased'])).out).toBe('');
  expect((await etcdctl(context, ['lease', 'timetolive', id])).out).toBe(`lease ${id} already expired\n`);
});

test('holds a lock for the length of a command', async (context) => {
  expect((await etcdctl(context, ['lock', 'door', 'echo', 'inside'])).out).toBe('inside\n');
});

test('tells etcdctl nothing about a missing client certificate, as the real etcd does; the log has the reason', async (context) => {
  const said = await etcdctl(context, ['--command-timeout=1s', 'get', 'foo'], { anonymous: true });
  expect(said.code).not.toBe(0);
  expect(said.err).toContain('context deadline exceeded');
  const rejected = etcd.lines.filter(({ msg }) => msg === 'rejected connection on client endpoint');
  expect(rejected.length).toBeGreaterThan(0);
  expect(rejected[0]).toMatchObject({ level: 'warn', error: "tls: client didn't provide a certificate" });
});
