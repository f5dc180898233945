/** Where it hurts, it hurts as in reality: what the real kubectl prints when a certificate behind the API server is bad. */
import { expect, test } from 'vitest';
import type { Settings } from '../../../components/component.ts';
import { readDirectory } from '../../../lab/directory.ts';
import { findFault } from '../../../lab/faults/catalogue.ts';
import { applyFault, undoFault } from '../../../lab/faults/engine.ts';
import { type Kubectl, kubectlFor } from '../../support/kubectl.ts';
import { describeKubectl, LONG } from '../../support/kubectl-list.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

let cluster: WholeCluster;

const EXPIRED = 'x509: certificate has expired or is not yet valid: current time \\S+ is after \\S+';
const UNVERIFIED = 'tls: failed to verify certificate: ';
const GET_LOGS = 'Error from server: Get "https://worker-1:\\d+/containerLogs/default/one/web": ';
const DIALING = 'Error from server: error dialing backend: ';
const ETCD = 'Error from server: rpc error: code = Unavailable desc = ';

/** The kubelet cannot be talked to: logs and exec fail, everything else works. Patterns of the whole output. */
const KUBELET = [
  {
    name: 'a kubelet whose certificate nobody here has signed',
    fault: 'unknown-ca',
    target: 'kubelet@worker-1',
    logs: `${GET_LOGS}${UNVERIFIED}x509: certificate signed by unknown authority`,
    exec: `${DIALING}${UNVERIFIED}x509: certificate signed by unknown authority`,
  },
  {
    name: 'a kubelet whose certificate has expired',
    fault: 'expired',
    target: 'kubelet@worker-1',
    logs: `${GET_LOGS}${UNVERIFIED}${EXPIRED}`,
    exec: `${DIALING}${UNVERIFIED}${EXPIRED}`,
  },
  {
    name: 'a kubelet whose certificate names another host',
    fault: 'wrong-name',
    target: 'kubelet@worker-1',
    logs: `${GET_LOGS}${UNVERIFIED}x509: certificate is valid for other\\.example, not worker-1`,
    exec: `${DIALING}${UNVERIFIED}x509: certificate is valid for other\\.example, not worker-1`,
  },
] as const;

/** The kubelet refuses the API server: in TLS, or with a 401 that is passed on. */
const CLIENT = [
  { fault: 'expired', what: 'has expired', alert: 'expired certificate' },
  { fault: 'unknown-ca', what: 'is signed by a stranger', alert: 'unknown certificate authority' },
  { fault: 'wrong-usage', what: 'is for servers', alert: 'bad certificate' },
] as const;

/** etcd cannot be talked to: nothing works that looks into it. */
const STORAGE = [
  {
    name: 'an etcd whose certificate has expired',
    fault: 'expired',
    target: 'etcd-server',
    words: `connection error: desc = "transport: authentication handshake failed: ${UNVERIFIED}${EXPIRED}"`,
  },
  {
    name: 'an etcd whose certificate names another address',
    fault: 'wrong-name',
    target: 'etcd-server',
    words: `connection error: desc = "transport: authentication handshake failed: ${UNVERIFIED}x509: certificate is valid for \\S+, not 127\\.0\\.0\\.1"`,
  },
  {
    name: 'an API server whose etcd client certificate has expired',
    fault: 'expired',
    target: 'apiserver-etcd-client',
    words: 'error reading server preface: remote error: tls: expired certificate',
  },
  {
    name: 'an API server whose etcd client certificate is signed by a stranger',
    fault: 'unknown-ca',
    target: 'apiserver-etcd-client',
    words: 'error reading server preface: remote error: tls: unknown certificate authority',
  },
] as const;

/** All rows in the long run, else the first. */
function some<T>(rows: readonly T[]): readonly T[] {
  return LONG ? rows : rows.slice(0, 1);
}

/** Everything that a pod needs before its logs can be read. */
async function makePod(): Promise<void> {
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
}

/** Break one certificate, look, and mend it; it is over when logs work again. */
async function broken(
  kubectl: Kubectl,
  fault: string,
  target: string,
  look: () => Promise<void>,
): Promise<void> {
  const directory = readDirectory(cluster.dir);
  await applyFault(directory, findFault(fault), target);
  try {
    await look();
  } finally {
    await undoFault(directory, target);
  }
  await eventually('logs work again', async () => (await kubectl(['logs', 'one'])).code === 0);
}

/** The command fails with exactly this; while the change is under way it may still work, or fail with another. */
async function failsWith(kubectl: Kubectl, command: string, wanted: string): Promise<void> {
  const pattern = new RegExp(`^${wanted}\n$`);
  let last = '';
  const failed = async () => {
    const { code, stderr } = await kubectl(command.split(' '));
    last = stderr;
    return code !== 0 && pattern.test(stderr);
  };
  await eventually(`${command} fails`, failed).catch(() => expect(last).toMatch(pattern));
}

/** Reading works, and the API server calls itself well. */
async function restWorks(kubectl: Kubectl): Promise<void> {
  expect((await kubectl(['get', 'pods'])).stdout).toMatch(/one +1\/1 +Running/);
  expect((await kubectl(['get', '--raw', '/readyz?verbose'])).stdout).toMatch(/readyz check passed\n$/);
}

/** All three endpoints say which check failed, and not why. */
async function saysWhichCheck(kubectl: Kubectl): Promise<void> {
  for (const endpoint of ['readyz?verbose', 'livez', 'healthz']) {
    const { code, stderr } = await kubectl(['get', '--raw', `/${endpoint}`]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^Error from server \(InternalError\): an error on the server \("\[\+\]ping ok\\n/,
    );
    expect(stderr).toContain('[-]etcd failed: reason withheld');
    expect(stderr).toContain(
      `${endpoint.replace('?verbose', '')} check failed") has prevented the request from succeeding`,
    );
  }
}

function clientWords(clientAuth: Settings['clientAuth'], alert: string): { logs: string; exec: string } {
  if (clientAuth === 'require') {
    const words = `remote error: tls: ${alert}`;
    return { logs: `${GET_LOGS}${words}`, exec: `${DIALING}${words}` };
  }
  return {
    logs: 'error: You must be logged in to the server \\(the server has asked for the client to provide credentials \\( pods/log one\\)\\)',
    exec: 'error: unable to upgrade connection: Unauthorized',
  };
}

describeKubectl({
  short: 'request',
  async open(settings) {
    cluster = await openWholeCluster({ settings, roundMs: 1_500 });
    await makePod();
    return cluster;
  },
  tests(release, clientAuth) {
    test.for(some(KUBELET))('$name', async ({ fault, target, logs, exec }, context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      await broken(kubectl, fault, target, async () => {
        await failsWith(kubectl, 'logs one', logs);
        await failsWith(kubectl, 'exec one -- true', exec);
        await restWorks(kubectl);
      });
    });

    test.for(some(CLIENT))(
      "an API server whose kubelet client certificate $what: the kubelet's refusal is passed on",
      async ({ fault, alert }, context) => {
        const kubectl = kubectlFor(context, cluster.dir, release);
        const { logs, exec } = clientWords(clientAuth, alert);
        await broken(kubectl, fault, 'apiserver-kubelet-client', async () => {
          await failsWith(kubectl, 'logs one', logs);
          await failsWith(kubectl, 'exec one -- true', exec);
          await restWorks(kubectl);
        });
      },
    );

    test.for(some(STORAGE))('$name', async ({ fault, target, words }, context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      await broken(kubectl, fault, target, async () => {
        await failsWith(kubectl, 'get pods', `${ETCD}${words}`);
        await saysWhichCheck(kubectl);
      });
    });

    test('without etcd everything fails with its words, and all is there again when it is back', async (context) => {
      const kubectl = kubectlFor(context, cluster.dir, release);
      await cluster.stop('etcd');
      try {
        const refused = 'dial tcp 127\\.0\\.0\\.1:\\d+: connect: connection refused';
        const words = `connection error: desc = "transport: Error while dialing: ${refused}"`;
        await failsWith(kubectl, 'get nodes', `${ETCD}${words}`);
        await saysWhichCheck(kubectl);
      } finally {
        await cluster.start('etcd');
      }
      await eventually('its logs can be read', async () => (await kubectl(['logs', 'one'])).code === 0);
    });
  },
});
