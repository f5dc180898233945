import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCsr, readCsr } from '../../certs/csr.ts';
import { LabError } from '../../certs/errors.ts';
import { generateKeys, type KeyPair } from '../../certs/keys.ts';
import { readPem, writePem } from '../../certs/pem.ts';
import { emptyFolder } from '../support/lab-directory.ts';
import { requireTool } from '../support/tools.ts';

let keys: KeyPair;
let pem: string;
beforeAll(async () => {
  keys = await generateKeys('ecdsa-p256');
  pem = createCsr(
    {
      subject: { commonName: 'jane', organizations: ['dev'] },
      sans: [{ kind: 'dns', value: 'localhost' }],
      extendedKeyUsages: ['clientAuth'],
    },
    keys,
  );
});

test('a request says its Subject, its key and what it asks for', () => {
  const csr = readCsr(pem, 'jane.csr');
  expect(csr.subject.commonName).toBe('jane');
  expect(csr.subject.organizations).toEqual(['dev']);
  expect(csr.publicKey.curve).toBe('P-256');
  expect(csr.requested.san.map(({ text }) => text)).toEqual(['localhost']);
  expect(csr.requested.extKeyUsage).toEqual(['clientAuth']);
  expect(csr.proven).toBe(true);
});

describe('openssl and this reader agree', () => {
  test('openssl verifies a request made here', (context) => {
    const openssl = requireTool(context, 'openssl');
    const folder = emptyFolder();
    writeFileSync(join(folder, 'jane.csr'), pem);
    const text = execFileSync(openssl, ['req', '-in', 'jane.csr', '-verify', '-noout', '-text'], {
      cwd: folder,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    expect(text).toContain('Subject: O = dev, CN = jane');
    expect(text).toContain('DNS:localhost');
  });

  const made = [
    { name: 'RSA', args: ['-newkey', 'rsa:2048'] },
    { name: 'ECDSA P-384', args: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384'] },
    { name: 'Ed25519', args: ['-newkey', 'ed25519'] },
    {
      name: 'RSA-PSS signature',
      args: ['-newkey', 'rsa:2048', '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32'],
    },
    { name: 'SHA-1 signature', args: ['-newkey', 'rsa:2048', '-sha1'] },
    { name: 'names', args: ['-newkey', 'rsa:2048', '-addext', 'subjectAltName=DNS:a.example,IP:10.0.0.1'] },
  ];
  test.for(made)('a request made by openssl reads well: $name', ({ args }, context) => {
    const openssl = requireTool(context, 'openssl');
    const folder = emptyFolder();
    execFileSync(
      openssl,
      ['req', '-new', '-nodes', '-subj', '/O=dev/CN=jane', '-keyout', 'k', '-out', 'r.csr', ...args],
      { cwd: folder, stdio: 'ignore' },
    );
    const csr = readCsr(readFileSync(join(folder, 'r.csr'), 'utf8'), 'r.csr');
    expect(csr.subject.commonName).toBe('jane');
    expect(csr.proven).toBe(true);
  });
});

describe('readCsr refuses', () => {
  const tampered = () => {
    const bytes = Uint8Array.from(readPem(pem)[0]?.bytes ?? []);
    const at = Buffer.from(bytes).indexOf('jane');
    bytes[at] = 'k'.charCodeAt(0);
    return writePem('CERTIFICATE REQUEST', bytes);
  };
  const cases = [
    { name: 'an empty file', text: () => '', what: /holds no certificate signing request/ },
    {
      name: 'a private key',
      text: () =>
        generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      what: /holds no certificate signing request/,
    },
    { name: 'a request whose name was changed after signing', text: tampered, what: /not signed by the key/ },
    {
      name: 'bytes that are no request',
      text: () => writePem('CERTIFICATE REQUEST', Uint8Array.of(0x30, 3, 2, 1, 0)),
      what: /cannot be read/,
    },
  ];
  test.for(cases)('$name, naming the file', ({ text, what }) => {
    expect(() => readCsr(text(), 'jane.csr')).toThrowError(
      expect.objectContaining({
        code: 'CSR_INVALID',
        what: expect.stringMatching(new RegExp(`^jane.csr: .*${what.source}`)),
      }),
    );
  });

  test('anything else with LabError and nothing else', () => {
    const bytes = readPem(pem)[0]?.bytes ?? new Uint8Array();
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(255), fc.nat(bytes.length), (at, value, length) => {
        const changed = Uint8Array.from(bytes);
        changed[at] = value;
        try {
          readCsr(writePem('CERTIFICATE REQUEST', changed.subarray(0, length)), 'x.csr');
        } catch (error) {
          expect(error).toBeInstanceOf(LabError);
        }
      }),
      { numRuns: 500 },
    );
  });
});
