/** Each component alone in a terminal of its own, from its real command line. */
import { connect } from 'node:net';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readManifest } from '../../components/manifest.ts';
import { initDirectory } from '../../lab/init.ts';
import { type Session, startProgram, temporaryFolder } from '../support/cli.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const folder = temporaryFolder('run');
const dir = join(folder.path, 'lab');
const controlPlane = join(dir, 'hosts', 'control-plane');
beforeAll(() => initDirectory(dir, { key: 'ecdsa-p256', portBase: 0 }));
afterAll(folder.remove);

function alone(component: string, args: readonly string[]): Session {
  return startProgram(['--import', 'tsx', join('components', component, 'main.ts'), ...args], { cwd: ROOT });
}

function flagsOf(pod: string): readonly string[] {
  return readManifest(join(controlPlane, 'etc/kubernetes/manifests', `${pod}.yaml`)).argv;
}

test('etcd serves until Ctrl-C, and then the port is free', async () => {
  const session = alone('etcd', ['--root', controlPlane, ...flagsOf('etcd')]);
  const port = Number(
    /:(\d+)$/.exec(flagsOf('etcd').find((flag) => flag.startsWith('--listen-client')) ?? '')?.[1],
  );
  await expect.poll(() => reaches(port), { timeout: 20_000 }).toBe(true);
  session.kill('SIGINT');
  const { code, stderr } = await session.ended;
  expect(code).toBe(0);
  expect(stderr).toContain('"msg":"ready to serve client requests"');
  expect(await reaches(port)).toBe(false);
});

test.for([
  { name: 'no --root', component: 'etcd', args: [], code: 2, says: '--root is missing' },
  {
    name: 'an unknown flag',
    component: 'scheduler',
    args: ['--root', controlPlane, '--leader-elekt'],
    code: 2,
    says: 'unknown flag: --leader-elekt',
  },
  {
    name: 'a policy that is none',
    component: 'apiserver',
    args: ['--root', controlPlane, '--client-auth=maybe'],
    code: 2,
    says: 'wanted require or request',
  },
])('$name is refused with a sentence', async ({ component, args, code, says }) => {
  const result = await alone(component, args).ended;
  expect(result.code).toBe(code);
  expect(result.stderr).toContain(says);
  expect(result.stderr).not.toMatch(/\n\s+at /);
});

test('--help lists the real flags and the lab’s own', async () => {
  const { code, stdout } = await alone('apiserver', ['--help']).ended;
  expect(code).toBe(0);
  expect(stdout).toContain('--tls-cert-file');
  expect(stdout).toContain('--client-auth');
});

function reaches(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect(port, '127.0.0.1');
    socket.on('connect', () => {
      socket.destroy();
      done(true);
    });
    socket.on('error', () => done(false));
  });
}
