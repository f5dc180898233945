/** Certificate requests in a cluster whose controller manager holds the CA's key. */
import { X509Certificate } from 'node:crypto';
import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createCsr } from '../../../certs/csr.ts';
import type { San } from '../../../certs/identities.ts';
import { generateKeys } from '../../../certs/keys.ts';
import { createApiClient } from '../../../components/api/client.ts';
import { type CertificateSigningRequest, conditionOf } from '../../../components/api/kinds.ts';
import { kubectlFor } from '../../support/kubectl.ts';
import { eventually, openWholeCluster, type WholeCluster } from '../../support/whole-cluster.ts';

vi.setConfig({ testTimeout: 60_000 });

const PATH = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const CA = '/etc/kubernetes/pki/ca';
let cluster: WholeCluster;
beforeAll(async () => {
  cluster = await openWholeCluster({ start: ['etcd', 'kube-apiserver'] });
  copyFileSync(join(cluster.dir, 'pki/ca.key'), cluster.host('control-plane').path(`${CA}.key`));
  await cluster.start('kube-controller-manager', [
    `--cluster-signing-cert-file=${CA}.crt`,
    `--cluster-signing-key-file=${CA}.key`,
  ]);
}, 120_000);
afterAll(() => cluster?.close());

interface Wanted {
  readonly name: string;
  readonly signer: string;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly sans?: readonly San[];
  readonly usages: readonly string[];
  readonly expirationSeconds?: number;
}

async function send(wanted: Wanted, as = cluster.admin): Promise<void> {
  const { commonName, organizations, sans = [] } = wanted;
  const pem = createCsr({ subject: { commonName, organizations }, sans }, await generateKeys('ecdsa-p256'));
  await as.request('POST', PATH, {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: wanted.name },
    spec: {
      request: Buffer.from(pem).toString('base64'),
      signerName: `kubernetes.io/${wanted.signer}`,
      usages: wanted.usages,
      ...(wanted.expirationSeconds === undefined ? {} : { expirationSeconds: wanted.expirationSeconds }),
    },
  });
}

const read = (name: string): Promise<CertificateSigningRequest> =>
  cluster.admin.request<CertificateSigningRequest>('GET', `${PATH}/${name}`);

async function approve(name: string): Promise<void> {
  const request = await read(name);
  const condition = { type: 'Approved', status: 'True', reason: 'Test', message: 'by the test' };
  await cluster.admin.request('PUT', `${PATH}/${name}/approval`, {
    ...request,
    status: { conditions: [condition] },
  });
}

const issued = (name: string): Promise<X509Certificate> =>
  eventually(`${name} is issued`, async () => {
    const { status } = await read(name);
    return status?.certificate ? new X509Certificate(Buffer.from(status.certificate, 'base64')) : false;
  });

const NODE = { commonName: 'system:node:worker-9', organizations: ['system:nodes'] } as const;

test('signs an approved client request with its subject, its purpose and a short life', async () => {
  await send({
    name: 'jane',
    signer: 'kube-apiserver-client',
    commonName: 'jane',
    organizations: ['dev'],
    usages: ['client auth'],
    expirationSeconds: 3600,
  });
  await approve('jane');
  const certificate = await issued('jane');
  const ca = new X509Certificate(readFileSync(join(cluster.dir, 'pki/ca.crt')));
  expect(certificate.subject).toBe('O=dev\nCN=jane');
  expect(certificate.verify(ca.publicKey)).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  const lifeMs = Date.parse(certificate.validTo) - Date.now();
  expect(lifeMs).toBeGreaterThan(3_500_000);
  expect(lifeMs).toBeLessThanOrEqual(3_600_000);
});

test('leaves a client request that nobody has approved pending', async () => {
  await send({
    name: 'waits',
    signer: 'kube-apiserver-client',
    commonName: 'joe',
    organizations: [],
    usages: ['client auth'],
  });
  await cluster.running('kube-controller-manager').dialNow();
  await cluster.running('kube-controller-manager').dialNow();
  expect((await read('waits')).status?.conditions ?? []).toEqual([]);
});

test('approves a kubelet that renews its own client certificate, and signs it', async () => {
  const host = cluster.host('worker-1');
  const settings = { clientAuth: 'require', autoReload: 'all', alertProfile: 'go' } as const;
  const kubelet = createApiClient({
    host,
    component: 'kubelet@worker-1',
    kubeconfig: '/etc/kubernetes/kubelet.conf',
    settings,
    roundMs: 60_000,
    log: () => undefined,
  });
  try {
    await send(
      {
        name: 'csr-abcde',
        signer: 'kube-apiserver-client-kubelet',
        commonName: 'system:node:worker-1',
        organizations: ['system:nodes'],
        usages: ['digital signature', 'client auth'],
      },
      kubelet,
    );
  } finally {
    await kubelet.close();
  }
  expect((await issued('csr-abcde')).subject).toBe('O=system:nodes\nCN=system:node:worker-1');
  expect(conditionOf((await read('csr-abcde')).status?.conditions, 'Approved')).toMatchObject({
    reason: 'AutoApproved',
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  });
});

test('never approves a serving certificate by itself, and signs it with its names when an administrator does', async () => {
  await send({
    name: 'serving',
    signer: 'kubelet-serving',
    ...NODE,
    sans: [
      { kind: 'dns', value: 'worker-9' },
      { kind: 'ip', value: '127.0.0.1' },
    ],
    usages: ['digital signature', 'server auth'],
  });
  await cluster.running('kube-controller-manager').dialNow();
  expect((await read('serving')).status?.conditions ?? []).toEqual([]);
  await approve('serving');
  expect((await issued('serving')).subjectAltName).toBe('DNS:worker-9, IP Address:127.0.0.1');
});

const CLIENT = {
  signer: 'kube-apiserver-client-kubelet',
  usages: ['digital signature', 'client auth'],
} as const;
const SERVING = { signer: 'kubelet-serving', usages: ['digital signature', 'server auth'] } as const;
const DNS: readonly San[] = [{ kind: 'dns', value: 'x' }];
const IP: readonly San[] = [{ kind: 'ip', value: '127.0.0.1' }];

// The order is that of helpers.go: where two things are wrong, the first one is named.
test.for<readonly [string, Omit<Wanted, 'name'>]>([
  [
    'subject organization is not system:nodes',
    { ...CLIENT, commonName: 'jane', organizations: ['dev'], sans: DNS },
  ],
  [
    'subject organization is not system:nodes',
    { ...SERVING, ...NODE, organizations: ['system:nodes', 'dev'] },
  ],
  ['DNS subjectAltNames are not allowed', { ...CLIENT, ...NODE, sans: [...IP, ...DNS] }],
  ['IP subjectAltNames are not allowed', { ...CLIENT, ...NODE, commonName: 'worker-9', sans: IP }],
  [
    'subject common name does not begin with system:node:',
    { ...CLIENT, ...NODE, commonName: 'w', usages: ['any'] },
  ],
  [
    'subject common name does not begin with system:node:',
    { ...SERVING, ...NODE, commonName: 'w', sans: DNS },
  ],
  ['DNS or IP subjectAltName is required', { ...SERVING, ...NODE }],
  [
    'usages did not match [client auth digital signature key encipherment]',
    { ...CLIENT, ...NODE, usages: ['client auth'] },
  ],
  [
    'usages did not match [digital signature key encipherment server auth]',
    { ...SERVING, ...NODE, sans: DNS, usages: ['digital signature', 'server auth', 'client auth'] },
  ],
  [
    'invalid usage for client certificate: server auth',
    { signer: 'kube-apiserver-client', ...NODE, usages: ['client auth', 'server auth'] },
  ],
  [
    'missing required usage for client certificate: client auth',
    { signer: 'kube-apiserver-client', ...NODE, usages: ['digital signature'] },
  ],
])('refuses to sign: %s', async ([message, wanted]) => {
  const name = `refused-${++refused}`;
  await send({ ...wanted, name });
  await approve(name);
  const failed = await eventually('it has failed', async () =>
    conditionOf((await read(name)).status?.conditions, 'Failed'),
  );
  expect(failed).toMatchObject({ status: 'True', reason: 'SignerValidationFailure', message });
  expect((await read(name)).status?.certificate).toBeUndefined();
});
let refused = 0;

test('shows a refusal to real kubectl as it stands in a real cluster', async (context) => {
  const kubectl = kubectlFor(context, cluster.dir, '1.33');
  await send({ name: 'shown', ...SERVING, ...NODE, commonName: 'worker-9', sans: DNS });
  expect((await kubectl(['certificate', 'approve', 'shown'])).stdout).toContain('shown approved');
  await eventually('it has failed', async () =>
    /kubernetes.io\/kubelet-serving +kubernetes-admin +<none> +Approved,Failed/.test(
      (await kubectl(['get', 'csr', 'shown'])).stdout,
    ),
  );
  const yaml = (await kubectl(['get', 'csr', 'shown', '-o', 'yaml'])).stdout;
  expect(yaml).toContain("message: 'subject common name does not begin with system:node:'");
  expect(yaml).toContain('reason: SignerValidationFailure');
});
