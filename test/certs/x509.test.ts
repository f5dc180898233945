/** Certificates as plain data: read from what openssl made, byte ranges included; kept by their fingerprint. */
import { createHash, X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { ipText } from '../../certs/x509/ip.ts';
import { nameText } from '../../certs/x509/strings.ts';
import { readCertificate } from '../../certs/x509.ts';
import {
  akid,
  CERT_SIGN,
  ca,
  constraints,
  eku,
  extension,
  hex,
  int,
  keyNamed,
  keyUsage,
  mint,
  mintCa,
  name,
  san,
  seq,
  skid,
} from '../support/mint.ts';

test('reads what a certificate says', () => {
  const root = mintCa();
  const { der } = mint({
    by: root,
    subject: name('O=system:masters', 'O=second', 'CN=first', 'CN=kube-apiserver'),
    serial: int(0xabcdef),
    notBefore: '2026-01-02T03:04:05Z',
    notAfter: '2051-01-02T03:04:05Z',
    extensions: [
      san(['dns:kubernetes', 'ip:0a600001', 'email:a@b', 'uri:https://c/d', 'rid:2a03']),
      eku('serverAuth', '1.2.3'),
      keyUsage('05a0'),
      skid('0102'),
      akid('0304'),
    ],
  });
  const certificate = readCertificate(der);
  expect(certificate).toMatchObject({
    version: 3,
    serial: 0xabcdefn,
    serialHex: '00abcdef',
    fingerprint: createHash('sha256').update(der).digest('hex'),
    notBefore: { text: '2026-01-02T03:04:05Z' },
    notAfter: { text: '2051-01-02T03:04:05Z', ms: Date.UTC(2051, 0, 2, 3, 4, 5) },
    publicKey: { algorithm: 'ECDSA', curve: 'P-256', bits: 256 },
    signatureAlgorithm: { name: 'ECDSA-SHA256', hash: 'sha256', pss: false },
    keyUsage: ['digitalSignature', 'keyEncipherment'],
    extKeyUsage: ['serverAuth'],
    unknownExtKeyUsage: ['1.2.3'],
    basicConstraints: null,
    unhandledCritical: [],
  });
  expect(certificate.subject).toMatchObject({
    commonName: 'kube-apiserver',
    organizations: ['system:masters', 'second'],
  });
  expect(nameText(certificate.issuer)).toBe('CN=kubernetes');
  expect(
    certificate.san.map(({ kind, text, bytes }) => (kind === 'ip' ? ipText(bytes) : `${kind} ${text}`)),
  ).toEqual(['dns kubernetes', '10.96.0.1', 'email a@b', 'uri https://c/d', 'other ']);
  expect([...(certificate.subjectKeyId ?? [])]).toEqual([1, 2]);
  expect([...(certificate.authorityKeyId ?? [])]).toEqual([3, 4]);
});

test('gives the byte range of every extension', () => {
  const { der } = mint({ extensions: [san(['dns:a']), ca(3)] });
  const { extensions } = readCertificate(der);
  expect(extensions.map((one) => one.name)).toEqual(['subjectAltName', 'basicConstraints']);
  for (const { start, end, value } of extensions) {
    expect(der[start]).toBe(0x30);
    expect(Buffer.from(der.subarray(start, end)).includes(Buffer.from(value))).toBe(true);
  }
});

test('agrees with node:crypto on kinds and sizes of keys', () => {
  for (const kind of ['P-224', 'P-256', 'P-384', 'P-521', 'RSA', 'RSA-1024', 'Ed25519'] as const) {
    const { der } = mint({ key: keyNamed(`x/${kind}`, kind) });
    const { asymmetricKeyType, asymmetricKeyDetails } = new X509Certificate(der).publicKey;
    const { publicKey } = readCertificate(der);
    expect(publicKey.algorithm.toLowerCase()).toBe(asymmetricKeyType === 'ec' ? 'ecdsa' : asymmetricKeyType);
    if (kind.startsWith('RSA'))
      expect(publicKey).toMatchObject({ bits: asymmetricKeyDetails?.modulusLength, exponent: 65_537 });
  }
});

test('reads name constraints into their four kinds', () => {
  const { der } = mint({
    extensions: [constraints(['dns:a', 'ip:0a000000ff000000', 'email:b'], ['uri:c', 'dir:CN=x'])],
  });
  expect(readCertificate(der)).toMatchObject({
    nameConstraints: {
      permitted: { dns: ['a'], email: ['b'], uri: [] },
      excluded: { uri: ['c'] },
      hasOtherKinds: true,
    },
    unhandledCritical: ['2.5.29.30'],
  });
});

test('keeps what it has read: the same bytes give the same object, whoever holds the buffer', () => {
  const { der } = mint({ extensions: [keyUsage(CERT_SIGN), extension('1.2.3', hex('0500'))] });
  const buffer = Uint8Array.from(der);
  const first = readCertificate(buffer);
  buffer.fill(0);
  expect(readCertificate(der)).toBe(first);
  expect(first.der).toEqual(Uint8Array.from(der));
});

test('forgets the oldest rather than grow without end', () => {
  const { der } = mint({});
  const first = readCertificate(der);
  const base = mint({ extensions: [] }).der;
  for (let i = 0; i < 4200; i += 1) {
    // The signature's last bytes differ: another certificate for the cache, the same for the parser.
    const copy = Uint8Array.from(base);
    copy.set([i >> 8, i & 0xff], copy.length - 2);
    readCertificate(copy);
  }
  expect(readCertificate(der)).not.toBe(first);
  expect(readCertificate(der)).toEqual(first);
});

test('an empty Subject has no name and says so', () => {
  expect(nameText(readCertificate(mint({ subject: seq() }).der).subject)).toBe('(empty)');
});
