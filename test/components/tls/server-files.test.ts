/** Files of a running server: replaced, broken, removed, and what the next handshake makes of it. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writePem } from '../../../certs/pem.ts';
import { goTextOf } from '../../../components/tls/credentials.ts';
import type { TlsServer } from '../../../components/tls/server.ts';
import {
  type Bench,
  CA,
  clientLeaf,
  OTHER_CA,
  openBench,
  SETTINGS,
  serverLeaf,
  until,
} from '../../support/tls-bench.ts';

let bench: Bench;
beforeEach(() => {
  bench = openBench();
});
afterEach(() => bench.close());

const OLD = serverLeaf();
const NEW = serverLeaf({ notAfter: '2045-01-01' });
const shown = async (server: TlsServer): Promise<string | undefined> => {
  const { joined } = await bench.shake(server, { insecure: true });
  return joined.server?.presented.map((der) => Buffer.from(der).toString('base64'))[0];
};
const is = (leaf: { readonly der: Uint8Array }): string => Buffer.from(leaf.der).toString('base64');
const loaded = (kind: 'loaded' | 'load-failed') => bench.events.filter((event) => event.kind === kind);

const REPLACEMENTS = [
  { how: 'in place', put: (path: string, pem: string) => writeFileSync(path, pem) },
  {
    how: 'by rename',
    put: (path: string, pem: string) => {
      writeFileSync(`${path}.new`, pem);
      renameSync(`${path}.new`, path);
    },
  },
  {
    how: 'by removing and making again',
    put: (path: string, pem: string) => {
      rmSync(path);
      writeFileSync(path, pem);
    },
  },
];

test.for(REPLACEMENTS)('a certificate replaced $how is shown within a second', async ({ put }) => {
  bench.put('server', OLD);
  const server = await bench.serve();
  expect(await shown(server)).toBe(is(OLD));
  const path = bench.host.path('/pki/server.crt');
  for (const leaf of [NEW, OLD, NEW]) {
    const from = performance.now();
    put(path, writePem('CERTIFICATE', leaf.der));
    const before = loaded('loaded').length;
    await until('it is loaded', () => loaded('loaded').length > before);
    expect(performance.now() - from).toBeLessThan(1000);
    expect(await shown(server)).toBe(is(leaf));
  }
});

test('a folder that is removed and made again is followed', async () => {
  bench.put('server', OLD);
  const server = await bench.serve();
  const folder = bench.host.path('/pki');
  const keep = ['server.key', 'ca.crt', 'client.crt', 'client.key'].map(
    (name) => [name, readFileSync(`${folder}/${name}`)] as const,
  );
  rmSync(folder, { recursive: true });
  await until('the loss is noticed', () => loaded('load-failed').length >= 2);
  expect(loaded('load-failed')).toContainEqual({
    kind: 'load-failed',
    what: 'serving-cert',
    path: '/pki/server.crt',
    text: 'open /pki/server.crt: no such file or directory',
  });
  mkdirSync(folder);
  for (const [name, content] of keep) writeFileSync(`${folder}/${name}`, content);
  bench.put('server', NEW);
  await until('they are loaded', () => loaded('loaded').length >= 2);
  await until('the new one is in use', () => server.files().every(({ problem }) => problem === null));
  expect(await shown(server)).toBe(is(NEW));
});

test('a broken certificate keeps the old one in use and stands beside it', async () => {
  bench.put('server', OLD);
  const server = await bench.serve();
  bench.write('/pki/server.crt', 'half a certifi');
  await until('it is noticed', () => loaded('load-failed').length > 0);
  expect(loaded('load-failed')).toMatchObject([
    { what: 'serving-cert', text: 'tls: failed to find any PEM data in certificate input' },
  ]);
  expect(await shown(server)).toBe(is(OLD));
  const [cert] = server.files();
  expect(cert?.problem).toContain('/pki/server.crt');
  expect(cert?.inProcess).not.toBe(cert?.onDisk);
  expect(cert?.flag).toBe('--tls-cert-file');
  bench.put('server', OLD);
  await until('it is mended', () => server.files()[0]?.problem === null);
  expect(server.files()[0]?.inProcess).toBe(server.files()[0]?.onDisk);
});

test('a new bundle decides about the next client', async () => {
  const server = await bench.serve();
  bench.put('client', clientLeaf({ by: OTHER_CA }));
  expect((await bench.shake(server)).joined.outcome.code).toBe('CERT_UNKNOWN_AUTHORITY');
  writeFileSync(
    bench.host.path('/pki/ca.crt'),
    [CA, OTHER_CA].map(({ der }) => writePem('CERTIFICATE', der)).join(''),
  );
  await until('the bundle is loaded', () => loaded('loaded').length > 0);
  expect((await bench.shake(server)).joined.outcome.layer).toBe('ok');
});

test('autoReload real: who reads at the start keeps what it read', async () => {
  bench.put('server', OLD);
  const server = await bench.serve({
    settings: { ...SETTINGS, autoReload: 'real' },
    reload: { pair: 'at-start', ca: 'at-start' },
  });
  bench.put('server', NEW);
  await new Promise((resolve) => setTimeout(resolve, 400));
  expect(await shown(server)).toBe(is(OLD));
  expect(server.files()[0]?.inProcess).not.toBe(server.files()[0]?.onDisk);
});

test('autoReload real: who reads at each handshake, as etcd does, has nothing to fall back on', async () => {
  bench.put('server', OLD);
  const server = await bench.serve({
    component: 'etcd',
    settings: { ...SETTINGS, autoReload: 'real' },
    reload: { pair: 'each-handshake', ca: 'at-start' },
  });
  bench.put('server', NEW);
  expect(await shown(server)).toBe(is(NEW));
  bench.write('/pki/server.crt', 'broken');
  const { joined } = await bench.shake(server);
  expect(joined.outcome).toMatchObject({ code: 'NO_SERVING_CERTIFICATE', alert: { number: 80 } });
  bench.put('server', OLD);
  expect(await shown(server)).toBe(is(OLD));
});

const key = serverLeaf().key;
const STARTS = [
  {
    what: 'no certificate file',
    file: '/pki/server.crt',
    content: null,
    code: 'FILE_MISSING',
    text: 'open /pki/server.crt: no such file or directory',
  },
  {
    what: 'no key file',
    file: '/pki/server.key',
    content: null,
    code: 'FILE_MISSING',
    text: 'open /pki/server.key: no such file or directory',
  },
  {
    what: 'no bundle',
    file: '/pki/ca.crt',
    content: null,
    code: 'FILE_MISSING',
    text: 'open /pki/ca.crt: no such file or directory',
  },
  {
    what: 'an empty certificate file',
    file: '/pki/server.crt',
    content: '',
    code: 'PEM_INVALID',
    text: 'tls: failed to find any PEM data in certificate input',
  },
  {
    what: 'garbage for a key',
    file: '/pki/server.key',
    content: 'garbage',
    code: 'PEM_INVALID',
    text: 'tls: failed to find any PEM data in key input',
  },
  {
    what: 'a key for a certificate',
    file: '/pki/server.crt',
    content: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    code: 'CERT_KEY_SWAPPED',
    text: 'tls: failed to find certificate PEM data in certificate input, but did find a private key; PEM inputs may have been switched',
  },
  {
    what: 'a certificate for a key',
    file: '/pki/server.key',
    content: writePem('CERTIFICATE', OLD.der),
    code: 'CERT_KEY_SWAPPED',
    text: 'tls: found a certificate rather than a key in the PEM for the private key',
  },
  {
    what: 'a foreign key',
    file: '/pki/server.key',
    content: clientLeaf().key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    code: 'KEY_MISMATCH',
    text: 'tls: private key does not match public key',
  },
  {
    what: 'an encrypted key',
    file: '/pki/server.key',
    content: key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
    code: 'KEY_INVALID',
    text: 'tls: failed to parse private key',
  },
  {
    what: 'DER in place of PEM',
    file: '/pki/server.crt',
    content: OLD.der,
    code: 'PEM_INVALID',
    text: 'tls: failed to find any PEM data in certificate input',
  },
  {
    what: 'a certificate that is none',
    file: '/pki/server.crt',
    content: writePem('CERTIFICATE', Buffer.from('nonsense')),
    code: 'CERT_MALFORMED',
    text: 'x509: malformed certificate',
  },
  {
    what: 'an empty bundle',
    file: '/pki/ca.crt',
    content: '',
    code: 'CA_BUNDLE_EMPTY',
    text: 'data does not contain any valid RSA or ECDSA certificates',
  },
  {
    what: 'a key for a bundle',
    file: '/pki/ca.crt',
    content: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    code: 'CA_BUNDLE_EMPTY',
    text: 'data does not contain any valid RSA or ECDSA certificates',
  },
] as const;

test.for(STARTS)(
  'a server with $what does not start, and says why',
  async ({ file, content, code, text }) => {
    if (content === null) rmSync(bench.host.path(file));
    else bench.write(file, content);
    const error = await bench.serve().catch((problem: unknown) => problem);
    expect(error).toMatchObject({
      code,
      what: expect.stringContaining(file),
      fix: expect.stringMatching(/./),
    });
    expect(goTextOf(error)).toBe(text);
  },
);

test('etcd starts with garbage for a bundle, and then refuses everybody', async () => {
  bench.write('/garbage.crt', 'garbage');
  const server = await bench.serve({ component: 'etcd', clientCaFile: '/garbage.crt' });
  expect((await bench.shake(server)).joined.outcome).toMatchObject({ by: 'server', alert: { number: 48 } });
});
