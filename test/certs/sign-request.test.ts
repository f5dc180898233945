import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { createCsr } from '../../certs/csr.ts';
import { generateKeys, type KeyPair } from '../../certs/keys.ts';
import { readPem } from '../../certs/pem.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { signRequest } from '../../certs/sign-request.ts';
import { readCertificate } from '../../certs/x509.ts';
import { readDirectory } from '../../lab/directory.ts';
import { temporaryLab } from '../support/lab-directory.ts';

const NOW = new Date();
let dir: string;
let keys: KeyPair;
beforeAll(async () => {
  dir = await temporaryLab({ cas: 'separate' });
  keys = await generateKeys('ecdsa-p256');
});
const choices = () => readDirectory(dir).choices;
const csrFile = (name: string, request: Parameters<typeof createCsr>[0]): string => {
  const file = join(dir, `${name}.csr`);
  writeFileSync(file, createCsr(request, keys));
  return file;
};
const signed = (file: string) =>
  readCertificate(readPem(readFileSync(file, 'utf8'))[0]?.bytes ?? new Uint8Array());

describe('as an identity', () => {
  test('purpose and names are the identity’s; what the request says otherwise is noted', () => {
    const file = csrFile('jane', {
      subject: { commonName: 'jane', organizations: ['system:masters'] },
      sans: [{ kind: 'dns', value: 'evil.example' }],
    });
    const report = signRequest(dir, choices(), file, { as: findIdentity(choices(), 'apiserver') }, NOW);
    const certificate = signed(report.out);
    expect(certificate.subject.commonName).toBe('jane');
    expect(certificate.extKeyUsage).toEqual(['serverAuth']);
    expect(certificate.san.map(({ text }) => text)).not.toContain('evil.example');
    expect(report.notes).toEqual([
      expect.stringContaining('CN is "jane"; apiserver has "kube-apiserver"'),
      expect.stringContaining('O is "system:masters"; apiserver has empty'),
      'asked for, but not given: DNS:evil.example',
    ]);
  });

  test('etcd’s own CA signs for etcd', () => {
    const file = csrFile('etcd', { subject: { commonName: 'control-plane' } });
    const report = signRequest(dir, choices(), file, { as: findIdentity(choices(), 'etcd') }, NOW);
    expect(report.signer).toBe('etcd-ca');
    expect(signed(report.out).issuer.commonName).toBe('etcd-ca');
  });

  test('a CA is refused, and nothing is written', () => {
    const file = csrFile('ca2', { subject: { commonName: 'kubernetes' } });
    expect(() => signRequest(dir, choices(), file, { as: findIdentity(choices(), 'ca') }, NOW)).toThrowError(
      expect.objectContaining({ code: 'CHOICE_REFUSED' }),
    );
    expect(existsSync(join(dir, 'ca2.crt'))).toBe(false);
  });
});

describe('for a bare purpose', () => {
  test('a server’s names come from the request', () => {
    const file = csrFile('web', {
      subject: { commonName: 'web' },
      sans: [
        { kind: 'dns', value: 'web' },
        { kind: 'ip', value: '10.0.0.1' },
      ],
    });
    expect(signRequest(dir, choices(), file, { purpose: 'serverAuth' }, NOW)).toMatchObject({
      sans: ['DNS:web', 'IP:10.0.0.1'],
      notes: [],
    });
  });

  test('a client gets no names', () => {
    const file = csrFile('jack', { subject: { commonName: 'jack' }, sans: [{ kind: 'dns', value: 'web' }] });
    const report = signRequest(
      dir,
      choices(),
      file,
      { purpose: 'clientAuth' },
      NOW,
      join(dir, 'elsewhere.crt'),
    );
    expect(report.out).toBe(join(dir, 'elsewhere.crt'));
    expect(signed(report.out).hasSan).toBe(false);
    expect(report.notes).toEqual(['asked for, but not given: DNS:web']);
  });
});

test('a file that is no request is refused by name', () => {
  expect(() =>
    signRequest(dir, choices(), join(dir, 'pki/ca.crt'), { purpose: 'clientAuth' }, NOW),
  ).toThrowError(expect.objectContaining({ code: 'CSR_INVALID', what: expect.stringContaining('ca.crt') }));
  expect(() =>
    signRequest(dir, choices(), join(dir, 'none.csr'), { purpose: 'clientAuth' }, NOW),
  ).toThrowError(expect.objectContaining({ code: 'FILE_MISSING' }));
});
