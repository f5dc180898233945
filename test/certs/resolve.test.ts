import { describe, expect, test } from 'vitest';
import { DEFAULT_CHOICES } from '../../certs/identities.ts';
import { findIdentity, findTarget } from '../../certs/resolve.ts';

const one = DEFAULT_CHOICES;
const three = { ...DEFAULT_CHOICES, workers: 3 };

describe('a certificate is found by', () => {
  const cases = [
    { name: 'scheduler', id: 'scheduler' },
    { name: 'kube-scheduler', id: 'scheduler' },
    { name: 'scheduler.crt', id: 'scheduler' },
    { name: 'scheduler.key', id: 'scheduler' },
    { name: 'scheduler-key.pem', id: 'scheduler' },
    { name: 'system:kube-scheduler', id: 'scheduler' },
    { name: 'kubectl', id: 'admin' },
    { name: 'kube-apiserver', id: 'apiserver' },
    { name: 'etcd', id: 'etcd-server' },
    { name: 'ca', id: 'ca' },
    { name: 'pki/ca.key', id: 'ca' },
    { name: 'kubelet', id: 'kubelet@worker-1' },
    { name: 'kubelet-client', id: 'kubelet-client@worker-1' },
    { name: 'kube-proxy@worker-1', id: 'kube-proxy' },
    { name: '/tmp/lab/hosts/control-plane/etc/kubernetes/pki/apiserver.crt', id: 'apiserver' },
    { name: 'hosts/worker-1/var/lib/kubelet/pki/kubelet-client.key', id: 'kubelet-client@worker-1' },
    { name: 'pki/worker-1/kubelet.csr', id: 'kubelet@worker-1' },
    { name: '/etc/kubernetes/pki/apiserver-etcd-client.crt', id: 'apiserver-etcd-client' },
  ];
  test.for(cases)('$name', ({ name, id }) => {
    expect(findIdentity(one, name).id).toBe(id);
  });
});

test('a worker’s own certificate is found by its path when there are several', () => {
  expect(findIdentity(three, 'hosts/worker-3/var/lib/kubelet/pki/kubelet.crt').id).toBe('kubelet@worker-3');
  expect(findIdentity(three, 'kubelet@worker-2').id).toBe('kubelet@worker-2');
});

test('a name about one machine’s copy says which machine', () => {
  expect(findTarget(three, 'kube-proxy@worker-2')).toMatchObject({
    host: 'worker-2',
    identity: { id: 'kube-proxy' },
  });
  expect(findTarget(three, 'hosts/worker-3/var/lib/kube-proxy/pki/kube-proxy.crt').host).toBe('worker-3');
  expect(findTarget(three, 'kube-proxy').host).toBeNull();
});

describe('an unknown name', () => {
  const cases = [
    { name: 'sheduler', choices: one, fix: /did you mean scheduler\?/ },
    { name: 'kube-schedular', choices: one, fix: /did you mean kube-scheduler\?/ },
    { name: 'kubelet', choices: three, fix: /kubelet@worker-1, kubelet@worker-2, kubelet@worker-3/ },
    { name: 'kubelet@worker-9', choices: three, fix: /kubelet@worker-/ },
    { name: 'bananas-in-space', choices: one, fix: /choose one of ca, apiserver/ },
    { name: '', choices: one, fix: /./ },
  ];
  test.for(cases)('$name is refused, and the way out is named', ({ name, choices, fix }) => {
    expect(() => findIdentity(choices, name)).toThrowError(
      expect.objectContaining({ code: 'NAME_UNKNOWN', fix: expect.stringMatching(fix) }),
    );
  });
});
