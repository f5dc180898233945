/** The kubelet's port over real sockets: who is let in, with which words, and what logs and exec give. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Pod } from '../../../components/api/kinds.ts';
import type { Settings } from '../../../components/component.ts';
import { createDispatcher, type DialOptions, dial } from '../../../components/tls/client.ts';
import { requireKubectl } from '../../support/tools.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

vi.setConfig({ testTimeout: 60_000 });

const SETTINGS: Settings = { clientAuth: 'request', autoReload: 'all', alertProfile: 'go' };
let cluster: WholeCluster;
beforeAll(async () => {
  cluster = await openWholeCluster({ settings: { clientAuth: 'request' } });
  await cluster.admin.request('POST', '/api/v1/namespaces/default/pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'web', image: 'nginx:1.27', ports: [{ containerPort: 80 }] }] },
  });
  await eventually('the pod runs', async () => {
    const pod = await cluster.admin.request<Pod>('GET', '/api/v1/namespaces/default/pods/web');
    return pod.status?.phase === 'Running';
  });
}, 120_000);
afterAll(() => cluster?.close());

/** Dial worker-1's kubelet as an identity of the desk, or as nobody. */
function dialOptions(identity: string | null): DialOptions {
  const pem = (file: string) => ({ pem: readFileSync(join(cluster.dir, 'pki', file), 'utf8'), from: file });
  const port = cluster.running('kubelet@worker-1').endpoint?.port;
  return {
    host: cluster.host('control-plane'),
    component: 'test',
    server: 'kubelet@worker-1',
    settings: SETTINGS,
    url: `https://worker-1:${port}`,
    ca: pem('ca.crt'),
    ...(identity === null ? {} : { cert: pem(`${identity}.crt`), key: pem(`${identity}.key`) }),
  };
}

async function ask(
  identity: string | null,
  path: string,
): Promise<{ status: number; type: string; text: string }> {
  const options = dialOptions(identity);
  const dispatcher = createDispatcher(options);
  try {
    const answer = await request(`${options.url}${path}`, { dispatcher });
    const type = String(answer.headers['content-type'] ?? '');
    return { status: answer.statusCode, type, text: await answer.body.text() };
  } finally {
    await dispatcher.destroy();
  }
}

test.for([
  { name: 'the API server', identity: 'apiserver-kubelet-client', path: '/healthz', status: 200, text: 'ok' },
  { name: 'nobody', identity: null, path: '/healthz', status: 401, text: 'Unauthorized' },
  {
    name: 'the scheduler on pods',
    identity: 'scheduler',
    path: '/pods',
    status: 403,
    text: 'Forbidden (user=system:kube-scheduler, verb=get, resource=nodes, subresource(s)=[pods proxy])\n',
  },
  {
    name: 'the scheduler on logs of a container',
    identity: 'scheduler',
    path: '/containerLogs/default/web/web',
    status: 403,
    text: 'Forbidden (user=system:kube-scheduler, verb=get, resource=nodes, subresource(s)=[proxy])\n',
  },
  {
    name: 'the scheduler on statistics',
    identity: 'scheduler',
    path: '/stats/summary',
    status: 403,
    text: 'Forbidden (user=system:kube-scheduler, verb=get, resource=nodes, subresource(s)=[stats])\n',
  },
  {
    name: 'the API server on a wrong path',
    identity: 'apiserver-kubelet-client',
    path: '/nope',
    status: 404,
    text: '404 page not found\n',
  },
  {
    name: 'the API server on a pod that is not there',
    identity: 'apiserver-kubelet-client',
    path: '/containerLogs/default/nope/web',
    status: 404,
    text: 'pod "nope" not found',
  },
])('answers $name with $status in plain text', async ({ identity, path, status, text }) => {
  const answer = await ask(identity, path);
  expect(answer).toMatchObject({ status, text });
  expect(answer.type).toContain('text/plain');
});

test('lists its pods, and gives their logs from the line that is asked for', async () => {
  const pods = JSON.parse((await ask('apiserver-kubelet-client', '/pods')).text) as { items: Pod[] };
  expect(pods.items.map((pod) => pod.metadata.name)).toContain('web');
  const all = (await ask('apiserver-kubelet-client', '/containerLogs/default/web/web')).text
    .trimEnd()
    .split('\n');
  const last = await ask(
    'apiserver-kubelet-client',
    '/containerLogs/default/web/web?tailLines=1&timestamps=true',
  );
  expect(all.length).toBeGreaterThan(3);
  expect(last.text).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z .*start worker process/);
  expect(last.text.trimEnd().split('\n')).toHaveLength(1);
});

test('runs a command over WebSocket, stream by stream, and ends with its status', async () => {
  const options = dialOptions('apiserver-kubelet-client');
  const connection = await dial(options);
  const query = new URLSearchParams([
    ['command', 'sh'],
    ['command', '-c'],
    ['command', 'cat; echo oops >/dev/stderr; exit 3'],
    ['input', '1'],
    ['output', '1'],
    ['error', '1'],
  ]);
  const socket = new WebSocket(
    `ws://worker-1/exec/default/web/web?${query}`,
    ['v5.channel.k8s.io', 'v4.channel.k8s.io'],
    {
      createConnection: () => connection.socket,
    },
  );
  const channels = new Map<number, string>();
  socket.on('message', (data: Buffer) => {
    channels.set(data[0] ?? -1, (channels.get(data[0] ?? -1) ?? '') + data.subarray(1).toString());
  });
  socket.on('open', () => {
    socket.send(Buffer.from([0, ...Buffer.from('typed')]));
    socket.send(Buffer.from([255, 0]));
  });
  await new Promise((resolve) => socket.on('close', resolve));
  expect(socket.protocol).toBe('v5.channel.k8s.io');
  expect(channels.get(1)).toBe('typed');
  expect(channels.get(2)).toBe('oops\n');
  expect(JSON.parse(channels.get(3) ?? '')).toMatchObject({
    status: 'Failure',
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: '3' }] },
  });
});

test('refuses exec to a user who may not, before the upgrade', async () => {
  const connection = await dial(dialOptions('scheduler'));
  const socket = new WebSocket('ws://worker-1/exec/default/web/web?command=id', ['v5.channel.k8s.io'], {
    createConnection: () => connection.socket,
  });
  const status = await new Promise((resolve) => {
    socket.on('unexpected-response', (_request, response) => {
      resolve(response.statusCode);
      connection.socket.destroy();
    });
    socket.on('error', () => undefined);
  });
  expect(status).toBe(403);
});

test.for(['1.27', '1.29', '1.33'])(
  'gives exec and logs to kubectl %s by way of the API server',
  async (release, context) => {
    const program = requireKubectl(context, release);
    const kubectl = (...argv: string[]): Promise<{ code: unknown; out: string; err: string }> =>
      new Promise((resolve) => {
        const flags = [
          '--kubeconfig',
          cluster.host('laptop').path('/.kube/config'),
          '--cache-dir',
          join(cluster.dir, 'cache'),
        ];
        const child = execFile(program, [...flags, ...argv], { timeout: 40_000 }, (error, out, err) =>
          resolve({ code: error?.code ?? 0, out, err }),
        );
        child.stdin?.end('through\n');
      });
    expect(await kubectl('exec', 'web', '--', 'echo', 'hello')).toMatchObject({ code: 0, out: 'hello\n' });
    expect(await kubectl('exec', '-i', 'web', '--', 'cat')).toMatchObject({ code: 0, out: 'through\n' });
    expect(await kubectl('exec', 'web', '--', 'sh', '-c', 'exit 7')).toMatchObject({ code: 7 });
    expect((await kubectl('logs', 'web', '--tail=1')).out).toContain('start worker process');
  },
);

test.for(['1.29', '1.33'])(
  'forwards a port of a pod for kubectl %s, and logs the visit',
  async (release, context) => {
    const program = requireKubectl(context, release);
    const flags = [
      '--kubeconfig',
      cluster.host('laptop').path('/.kube/config'),
      '--cache-dir',
      join(cluster.dir, 'cache'),
    ];
    const child = spawn(program, [...flags, 'port-forward', 'pod/web', ':80'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
    });
    try {
      const port = await eventually('it listens', () => /127\.0\.0\.1:(\d+) -> 80/.exec(said)?.[1]);
      const answer = await request(`http://127.0.0.1:${port}/`, {
        headers: { 'user-agent': `visit-${release}` },
      });
      expect(answer.statusCode).toBe(200);
      expect(await answer.body.text()).toContain('Welcome to nginx!');
    } finally {
      child.kill();
      await once(child, 'close');
    }
    const log = await ask('apiserver-kubelet-client', '/containerLogs/default/web/web?tailLines=1');
    expect(log.text).toContain(`"GET / HTTP/1.1" 200`);
    expect(log.text).toContain(`visit-${release}`);
  },
);

test('authorizes nobody when its own client certificate is refused', async () => {
  const file = cluster.host('worker-1').path('/var/lib/kubelet/pki/kubelet-client.crt');
  const other = readFileSync(file, 'utf8');
  renameSync(file, `${file}.old`);
  writeFileSync(file, readFileSync(join(cluster.dir, 'pki', 'scheduler.crt')));
  try {
    const answer = await eventually('authorization fails', async () => {
      const found = await ask('apiserver-kubelet-client', '/healthz');
      return found.status === 500 ? found : false;
    });
    expect(answer.text).toBe(
      'Authorization error (user=kube-apiserver-kubelet-client, verb=get, resource=nodes, subresource(s)=[healthz proxy])',
    );
  } finally {
    renameSync(`${file}.old`, file);
    expect(readFileSync(file, 'utf8')).toBe(other);
  }
  await eventually(
    'it authorizes again',
    async () => (await ask('apiserver-kubelet-client', '/healthz')).status === 200,
  );
});
