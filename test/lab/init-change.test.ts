/** What `up` changes in a directory that `init` made: mode, workers, ports. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { deviations, expectedVersusFound } from '../../certs/expected.ts';
import { readManifest } from '../../components/manifest.ts';
import { readDirectory, settingsOf } from '../../lab/directory.ts';
import { initDirectory, setClientAuth, setPortBase, setWorkers } from '../../lab/init.ts';
import { emptyFolder, temporaryLab } from '../support/lab-directory.ts';

const now = () => new Date();

describe('changing a lab', () => {
  test('setClientAuth changes the API server and the kubelets, keeps comments, and leaves etcd alone', async () => {
    const dir = await temporaryLab();
    setClientAuth(dir, 'request');
    const directory = readDirectory(dir);
    expect(settingsOf(directory, 'kube-apiserver').clientAuth).toBe('request');
    expect(settingsOf(directory, 'kubelet@worker-1').clientAuth).toBe('request');
    expect(settingsOf(directory, 'etcd').clientAuth).toBe('require');
    expect(readFileSync(join(dir, 'lab.yaml'), 'utf8')).toContain('# What no real flag can say');
    expect(() => setClientAuth(dir, 'request', ['etcd'])).toThrowError(
      expect.objectContaining({ code: 'CHOICE_REFUSED' }),
    );
  });

  test('setWorkers gives new workers all they need and leaves the old ones as they are', async () => {
    const dir = await temporaryLab();
    const before = readFileSync(join(dir, 'pki/worker-1/kubelet.crt'), 'utf8');
    const report = await setWorkers(dir, 3);
    expect(report.added).toEqual(['worker-2', 'worker-3']);
    const directory = readDirectory(dir);
    expect(directory.workers).toEqual(['worker-1', 'worker-2', 'worker-3']);
    expect(new Set(Object.values(directory.ports.kubelets ?? {})).size).toBe(3);
    expect(deviations(expectedVersusFound(dir, directory.choices, { now }))).toEqual([]);
    expect(readFileSync(join(dir, 'pki/worker-1/kubelet.crt'), 'utf8')).toBe(before);
  });

  test('a worker that leaves and comes back is the same worker', async () => {
    const dir = await temporaryLab({ workers: 2 });
    const file = join(dir, 'hosts/worker-2/var/lib/kubelet/pki/kubelet.crt');
    const before = readFileSync(file, 'utf8');
    expect((await setWorkers(dir, 1)).removed).toEqual(['worker-2']);
    expect(readDirectory(dir).workers).toEqual(['worker-1']);
    await setWorkers(dir, 2);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('setPortBase moves every server and every client with it', async () => {
    const dir = await temporaryLab();
    const { ports } = await setPortBase(dir, 0);
    expect(readDirectory(dir).ports).toEqual(ports);
    const control = join(dir, 'hosts/control-plane/etc/kubernetes');
    expect(readManifest(join(control, 'manifests/kube-apiserver.yaml')).argv).toContain(
      `--etcd-servers=https://127.0.0.1:${ports.etcd}`,
    );
    for (const file of [
      'hosts/laptop/.kube/config',
      'hosts/worker-1/etc/kubernetes/kubelet.conf',
      'hosts/control-plane/etc/kubernetes/scheduler.conf',
    ])
      expect(readFileSync(join(dir, file), 'utf8')).toContain(
        `server: https://127.0.0.1:${ports.apiserver}\n`,
      );
  });

  test('a port that is taken is replaced by the next free one, and the report says so', async () => {
    const blocker = createServer();
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, '127.0.0.1', () => {
        const address = blocker.address();
        resolve(typeof address === 'object' && address ? address.port : 0);
      });
    });
    try {
      const dir = join(emptyFolder(), 'lab');
      const report = await initDirectory(dir, { key: 'ecdsa-p256', portBase: port });
      expect(report.moved.find(({ component }) => component === 'kube-apiserver')).toMatchObject({
        wanted: port,
      });
      expect(report.ports.apiserver).toBeGreaterThan(port);
      expect(readDirectory(dir).ports.apiserver).toBe(report.ports.apiserver);
    } finally {
      blocker.close();
    }
  });
});
