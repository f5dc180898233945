import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { readDirectory } from '../../lab/directory.ts';
import { exportKubeadm } from '../../lab/export-kubeadm.ts';
import { emptyFolder, filesUnder, temporaryLab } from '../support/lab-directory.ts';
import { requireTool } from '../support/tools.ts';

const target = { nodeName: 'cp-1', advertiseAddress: '192.0.2.7' };
let dir: string;
let to: string;

beforeAll(async () => {
  dir = await temporaryLab({ cas: 'separate' });
  to = join(emptyFolder(), 'out');
  await exportKubeadm(dir, readDirectory(dir).choices, to, new Date(), target);
});

/** What `kubeadm init` leaves in /etc/kubernetes/pki. */
const KUBEADM_FILES = [
  'apiserver-etcd-client.crt',
  'apiserver-etcd-client.key',
  'apiserver-kubelet-client.crt',
  'apiserver-kubelet-client.key',
  'apiserver.crt',
  'apiserver.key',
  'ca.crt',
  'ca.key',
  'etcd/ca.crt',
  'etcd/ca.key',
  'etcd/healthcheck-client.crt',
  'etcd/healthcheck-client.key',
  'etcd/peer.crt',
  'etcd/peer.key',
  'etcd/server.crt',
  'etcd/server.key',
  'front-proxy-ca.crt',
  'front-proxy-ca.key',
  'front-proxy-client.crt',
  'front-proxy-client.key',
  'sa.key',
  'sa.pub',
];

test("has exactly the files of kubeadm's pki folder, keys for their owner only", () => {
  expect(filesUnder(join(to, 'pki'))).toEqual(KUBEADM_FILES);
  for (const file of KUBEADM_FILES.filter((name) => name.endsWith('.key'))) {
    expect(statSync(join(to, 'pki', file)).mode & 0o777).toBe(0o600);
  }
});

describe('openssl verifies', () => {
  const cases = [
    { name: 'apiserver', ca: 'ca', purpose: 'sslserver' },
    { name: 'apiserver-kubelet-client', ca: 'ca', purpose: 'sslclient' },
    { name: 'front-proxy-client', ca: 'front-proxy-ca', purpose: 'sslclient' },
    { name: 'etcd/server', ca: 'etcd/ca', purpose: 'sslserver' },
    { name: 'etcd/peer', ca: 'etcd/ca', purpose: 'sslclient' },
    { name: 'etcd/healthcheck-client', ca: 'etcd/ca', purpose: 'sslclient' },
    { name: 'apiserver-etcd-client', ca: 'etcd/ca', purpose: 'sslclient' },
  ];
  test.for(cases)('$name for $purpose', ({ name, ca, purpose }, context) => {
    const openssl = requireTool(context, 'openssl');
    const pki = (file: string) => join(to, 'pki', `${file}.crt`);
    const out = execFileSync(openssl, ['verify', '-purpose', purpose, '-CAfile', pki(ca), pki(name)]);
    expect(out.toString()).toContain(': OK');
  });
});

test("the API server's names hold the node and its address, as kubeadm checks", (context) => {
  const openssl = requireTool(context, 'openssl');
  const text = execFileSync(openssl, [
    'x509',
    '-noout',
    '-ext',
    'subjectAltName',
    '-in',
    join(to, 'pki/apiserver.crt'),
  ]).toString();
  expect(text).toContain('DNS:cp-1');
  expect(text).toContain('IP Address:192.0.2.7');
  expect(text).toContain('DNS:kubernetes.default.svc.cluster.local');
});

test('the config names the node, its address and the kind of keys', () => {
  const documents = parseAllDocuments(readFileSync(join(to, 'kubeadm.yaml'), 'utf8')).map((one) =>
    one.toJS(),
  );
  expect(documents.map((one) => one.kind)).toEqual(['InitConfiguration', 'ClusterConfiguration']);
  expect(documents[0].localAPIEndpoint.advertiseAddress).toBe('192.0.2.7');
  expect(documents[1].encryptionAlgorithm).toBe('ECDSA-P256');
});

test('refuses loopback, a bad node name, and a folder that holds something', async () => {
  const { choices } = readDirectory(dir);
  const attempt = (change: Partial<typeof target>, place = join(emptyFolder(), 'x')) =>
    exportKubeadm(dir, choices, place, new Date(), { ...target, ...change });
  await expect(attempt({ advertiseAddress: '127.0.0.1' })).rejects.toMatchObject({ code: 'CHOICE_REFUSED' });
  await expect(attempt({ nodeName: '../x' })).rejects.toMatchObject({ code: 'CHOICE_REFUSED' });
  await expect(attempt({}, to)).rejects.toMatchObject({ code: 'DIR_INVALID' });
});
