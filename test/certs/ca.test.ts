import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Ca, createCa, issueIdentity, openCa, signLeaf, VALIDITY } from '../../certs/ca.ts';
import { createCsr, readCsr } from '../../certs/csr.ts';
import { toHex } from '../../certs/der.ts';
import { DEFAULT_CHOICES, type Identity } from '../../certs/identities.ts';
import { generateKeys, type KeyAlgorithm, type KeyPair, writePrivateKey } from '../../certs/keys.ts';
import { readPem } from '../../certs/pem.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { type Certificate, readCertificate } from '../../certs/x509.ts';
import { emptyFolder } from '../support/lab-directory.ts';
import { requireTool } from '../support/tools.ts';

const NOW = new Date('2026-11-24T10:00:00.500Z');
const DAY_MS = 86_400_000;
const row = (id: string): Identity => findIdentity(DEFAULT_CHOICES, id);
const read = (pem: string): Certificate => readCertificate(readPem(pem)[0]?.bytes ?? new Uint8Array());

let keys: KeyPair;
let ca: Ca;
let leaf: Certificate;

beforeAll(async () => {
  keys = await generateKeys('ecdsa-p256');
  ca = createCa(row('ca'), keys, NOW);
  leaf = read(issueIdentity(row('apiserver'), ca, await generateKeys('ecdsa-p256'), NOW).certificatePem);
});

describe('a CA', () => {
  test('is a CA that may sign certificates and lists, for ten years from five minutes ago', () => {
    const certificate = read(ca.certificatePem);
    expect(certificate.basicConstraints).toEqual({ ca: true, pathLength: null });
    expect(certificate.keyUsage).toEqual(['digitalSignature', 'keyCertSign', 'cRLSign']);
    expect(certificate.extKeyUsage).toEqual([]);
    expect(certificate.notBefore.text).toBe('2026-11-24T09:55:00Z');
    expect(certificate.notAfter.ms).toBe(Date.parse('2026-11-24T10:00:00Z') + VALIDITY.caDays * DAY_MS);
  });

  test('carries its key’s identifier, and DNS:kubernetes as kubeadm’s does', () => {
    const certificate = read(ca.certificatePem);
    expect(certificate.subjectKeyId).toHaveLength(20);
    expect(certificate.authorityKeyId).toEqual(certificate.subjectKeyId);
    expect(certificate.san.map(({ text }) => text)).toEqual(['kubernetes']);
  });

  test('marks basicConstraints and keyUsage critical', () => {
    const critical = read(ca.certificatePem).extensions.filter((each) => each.critical);
    expect(critical.map(({ name }) => name).sort()).toEqual(['basicConstraints', 'keyUsage']);
  });
});

describe('a leaf', () => {
  test('says what its row says', () => {
    expect(leaf.subject.commonName).toBe('kube-apiserver');
    expect(leaf.extKeyUsage).toEqual(['serverAuth']);
    expect(leaf.san.filter(({ kind }) => kind === 'ip').map(({ bytes }) => bytes.length)).toEqual([4, 4, 16]);
  });

  test('lasts 365 days from now and began five minutes ago', () => {
    expect(leaf.notBefore.text).toBe('2026-11-24T09:55:00Z');
    expect(leaf.notAfter.text).toBe('2027-11-24T10:00:00Z');
  });

  test('is no CA, has critical key usage, names its CA’s key, and has no identifier of its own', () => {
    expect(leaf.basicConstraints).toEqual({ ca: false, pathLength: null });
    expect(leaf.keyUsage).toEqual(['digitalSignature', 'keyEncipherment']);
    expect(leaf.extensions.find(({ name }) => name === 'keyUsage')?.critical).toBe(true);
    expect(toHex(leaf.authorityKeyId ?? new Uint8Array())).toBe(toHex(ca.keyId));
    expect(leaf.subjectKeyId).toBeNull();
  });

  test('writes O before CN, as Go does', async () => {
    const issued = issueIdentity(row('admin'), ca, await generateKeys('ecdsa-p256'), NOW);
    expect(
      read(issued.certificatePem).subject.attributes.map(({ type, value }) => `${type}=${value}`),
    ).toEqual(['O=kubeadm:cluster-admins', 'CN=kubernetes-admin']);
  });

  test('has a positive random serial number of at most 20 bytes, never twice the same', () => {
    const csr = readCsr(createCsr({ subject: { commonName: 'x' } }, keys), 'x.csr');
    const serials = Array.from({ length: 50 }, () => read(signLeaf(ca, csr, { usages: [], sans: [] }, NOW)));
    expect(new Set(serials.map(({ serialHex }) => serialHex)).size).toBe(50);
    for (const { serial, serialHex } of serials) {
      expect(serial > 0n).toBe(true);
      expect(serialHex.length / 2).toBeLessThanOrEqual(20);
    }
  });

  test('takes Subject and key from the request, not from the profile', async () => {
    const other = await generateKeys('ecdsa-p256');
    const csr = readCsr(
      createCsr({ subject: { commonName: 'jane', organizations: ['dev', 'ops'] } }, other),
      'jane.csr',
    );
    const certificate = read(signLeaf(ca, csr, row('scheduler'), NOW));
    expect(certificate.subject.commonName).toBe('jane');
    expect(certificate.subject.organizations).toEqual(['dev', 'ops']);
    expect(toHex(certificate.publicKey.raw)).toBe(toHex(csr.publicKey.raw));
  });

  test('a name beyond PrintableString is UTF-8 and reads back', () => {
    const csr = readCsr(createCsr({ subject: { commonName: 'Zoë *@☸' } }, keys), 'x.csr');
    expect(csr.subject.commonName).toBe('Zoë *@☸');
  });
});

describe('everything about a certificate can be set', () => {
  const cases = [
    {
      name: 'validity',
      template: { notAfter: new Date('2020-01-01T00:00:00Z') },
      want: { notAfter: { text: '2020-01-01T00:00:00Z' } },
    },
    {
      name: 'a year beyond 2049',
      template: { notAfter: new Date('2051-02-03T04:05:06Z') },
      want: { notAfter: { text: '2051-02-03T04:05:06Z' } },
    },
    {
      name: 'purposes by name and OID',
      template: { extendedKeyUsages: ['codeSigning', '1.2.3.4'] },
      want: { extKeyUsage: ['codeSigning'], unknownExtKeyUsage: ['1.2.3.4'] },
    },
    { name: 'no purpose', template: { extendedKeyUsages: [] }, want: { extKeyUsage: [] } },
    { name: 'serial number', template: { serialNumber: Uint8Array.of(0, 0xf1) }, want: { serial: 0xf1n } },
    {
      name: 'CA bits',
      template: { isCa: true, pathLength: 3 },
      want: { basicConstraints: { ca: true, pathLength: 3 } },
    },
    { name: 'no basicConstraints', template: { isCa: null }, want: { basicConstraints: null } },
    { name: 'no key usage', template: { keyUsages: [] }, want: { keyUsage: null } },
    {
      name: 'a key usage beyond the eighth bit',
      template: { keyUsages: ['decipherOnly' as const] },
      want: { keyUsage: ['decipherOnly'] },
    },
    {
      name: 'a critical unknown extension',
      template: { extensions: [{ oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }] },
      want: { unhandledCritical: ['1.2.3.4'] },
    },
    { name: 'version 1', template: { version: 1 as const }, want: { version: 1, extensions: [] } },
    {
      name: 'Subject',
      template: { subject: { commonName: 'kubernetes' } },
      want: { subject: { commonName: 'kubernetes' } },
    },
  ];
  test.for(cases)('$name', ({ template, want }) => {
    const csr = readCsr(createCsr({ subject: { commonName: 'x' } }, keys), 'x.csr');
    expect(read(signLeaf(ca, csr, row('scheduler'), NOW, { template }))).toMatchObject(want);
  });

  const hashes = [
    { hash: 'sha1', name: 'ECDSA-SHA1' },
    { hash: 'sha384', name: 'ECDSA-SHA384' },
    { hash: 'sha512', name: 'ECDSA-SHA512' },
  ] as const;
  test.for(hashes)('the signature’s hash: $hash', ({ hash, name }) => {
    const csr = readCsr(createCsr({ subject: { commonName: 'x' } }, keys), 'x.csr');
    expect(read(signLeaf(ca, csr, row('scheduler'), NOW, { hash })).signatureAlgorithm.name).toBe(name);
  });
});

describe('every algorithm', () => {
  const cases: { algorithm: KeyAlgorithm; label: string }[] = [
    { algorithm: 'rsa-2048', label: 'RSA PRIVATE KEY' },
    { algorithm: 'rsa-1024', label: 'RSA PRIVATE KEY' },
    { algorithm: 'ecdsa-p256', label: 'EC PRIVATE KEY' },
    { algorithm: 'ecdsa-p384', label: 'EC PRIVATE KEY' },
    { algorithm: 'ed25519', label: 'PRIVATE KEY' },
  ];
  test.for(cases)(
    '$algorithm makes a CA and a leaf that openssl verifies',
    async ({ algorithm, label }, context) => {
      const openssl = requireTool(context, 'openssl');
      const folder = emptyFolder();
      const pair = await generateKeys(algorithm);
      const signer = createCa({ commonName: 'test-ca' }, pair, new Date());
      const leafKeys = await generateKeys(algorithm);
      const issued = issueIdentity(row('scheduler'), signer, leafKeys, new Date());
      expect(readPem(writePrivateKey(leafKeys.privateKey))[0]?.label).toBe(label);
      writeFileSync(join(folder, 'ca.crt'), signer.certificatePem);
      writeFileSync(join(folder, 'leaf.crt'), issued.certificatePem);
      const level = ['-auth_level', '0'];
      const out = execFileSync(
        openssl,
        ['verify', '-x509_strict', ...level, '-purpose', 'sslclient', '-CAfile', 'ca.crt', 'leaf.crt'],
        { cwd: folder, encoding: 'utf8' },
      );
      expect(out).toBe('leaf.crt: OK\n');
      expect(new X509Certificate(issued.certificatePem).checkPrivateKey(leafKeys.privateKey)).toBe(true);
    },
  );
});

describe('openCa', () => {
  const from = { cert: 'pki/ca.crt', key: 'pki/ca.key' };
  test('signs as the same CA after a round through files', async () => {
    const opened = openCa(ca.certificatePem, writePrivateKey(keys.privateKey), from);
    const issued = issueIdentity(row('scheduler'), opened, await generateKeys('ecdsa-p256'), NOW);
    expect(new X509Certificate(issued.certificatePem).verify(keys.publicKey)).toBe(true);
    expect(read(issued.certificatePem).issuer.raw).toEqual(read(ca.certificatePem).subject.raw);
  });

  test('refuses a key of another certificate, garbage, and an empty file, and names the file', async () => {
    const other = writePrivateKey((await generateKeys('ecdsa-p256')).privateKey);
    const own = writePrivateKey(keys.privateKey);
    expect(() => openCa(ca.certificatePem, other, from)).toThrowError(
      expect.objectContaining({ code: 'KEY_MISMATCH', what: expect.stringContaining('pki/ca.key') }),
    );
    expect(() => openCa(ca.certificatePem, 'garbage', from)).toThrowError(
      expect.objectContaining({ code: 'KEY_INVALID', what: expect.stringContaining('pki/ca.key') }),
    );
    expect(() => openCa('', own, from)).toThrowError(
      expect.objectContaining({ code: 'PEM_INVALID', what: expect.stringContaining('pki/ca.crt') }),
    );
    expect(() =>
      openCa('-----BEGIN CERTIFICATE-----\nMAAA\n-----END CERTIFICATE-----\n', own, from),
    ).toThrowError(expect.objectContaining({ code: 'CERT_MALFORMED' }));
  });
});
