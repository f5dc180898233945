/** The whole cluster on Debian's etcd in place of the lab's own: its certificate, its flags, its port. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readManifest } from '../../components/manifest.ts';
import { instancesOf } from '../../lab/topology.ts';
import { requireTool } from '../support/tools.ts';
import { eventually, openWholeCluster } from '../support/whole-cluster.ts';

const REST = instancesOf(['worker-1'])
  .map(({ id }) => id)
  .filter((id) => id !== 'etcd' && id !== 'kubectl');

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  return typeof address === 'object' && address ? address.port : 0;
}

test('comes up, and runs a deployment', async (context) => {
  const etcd = requireTool(context, 'etcd');
  let child: ChildProcess | undefined;
  const cluster = await openWholeCluster({
    roundMs: 1_500,
    start: REST,
    prepare: async ({ dir, host }) => {
      const machine = host('control-plane');
      const { argv } = readManifest(machine.path('/etc/kubernetes/manifests/etcd.yaml'));
      const peer = `http://127.0.0.1:${await freePort()}`;
      child = spawn(
        etcd,
        [
          // The manifest's own flags; a real program finds the files where they really lie.
          ...argv.map((flag) => flag.replace(/=(\/etc\/.*)$/, (_, path: string) => `=${machine.path(path)}`)),
          `--data-dir=${join(dir, 'run/real-etcd')}`,
          `--listen-peer-urls=${peer}`,
          `--initial-advertise-peer-urls=${peer}`,
          `--initial-cluster=control-plane=${peer}`,
          '--logger=zap',
        ],
        { stdio: ['ignore', 'ignore', 'pipe'], env: {} },
      );
      let output = '';
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
      await eventually('etcd serves', () => output.includes('serving client traffic securely'));
    },
  });
  try {
    await cluster.admin.request('POST', '/apis/apps/v1/namespaces/default/deployments', {
      metadata: { name: 'web' },
      spec: {
        replicas: 3,
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] },
        },
      },
    });
    const running = await eventually('three pods run', async () => {
      const { items } = (await cluster.admin.request('GET', '/api/v1/namespaces/default/pods')) as {
        items: { status?: { phase?: string } }[];
      };
      return items.filter((pod) => pod.status?.phase === 'Running').length === 3;
    });
    expect(running).toBe(true);
    const accepted = cluster.traces.filter(
      ({ channel, outcome }) => channel === 'kube-apiserver->etcd' && outcome.layer === 'ok',
    );
    expect(accepted.length).toBeGreaterThan(0);
    expect(accepted.every(({ server }) => server === null)).toBe(true);
  } finally {
    await cluster.close();
    child?.kill('SIGKILL');
  }
});
