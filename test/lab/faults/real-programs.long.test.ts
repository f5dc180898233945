/**
 * For a row of faults: the real program on the very files that the fault changed prints what the fault states and what the
 * lab's own trace says. Instants and ports differ from one connection to the next and are masked.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, type TestContext, test } from 'vitest';
import { readManifest } from '../../../components/manifest.ts';
import { readDirectory } from '../../../lab/directory.ts';
import { findFault } from '../../../lab/faults/catalogue.ts';
import { applyFault, fixEverything } from '../../../lab/faults/engine.ts';
import { expectedOutcomes } from '../../../lab/faults/expect.ts';
import { kubectlFor } from '../../support/kubectl.ts';
import { openTestLab, type TestLab } from '../../support/lab.ts';
import { requireTool } from '../../support/tools.ts';
import { eventually } from '../../support/whole-cluster.ts';

let bench: TestLab;
beforeAll(async () => {
  // Rounds of one second: every row waits for a few of them.
  bench = await openTestLab({}, { roundMs: 1000 });
});
afterAll(() => bench.close());
afterEach(async () => {
  await fixEverything(readDirectory(bench.dir));
  await expect
    .poll(() => bench.lab.cluster.channels().filter(({ layer }) => layer !== 'ok'), { timeout: 30_000 })
    .toEqual([]);
});

const pki = (file: string): string => bench.path('control-plane', `/etc/kubernetes/pki/${file}`);

/** Put a fault on a target and wait until the connection shows it; what the fault states about that connection. */
async function broken(fault: string, target: string, channel: string) {
  const directory = readDirectory(bench.dir);
  await applyFault(directory, findFault(fault), target);
  const stated = expectedOutcomes(findFault(fault), target, directory).find((one) => one.channel === channel);
  expect(stated, `${fault} on ${target} says something about ${channel}`).toBeDefined();
  const state = () => bench.lab.cluster.channels().find(({ id }) => id === channel);
  await expect.poll(() => state()?.code, { timeout: 30_000 }).toBe(stated?.code);
  return { stated, state: state() };
}

/** Instants and ports of one connection. */
function masked(text: string | null | undefined): string {
  return (text ?? '')
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, 'INSTANT')
    .replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS')
    .trim();
}

describe('kubectl', () => {
  const CHANNEL = 'kubectl->kube-apiserver';
  test.for([
    ['expired', 'apiserver'],
    ['not-yet-valid', 'apiserver'],
    ['unknown-ca', 'apiserver'],
    ['same-name-ca', 'apiserver'],
    ['self-signed', 'apiserver'],
    ['wrong-name', 'apiserver'],
    ['no-ip-san', 'apiserver'],
    ['cn-only', 'apiserver'],
    ['wrong-usage', 'apiserver'],
    ['issuer-not-a-ca', 'apiserver'],
    ['path-too-long', 'apiserver'],
    ['expired', 'admin'],
    ['unknown-ca', 'admin'],
    ['wrong-usage', 'admin'],
  ] as const)('prints of %s on %s what the lab prints', async ([fault, target], context) => {
    const kubectl = kubectlFor(context, bench.dir, '1.33');
    const { stated, state } = await broken(fault, target, CHANNEL);
    const { stderr } = await kubectl(['get', 'nodes', '--request-timeout=10s']);
    const last = stderr.trim().split('\n').at(-1);
    expect(masked(last)).toBe(masked(state?.clientText));
    expect(last).toContain(stated?.clientText);
  });
});

/** Run a program to its end, nothing on its standard input. */
function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((done) => {
    const child = execFile(
      program,
      [...args],
      { timeout: 30_000, env: { ETCDCTL_API: '3' } },
      (_, out, err) => done(out + err),
    );
    child.stdin?.end();
  });
}

const serverUrl = (id: string): string => {
  const found = bench.lab.cluster.states().find((one) => one.id === id)?.url;
  if (!found) throw new Error(`${id} does not listen`);
  return found;
};

describe('openssl and curl', () => {
  test.for([
    ['expired', 'scheduler', 45],
    ['unknown-ca', 'kube-proxy', 48],
    ['wrong-usage', 'controller-manager', 42],
  ] as const)('read of %s on %s alert %d', async ([fault, target, number], context) => {
    const [openssl, curl] = [requireTool(context, 'openssl'), requireTool(context, 'curl')];
    const client = target === 'kube-proxy' ? 'kube-proxy@worker-1' : `kube-${target}`;
    const { state } = await broken(fault, target, `${client}->kube-apiserver`);
    expect(state?.alert?.number).toBe(number);
    const at = (file: string): string =>
      target === 'kube-proxy' ? bench.path('worker-1', `/var/lib/kube-proxy/pki/${file}`) : pki(file);
    const url = new URL(serverUrl('kube-apiserver'));
    const pair = [at(`${target}.crt`), at(`${target}.key`)] as const;
    const connect = ['s_client', '-connect', url.host, '-CAfile', pki('ca.crt'), '-ign_eof'];
    const text = await run(openssl, [...connect, '-cert', pair[0], '-key', pair[1]]);
    expect(text).toContain(`SSL alert number ${number}`);
    const curled = await run(curl, [
      '-sS',
      '--cacert',
      pki('ca.crt'),
      '--cert',
      pair[0],
      '--key',
      pair[1],
      url.href,
    ]);
    expect(curled).toMatch(/alert/);
  });
});

describe('etcdctl', () => {
  const CHANNEL = 'kube-apiserver->etcd';
  test.for([
    ['unknown-ca', 'etcd-server'],
    ['wrong-name', 'etcd-server'],
    ['expired', 'etcd-server'],
  ] as const)('refuses %s on %s in the stated words', async ([fault, target], context) => {
    const { stated } = await broken(fault, target, CHANNEL);
    const text = await run(requireTool(context, 'etcdctl'), etcdctlArgs(serverUrl('etcd')));
    expect(text).toContain(goWords(stated?.clientText));
  });

  test('never tells which alert it got: over TLS 1.3 its connection was up before', async (context) => {
    await broken('expired', 'apiserver-etcd-client', CHANNEL);
    const text = await run(requireTool(context, 'etcdctl'), etcdctlArgs(serverUrl('etcd')));
    expect(text).toContain('all SubConns are in TransientFailure');
    expect(text).not.toContain('alert');
  });
});

describe('a real etcd', () => {
  test.for([
    ['expired', 'x509: certificate has expired or is not yet valid: current time'],
    ['unknown-ca', 'x509: certificate signed by unknown authority'],
    ['wrong-usage', 'x509: certificate specifies an incompatible key usage'],
  ] as const)('logs of %s on the client what the lab states', async ([fault, words], context) => {
    const etcd = await startEtcd(context);
    try {
      const { stated } = await broken(fault, 'apiserver-etcd-client', 'kube-apiserver->etcd');
      expect(stated?.serverText).toContain(words);
      await run(requireTool(context, 'etcdctl'), etcdctlArgs(etcd.url));
      await eventually('etcd logs the refusal', () => etcd.log().includes('rejected connection'));
      expect(etcd.log()).toContain(words);
    } finally {
      await etcd.stop();
    }
  });
});

function etcdctlArgs(endpoint: string): string[] {
  const pair = ['--cert', pki('apiserver-etcd-client.crt'), '--key', pki('apiserver-etcd-client.key')];
  return [
    '--endpoints',
    endpoint,
    '--cacert',
    pki('ca.crt'),
    ...pair,
    '--debug',
    '--command-timeout=2s',
    'get',
    '/x',
  ];
}

/** etcdctl 3.4 is built by Go 1.19, which says less before the reason. */
function goWords(text: string | null | undefined): string {
  return (text ?? '').replace('tls: failed to verify certificate: ', '');
}

/** Debian's etcd with the flags of the lab's manifest, on free ports. */
async function startEtcd(context: TestContext) {
  const program = requireTool(context, 'etcd');
  const [client, peer] = [await freePort(), await freePort()];
  const { argv } = readManifest(bench.path('control-plane', '/etc/kubernetes/manifests/etcd.yaml'));
  const flags = argv
    .filter((flag) => !/-urls=/.test(flag))
    .map((flag) =>
      flag.replace(/=(\/etc\/.*)$/, (_, path: string) => `=${bench.path('control-plane', path)}`),
    );
  const url = `https://127.0.0.1:${client}`;
  const child: ChildProcess = spawn(
    program,
    [
      ...flags,
      `--listen-client-urls=${url}`,
      `--advertise-client-urls=${url}`,
      `--data-dir=${join(bench.dir, `run/real-etcd-${client}`)}`,
      `--listen-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`,
      `--initial-cluster=control-plane=http://127.0.0.1:${peer}`,
      '--logger=zap',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: {} },
  );
  let output = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await eventually('etcd serves', () => output.includes('serving client traffic securely'));
  return {
    url,
    log: () => output,
    stop: async () => {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}
