import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { DEFAULT_CHOICES } from '../../certs/identities.ts';
import { type Host, openHost } from '../../components/host.ts';
import { configFiles } from '../../lab/config-files.ts';
import { planOf } from '../../lab/plan.ts';
import { instancesOf } from '../../lab/topology.ts';
import { temporaryFolder } from '../support/cli.ts';

let folder = temporaryFolder('plan');
const instances = instancesOf(['worker-1']);

beforeEach(() => {
  folder = temporaryFolder('plan');
  const ports = { apiserver: 6443, etcd: 2379, kubelets: { 'worker-1': 10_250 } };
  for (const file of configFiles(DEFAULT_CHOICES, ports)) {
    const path = host(file.host).path(file.path);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, file.text);
  }
});
afterEach(() => folder.remove());

function host(name: string): Host {
  return openHost(`${folder.path}/${name}`);
}

function plan(id: string) {
  const instance = instances.find((one) => one.id === id);
  if (!instance) throw new Error(id);
  return planOf(instance, host(instance.host));
}

const MANIFEST = '/etc/kubernetes/manifests/kube-scheduler.yaml';

test.for([
  { id: 'etcd', flag: '--client-cert-auth=true' },
  { id: 'kube-apiserver', flag: '--secure-port=6443' },
  { id: 'kube-scheduler', flag: '--kubeconfig=/etc/kubernetes/scheduler.conf' },
  { id: 'kubelet@worker-1', flag: '--config=/var/lib/kubelet/config.yaml' },
  { id: 'kube-proxy@worker-1', flag: '--config=/var/lib/kube-proxy/config.conf' },
  { id: 'kubectl', flag: '--kubeconfig=/.kube/config' },
])('$id starts with $flag', ({ id, flag }) => {
  expect(plan(id)).toMatchObject({ kind: 'run', argv: expect.arrayContaining([flag]) });
});

test('a kubelet starts anew, able to bootstrap, when the file for it appears', () => {
  const before = plan('kubelet@worker-1');
  const flag = '--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf';
  expect(before).toMatchObject({ argv: expect.not.arrayContaining([flag]) });
  writeFileSync(host('worker-1').path('/etc/kubernetes/bootstrap-kubelet.conf'), '');
  const after = plan('kubelet@worker-1');
  expect(after).toMatchObject({ argv: expect.arrayContaining([flag]) });
  expect(after).not.toMatchObject({ fingerprint: 'fingerprint' in before && before.fingerprint });
});

test('another text of a manifest is another configuration', () => {
  const before = plan('kube-scheduler');
  expect(plan('kube-scheduler')).toEqual(before);
  const path = host('control-plane').path(MANIFEST);
  writeFileSync(path, `# a comment\n`, { flag: 'a' });
  expect(plan('kube-scheduler')).not.toEqual(before);
});

test('no manifest: the component is not wanted, and the message says where it should lie', () => {
  rmSync(host('control-plane').path(MANIFEST));
  expect(plan('kube-scheduler')).toMatchObject({
    kind: 'absent',
    why: {
      code: 'FILE_MISSING',
      what: expect.stringContaining('kube-scheduler.yaml'),
      fix: expect.stringMatching(/./),
    },
  });
});

test('a broken manifest: bad, with file and line', () => {
  writeFileSync(host('control-plane').path(MANIFEST), 'kind: Pod\nspec: [');
  expect(plan('kube-scheduler')).toMatchObject({
    kind: 'bad',
    why: { code: 'MANIFEST_INVALID', what: expect.stringMatching(/kube-scheduler\.yaml:\d+/) },
  });
  expect(plan('etcd').kind).toBe('run');
});

test('every file counts that has no leading dot, as for a kubelet', () => {
  const path = host('control-plane').path(MANIFEST);
  copyFileSync(path, path.replace('kube-scheduler.yaml', '.kube-scheduler.yaml.swp'));
  copyFileSync(path, path.replace('kube-scheduler.yaml', 'my-scheduler.yaml.bak'));
  rmSync(path);
  expect(plan('kube-scheduler').kind).toBe('run');
  rmSync(path.replace('kube-scheduler.yaml', 'my-scheduler.yaml.bak'));
  expect(plan('kube-scheduler').kind).toBe('absent');
});

test('a worker without its configuration file cannot start', () => {
  rmSync(host('worker-1').path('/var/lib/kubelet/config.yaml'));
  expect(plan('kubelet@worker-1')).toMatchObject({
    kind: 'bad',
    why: { code: 'FILE_MISSING', what: expect.stringContaining('var/lib/kubelet/config.yaml') },
  });
});
