/** The mock kubectl against a whole cluster: its own behaviour, and word for word beside the real one. */
import { execFile } from 'node:child_process';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Pod } from '../../../components/api/kinds.ts';
import type { Settings } from '../../../components/component.ts';
import { runKubectl } from '../../../components/kubectl/run.ts';
import { requireKubectl } from '../../support/tools.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const SETTINGS: Settings = { clientAuth: 'require', autoReload: 'all', alertProfile: 'go' };
const MANIFEST = `
apiVersion: apps/v1
kind: Deployment
metadata: { name: web, labels: { app: web } }
spec:
  replicas: 2
  selector: { matchLabels: { app: web } }
  template:
    metadata: { labels: { app: web } }
    spec: { containers: [{ name: web, image: "nginx:1.27", ports: [{ containerPort: 80 }] }] }
---
apiVersion: v1
kind: Service
metadata: { name: web }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
---
apiVersion: v1
kind: Secret
metadata: { name: token }
stringData: { word: hello }
`;

// A loaded machine is slow; what is awaited is awaited by condition.
vi.setConfig({ testTimeout: 60_000 });

let cluster: WholeCluster;
let pod = '';
beforeAll(async () => {
  cluster = await openWholeCluster();
  expect(await mine(['apply', '-f', '-'], MANIFEST)).toMatchObject({
    code: 0,
    out: 'deployment.apps/web created\nservice/web created\nsecret/token created\n',
  });
  await eventually('the deployment runs', async () => {
    const { items } = await cluster.admin.list<Pod>('/api/v1/namespaces/default/pods');
    pod = items[0]?.metadata.name ?? '';
    return items.length === 2 && items.every((one) => one.status?.phase === 'Running');
  });
  expect((await mine(['rollout', 'status', 'deployment/web'])).code).toBe(0);
}, 120_000);
afterAll(() => cluster?.close());

function sink(): { readonly stream: Writable; text(): string } {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  return { stream, text: () => Buffer.concat(chunks).toString() };
}

async function mine(argv: readonly string[], stdin?: string, signal?: AbortSignal): Promise<Result> {
  const out = sink();
  const err = sink();
  const code = await runKubectl(argv, {
    host: cluster.host('laptop'),
    settings: SETTINGS,
    stdout: out.stream,
    stderr: err.stream,
    stdin: stdin === undefined ? null : Readable.from([Buffer.from(stdin)]),
    ...(signal ? { signal } : {}),
  });
  return { code, out: out.text(), err: err.text() };
}

function real(program: string, argv: readonly string[]): Promise<Result> {
  const kubeconfig = cluster.host('laptop').path('/.kube/config');
  const flags = ['--kubeconfig', kubeconfig, '--cache-dir', join(cluster.dir, 'kubectl-cache')];
  return new Promise((resolve) => {
    execFile(program, [...flags, ...argv], { timeout: 25_000 }, (error, out, err) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : error ? -1 : 0, out, err });
    });
  });
}

/** What differs between two runs a moment apart: ages, and times of the last second. */
function steady(text: string): string {
  return text
    .replace(/\b(\d+[smh])+\b/g, 'AGE')
    .replace(/AGE {2,}/g, 'AGE  ')
    .replace(/^ {2}(Type|----|Normal|Warning) .*/gm, (line) => line.replace(/([ -])\1+/g, '$1$1'))
    .replace(/ \(x\d+ over AGE\)/g, '')
    .replace(/\d\d:\d\d:\d\d/g, 'TIME')
    .replace(/start exec "[0-9a-f]+"/, 'start exec "ID"');
}

describe('word for word as kubectl 1.33', () => {
  test.for<readonly [string, (pod: string) => readonly string[]]>([
    ['get nodes', () => ['get', 'nodes']],
    ['get nodes -o wide', () => ['get', 'nodes', '-o', 'wide']],
    ['get pods -A', () => ['get', 'pods', '-A']],
    ['get pods -o wide', () => ['get', 'pods', '-o', 'wide', '--show-labels']],
    ['get several types', () => ['get', 'svc,deployments']],
    ['get all', () => ['get', 'all']],
    ['get as yaml', () => ['get', 'deploy', 'web', '-o', 'yaml']],
    ['get a list as json', () => ['get', 'svc', '-o', 'json']],
    ['get as names', () => ['get', 'deploy,svc', '-o', 'name']],
    ['get with a JSONPath', () => ['get', 'ns', '-o', 'jsonpath={.items[*].metadata.name}']],
    ['get with a label that nothing has', () => ['get', 'pods', '-l', 'app=nope']],
    ['get in an empty namespace', () => ['get', 'pods', '-n', 'kube-public']],
    ['get by a name that is not there', () => ['get', 'pod', 'nope']],
    ['get of a type that is not there', () => ['get', 'foo']],
    ['get events', () => ['get', 'events']],
    ['describe pod', (name) => ['describe', 'pod', name]],
    ['describe node', () => ['describe', 'node', 'worker-1']],
    ['describe deployment', () => ['describe', 'deploy', 'web']],
    ['describe service', () => ['describe', 'svc', 'web']],
    ['describe secret', () => ['describe', 'secret', 'token']],
    ['describe config map', () => ['describe', 'cm', 'kube-root-ca.crt']],
    ['logs', (name) => ['logs', name, '--tail=2']],
    ['logs of a container that is not there', (name) => ['logs', name, '-c', 'nope']],
    ['exec', (name) => ['exec', name, '--', 'echo', 'hi']],
    ['exec that fails', (name) => ['exec', name, '--', 'sh', '-c', 'echo oops >/dev/null; exit 3']],
    ['exec of a program that is not there', (name) => ['exec', name, '--', 'nope']],
    ['auth whoami', () => ['auth', 'whoami']],
    ['auth can-i', () => ['auth', 'can-i', 'create', 'pods']],
    ['auth can-i about nodes', () => ['auth', 'can-i', 'list', 'nodes']],
    ['config view', () => ['config', 'view']],
    ['api-resources', () => ['api-resources']],
  ])('%s', async ([, argv], context) => {
    const program = requireKubectl(context, '1.33');
    const [ours, theirs] = [await mine(argv(pod)), await real(program, argv(pod))];
    expect(steady(ours.out)).toBe(steady(theirs.out));
    expect(steady(ours.err)).toBe(steady(theirs.err));
    expect(ours.code).toBe(theirs.code);
  });
});

describe('changes', () => {
  test('applies again without a change, and with one', async () => {
    expect((await mine(['apply', '-f', '-'], MANIFEST)).out).toContain('service/web unchanged\n');
    const more = MANIFEST.replace('labels: { app: web } }', 'labels: { app: web, tier: front } }');
    expect((await mine(['apply', '-f', '-'], more)).out).toContain('deployment.apps/web configured\n');
    expect((await mine(['get', 'deploy', '-l', 'tier=front', '-o', 'name'])).out).toBe(
      'deployment.apps/web\n',
    );
    await mine(['apply', '-f', '-'], MANIFEST);
    expect((await mine(['get', 'deploy', '-l', 'tier=front', '-o', 'name'])).out).toBe('');
  });

  test('creates, scales, waits for the rollout, and deletes', async () => {
    expect(await mine(['create', 'deployment', 'api', '--image=nginx:1.27'])).toMatchObject({
      code: 0,
      out: 'deployment.apps/api created\n',
    });
    expect((await mine(['scale', 'deployment/api', '--replicas=2'])).out).toBe(
      'deployment.apps/api scaled\n',
    );
    expect((await mine(['rollout', 'status', 'deployment/api'])).out).toContain(
      'deployment "api" successfully rolled out\n',
    );
    expect((await mine(['set', 'image', 'deployment/api', 'nginx=nginx:1.28'])).out).toBe(
      'deployment.apps/api image updated\n',
    );
    expect((await mine(['delete', 'deployment', 'api'])).code).toBe(0);
    expect(await mine(['get', 'deployment', 'api'])).toMatchObject({
      code: 1,
      err: 'Error from server (NotFound): deployments.apps "api" not found\n',
    });
  });

  test('passes the standard input of exec through', async () => {
    expect(await mine(['exec', '-i', pod, '--', 'cat'], 'over the wire')).toMatchObject({
      code: 0,
      out: 'over the wire',
    });
  });

  test('prints changes while it watches, until it is stopped', async () => {
    const stop = new AbortController();
    const watching = mine(['get', 'configmaps', '-w', '--no-headers'], undefined, stop.signal);
    await mine(['create', 'configmap', 'seen', '--from-literal=a=b']);
    await eventually('the watch is open', () =>
      cluster.admin.request('GET', '/api/v1/namespaces/default/configmaps/seen'),
    );
    await mine(['create', 'configmap', 'seen-too']);
    await new Promise((resolve) => setTimeout(resolve, 300));
    stop.abort();
    expect((await watching).out).toContain('seen-too');
  });
});

describe('a kubeconfig or a file that is wrong', () => {
  const config = (): string => cluster.host('laptop').path('/.kube/config');
  const withConfig = async (change: (text: string) => string, argv: readonly string[]): Promise<Result> => {
    const text = readFileSync(config(), 'utf8');
    writeFileSync(config(), change(text));
    try {
      return await mine(argv);
    } finally {
      writeFileSync(config(), text);
    }
  };

  test.for([
    {
      name: 'a closed port',
      change: (text: string) => text.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:1'),
      err: 'The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n',
    },
    {
      name: 'a name that is not in the certificate',
      change: (text: string) => text.replace('https://127.0.0.1', 'https://api.example.com'),
      err: /^Unable to connect to the server: tls: failed to verify certificate: x509: certificate is valid for .*control-plane.*, not api\.example\.com\n$/,
    },
    {
      name: 'a context that is not there',
      change: (text: string) => text.replace(/current-context: .*/, 'current-context: nope'),
      err: /context was not found for specified context: nope/,
    },
    {
      name: 'a client certificate that is not there',
      change: (text: string) => text.replace('admin.crt', 'nope.crt'),
      err: /^error: unable to read client-cert .*nope\.crt for kubernetes-admin due to open .*: no such file or directory\n$/,
    },
  ])('says what kubectl says about $name', async ({ change, err }) => {
    const result = await withConfig(change, ['get', 'nodes']);
    expect(result.code).toBe(1);
    if (typeof err === 'string') expect(result.err).toBe(err);
    else expect(result.err).toMatch(err);
  });

  test('says which alert refused it', async () => {
    const pki = (name: string): string => cluster.host('laptop').path(`/.kube/pki/${name}`);
    const scheduler = (name: string): string =>
      cluster.host('control-plane').path(`/etc/kubernetes/pki/${name}`);
    for (const name of ['admin.crt', 'admin.key']) renameSync(pki(name), `${pki(name)}.old`);
    copyFileSync(scheduler('apiserver.crt'), pki('admin.crt'));
    copyFileSync(scheduler('apiserver.key'), pki('admin.key'));
    try {
      expect(await mine(['get', 'nodes'])).toMatchObject({
        code: 1,
        err: 'Unable to connect to the server: remote error: tls: bad certificate\n',
      });
    } finally {
      for (const name of ['admin.crt', 'admin.key']) renameSync(`${pki(name)}.old`, pki(name));
    }
  });
});
