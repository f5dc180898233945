import { expect, test } from 'vitest';
import { identities } from '../../certs/identities.ts';
import { channelsOf, instancesOf } from '../../lab/topology.ts';

test('has seven connections with one worker', () => {
  const channels = channelsOf({ workers: ['worker-1'], apiserverClient: 'dedicated' });
  expect(channels.map(({ id }) => id)).toEqual([
    'kube-apiserver->etcd',
    'kubectl->kube-apiserver',
    'kube-scheduler->kube-apiserver',
    'kube-controller-manager->kube-apiserver',
    'kube-proxy@worker-1->kube-apiserver',
    'kubelet@worker-1->kube-apiserver',
    'kube-apiserver->kubelet@worker-1',
  ]);
});

test('adds three connections and two programs per further worker', () => {
  const workers = ['worker-1', 'worker-2', 'worker-3'];
  expect(channelsOf({ workers, apiserverClient: 'dedicated' })).toHaveLength(13);
  expect(instancesOf(workers)).toHaveLength(11);
  expect(instancesOf(workers).map(({ id }) => id)).toContain('kube-proxy@worker-3');
});

test.for(['dedicated', 'reuse'] as const)(
  'names certificates that exist, shown by who shows them (%s)',
  (apiserverClient) => {
    const table = identities({ cas: 'single', apiserverClient, key: 'ecdsa-p256', names: 'crt', workers: 2 });
    const shows = (id: string): readonly string[] | undefined => table.find((row) => row.id === id)?.shownBy;
    for (const channel of channelsOf({ workers: ['worker-1', 'worker-2'], apiserverClient })) {
      expect(shows(channel.clientIdentity), channel.id).toContain(channel.client);
      expect(shows(channel.serverIdentity), channel.id).toContain(channel.server);
    }
  },
);
