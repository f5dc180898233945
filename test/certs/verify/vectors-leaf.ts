/** Vectors about the leaf itself: dates, names, usages, critical extensions. */
import {
  akid,
  ascii,
  bool,
  ca,
  eku,
  extension,
  hex,
  keyNamed,
  keyUsage,
  type Minted,
  type MintOptions,
  mint,
  mintCa,
  name,
  oid,
  san,
  seq,
  tlv,
} from '../../support/mint.ts';
import type { Vector } from './vector.ts';

const root = mintCa();
const server = [san(['dns:localhost']), eku('serverAuth')];

function leaf(options: MintOptions = {}): Minted {
  return mint({ by: root, subject: name('CN=kube-apiserver'), extensions: server, ...options });
}

function row(
  title: string,
  code: Vector['code'],
  options: MintOptions = {},
  more: Partial<Vector> = {},
): Vector {
  return { name: title, chain: [leaf(options)], roots: [root], code, ...more };
}

const named = (...names: readonly string[]): MintOptions => ({ extensions: [san(names)] });
const manyNames = (count: number): string[] => Array.from({ length: count }, (_, i) => `dns:n${i}.example`);

export const LEAF_VECTORS: readonly Vector[] = [
  row('an ordinary server certificate is accepted', null),
  row('an expired leaf', 'CERT_EXPIRED', { notAfter: '2021-01-01' }),
  row('a leaf of the future', 'CERT_NOT_YET_VALID', { notBefore: '2045-01-01' }),
  row('a leaf whose dates are the wrong way round', 'CERT_NOT_YET_VALID', {
    notBefore: '2045-01-01',
    notAfter: '2021-01-01',
  }),
  row('a leaf that never expires', null, { notAfter: '9999-12-31T23:59:59Z' }),
  row('a leaf with an offset in its dates', 'CERT_EXPIRED', {
    validity: seq(tlv(0x17, ascii('200101000000Z')), tlv(0x17, ascii('210101000000+0130'))),
  }),
  row('a leaf whose UTCTime has no seconds', null, {
    validity: seq(tlv(0x17, ascii('2001010000Z')), tlv(0x17, ascii('491231235959Z'))),
  }),
  row('a UTCTime of 1950', null, {
    validity: seq(tlv(0x17, ascii('500101000000Z')), tlv(0x17, ascii('491231235959Z'))),
  }),
  row('an unknown critical extension', 'CERT_CRITICAL_EXTENSION', {
    extensions: [...server, extension('1.2.3.4', hex('0500'), true)],
  }),
  row('an unknown extension that is not critical', null, {
    extensions: [...server, extension('1.2.3.4', hex('0500'))],
  }),
  row('an expired leaf with an unknown critical extension', 'CERT_CRITICAL_EXTENSION', {
    notAfter: '2021-01-01',
    extensions: [...server, extension('1.2.3.4', hex('0500'), true)],
  }),
  row('an expired leaf with the wrong name', 'CERT_EXPIRED', { notAfter: '2021-01-01' }, { host: 'other' }),
  row('the wrong name and the wrong usage', 'CERT_NAME_MISMATCH', {
    extensions: [san(['dns:a']), eku('clientAuth')],
  }),
  row('no extension at all, CN is the host', 'CERT_NO_SANS', {
    subject: name('CN=localhost'),
    extensions: null,
  }),
  row(
    'no SAN, CN is a wildcard for the host',
    'CERT_NO_SANS',
    { subject: name('CN=*.example.com'), extensions: [] },
    { host: 'a.example.com' },
  ),
  row('no SAN, CN is another name', 'CERT_NAME_MISMATCH', { extensions: [] }),
  row(
    'no SAN, CN is the IP address dialled',
    'CERT_NO_SANS',
    { subject: name('CN=127.0.0.1'), extensions: [] },
    { host: '127.0.0.1' },
  ),
  row('a SAN without DNS names, CN is the host', 'CERT_NAME_MISMATCH', {
    subject: name('CN=localhost'),
    ...named('ip:7f000001'),
  }),
  row('an IP address among the SANs', null, named('ip:7f000001'), { host: '127.0.0.1' }),
  row('an IPv6 address among the SANs', null, named(`ip:${'00'.repeat(15)}01`), { host: '::1' }),
  row('IPv6 in brackets', null, named(`ip:${'00'.repeat(15)}01`), { host: '[::1]' }),
  row('another IP address', 'CERT_NAME_MISMATCH', named('ip:0a600001', 'ip:c0a8000a'), { host: '127.0.0.1' }),
  row(
    'another IPv6 address',
    'CERT_NAME_MISMATCH',
    named('ip:20010db8000000000000000000000001', 'ip:fe800000000000000001000000000000'),
    { host: '::1' },
  ),
  row('an IP address dialled, only DNS SANs', 'CERT_NO_IP_SANS', named('dns:localhost'), {
    host: '127.0.0.1',
  }),
  row('an IP address as a DNS SAN does not count', 'CERT_NO_IP_SANS', named('dns:127.0.0.1'), {
    host: '127.0.0.1',
  }),
  row('IPv4 dialled, mapped IPv6 among the SANs', null, named(`ip:${'00'.repeat(10)}ffff7f000001`), {
    host: '127.0.0.1',
  }),
  row('a DNS name not listed', 'CERT_NAME_MISMATCH', named('dns:kubernetes', 'dns:kubernetes.default.svc')),
  row('other case', null, named('dns:LocalHost'), { host: 'LOCALHOST' }),
  row('a dot behind the dialled name', null, {}, { host: 'localhost.' }),
  row('a dot behind the listed name', 'CERT_NAME_MISMATCH', named('dns:localhost.')),
  row('a dot behind both names', null, named('dns:localhost.'), { host: 'localhost.' }),
  row('a wildcard for one label', null, named('dns:*.example.com'), { host: 'a.example.com' }),
  row('a wildcard does not stand for two labels', 'CERT_NAME_MISMATCH', named('dns:*.example.com'), {
    host: 'a.b.example.com',
  }),
  row('a wildcard does not stand for no label', 'CERT_NAME_MISMATCH', named('dns:*.example.com'), {
    host: 'example.com',
  }),
  row('a wildcard inside a label is none', 'CERT_NAME_MISMATCH', named('dns:a*.example.com'), {
    host: 'ab.example.com',
  }),
  row('a wildcard as second label is none', 'CERT_NAME_MISMATCH', named('dns:a.*.com'), { host: 'a.b.com' }),
  row('a wildcard for a top-level domain', null, named('dns:*.com'), { host: 'example.com' }),
  {
    ...row('a bare wildcard', 'CERT_NAME_MISMATCH', named('dns:*'), { host: 'localhost' }),
    otherwise: { '1.22': 'a bare * matches any single label before Go 1.23' },
  },
  row('an underscore in a name', null, named('dns:*.a_b.example'), { host: 'x_y.a_b.example' }),
  row('an invalid name that is the same letter by letter', null, named('dns:a b'), { host: 'a b' }),
  row('a hyphen in front', 'CERT_NAME_MISMATCH', named('dns:*.example.com'), { host: '-a.example.com' }),
  row('an empty SAN list', 'CERT_NAME_MISMATCH', { extensions: [san([])] }),
  row('an empty critical SAN list', 'CERT_CRITICAL_EXTENSION', { extensions: [san([], true)] }),
  row('a critical SAN with a directory name only', 'CERT_CRITICAL_EXTENSION', {
    extensions: [san(['dir:CN=x'], true)],
  }),
  row('a critical SAN and an empty Subject', null, {
    subject: name(),
    extensions: [san(['dns:localhost'], true)],
  }),
  row('an empty Subject and no SAN', 'CERT_NAME_MISMATCH', { subject: name(), extensions: [] }),
  row('ninety-nine names, none right', 'CERT_NAME_MISMATCH', named(...manyNames(99))),
  row('a hundred names, none right', 'CERT_NAME_MISMATCH', named(...manyNames(100)), {
    otherwise: { '*': 'patches before 1.24.11 and 1.25.5 list every name' },
  }),
  row('a client certificate as server', 'CERT_WRONG_USAGE', {
    extensions: [san(['dns:localhost']), eku('clientAuth')],
  }),
  row('no usage listed', null, { extensions: [san(['dns:localhost'])] }),
  row('any usage', null, { extensions: [san(['dns:localhost']), eku('any')] }),
  row('a usage that nobody knows', 'CERT_WRONG_USAGE', {
    extensions: [san(['dns:localhost']), eku('1.2.3')],
  }),
  row('an empty list of usages', null, {
    extensions: [san(['dns:localhost']), extension('2.5.29.37', seq())],
  }),
  row('both usages', null, { extensions: [san(['dns:localhost']), eku('clientAuth', 'serverAuth')] }),
  row('a leaf that may not sign anything', null, { extensions: [...server, keyUsage('0520')] }),
  row('a CA certificate as a server', null, { extensions: [...server, ca()] }),
  row('a key on P-224', null, { key: keyNamed('p224', 'P-224') }),
  row('a key on P-384', null, { key: keyNamed('p384', 'P-384') }),
  row('a key on P-521', null, { key: keyNamed('p521', 'P-521') }),
  row('an Ed25519 key', null, { key: keyNamed('ed', 'Ed25519'), signKey: root.key }),
  row('an RSA key of 1024 bits', null, { key: keyNamed('rsa1024', 'RSA-1024'), signKey: root.key }),
  row('a wrong signature', 'CERT_UNKNOWN_AUTHORITY', { tampered: true }),
  row('a signature that is no DER', 'CERT_UNKNOWN_AUTHORITY', { signature: hex('00010203') }),
  row('an empty signature', 'CERT_UNKNOWN_AUTHORITY', { signature: hex('') }),
  row('SHA-384 on a P-256 key', null, { algorithm: 'ECDSA-SHA384' }),
  row(
    'SHA-1',
    'CERT_INSECURE_SIGNATURE',
    { algorithm: 'ECDSA-SHA1' },
    {
      otherwise: { '1.22': 'names the GODEBUG override', '1.23': 'names the GODEBUG override' },
    },
  ),
  row('an unknown signature algorithm', 'CERT_UNKNOWN_AUTHORITY', { algorithmId: seq(oid('1.2.3.4')) }),
  row('an RSA algorithm with an ECDSA key', 'CERT_UNKNOWN_AUTHORITY', {
    algorithmId: seq(oid('1.2.840.113549.1.1.11'), hex('0500')),
  }),
  row('ECDSA with NULL parameters', null, { algorithmId: seq(oid('1.2.840.10045.4.3.2'), hex('0500')) }),
  row('an AKI that matches no SKI', null, { extensions: [...server, akid('0102')] }),
  row('version 1 without extensions', 'CERT_NO_SANS', {
    version: new Uint8Array(0),
    subject: name('CN=localhost'),
    extensions: null,
  }),
  row('version 1 with extensions: they are not read', 'CERT_NO_SANS', {
    version: new Uint8Array(0),
    subject: name('CN=localhost'),
  }),
  row('version 2 with extensions: they are not read', 'CERT_NAME_MISMATCH', { version: hex('a003020101') }),
  row('a critical key usage that is empty', null, { extensions: [...server, keyUsage('00')] }),
  row(
    'a critical policyConstraints on the leaf',
    'CERT_POLICY_INVALID',
    {
      extensions: [...server, extension('2.5.29.36', seq(tlv(0x80, hex('00'))), true)],
    },
    { otherwise: { '1.22': 'policies are read since Go 1.24', '1.23': 'policies are read since Go 1.24' } },
  ),
  row('an explicit critical FALSE', null, {
    extensions: [...server, seq(oid('1.2.3.4'), bool(false), tlv(4, hex('0500')))],
  }),
];
