/** Settings that differ from init's: found however they came about, one sentence each, and put right by fix. */
import { copyFileSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDirectory } from '../../lab/directory.ts';
import { fixEverything, fixTarget } from '../../lab/faults/engine.ts';
import { initDirectory } from '../../lab/init.ts';
import { reportDirectory } from '../../lab/status.ts';
import { temporaryFolder } from '../support/cli.ts';

const folder = temporaryFolder('deviations');
const dir = join(folder.path, 'lab');
const CP = 'hosts/control-plane/etc/kubernetes';
const MANIFESTS = `${CP}/manifests`;

beforeAll(() => initDirectory(dir, { key: 'ecdsa-p256' }));
afterAll(() => folder.remove());

function edit(path: string, from: string | RegExp, to: string): void {
  const before = readFileSync(join(dir, path), 'utf8');
  const after = before.replace(from, to);
  expect(after).not.toBe(before);
  writeFileSync(join(dir, path), after);
}

async function sentences(): Promise<readonly string[]> {
  return (await reportDirectory(readDirectory(dir))).deviations.map(({ sentence }) => sentence);
}

/** What a hand does, and a part of what status says of it. */
const BY_HAND = {
  'an API server that allows everything': [
    () => edit(`${MANIFESTS}/kube-apiserver.yaml`, 'Node,RBAC', 'AlwaysAllow'),
    'kube-apiserver: --authorization-mode is AlwaysAllow, should be Node,RBAC',
  ],
  'no CA for kubelets': [
    () => edit(`${MANIFESTS}/kube-apiserver.yaml`, /\n.*--kubelet-certificate-authority.*/, ''),
    'kube-apiserver: --kubelet-certificate-authority is missing, should be /etc/kubernetes/pki/ca.crt',
  ],
  'a flag that init does not set, as two words': [
    () => edit(`${MANIFESTS}/etcd.yaml`, /(\n\s*- )--name=/, '$1--tls-min-version$1TLS1.3$1--name='),
    'etcd: --tls-min-version is TLS1.3, init sets none',
  ],
  'etcd without TLS': [
    () => edit(`${MANIFESTS}/etcd.yaml`, '--listen-client-urls=https', '--listen-client-urls=http'),
    'etcd: --listen-client-urls is http://127.0.0.1:',
  ],
  'a manifest that was moved away': [
    () => renameSync(join(dir, MANIFESTS, 'kube-scheduler.yaml'), join(dir, CP, 'kube-scheduler.yaml')),
    `kube-scheduler: its manifest is not there: it does not run; it lies in ${CP}/kube-scheduler.yaml`,
  ],
  'a manifest that is no YAML': [
    () => edit(`${MANIFESTS}/kube-scheduler.yaml`, 'kind: Pod', 'kind: ['),
    'kube-scheduler: its manifest cannot be read',
  ],
  'a kubeconfig that verifies nothing': [
    () => edit('hosts/laptop/.kube/config', /certificate-authority: .*/, 'insecure-skip-tls-verify: true'),
    'kubectl: cluster.insecure-skip-tls-verify is true, init sets none: the server is not verified',
  ],
  'a kubeconfig that is gone': [
    () => rmSync(join(dir, CP, 'scheduler.conf')),
    'kube-scheduler: its configuration is not there',
  ],
  'another port': [
    () => edit('hosts/worker-1/etc/kubernetes/kubelet.conf', /(server: .*):\d+/, '$1:1'),
    'kubelet@worker-1: cluster.server is https://127.0.0.1:1, should be https://127.0.0.1:',
  ],
  'a kubelet for everybody': [
    () => edit('hosts/worker-1/var/lib/kubelet/config.yaml', 'mode: Webhook', 'mode: AlwaysAllow'),
    'kubelet@worker-1: authorization.mode is AlwaysAllow, should be Webhook',
  ],
  'kube-proxy with another kubeconfig': [
    () => edit('hosts/worker-1/var/lib/kube-proxy/config.conf', 'kubeconfig.conf', 'admin.conf'),
    'kube-proxy@worker-1: clientConnection.kubeconfig is /var/lib/kube-proxy/admin.conf',
  ],
  'TLS 1.1 in lab.yaml': [
    () => edit('lab.yaml', 'kubectl: {', 'kubectl: { tlsMaxVersion: TLSv1.1,'),
    'kubectl: tlsMaxVersion is TLSv1.1, init sets none: it speaks nothing newer (lab.yaml)',
  ],
  'one server that only asks': [
    () => edit('lab.yaml', 'kubelet: { clientAuth: require', 'kubelet: { clientAuth: request'),
    'kubelet@worker-1: clientAuth is request, should be require',
  ],
  'somebody who knocks': [
    () => edit('lab.yaml', /$/, 'noise:\n  etcd: [tcp-probe]\n'),
    'etcd: noise is tcp-probe, init sets none: harmless lines in its log (lab.yaml)',
  ],
  'the administrator’s key on a worker': [
    () =>
      copyFileSync(join(dir, 'pki/admin.key'), join(dir, 'hosts/worker-1/var/lib/kube-proxy/pki/admin.key')),
    'worker-1: the private key of admin lies here',
  ],
  'the CA’s key on a worker': [
    () => copyFileSync(join(dir, 'pki/ca.key'), join(dir, 'hosts/worker-1/etc/kubernetes/pki/ca.key')),
    'hosts/worker-1/etc/kubernetes/pki/ca.key: it is the private key of the CA "kubernetes"',
  ],
} as const satisfies Record<string, readonly [() => void, string]>;

test.for(Object.keys(BY_HAND) as (keyof typeof BY_HAND)[])(
  '%s is told in one sentence, and mended',
  async (name) => {
    expect(await sentences()).toEqual([]);
    const [act, sentence] = BY_HAND[name];
    act();
    expect(await sentences()).toContainEqual(expect.stringContaining(sentence));
    await fixEverything(readDirectory(dir));
    expect(await sentences()).toEqual([]);
  },
);

test('what a user may well add is no deviation', async () => {
  edit(`${MANIFESTS}/etcd.yaml`, /(\n\s*- )--name=/, '$1--data-dir=/var/lib/etcd$1--name=');
  edit(
    'hosts/worker-1/var/lib/kubelet/config.yaml',
    'clusterDomain',
    'rotateCertificates: true\nclusterDomain',
  );
  const ca = readFileSync(join(dir, 'pki/ca.crt')).toString('base64');
  edit('hosts/laptop/.kube/config', /certificate-authority: .*/, `certificate-authority-data: ${ca}`);
  expect(await sentences()).toEqual([]);
});

test('a kubelet that asks the cluster for its certificates is no deviation', async () => {
  const host = join(dir, 'hosts/worker-1');
  writeFileSync(join(host, 'etc/kubernetes/bootstrap-kubelet.conf'), 'a token');
  rmSync(join(host, 'etc/kubernetes/kubelet.conf'));
  edit('hosts/worker-1/var/lib/kubelet/config.yaml', /tlsCertFile.*\n.*\n/, 'serverTLSBootstrap: true\n');
  expect(await sentences()).toEqual([
    expect.stringContaining('kubelet@worker-1: tlsCertFile is missing'),
    expect.stringContaining('kubelet@worker-1: tlsPrivateKeyFile is missing'),
  ]);
  const pki = join(host, 'var/lib/kubelet/pki');
  writeFileSync(
    join(pki, 'kubelet-server-current.pem'),
    readFileSync(join(pki, 'kubelet.crt'), 'utf8') + readFileSync(join(pki, 'kubelet.key'), 'utf8'),
  );
  expect(await sentences()).toEqual([]);
  rmSync(join(host, 'etc/kubernetes/bootstrap-kubelet.conf'));
  rmSync(join(pki, 'kubelet-server-current.pem'));
  await fixEverything(readDirectory(dir));
  expect(await sentences()).toEqual([]);
});

test('an edit by hand keeps comments, and fix keeps them too', async () => {
  edit('lab.yaml', 'kubectl: {', '# mine\n  kubectl: { tlsMaxVersion: TLSv1.2,');
  await fixTarget(readDirectory(dir), 'kubectl');
  expect(readFileSync(join(dir, 'lab.yaml'), 'utf8')).toContain('# mine');
});
