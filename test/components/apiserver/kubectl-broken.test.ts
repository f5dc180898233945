/** Where it hurts, it hurts as in reality: what the real kubectl prints when a certificate behind the API server is bad. */
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Kubectl, kubectlFor, RELEASES } from '../../support/kubectl.ts';
import { temporaryLab } from '../../support/lab-directory.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

let cluster: WholeCluster;
let other: string;

beforeAll(async () => {
  other = await temporaryLab();
  cluster = await openWholeCluster({ roundMs: 1_500, settings: { clientAuth: 'request' } });
  await cluster.admin.request('POST', '/api/v1/namespaces/default/pods', {
    metadata: { name: 'one' },
    spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] },
  });
  await eventually('the pod runs', async () => {
    const pod = (await cluster.admin.request('GET', '/api/v1/namespaces/default/pods/one')) as {
      status?: { phase?: string };
    };
    return pod.status?.phase === 'Running';
  });
});

afterAll(() => cluster?.close());

/** Put a foreign lab's pair in the place of ours, and give back what undoes it. */
function swap(host: string, folder: string, name: string): () => void {
  const files = ['crt', 'key'].map((ending) => join(cluster.dir, 'hosts', host, folder, `${name}.${ending}`));
  const kept = files.map((file) => readFileSync(file));
  for (const file of files) copyFileSync(file.replace(cluster.dir, other), file);
  return () => {
    for (const [index, file] of files.entries()) writeFileSync(file, kept[index] ?? '');
  };
}

/** The command fails with this text; while the change is under way it may still work, or fail with another. */
async function failsWith(kubectl: Kubectl, args: readonly string[], wanted: RegExp): Promise<void> {
  let last = '';
  const failed = async () => {
    const { code, stderr } = await kubectl(args);
    last = stderr;
    return code !== 0 && wanted.test(stderr);
  };
  await eventually(`${args.join(' ')} fails`, failed).catch(() => expect(last).toMatch(wanted));
}

describe.for(RELEASES)('kubectl %s', (release) => {
  test('a kubelet with a foreign certificate: logs and exec fail, everything else works', async (context) => {
    const kubectl = kubectlFor(context, cluster.dir, release);
    const mend = swap('worker-1', 'var/lib/kubelet/pki', 'kubelet');
    try {
      await failsWith(
        kubectl,
        ['logs', 'one'],
        /^Error from server: Get "https:\/\/worker-1:\d+\/containerLogs\/default\/one\/web": tls: failed to verify certificate: x509: certificate signed by unknown authority/,
      );
      const exec = await kubectl(['exec', 'one', '--', 'true']);
      expect(exec.code).not.toBe(0);
      expect(exec.stderr).toMatch(
        /error dialing backend: tls: failed to verify certificate: x509: certificate signed by unknown authority/,
      );
      expect((await kubectl(['get', 'pods'])).stdout).toMatch(/one +1\/1 +Running/);
    } finally {
      mend();
    }
    await eventually('logs work again', async () => (await kubectl(['logs', 'one'])).code === 0);
  });

  test("the API server with a foreign kubelet client certificate: the kubelet's 401 is passed on", async (context) => {
    const kubectl = kubectlFor(context, cluster.dir, release);
    const mend = swap('control-plane', 'etc/kubernetes/pki', 'apiserver-kubelet-client');
    try {
      await failsWith(
        kubectl,
        ['logs', 'one'],
        /^error: You must be logged in to the server \(the server has asked for the client to provide credentials \( pods\/log one\)\)\n$/,
      );
      const exec = await kubectl(['exec', 'one', '--', 'true']);
      expect(exec.stderr).toMatch(/Unauthorized/);
      expect((await kubectl(['get', 'nodes'])).code).toBe(0);
    } finally {
      mend();
    }
    await eventually('logs work again', async () => (await kubectl(['logs', 'one'])).code === 0);
  });

  test('without etcd everything fails with its words, and readyz says which check', async (context) => {
    const kubectl = kubectlFor(context, cluster.dir, release);
    const etcd = cluster.running('etcd').endpoint?.port;
    expect(etcd).toBeGreaterThan(0);
    await cluster.stop('etcd');
    try {
      await failsWith(
        kubectl,
        ['get', 'nodes'],
        /Error from server: rpc error: code = Unavailable desc = connection error: desc = "transport: Error while dialing: dial tcp 127\.0\.0\.1:\d+: connect: connection refused"/,
      );
      const ready = await kubectl(['get', '--raw', '/readyz?verbose']);
      expect(ready.stderr).toMatch(/\[-\]etcd failed: reason withheld/);
    } finally {
      await cluster.start('etcd');
    }
    await eventually('it works again', async () => (await kubectl(['get', 'nodes'])).code === 0, 20_000);
    // The new, empty etcd gets its RBAC objects first; until then even the admin is refused.
    await eventually('the pod is made', async () => {
      await cluster.admin.request('POST', '/api/v1/namespaces/default/pods', {
        metadata: { name: 'one' },
        spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] },
      });
      return true;
    });
    const runs = async () => /one +1\/1 +Running/.test((await kubectl(['get', 'pods'])).stdout);
    await eventually(
      'the pod runs',
      async () => (await runs()) && (await kubectl(['logs', 'one'])).code === 0,
    );
  });
});
