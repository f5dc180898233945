import { createServer, type Server } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { DEFAULT_CHOICES } from '../../certs/identities.ts';
import { choosePorts } from '../../lab/ports.ts';

const held: Server[] = [];
afterEach(async () => {
  await Promise.all(held.splice(0).map((server) => new Promise((done) => server.close(done))));
});

/** Take a port; returns its number. */
function take(port = 0): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      held.push(server);
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : 0);
    });
  });
}

test('base 0 gives different free ports for every server', async () => {
  const { ports, moved } = await choosePorts({ ...DEFAULT_CHOICES, workers: 20 }, 0);
  const all = [ports.apiserver, ports.etcd, ...Object.values(ports.kubelets)];
  expect(new Set(all).size).toBe(22);
  expect(moved).toEqual([]);
  await Promise.all(all.map(take));
});

test('a base gives offsets from it, and a taken port moves on and is said', async () => {
  const base = await take();
  const { ports, moved } = await choosePorts(DEFAULT_CHOICES, base);
  expect(ports.apiserver).toBeGreaterThan(base);
  expect(ports.kubelets['worker-1']).toBeGreaterThanOrEqual(base + 10);
  expect(moved[0]).toEqual({ component: 'kube-apiserver', wanted: base, got: ports.apiserver });
  expect(new Set([ports.apiserver, ports.etcd, ports.kubelets['worker-1']]).size).toBe(3);
});

test('ports that are held already are kept, and not given away again', async () => {
  const keep = { apiserver: 45_001, etcd: 45_002, kubelets: { 'worker-1': 45_003 } };
  const { ports } = await choosePorts({ ...DEFAULT_CHOICES, workers: 2 }, 44_993, keep);
  expect(ports).toMatchObject({ apiserver: 45_001, etcd: 45_002 });
  expect(ports.kubelets['worker-1']).toBe(45_003);
  expect([45_001, 45_002, 45_003]).not.toContain(ports.kubelets['worker-2']);
});

test('a base without room above it is refused with the way out', async () => {
  await expect(choosePorts({ ...DEFAULT_CHOICES, workers: 100 }, 65_500)).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    fix: expect.stringContaining('--port-base'),
  });
});
