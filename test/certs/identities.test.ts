import { describe, expect, test } from 'vitest';
import {
  type Choices,
  checkChoices,
  DEFAULT_CHOICES,
  formatSan,
  identities,
  parseSan,
} from '../../certs/identities.ts';

const choose = (changes: Partial<Choices>): Choices => ({ ...DEFAULT_CHOICES, ...changes });
const find = (id: string, changes: Partial<Choices> = {}) =>
  identities(choose(changes)).find((identity) => identity.id === id);

describe('the table', () => {
  const cases = [
    { id: 'ca', subject: 'kubernetes', usages: '', signer: 'ca', hosts: 'laptop control-plane worker-1' },
    {
      id: 'apiserver',
      subject: 'kube-apiserver',
      usages: 'serverAuth',
      signer: 'ca',
      hosts: 'control-plane',
    },
    {
      id: 'etcd-server',
      subject: 'control-plane',
      usages: 'serverAuth clientAuth',
      signer: 'ca',
      hosts: 'control-plane',
    },
    {
      id: 'admin',
      subject: 'kubernetes-admin/kubeadm:cluster-admins',
      usages: 'clientAuth',
      signer: 'ca',
      hosts: 'laptop',
    },
    {
      id: 'scheduler',
      subject: 'system:kube-scheduler',
      usages: 'clientAuth',
      signer: 'ca',
      hosts: 'control-plane',
    },
    {
      id: 'controller-manager',
      subject: 'system:kube-controller-manager',
      usages: 'clientAuth',
      signer: 'ca',
      hosts: 'control-plane',
    },
    { id: 'kube-proxy', subject: 'system:kube-proxy', usages: 'clientAuth', signer: 'ca', hosts: 'worker-1' },
    {
      id: 'apiserver-etcd-client',
      subject: 'kube-apiserver-etcd-client',
      usages: 'clientAuth',
      signer: 'ca',
      hosts: 'control-plane',
    },
    {
      id: 'apiserver-kubelet-client',
      subject: 'kube-apiserver-kubelet-client/kubeadm:cluster-admins',
      usages: 'clientAuth',
      signer: 'ca',
      hosts: 'control-plane',
    },
    {
      id: 'kubelet@worker-1',
      subject: 'system:node:worker-1/system:nodes',
      usages: 'serverAuth',
      signer: 'ca',
      hosts: 'worker-1',
    },
    {
      id: 'kubelet-client@worker-1',
      subject: 'system:node:worker-1/system:nodes',
      usages: 'clientAuth',
      signer: 'ca',
      hosts: 'worker-1',
    },
  ];
  test.for(cases)(
    '$id has its subject, purpose, signer and hosts',
    ({ id, subject, usages, signer, hosts }) => {
      const identity = find(id);
      expect([identity?.commonName, ...(identity?.organizations ?? [])].join('/')).toBe(subject);
      expect(identity?.usages.join(' ')).toBe(usages);
      expect(identity?.signer).toBe(signer);
      expect(identity?.copies.map((copy) => copy.host).join(' ')).toBe(hosts);
    },
  );

  test('has no other certificate with default choices', () => {
    expect(identities(DEFAULT_CHOICES).map(({ id }) => id)).toEqual(cases.map(({ id }) => id));
  });

  test('no host ever gets a CA key', () => {
    for (const cas of ['single', 'separate'] as const) {
      const keys = identities(choose({ cas }))
        .filter(({ kind }) => kind === 'ca')
        .flatMap(({ copies }) => copies.map(({ key }) => key));
      expect(keys.every((key) => key === null)).toBe(true);
    }
  });
});

describe('choices', () => {
  test('a separate etcd CA signs both ends of the connection to etcd', () => {
    const all = identities(choose({ cas: 'separate' }));
    expect(all.filter(({ signer }) => signer === 'etcd-ca').map(({ id }) => id)).toEqual([
      'etcd-ca',
      'etcd-server',
      'apiserver-etcd-client',
    ]);
  });

  test('reuse drops the dedicated client certificates and lets the API server’s own be a client', () => {
    const all = identities(choose({ apiserverClient: 'reuse' }));
    expect(all.map(({ id }) => id)).not.toContain('apiserver-etcd-client');
    expect(find('apiserver', { apiserverClient: 'reuse' })?.usages).toEqual(['serverAuth', 'clientAuth']);
  });

  test('pem names are NAME.pem and NAME-key.pem', () => {
    expect(find('scheduler', { names: 'pem' })?.files).toEqual({
      cert: 'scheduler.pem',
      key: 'scheduler-key.pem',
      csr: 'scheduler.csr',
    });
  });

  test('every worker has its own kubelet certificates and a copy of kube-proxy’s', () => {
    const all = identities(choose({ workers: 3 }));
    expect(all.filter(({ base }) => base === 'kubelet').map(({ id, folder }) => `${id} ${folder}`)).toEqual([
      'kubelet@worker-1 worker-1',
      'kubelet@worker-2 worker-2',
      'kubelet@worker-3 worker-3',
    ]);
    expect(find('kube-proxy', { workers: 3 })?.copies.map(({ host }) => host)).toEqual([
      'worker-1',
      'worker-2',
      'worker-3',
    ]);
  });

  const refused: { name: string; changes: Partial<Choices> }[] = [
    { name: 'separate with reuse', changes: { cas: 'separate', apiserverClient: 'reuse' } },
    { name: 'no worker', changes: { workers: 0 } },
    { name: 'half a worker', changes: { workers: 1.5 } },
    { name: 'too many workers', changes: { workers: 5001 } },
  ];
  test.for(refused)('refuses $name with the reason', ({ changes }) => {
    expect(() => checkChoices(choose(changes))).toThrowError(
      expect.objectContaining({
        code: 'CHOICE_REFUSED',
        why: expect.stringMatching(/\w/),
        fix: expect.stringMatching(/choose/),
      }),
    );
  });
});

test('a SAN is read and written back', () => {
  for (const text of ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'])
    expect(formatSan(parseSan(text))).toBe(text);
});
