/** A server's certificate is replaced under its feet: the next handshake shows the new one, and nothing goes down. */
import { createHash } from 'node:crypto';
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { deskFiles, issueOnDesk } from '../../certs/desk.ts';
import { copyFiles } from '../../certs/hosts.ts';
import { readPem } from '../../certs/pem.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { freshHandshake } from '../../lab/handshake.ts';
import { openTestLab, type TestLab } from '../support/lab.ts';

let bench: TestLab;
beforeAll(async () => {
  bench = await openTestLab();
});
afterAll(() => bench.close());

const SERVERS = [
  { identity: 'apiserver', channel: 'kube-scheduler->kube-apiserver' },
  { identity: 'etcd-server', channel: 'kube-apiserver->etcd' },
  { identity: 'kubelet@worker-1', channel: 'kube-apiserver->kubelet@worker-1' },
] as const;

const WAYS = {
  'by rename': (from: string, to: string) => {
    copyFileSync(from, `${to}.new`);
    renameSync(`${to}.new`, to);
  },
  'in place': (from: string, to: string) => writeFileSync(to, readFileSync(from)),
} as const;

function files(id: string) {
  const identity = findIdentity(bench.lab.directory.choices, id);
  const [copy] = identity.copies;
  if (!copy) throw new Error(id);
  const host = copyFiles(bench.dir, copy);
  return { identity, desk: deskFiles(bench.dir, identity), cert: host.cert, key: host.key ?? '' };
}

/** SHA-256 of the certificate that the server shows now. */
async function shownOn(channelId: string): Promise<string> {
  const channel = bench.lab.cluster.topology.find(({ id }) => id === channelId);
  if (!channel) throw new Error(channelId);
  const trace = await freshHandshake(bench.lab.cluster, channel);
  expect(trace.outcome, channelId).toMatchObject({ layer: 'ok' });
  return hash(trace.server?.presented[0]);
}

function hash(bytes: Uint8Array | undefined): string {
  return createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');
}

function hashOfFile(path: string): string {
  return hash(readPem(readFileSync(path, 'utf8'))[0]?.bytes);
}

const LOOKS = 10;
const PAUSE_MS = 100;

/**
 * Ten handshakes with 100 ms between them: a second on a machine at rest. A busy one stretches the handshakes and what
 * they wait for alike, for both are turns of this process; no looser bound is needed there.
 */
async function expectWithinLooks(look: () => Promise<string>, wanted: string): Promise<void> {
  const seen: string[] = [];
  while (seen.at(-1) !== wanted && seen.length < LOOKS) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    seen.push(await look());
  }
  expect(seen.at(-1), `after ${seen.length} looks`).toBe(wanted);
}

for (const { identity, channel } of SERVERS) {
  test.for(Object.entries(WAYS))(
    `${identity} replaced %s shows in the next handshake within a second`,
    async ([, put]) => {
      const { desk, cert, key, identity: row } = files(identity);
      const before = await shownOn(channel);
      await issueOnDesk(bench.dir, bench.lab.directory.choices, [row], new Date());
      put(desk.key, key);
      put(desk.cert, cert);
      const wanted = hashOfFile(desk.cert);
      expect(wanted).not.toBe(before);
      await expectWithinLooks(() => shownOn(channel), wanted);
    },
  );

  test(`${identity} half-written never takes the server down`, async () => {
    const { cert } = files(identity);
    const whole = readFileSync(cert, 'utf8');
    const before = await shownOn(channel);
    writeFileSync(cert, whole.slice(0, whole.length / 2));
    const [, server = ''] = channel.split('->');
    await expect
      .poll(() => bench.state(server).files.find(({ path }) => cert.endsWith(path))?.problem, {
        timeout: 20_000,
      })
      .toBeTruthy();
    expect(await shownOn(channel)).toBe(before);
    expect(bench.state(server).phase).toBe('running');
    writeFileSync(cert, whole);
    await expect
      .poll(() => bench.state(server).files.find(({ path }) => cert.endsWith(path))?.problem, {
        timeout: 20_000,
      })
      .toBeNull();
    expect(await shownOn(channel)).toBe(before);
  });
}
