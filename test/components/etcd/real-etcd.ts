/**
 * A real etcd for tests: Debian's, on free loopback ports, with the host's certificates and --client-cert-auth.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { ask, type TestHost } from './fixture.ts';

/** A real etcd that serves. */
export interface RealEtcd {
  readonly port: number;
  /** Its --initial-advertise-peer-urls, from which it computes its ids. */
  readonly peerUrl: string;
  /** What it printed so far. */
  readonly output: () => string;
  close(): Promise<void>;
}

/** Start the program at `path`; resolves when /health says so. */
export async function startRealEtcd(path: string, made: TestHost): Promise<RealEtcd> {
  const [port, peerPort] = await freePorts();
  const peerUrl = `http://127.0.0.1:${peerPort}`;
  const child = spawn(
    path,
    [
      '--name=control-plane',
      `--data-dir=${join(made.root, 'real-etcd')}`,
      `--listen-client-urls=https://127.0.0.1:${port}`,
      `--advertise-client-urls=https://127.0.0.1:${port}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=control-plane=${peerUrl}`,
      `--cert-file=${made.file('etcd-server.crt')}`,
      `--key-file=${made.file('etcd-server.key')}`,
      `--trusted-ca-file=${made.file('ca.crt')}`,
      '--client-cert-auth',
      '--logger=zap',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], env: {} },
  );
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const close = (): Promise<void> => stop(child);
  const deadline = performance.now() + 20_000;
  for (;;) {
    const health = await ask(made, port, '/health').catch(() => undefined);
    if (health?.body.includes('"true"')) return { port, peerUrl, output: () => output, close };
    if (performance.now() > deadline || child.exitCode !== null) {
      await close();
      throw new Error(`etcd did not start: ${output.slice(-2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

async function freePorts(): Promise<[number, number]> {
  const servers = [createServer(), createServer()];
  const ports: number[] = [];
  for (const server of servers) {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const bound = server.address();
    ports.push(typeof bound === 'object' && bound ? bound.port : 0);
  }
  for (const server of servers) server.close();
  return [ports[0] ?? 0, ports[1] ?? 0];
}
