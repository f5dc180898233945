/** What a student may do to a file: the error names file and fix, and everything else goes on. */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { adminClient } from '../../lab/consequences.ts';
import { openTestLab, type TestLab } from '../support/lab.ts';

let bench: TestLab;
beforeAll(async () => {
  bench = await openTestLab();
});
afterAll(() => bench.close());

const PKI = '/etc/kubernetes/pki';
const MANIFESTS = '/etc/kubernetes/manifests';

interface Case {
  readonly name: string;
  /** Who is hit. */
  readonly component: string;
  readonly host: string;
  readonly file: string;
  /** The new content; null removes the file. */
  readonly content: (old: string, read: (path: string) => string) => string | null;
  readonly code: string;
  /** What the message must say besides the file's name. */
  readonly says?: RegExp;
}

const CASES: readonly Case[] = [
  {
    name: 'PEM garbage',
    component: 'etcd',
    host: 'control-plane',
    file: `${PKI}/etcd-server.crt`,
    content: () => '-----BEGIN CERTIFICATE-----\nnonsense!\n-----END CERTIFICATE-----\n',
    code: 'PEM_INVALID',
  },
  {
    name: 'an empty file',
    component: 'etcd',
    host: 'control-plane',
    file: `${PKI}/etcd-server.crt`,
    content: () => '',
    code: 'PEM_INVALID',
  },
  {
    name: 'a key in place of the certificate',
    component: 'kube-apiserver',
    host: 'control-plane',
    file: `${PKI}/apiserver.crt`,
    content: (_, read) => read(`${PKI}/apiserver.key`),
    code: 'CERT_KEY_SWAPPED',
  },
  {
    name: 'the key of another certificate',
    component: 'kube-apiserver',
    host: 'control-plane',
    file: `${PKI}/apiserver.key`,
    content: (_, read) => read(`${PKI}/scheduler.key`),
    code: 'KEY_MISMATCH',
  },
  {
    name: 'a missing file',
    component: 'kubelet@worker-1',
    host: 'worker-1',
    file: '/var/lib/kubelet/pki/kubelet.crt',
    content: () => null,
    code: 'FILE_MISSING',
  },
  {
    name: 'an empty CA bundle',
    component: 'kube-apiserver',
    host: 'control-plane',
    file: `${PKI}/ca.crt`,
    content: () => '\n',
    code: 'CA_BUNDLE_EMPTY',
  },
  {
    name: 'a manifest that is no YAML',
    component: 'kube-scheduler',
    host: 'control-plane',
    file: `${MANIFESTS}/kube-scheduler.yaml`,
    content: (old) => old.replace('spec:', 'spec: [unclosed'),
    code: 'MANIFEST_INVALID',
    says: /kube-scheduler\.yaml:\d+/,
  },
  {
    name: 'an unknown flag',
    component: 'kube-scheduler',
    host: 'control-plane',
    file: `${MANIFESTS}/kube-scheduler.yaml`,
    content: (old) => old.replace('--leader-elect', '--leader-elekt'),
    code: 'FLAG_UNKNOWN',
    says: /unknown flag: --leader-elekt/,
  },
];

test.for(CASES)('$name stops nothing but $component, and is named', async (row) => {
  const path = bench.path(row.host, row.file);
  const old = readFileSync(path, 'utf8');
  const content = row.content(old, (other) => readFileSync(bench.path(row.host, other), 'utf8'));
  const others = bench.lab.cluster.states().filter(({ id }) => id !== row.component);
  try {
    if (content === null) rmSync(path);
    else writeFileSync(path, content);
    await bench.lab.cluster.supervisor(row.component)?.restart();
    const { phase, problem } = bench.state(row.component);
    expect(phase).not.toBe('running');
    expect(problem?.code).toBe(row.code);
    const said = `${problem?.what} ${problem?.fix}`;
    if (row.code !== 'FLAG_UNKNOWN') expect(said).toContain(row.file.split('/').at(-1));
    if (row.says) expect(said).toMatch(row.says);
    expect(problem?.fix).not.toBe('');
    for (const { id } of others) expect(bench.state(id), id).toMatchObject({ phase: 'running' });
  } finally {
    writeFileSync(path, old);
  }
  // The mended file is noticed without being told.
  await vi.waitFor(
    () => expect(bench.state(row.component)).toMatchObject({ phase: 'running', problem: null }),
    {
      timeout: 20_000,
    },
  );
});

test('a kubeconfig without a user: its component dials nobody, says why, and the rest goes on', async () => {
  const path = bench.path('control-plane', '/etc/kubernetes/scheduler.conf');
  const old = readFileSync(path, 'utf8');
  const channel = (client: string) =>
    bench.lab.cluster.channels().find((one) => one.client === client && one.server === 'kube-apiserver');
  try {
    writeFileSync(path, `${old.slice(0, old.indexOf('users:'))}users: []\n`);
    await vi.waitFor(
      () =>
        expect(channel('kube-scheduler')).toMatchObject({
          layer: 'untried',
          by: 'client',
          code: 'KUBECONFIG_INVALID',
          clientText: '/etc/kubernetes/scheduler.conf: auth info "system:kube-scheduler" does not exist',
        }),
      { timeout: 20_000 },
    );
    // kubectl's last dial may have met the API server while the rows above had it down.
    await vi.waitFor(() => expect(channel('kubectl')?.layer).toBe('ok'), { timeout: 20_000 });
    expect(bench.state('kube-controller-manager').phase).toBe('running');
  } finally {
    writeFileSync(path, old);
  }
  await vi.waitFor(() => expect(channel('kube-scheduler')?.layer).toBe('ok'), { timeout: 20_000 });
});

test('etcd keeps what it knew when it is restarted', async () => {
  const client = adminClient(bench.lab.cluster);
  const maps = '/api/v1/namespaces/default/configmaps';
  await client.request('POST', maps, { metadata: { name: 'kept' } });
  await bench.lab.cluster.supervisor('etcd')?.restart();
  await vi.waitFor(() => client.request('GET', `${maps}/kept`), { timeout: 20_000 });
  await client.close();
});

test('moving a manifest out stops the component, moving it back starts it', async () => {
  const inside = bench.path('control-plane', `${MANIFESTS}/kube-scheduler.yaml`);
  const outside = bench.path('control-plane', '/etc/kubernetes/kube-scheduler.yaml');
  renameSync(inside, outside);
  await vi.waitFor(() => expect(bench.state('kube-scheduler').phase).toBe('stopped'), { timeout: 20_000 });
  expect(bench.state('kube-scheduler').problem?.what).toContain('kube-scheduler.yaml is not there');
  renameSync(outside, inside);
  await vi.waitFor(() => expect(bench.state('kube-scheduler').phase).toBe('running'), { timeout: 20_000 });
});

test('editing a manifest restarts its component and no other', async () => {
  const path = bench.path('control-plane', `${MANIFESTS}/kube-scheduler.yaml`);
  const before = bench.lab.cluster.states().map(({ id, restarts }) => ({ id, restarts }));
  const at = before.find(({ id }) => id === 'kube-scheduler')?.restarts ?? 0;
  writeFileSync(path, `# edited\n${readFileSync(path, 'utf8')}`);
  await vi.waitFor(
    () => expect(bench.state('kube-scheduler')).toMatchObject({ phase: 'running', restarts: at + 1 }),
    { timeout: 20_000 },
  );
  for (const { id, restarts } of before) {
    if (id !== 'kube-scheduler') expect(bench.state(id).restarts, id).toBe(restarts);
  }
});

test('a folder that is removed and made again is watched again', async () => {
  const folder = bench.path('control-plane', MANIFESTS);
  const away = `${folder}.away`;
  renameSync(folder, away);
  await vi.waitFor(() => expect(bench.state('kube-scheduler').phase).toBe('stopped'), { timeout: 20_000 });
  await vi.waitFor(() => expect(bench.state('etcd').phase).toBe('stopped'), { timeout: 20_000 });
  renameSync(away, folder);
  for (const id of ['etcd', 'kube-apiserver', 'kube-scheduler', 'kube-controller-manager']) {
    await vi.waitFor(() => expect(bench.state(id).phase, id).toBe('running'), { timeout: 20_000 });
  }
  expect(existsSync(away)).toBe(false);
});
