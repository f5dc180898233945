import { readFileSync } from 'node:fs';
import { createServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readPem } from '../../certs/pem.ts';
import { inspectServer } from '../../lab/inspect-server.ts';
import { callCli } from '../support/cli.ts';
import { temporaryLab } from '../support/lab-directory.ts';

let dir: string;
let roots: Uint8Array[];
const closers: (() => void)[] = [];

beforeAll(async () => {
  dir = await temporaryLab();
  roots = readPem(readFileSync(join(dir, 'pki/ca.crt'), 'utf8')).map(({ bytes }) => bytes);
});
afterAll(() => {
  for (const close of closers) close();
});

/** A server of Node's own, which knows nothing of the lab's transport. */
async function serve(base: string, options: ServerOptions): Promise<string> {
  const file = (ending: string) => readFileSync(join(dir, 'pki', `${base}.${ending}`));
  const server = createServer({ cert: file('crt'), key: file('key'), ...options }, (_, response) => {
    response.end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const look = (address: string) => inspectServer(address, { roots, now: new Date() });

describe('tells what a server wants of its clients', () => {
  const cases = [
    { name: 'not asked for', options: {}, wanted: 'not asked for', alert: undefined },
    {
      name: 'asked for',
      options: { requestCert: true, rejectUnauthorized: false },
      wanted: 'asked for',
      alert: undefined,
    },
    {
      name: 'demanded',
      options: { requestCert: true, rejectUnauthorized: true },
      wanted: 'demanded',
      alert: 116,
    },
    {
      name: 'demanded in TLS 1.2',
      options: { requestCert: true, rejectUnauthorized: true, maxVersion: 'TLSv1.2' as const },
      wanted: 'demanded',
      alert: 40,
    },
  ];
  test.for(cases)('$name', async ({ options, wanted, alert }) => {
    const ca = readFileSync(join(dir, 'pki/ca.crt'));
    const found = await look(await serve('apiserver', { ...options, ca }));
    expect(found.clientCertificate).toBe(wanted);
    expect(found.refusal?.number).toBe(alert);
    expect(found.acceptableCas).toEqual(wanted === 'not asked for' ? [] : ['CN=kubernetes']);
    expect(found.verdict?.accepted).toBe(true);
  });
});

test('lists the versions that a server accepts', async () => {
  expect((await look(await serve('apiserver', {}))).versions).toEqual(['TLSv1.3', 'TLSv1.2']);
  expect((await look(await serve('apiserver', { maxVersion: 'TLSv1.2' }))).versions).toEqual(['TLSv1.2']);
});

test('judges what a server shows as a client would: a client certificate is none for a server', async () => {
  const found = await look(await serve('scheduler', {}));
  expect(found.verdict).toMatchObject({ accepted: false, code: 'CERT_NO_IP_SANS' });
});

test('names what is in the way: nothing listens, no TLS, a far machine', async () => {
  const plain = createTcpServer((socket) => {
    socket.on('error', () => undefined).resume();
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const { port } = plain.address() as AddressInfo;
  await expect(look(`127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'NOT_TLS' });
  await new Promise((resolve) => plain.close(resolve));
  await expect(look(`127.0.0.1:${port}`)).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
  await expect(look('192.0.2.1:443')).rejects.toMatchObject({ code: 'USAGE' });
});

test('certs looks at live servers side by side; one that is not there stops nothing', async () => {
  const strict = await serve('apiserver', { requestCert: true, rejectUnauthorized: true });
  const etcd = await serve('etcd-server', {});
  const { code, stdout } = await callCli(['certs', strict, etcd, '127.0.0.1:1', '--dir', dir]);
  const rows = stdout.split('\n').map((line) => line.split(/ {2,}/));
  expect(rows[0]).toEqual([
    'SERVER',
    'CERTIFICATE',
    'EXPIRES',
    'RESIDUAL TIME',
    'CERTIFICATE AUTHORITY',
    'CLIENT CERTIFICATE',
  ]);
  const year = expect.stringMatching(/^\w{3} \d\d, 20\d\d \d\d:\d\d UTC$/);
  expect(rows[1]).toEqual([strict, 'kube-apiserver', year, '364d', 'kubernetes', 'demanded']);
  expect(rows[2]).toEqual([etcd, 'control-plane', year, '364d', 'kubernetes', 'not asked for']);
  expect(rows[3]?.[0]).toBe('127.0.0.1:1');
  expect(stdout).toContain('✗ 127.0.0.1:1: ');
  expect(code).toBe(1);
  const { stdout: json } = await callCli(['certs', etcd, '--json', '--dir', dir]);
  expect(JSON.parse(json)).toMatchObject({ ok: true, servers: [{ address: etcd, refused: null }] });
});
