import { expect, test } from 'vitest';
import { DEFAULT_CHOICES } from '../../certs/identities.ts';
import { type Names, resolveChannel, resolveComponent } from '../../lab/names.ts';
import { channelsOf, instancesOf } from '../../lab/topology.ts';

function names(workers: number): Names {
  const all = Array.from({ length: workers }, (_, at) => `worker-${at + 1}`);
  return {
    choices: { ...DEFAULT_CHOICES, workers },
    instances: instancesOf(all),
    channels: channelsOf({ workers: all, apiserverClient: 'dedicated' }),
  };
}

test.for([
  { name: 'scheduler', means: 'kube-scheduler' },
  { name: 'kube-scheduler', means: 'kube-scheduler' },
  { name: 'scheduler.crt', means: 'kube-scheduler' },
  { name: 'mtls-lab/hosts/control-plane/etc/kubernetes/pki/scheduler.key', means: 'kube-scheduler' },
  { name: 'admin', means: 'kubectl' },
  { name: 'apiserver', means: 'kube-apiserver' },
  { name: 'apiserver-etcd-client', means: 'kube-apiserver' },
  { name: 'etcd', means: 'etcd' },
  { name: 'kubelet', means: 'kubelet@worker-1' },
  { name: 'kubelet@worker-1', means: 'kubelet@worker-1' },
  { name: 'kube-proxy', means: 'kube-proxy@worker-1' },
])('$name means $means', ({ name, means }) => {
  expect(resolveComponent(name, names(1))).toBe(means);
});

test('asks which when several workers run the program', () => {
  expect(() => resolveComponent('kubelet', names(2))).toThrow(
    expect.objectContaining({ code: 'NAME_UNKNOWN', what: expect.stringContaining('kubelet@worker-2') }),
  );
});

test.for([
  { name: 'schedular', near: 'scheduler' },
  { name: 'kubelet@worker-2', near: 'kubelet@worker-1' },
])('$name gets "did you mean $near"', ({ name, near }) => {
  expect(() => resolveComponent(name, names(1))).toThrow(
    expect.objectContaining({ code: 'NAME_UNKNOWN', fix: `did you mean ${near}?` }),
  );
});

test.for([
  [['scheduler', 'apiserver']],
  [['kube-scheduler->kube-apiserver']],
  [['kube-scheduler → kube-apiserver']],
])('finds a channel by %j', ([words]) => {
  expect(resolveChannel(words ?? [], names(1)).id).toBe('kube-scheduler->kube-apiserver');
});

test('says whom a client does dial', () => {
  expect(() => resolveChannel(['scheduler', 'etcd'], names(1))).toThrow(
    expect.objectContaining({
      what: 'kube-scheduler never dials etcd',
      fix: 'kube-scheduler dials kube-apiserver',
    }),
  );
});
