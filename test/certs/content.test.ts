import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Content, contentsOf, type Wanted, wrongContent } from '../../certs/content.ts';
import { inspect } from '../../certs/inspect.ts';
import { emptyFolder } from '../support/lab-directory.ts';
import { requireTool } from '../support/tools.ts';

const golden = (name: string) => readFileSync(join(import.meta.dirname, '../golden/inspect', name));
const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const utf16 = Buffer.from(golden('client.pem').toString(), 'utf16le');

const cases: { name: string; bytes: Uint8Array; contents: Content[] }[] = [
  { name: 'a certificate', bytes: golden('client.pem'), contents: ['certificate'] },
  { name: 'certificate and key', bytes: golden('pair.pem'), contents: ['certificate', 'private-key'] },
  { name: 'a request', bytes: golden('server.csr'), contents: ['csr'] },
  { name: 'an EC key', bytes: golden('key.pem'), contents: ['private-key'] },
  {
    name: 'an encrypted key with PEM headers',
    bytes: golden('key-encrypted.pem'),
    contents: ['encrypted-key'],
  },
  {
    name: 'an encrypted PKCS#8 key',
    bytes: Buffer.from(
      privateKey.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-128-cbc', passphrase: 'x' }),
    ),
    contents: ['encrypted-key'],
  },
  { name: 'a public key', bytes: golden('public.pem'), contents: ['public-key'] },
  { name: 'a certificate in DER', bytes: golden('client.der'), contents: ['certificate-der'] },
  { name: 'a request in DER', bytes: golden('server.csr.der'), contents: ['csr-der'] },
  {
    name: 'a PKCS#8 key in DER',
    bytes: privateKey.export({ type: 'pkcs8', format: 'der' }),
    contents: ['key-der'],
  },
  {
    name: 'a PKCS#1 key in DER',
    bytes: privateKey.export({ type: 'pkcs1', format: 'der' }),
    contents: ['key-der'],
  },
  {
    name: 'a public key in DER',
    bytes: publicKey.export({ type: 'spki', format: 'der' }),
    contents: ['der'],
  },
  { name: 'a kubeconfig with data', bytes: golden('kubeconfig.yaml'), contents: ['kubeconfig'] },
  { name: 'a broken kubeconfig', bytes: golden('kubeconfig-broken.yaml'), contents: ['kubeconfig'] },
  { name: 'an HTML page', bytes: Buffer.from('<!DOCTYPE html><html>404'), contents: ['html'] },
  { name: 'JSON', bytes: Buffer.from('{"a": 1}'), contents: ['json'] },
  { name: 'YAML', bytes: Buffer.from('a: 1\nb: 2\n'), contents: ['yaml'] },
  { name: 'nothing', bytes: Buffer.alloc(0), contents: ['empty'] },
  { name: 'blank space', bytes: Buffer.from(' \n\n'), contents: ['blank'] },
  { name: 'plain text', bytes: Buffer.from('hello'), contents: ['text'] },
  { name: 'binary data', bytes: Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0, 1, 2]), contents: ['binary'] },
  { name: 'PEM saved as UTF-16', bytes: utf16, contents: ['binary'] },
  {
    name: 'a certificate cut in the middle',
    bytes: golden('client.pem').subarray(0, 200),
    contents: ['pem-cut'],
  },
  {
    name: 'a certificate with damaged base64',
    bytes: Buffer.from(golden('client.pem').toString().replace('MII', 'M*I')),
    contents: ['pem-damaged'],
  },
  {
    name: 'an SSH public key',
    bytes: Buffer.from('ssh-rsa AAAAB3NzaC1yc2E= me@home'),
    contents: ['ssh-key'],
  },
];

test.for(cases)('recognises $name by its bytes', ({ bytes, contents }) => {
  expect(contentsOf(bytes)).toEqual(contents);
});

test('recognises a PKCS#12 bundle', (context) => {
  const openssl = requireTool(context, 'openssl');
  const pair = join(import.meta.dirname, '../golden/inspect/pair.pem');
  const out = join(emptyFolder(), 'a.p12');
  execFileSync(openssl, [
    'pkcs12',
    '-export',
    '-in',
    pair,
    '-inkey',
    pair,
    '-out',
    out,
    '-passout',
    'pass:x',
  ]);
  expect(contentsOf(readFileSync(out))).toEqual(['pkcs12']);
});

describe('what is not what was wanted says so, and how to mend it', () => {
  const wrong: {
    wanted: Wanted;
    file: string;
    bytes: Uint8Array;
    code: string;
    what: RegExp;
    fix: RegExp;
  }[] = [
    {
      wanted: 'certificate',
      file: 'a.crt',
      bytes: golden('key.pem'),
      code: 'CERT_KEY_SWAPPED',
      what: /^a\.crt holds a private key; wanted: a certificate/,
      fix: /switched/,
    },
    {
      wanted: 'private-key',
      file: 'a.key',
      bytes: golden('client.pem'),
      code: 'CERT_KEY_SWAPPED',
      what: /^a\.key holds a certificate; wanted: a private key/,
      fix: /switched/,
    },
    {
      wanted: 'private-key',
      file: 'a.key',
      bytes: golden('key-encrypted.pem'),
      code: 'KEY_INVALID',
      what: /encrypted with a passphrase/,
      fix: /openssl pkey -in a\.key/,
    },
    {
      wanted: 'certificate',
      file: 'a.crt',
      bytes: golden('client.der'),
      code: 'PEM_INVALID',
      what: /in DER form/,
      fix: /openssl x509 -inform DER -in a\.crt/,
    },
    {
      wanted: 'certificate',
      file: 'a.crt',
      bytes: golden('server.csr'),
      code: 'PEM_INVALID',
      what: /signing request/,
      fix: /certs sign a\.crt/,
    },
    {
      wanted: 'ca-bundle',
      file: 'ca.crt',
      bytes: Buffer.alloc(0),
      code: 'CA_BUNDLE_EMPTY',
      what: /it is empty/,
      fix: /certs distribute/,
    },
    {
      wanted: 'ca-bundle',
      file: 'ca.crt',
      bytes: golden('key.pem'),
      code: 'PEM_INVALID',
      what: /private key/,
      fix: /never its key/,
    },
    {
      wanted: 'csr',
      file: 'a.csr',
      bytes: golden('client.pem'),
      code: 'CSR_INVALID',
      what: /holds a certificate; wanted: a certificate signing request/,
      fix: /\.csr/,
    },
    {
      wanted: 'certificate',
      file: 'a.crt',
      bytes: Buffer.from('<html>'),
      code: 'PEM_INVALID',
      what: /HTML page/,
      fix: /certs distribute/,
    },
    {
      wanted: 'certificate',
      file: 'a.crt',
      bytes: Buffer.from('garbage'),
      code: 'PEM_INVALID',
      what: /no PEM/,
      fix: /./,
    },
  ];
  test.for(wrong)('$wanted wanted: $what', ({ wanted, file, bytes, code, what, fix }) => {
    expect(wrongContent(wanted, bytes, file)).toMatchObject({
      code,
      what: expect.stringMatching(what),
      fix: expect.stringMatching(fix),
    });
  });

  test('what holds it among other things is fine', () => {
    for (const wanted of ['certificate', 'private-key', 'ca-bundle'] as const)
      expect(wrongContent(wanted, golden('pair.pem'), 'x')).toBeNull();
  });
});

test('any bytes end in an inspection, never in an exception', () => {
  const seeds = [
    golden('client.der'),
    golden('server.csr.der'),
    golden('pair.pem'),
    golden('kubeconfig.yaml'),
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...seeds),
      fc.nat(4000),
      fc.nat(255),
      fc.nat(4000),
      (seed, at, value, length) => {
        const bytes = Uint8Array.from(seed);
        bytes[at % bytes.length] = value;
        const { items } = inspect(bytes.subarray(0, length), 'x', { now: new Date(0) });
        expect(items.length).toBeGreaterThan(0);
      },
    ),
    { numRuns: 600 },
  );
});

test('an inspection is plain data that survives JSON', () => {
  for (const name of ['bundle.pem', 'pair.pem', 'server.csr', 'kubeconfig.yaml', 'negative-serial.pem']) {
    const inspection = inspect(golden(name), name, { now: new Date('2026-11-24T10:00:00Z') });
    expect(JSON.parse(JSON.stringify(inspection))).toEqual(inspection);
  }
});
