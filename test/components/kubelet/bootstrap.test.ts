/** A kubelet that gets its certificates from the cluster: by token, by rotation, and one for its own port. */
import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { issueIdentity } from '../../../certs/ca.ts';
import { openSigner } from '../../../certs/desk.ts';
import { identities } from '../../../certs/identities.ts';
import { generateKeys } from '../../../certs/keys.ts';
import { type CertificateSigningRequest, conditionOf } from '../../../components/api/kinds.ts';
import { settingRows } from '../../../lab/deviations/settings.ts';
import { readDirectory, settingsOf } from '../../../lab/directory.ts';
import { setClientAuth } from '../../../lab/init.ts';
import { kubectlFor } from '../../support/kubectl.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

vi.setConfig({ testTimeout: 60_000 });

const CSRS = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const CA = '/etc/kubernetes/pki/ca';
const BOOTSTRAP = '/etc/kubernetes/bootstrap-kubelet.conf';
const CURRENT = '/var/lib/kubelet/pki/kubelet-client-current.pem';
const ROTATED =
  'Certificate rotation detected, shutting down client connections to start using new credentials';
const TOKEN = { id: 'abcdef', secret: '0123456789abcdef' };

let cluster: WholeCluster;
const file = (worker: string, path: string): string => cluster.host(worker).path(path);
beforeAll(async () => {
  cluster = await openWholeCluster({
    start: ['etcd', 'kube-apiserver'],
    workers: 5,
    roundMs: 500,
  });
  copyFileSync(join(cluster.dir, 'pki/ca.key'), cluster.host('control-plane').path(`${CA}.key`));
  await cluster.start('kube-controller-manager', [
    `--cluster-signing-cert-file=${CA}.crt`,
    `--cluster-signing-key-file=${CA}.key`,
  ]);
  await cluster.admin.request('POST', '/api/v1/namespaces/kube-system/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: `bootstrap-token-${TOKEN.id}` },
    type: 'bootstrap.kubernetes.io/token',
    stringData: {
      'token-id': TOKEN.id,
      'token-secret': TOKEN.secret,
      'usage-bootstrap-authentication': 'true',
      'auth-extra-groups': 'system:bootstrappers:kubeadm:default-node-token',
    },
  });
}, 120_000);
afterAll(() => cluster?.close());

/** Start the API server anew in `request` mode, unless it is. */
async function asKubernetesDoes(): Promise<void> {
  if (settingsOf(readDirectory(cluster.dir), 'kube-apiserver').clientAuth === 'request') return;
  await cluster.stop('kube-apiserver');
  setClientAuth(cluster.dir, 'request');
  await cluster.start('kube-apiserver');
}

/** The bootstrap kubeconfig as kubeadm join writes it. */
function bootstrapKubeconfig(token = `${TOKEN.id}.${TOKEN.secret}`): string {
  const server = `https://127.0.0.1:${cluster.running('kube-apiserver').endpoint?.port}`;
  return `apiVersion: v1
kind: Config
clusters: [{ name: kubernetes, cluster: { certificate-authority: pki/ca.crt, server: '${server}' } }]
contexts: [{ name: tls-bootstrap, context: { cluster: kubernetes, user: tls-bootstrap-token-user } }]
current-context: tls-bootstrap
users: [{ name: tls-bootstrap-token-user, user: { token: ${token} } }]
`;
}

/** Add lines to a kubelet's configuration, and take some away. */
function configure(worker: string, added: string, without = /^$/): void {
  const path = file(worker, '/var/lib/kubelet/config.yaml');
  const kept = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => !without.test(line));
  writeFileSync(path, `${kept.join('\n')}\n${added}\n`);
}

const requestsOf = async (username: string): Promise<CertificateSigningRequest[]> =>
  (await cluster.admin.list<CertificateSigningRequest>(CSRS)).items.filter(
    ({ spec }) => spec.username === username,
  );
const read = (path: string): X509Certificate => new X509Certificate(readFileSync(path));
/** The kubelet's newest connection to the API server. */
const newest = (worker: string) =>
  cluster.traces.findLast(({ client }) => client?.component === `kubelet@${worker}`);

test('gets its first client certificate with a token, in request mode only, and strict mode says why', async () => {
  const current = file('worker-1', CURRENT);
  for (const path of ['/etc/kubernetes/kubelet.conf', '/var/lib/kubelet/pki/kubelet-client.crt'])
    rmSync(file('worker-1', path));
  writeFileSync(file('worker-1', BOOTSTRAP), bootstrapKubeconfig());
  const kubelet = await cluster.start('kubelet@worker-1');
  const problem = await eventually('it says what hinders it', () => kubelet.problem?.());
  expect(problem.what).toMatch(
    /cannot ask for its first certificate: Post ".*remote error: tls: certificate required/,
  );
  expect(problem.why).toContain('the token never arrives');
  expect(problem.fix).toBe('npx mtls-lab up --client-auth request');
  expect(newest('worker-1')?.outcome).toMatchObject({ layer: 'tls', by: 'server', alert: { number: 116 } });

  await asKubernetesDoes();
  await eventually('the node is registered', () => cluster.admin.request('GET', '/api/v1/nodes/worker-1'));
  const [request] = await requestsOf('system:bootstrap:abcdef');
  expect(request?.metadata.name).toMatch(/^node-csr-[\w-]{43}$/);
  expect(request?.spec).toMatchObject({
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    groups: [
      'system:bootstrappers',
      'system:bootstrappers:kubeadm:default-node-token',
      'system:authenticated',
    ],
    usages: ['digital signature', 'client auth'],
  });
  expect(conditionOf(request?.status?.conditions, 'Approved')).toMatchObject({
    reason: 'AutoApproved',
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  });
  expect(read(current).subject).toBe('O=system:nodes\nCN=system:node:worker-1');
  expect(readlinkSync(current)).toMatch(/^kubelet-client-\d{4}(-\d\d){5}\.pem$/);
  expect(statSync(current).mode & 0o777).toBe(0o600);
  const kubeconfig = readFileSync(file('worker-1', '/etc/kubernetes/kubelet.conf'), 'utf8');
  expect(kubeconfig).toContain('name: default-auth');
  expect(kubeconfig).toContain('client-certificate: ../../var/lib/kubelet/pki/kubelet-client-current.pem');
  // It is not what init wrote, and as it should be all the same.
  const differing = settingRows(readDirectory(cluster.dir)).filter(({ file }) =>
    file.endsWith('kubelet.conf'),
  );
  expect(differing).toEqual([]);
  expect(kubelet.problem?.()).toBeNull();
  expect(newest('worker-1')?.client?.certFile).toBe(CURRENT);
});

test('renews its client certificate when most of its life is over, and dials anew with it', async () => {
  const current = file('worker-2', CURRENT);
  const made = read(file('worker-2', '/var/lib/kubelet/pki/kubelet-client.crt'));
  configure('worker-2', 'rotateCertificates: true');
  await cluster.start('kubelet@worker-2');
  // The first one comes from the kubeconfig, and is replaced at once, as a kubelet that kubeadm set up does it.
  await eventually('the first one is replaced', () => !read(current).raw.equals(made.raw));
  const first = read(current);
  const link = readlinkSync(current);
  await eventually('its deadline is known', () =>
    cluster
      .log('kubelet@worker-2')
      .some((line) => line.includes(first.validTo.slice(-8, -4)) && line.includes('deadline=')),
  );
  // 340 of 365 days. The other certificates of the lab are good for as long.
  writeFileSync(join(cluster.dir, 'clock'), '+340d\n');
  try {
    await eventually('another one is in place', () => readlinkSync(current) !== link);
    const second = read(current);
    expect(second.subject).toBe(first.subject);
    expect(second.publicKey.equals(first.publicKey)).toBe(false);
    expect(Date.parse(second.validTo) - Date.parse(first.validTo)).toBeGreaterThan(330 * 86_400_000);
    await eventually('it dials with the new one', () => {
      const shown = newest('worker-2')?.client?.presented[0];
      return shown !== undefined && second.raw.equals(shown);
    });
    await eventually('it has closed its connections', () =>
      cluster.log('kubelet@worker-2').some((line) => line.includes(ROTATED)),
    );
  } finally {
    rmSync(join(cluster.dir, 'clock'));
  }
  const [request] = await requestsOf('system:node:worker-2');
  expect(request?.metadata.name).toMatch(/^csr-[a-z0-9]{5}$/);
  expect(conditionOf(request?.status?.conditions, 'Approved')?.message).toBe(
    'Auto approving self kubelet client certificate after SubjectAccessReview.',
  );
});

test('has no serving certificate until somebody approves its request', async (context) => {
  configure('worker-3', 'serverTLSBootstrap: true', /^tls(Cert|PrivateKey)File/);
  const kubelet = await cluster.start('kubelet@worker-3');
  const problem = await eventually('it waits', () => kubelet.problem?.());
  const [request] = await requestsOf('system:node:worker-3');
  const name = request?.metadata.name ?? '';
  expect(problem).toMatchObject({
    code: 'NO_SERVING_CERTIFICATE',
    fix: `look at it, then: kubectl certificate approve ${name}`,
  });
  expect(request?.spec.signerName).toBe('kubernetes.io/kubelet-serving');
  await cluster.start('kube-scheduler');
  const kubectl = kubectlFor(context, cluster.dir, '1.33');
  await kubectl(['run', 'web', '--image=nginx', '--overrides={"spec":{"nodeName":"worker-3"}}']);
  await kubectl(['wait', '--for=condition=Ready', 'pod/web', '--timeout=30s']);

  const refused = await kubectl(['logs', 'web']);
  expect(refused.code).toBe(1);
  expect(refused.stderr).toMatch(
    /^Error from server: Get "https:\/\/worker-3:\d+\/containerLogs\/default\/web\/web": remote error: tls: internal error\n$/,
  );
  expect(cluster.log('kubelet@worker-3').join('\n')).toMatch(
    /http: TLS handshake error from 127\.0\.0\.1:\d+: no serving certificate available for the kubelet/,
  );
  const trace = cluster.traces.findLast(({ server }) => server?.component === 'kubelet@worker-3');
  expect(trace?.outcome).toMatchObject({
    layer: 'tls',
    by: 'server',
    code: 'NO_SERVING_CERTIFICATE',
    alert: { number: 80, name: 'internal_error' },
  });
  expect((await kubectl(['get', 'csr', name])).stdout).toMatch(
    /kubernetes\.io\/kubelet-serving +system:node:worker-3 +<none> +Pending/,
  );

  // A request that is denied is followed by another one, with a new key.
  expect((await kubectl(['certificate', 'deny', name])).stdout).toContain(`${name} denied`);
  await eventually('it says so', () =>
    kubelet.problem?.()?.what.includes('request is denied, reason: "KubectlDeny"'),
  );
  const next = await eventually('it asks again', async () =>
    (await requestsOf('system:node:worker-3')).find(({ metadata }) => metadata.name !== name),
  );
  expect(cluster.log('kubelet@worker-3').join('\n')).toContain(
    'Certificate request was not signed: certificate signing request is denied, reason: \\"KubectlDeny\\"',
  );
  expect(next.spec.request).not.toBe(request?.spec.request);
  expect((await kubectl(['certificate', 'approve', next.metadata.name])).stdout).toContain(' approved');
  await eventually('it has it', () => kubelet.problem?.() === null);
  const serving = read(file('worker-3', '/var/lib/kubelet/pki/kubelet-server-current.pem'));
  expect(serving.subjectAltName).toBe('DNS:worker-3, IP Address:127.0.0.1');
  await eventually('logs work', async () => (await kubectl(['logs', 'web'])).code === 0);
});

test('asks again with its token when its certificate ended while it slept, and cannot start without one', async () => {
  const { choices } = readDirectory(cluster.dir);
  const identity = identities(choices).find(({ id }) => id === 'kubelet-client@worker-4');
  if (!identity) throw new Error('no such certificate');
  const yesterday = new Date(Math.floor(Date.now() / 1000) * 1000 - 86_400_000);
  const overrides = { template: { notAfter: yesterday } };
  const ca = openSigner(cluster.dir, choices, identity);
  const issued = issueIdentity(identity, ca, await generateKeys('ecdsa-p256'), new Date(), overrides);
  writeFileSync(file('worker-4', '/var/lib/kubelet/pki/kubelet-client.crt'), issued.certificatePem);
  await expect(
    cluster.start('kubelet@worker-4', [`--bootstrap-kubeconfig=${BOOTSTRAP}`]),
  ).rejects.toMatchObject({
    what: `failed to run Kubelet: unable to load bootstrap kubeconfig: stat ${BOOTSTRAP}: no such file or directory`,
  });

  await asKubernetesDoes();
  writeFileSync(file('worker-4', BOOTSTRAP), bootstrapKubeconfig());
  await cluster.start('kubelet@worker-4');
  await eventually('the node is registered', () => cluster.admin.request('GET', '/api/v1/nodes/worker-4'));
  const ended = yesterday.toISOString().slice(0, 19).replace('T', ' ');
  expect(cluster.log('kubelet@worker-4').join('\n')).toContain(
    `part of the existing bootstrap client certificate in /etc/kubernetes/kubelet.conf is expired: ${ended} +0000 UTC`,
  );
});

test('says what is wrong with a token that the API server does not know', async () => {
  await asKubernetesDoes();
  rmSync(file('worker-5', '/etc/kubernetes/kubelet.conf'));
  writeFileSync(file('worker-5', BOOTSTRAP), bootstrapKubeconfig('abcdef.fedcba9876543210'));
  const kubelet = await cluster.start('kubelet@worker-5');
  const problem = await eventually('it says so', () => kubelet.problem?.());
  expect(problem).toMatchObject({
    code: 'UNAUTHENTICATED',
    what: 'kubelet of worker-5 cannot ask for its first certificate: Unauthorized',
  });
});
