/** The whole program, spawned: from nothing to seven green connections, and back to nothing. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPorts } from '../../../lab/config-ports.ts';
import { initDirectory } from '../../../lab/init.ts';
import { callCli, runLab, type Session, startLabProcess, temporaryFolder } from '../../support/cli.ts';

const SEVEN = [
  'kube-apiserver->etcd',
  'kubectl->kube-apiserver',
  'kube-scheduler->kube-apiserver',
  'kube-controller-manager->kube-apiserver',
  'kube-proxy@worker-1->kube-apiserver',
  'kubelet@worker-1->kube-apiserver',
  'kube-apiserver->kubelet@worker-1',
];
const folder = temporaryFolder('up');
afterAll(folder.remove);

/** Whether a port can be listened on. */
function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', () => done(false));
    server.listen({ port, host: '127.0.0.1' }, () => server.close(() => done(true)));
  });
}

test('up --once --json makes the directory and accepts seven connections from both sides', async () => {
  const dir = join(folder.path, 'once');
  const { code, stdout, stderr } = await runLab([
    'up',
    ...['--once', '--json', '--dir', dir, '--port-base', '0', '--key', 'ecdsa-p256'],
  ]);
  expect(stderr).toBe('');
  const report = JSON.parse(stdout);
  expect(report.channels.map(({ id, layer }: { id: string; layer: string }) => `${id} ${layer}`)).toEqual(
    SEVEN.map((id) => `${id} ok`),
  );
  expect(report).toMatchObject({ ok: true, clientAuth: 'require' });
  expect(report.elapsedMs).toBeGreaterThan(0);
  expect(report.channels).toContainEqual(
    expect.objectContaining({
      id: 'kube-scheduler->kube-apiserver',
      client: 'kube-scheduler',
      server: 'kube-apiserver',
      by: null,
      code: null,
      alert: null,
      protocol: 'TLSv1.3',
      cipher: expect.stringMatching(/^TLS_/),
      clientIdentity: { cn: 'system:kube-scheduler', o: [] },
      clientText: null,
      serverText: null,
      unsafe: [],
    }),
  );
  expect(code).toBe(0);
  expect(existsSync(join(dir, 'run', 'lock'))).toBe(false);
});

test('up --once for people shows every connection with its certificates', async () => {
  const dir = join(folder.path, 'once');
  const { code, stdout } = await runLab(['up', '--once', '--dir', dir]);
  expect(stdout).toMatch(/kube-scheduler +scheduler\.crt +kube-apiserver +apiserver\.crt +✓/);
  expect(stdout).toContain('✓ 7 of 7 connections');
  expect(stdout).toContain('Mode: strict');
  expect(stdout).not.toContain('lab>');
  expect(code).toBe(0);
});

test('up names a port that is taken, and the way out', async () => {
  const dir = join(folder.path, 'once');
  const { etcd = 0 } = readPorts(dir, ['worker-1']);
  const squatter = createServer();
  await new Promise<void>((done) => squatter.listen(etcd, '127.0.0.1', done));
  const { code, stdout } = await runLab(['up', '--once', '--json', '--dir', dir]);
  await new Promise((done) => squatter.close(done));
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    error: {
      code: 'PORT_IN_USE',
      what: expect.stringContaining(String(etcd)),
      fix: expect.stringContaining('--port-base'),
    },
  });
  expect(existsSync(join(dir, 'run', 'lock'))).toBe(false);
});

describe('a lab that runs', () => {
  const dir = join(folder.path, 'runs');
  let session: Session;
  const cli = (...args: string[]) => callCli([...args, '--dir', dir]);

  beforeAll(async () => {
    await initDirectory(dir, { key: 'ecdsa-p256', portBase: 0 });
    session = startLabProcess(['up', '--dir', dir]);
    await session.saw('In a second terminal');
  }, 60_000);

  afterAll(() => session.kill('SIGKILL'));

  test('prints what it made and how to go on, plainly into a pipe', async () => {
    const stdout = await session.saw('deployment web');
    expect(stdout).toContain('✓ 7 of 7 connections');
    expect(stdout).toContain('deployment web: 2 of 2 pods running');
    expect(stdout).toContain('export KUBECONFIG=');
    expect(stdout).not.toContain('\x1b[');
    expect(stdout).not.toContain('lab>');
  });

  test('answers status in both forms', async () => {
    const { code, stdout } = await cli('status', '--json');
    const report = JSON.parse(stdout);
    expect(report).toMatchObject({
      ok: true,
      running: true,
      clientAuth: 'require',
      consequences: [],
      deviations: [],
    });
    expect(report.channels.map(({ id }: { id: string }) => id)).toEqual(SEVEN);
    expect(code).toBe(0);
    expect((await cli('status')).stdout).toContain('✓ 7 of 7 connections');
  });

  test('refuses a second lab on the same directory, with pid and address', async () => {
    const { code, stderr } = await runLab(['up', '--once', '--dir', dir]);
    expect(code).toBe(1);
    expect(stderr).toContain('LAB_RUNNING');
    expect(stderr).toContain(`pid ${session.pid}`);
    expect(stderr).toMatch(/http:\/\/127\.0\.0\.1:\d+/);
    expect((await cli('reset')).stderr).toContain('LAB_RUNNING');
  });

  test('stops and starts a component; status tells what suffers', async () => {
    expect((await cli('stop', 'scheduler')).stdout).toContain('kube-scheduler is stopped');
    const stopped = JSON.parse((await cli('status', '--json')).stdout);
    expect(stopped.ok).toBe(false);
    expect(stopped.consequences.join()).toContain('kube-scheduler does not run');
    expect((await cli('start', 'scheduler')).code).toBe(0);
    expect((await cli('restart', 'kubelet')).stdout).toContain(
      'kubelet@worker-1 was restarted on https://127.0.0.1:',
    );
  });

  test('shakes hands afresh on demand, and tells it from both sides', async () => {
    const { code, stdout } = await cli('handshake', 'scheduler', 'apiserver', '--json');
    const { channel, messages, client, server } = JSON.parse(stdout);
    expect(channel).toMatchObject({ id: 'kube-scheduler->kube-apiserver', layer: 'ok' });
    expect(messages.map(({ type }: { type: string }) => type)).toEqual(
      expect.arrayContaining(['client_hello', 'server_hello', 'certificate', 'finished']),
    );
    expect(messages[0]).toMatchObject({ from: 'client', encrypted: false, lengthBytes: expect.any(Number) });
    expect(client.findings.length).toBeGreaterThan(0);
    expect(server.findings.length).toBeGreaterThan(0);
    expect(code).toBe(0);
    expect((await cli('handshake', 'kube-apiserver->etcd')).stdout).toContain('ClientHello');
    expect((await cli('handshake', 'scheduler', 'etcd')).code).toBe(2);
  });

  test('writes what it saw for Wireshark', async () => {
    const file = join(folder.path, 'lab.pcapng');
    const { stdout } = await cli('capture', '-o', file, '--json');
    expect(JSON.parse(stdout).connections).toBeGreaterThanOrEqual(7);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(file).readUInt32LE(0)).toBe(0x0a0d0d0a);
    const keylog = join(folder.path, 'keys.log');
    expect((await cli('capture', '--keylog', keylog)).stdout).toContain('SSLKEYLOGFILE');
    expect(statSync(keylog).mode & 0o777).toBe(0o600);
    expect(readFileSync(keylog, 'utf8')).toMatch(/^SERVER_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} [0-9a-f]+$/m);
  });

  test('ends at SIGTERM with exit code 0: no lock left, ports free', async () => {
    const ports = readPorts(dir, ['worker-1']);
    session.kill('SIGTERM');
    const { code, stdout } = await session.ended;
    expect(stdout).toContain('Stopped. Your files stay in');
    expect(code).toBe(0);
    expect(existsSync(join(dir, 'run', 'lock'))).toBe(false);
    expect(existsSync(join(dir, 'run', 'api.json'))).toBe(false);
    for (const port of [ports.apiserver, ports.etcd, ports.kubelets?.['worker-1']]) {
      expect(await isFree(port ?? 0), String(port)).toBe(true);
    }
    expect((await cli('status')).code).toBe(1);
  });

  test('starts again after kill -9', async () => {
    session = startLabProcess(['up', '--dir', dir]);
    await session.saw('In a second terminal');
    session.kill('SIGKILL');
    await session.ended;
    expect(existsSync(join(dir, 'run', 'lock'))).toBe(true);
    expect((await cli('status')).stdout).toContain('No lab runs');
    const { code } = await runLab(['up', '--once', '--dir', dir]);
    expect(code).toBe(0);
  });
});
