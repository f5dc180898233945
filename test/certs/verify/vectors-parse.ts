/** Vectors about certificates that cannot be read, and about those that look broken but can be. */
import {
  akid,
  ascii,
  bool,
  ca,
  extension,
  hex,
  int,
  keyNamed,
  type MintOptions,
  mint,
  mintCa,
  name,
  oid,
  san,
  seq,
  time,
  tlv,
} from '../../support/mint.ts';
import type { Vector } from './vector.ts';

const root = mintCa();
const localhost = san(['dns:localhost']);
const good = mint({ by: root, extensions: [localhost] });
const M = 'CERT_MALFORMED';

function row(title: string, code: Vector['code'], options: MintOptions): Vector {
  return {
    name: title,
    chain: [mint({ by: root, extensions: [localhost], ...options })],
    roots: [root],
    code,
  };
}

const raw = (title: string, der: Uint8Array, code: Vector['code'] = M): Vector => {
  return { name: title, chain: [der], roots: [root], code };
};

/** An extension beside the SAN, with this value. */
const ext = (title: string, code: Vector['code'], id: string, value: Uint8Array, critical = false): Vector =>
  row(title, code, { extensions: [localhost, extension(id, value, critical)] });

const attribute = (tag: number, value: string) => seq(tlv(0x31, seq(oid('2.5.4.3'), tlv(tag, hex(value)))));
const spki = (algorithm: Uint8Array, key: string) => seq(algorithm, tlv(0x03, hex(`00${key}`)));
const rsa = seq(oid('1.2.840.113549.1.1.1'), hex('0500'));
const p256 = seq(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7'));
const dates = (from: Uint8Array, to: Uint8Array): MintOptions => ({ validity: seq(from, to) });
const utc = (text: string) => tlv(0x17, ascii(text));
const general = (text: string) => tlv(0x18, ascii(text));
const end = time('2049-01-01');

/** Go 1.22 and 1.23 know nothing of policies but their OIDs. */
const BEFORE_POLICIES = {
  '1.22': 'policies are read since Go 1.24',
  '1.23': 'policies are read since Go 1.24',
};

export const PARSE_VECTORS: readonly Vector[] = [
  { ...raw('an empty certificate', hex('')), notAskable: true },
  raw('garbage', hex('deadbeef')),
  raw('text', ascii('-----BEGIN CERTIFICATE-----')),
  raw('an empty sequence', seq()),
  raw('bytes behind the certificate', Buffer.concat([good.der, hex('00')])),
  raw('a certificate that is cut off', good.der.slice(0, -1)),
  raw('an indefinite length', Buffer.concat([hex('3080'), good.der.slice(4), hex('0000')])),
  raw('a length that is not minimal', Buffer.concat([hex('308300'), good.der.slice(2)])),
  raw('a length of five bytes', Buffer.concat([hex('3085000000'), good.der.slice(2)])),
  { name: 'a malformed intermediate that nobody needs', chain: [good, hex('3000')], roots: [root], code: M },
  {
    name: 'a malformed intermediate behind an expired leaf',
    chain: [mint({ by: root, extensions: [localhost], notAfter: '2021-01-01' }), hex('3000')],
    roots: [root],
    code: M,
  },
  row('version 4', M, { version: hex('a003020103') }),
  row('version 5', M, { version: hex('a003020104') }),
  row('a negative version', M, { version: hex('a0030201ff') }),
  row('version 1, written out', 'CERT_NAME_MISMATCH', { version: hex('a003020100'), extensions: null }),
  row('a version with bytes behind', M, { version: hex('a0050201020500') }),
  {
    ...row('a negative serial number', M, { serial: hex('0201ff') }),
    otherwise: {
      '1.22': 'refused since Go 1.23',
    },
  },
  row('serial number 0', null, { serial: hex('020100') }),
  row('a serial number of 40 bytes', null, { serial: tlv(2, hex(`01${'ff'.repeat(39)}`)) }),
  row('a serial number that is not minimal', M, { serial: hex('02020001') }),
  row('an empty serial number', M, { serial: hex('0200') }),
  row('a serial number that is text', M, { serial: hex('0c0131') }),
  row('two signature algorithms', M, { innerAlgorithmId: seq(oid('1.2.840.10045.4.3.3')) }),
  row('a signature algorithm without an OID', M, { algorithmId: seq(int(1)) }),
  row('an issuer that is no sequence', M, { issuer: tlv(0x31) }),
  row('a Subject with an empty set', null, { subject: seq(tlv(0x31)) }),
  row('a Subject with a sequence instead of a set', M, { subject: seq(seq()) }),
  row('a Subject attribute without a type', M, { subject: seq(tlv(0x31, seq(tlv(0x0c)))) }),
  row('a Subject attribute without a value', M, { subject: seq(tlv(0x31, seq(oid('2.5.4.3')))) }),
  row('a PrintableString', null, { subject: attribute(0x13, '6162') }),
  row('a PrintableString with an at-sign', M, { subject: attribute(0x13, '6140') }),
  row('a PrintableString with a star and an ampersand', null, { subject: attribute(0x13, '2a26') }),
  row('a UTF8String that is none', M, { subject: attribute(0x0c, 'ff') }),
  row('a T61String with any bytes', null, { subject: attribute(0x14, 'ff00') }),
  row('a BMPString', null, { subject: attribute(0x1e, '00610062') }),
  row('a BMPString of odd length', M, { subject: attribute(0x1e, '006100') }),
  row('a BMPString with a surrogate', null, { subject: attribute(0x1e, 'd83dde00') }),
  row('an IA5String beyond ASCII', M, { subject: attribute(0x16, 'e9') }),
  row('a NumericString with a letter', M, { subject: attribute(0x12, '31a0') }),
  row('a Subject attribute that is an integer', M, { subject: attribute(0x02, '05') }),
  row('a Subject attribute that is an odd integer', M, { subject: attribute(0x02, '0005') }),
  row('a Subject attribute that is a UniversalString', M, { subject: attribute(0x1c, '00000061') }),
  row('a UTCTime with Z missing', M, dates(utc('200101000000'), end)),
  row('a UTCTime with a thirteenth month', M, dates(utc('201301000000Z'), end)),
  row('a UTCTime on 30 February', M, dates(utc('200230000000Z'), end)),
  row('a UTCTime on 29 February of a leap year', null, dates(utc('200229000000Z'), end)),
  row('a UTCTime with 60 seconds', M, dates(utc('200101000060Z'), end)),
  row('a UTCTime at 24 o’clock', M, dates(utc('200101240000Z'), end)),
  row('a UTCTime with +0000', M, dates(utc('200101000000+0000'), end)),
  row('a UTCTime with an offset', null, dates(utc('200101000000-0530'), end)),
  row('a GeneralizedTime before 2050', null, dates(general('20200101000000Z'), end)),
  row('a GeneralizedTime with fractions', M, dates(general('20200101000000.5Z'), end)),
  row('a GeneralizedTime without seconds', M, dates(general('202001010000Z'), end)),
  row('a date that is an integer', M, dates(int(1), end)),
  row('only one date', M, { validity: seq(end) }),
  row('three dates', null, { validity: seq(utc('200101000000Z'), end, end) }),
  row('a key that is no sequence', M, { spki: int(1) }),
  {
    ...row('a leaf key of unknown kind', null, { spki: spki(seq(oid('1.2.3.4')), '01') }),
    notAskable: true,
  },
  row('an RSA key without NULL', M, { spki: spki(seq(oid('1.2.840.113549.1.1.1')), '3006020105020103') }),
  row('an RSA key that is no sequence', M, { spki: spki(rsa, '020105') }),
  row('an RSA key with a negative modulus', M, { spki: spki(rsa, '30060201ff020103') }),
  row('an RSA key with exponent 0', M, { spki: spki(rsa, '3006020105020100') }),
  row('an RSA key with an exponent of nine bytes', M, { spki: spki(rsa, `300e0201050209${'01'.repeat(9)}`) }),
  row('an RSA key with a modulus that is not minimal', M, { spki: spki(rsa, '300702020005020103') }),
  row('an EC key without a curve', M, { spki: spki(seq(oid('1.2.840.10045.2.1')), `04${'01'.repeat(64)}`) }),
  row('an EC key on a curve that Go does not know', M, {
    spki: spki(seq(oid('1.2.840.10045.2.1'), oid('1.3.132.0.10')), `04${'01'.repeat(64)}`),
  }),
  row('an EC key that is not on its curve', M, { spki: spki(p256, `04${'01'.repeat(64)}`) }),
  row('a compressed EC key', M, { spki: spki(p256, `02${'01'.repeat(32)}`) }),
  row('an Ed25519 key that is too short', M, { spki: spki(seq(oid('1.3.101.112')), '01'.repeat(31)) }),
  row('an Ed25519 key with parameters', M, {
    spki: spki(seq(oid('1.3.101.112'), hex('0500')), '01'.repeat(32)),
  }),
  {
    ...row('an X25519 key, which Go does not read', null, {
      spki: spki(seq(oid('1.3.101.110')), '01'.repeat(31)),
    }),
    notAskable: true,
  },
  row('a key whose unused bits are set', M, { spki: seq(rsa, tlv(3, hex('0101'))) }),
  row('extensions that are no sequence', M, { extensions: null, tbsTail: tlv(0xa3, int(1)) }),
  row('an extension without a value', M, { extensions: [localhost, seq(oid('1.2.3'))] }),
  row('an extension whose value is no octet string', M, {
    extensions: [localhost, seq(oid('1.2.3'), int(1))],
  }),
  row('an extension with an odd boolean', M, {
    extensions: [localhost, seq(oid('1.2.3'), tlv(1, hex('01')), tlv(4))],
  }),
  row('an extension with an OID arc of 2^31', M, {
    extensions: [localhost, seq(tlv(6, hex('2a8880808000')), tlv(4))],
  }),
  row('an extension with an OID that starts with 0x80', M, {
    extensions: [localhost, seq(tlv(6, hex('2a8001')), tlv(4))],
  }),
  {
    ...row('the same extension twice', M, { extensions: [localhost, localhost] }),
    otherwise: { '1.22': 'the OID is in the text since Go 1.23' },
  },
  row('an issuerUniqueID', null, {
    extensions: null,
    tbsTail: Buffer.concat([tlv(0x81, hex('0001')), tlv(0xa3, seq(localhost))]),
  }),
  row('bytes behind the extensions', null, { tbsTail: hex('0500') }),
  ext('a key usage that is no bit string', M, '2.5.29.15', int(1)),
  ext('basicConstraints that are no sequence', M, '2.5.29.19', int(1)),
  ext('a negative path length', null, '2.5.29.19', seq(bool(true), hex('0201ff'))),
  ext('a path length without CA', null, '2.5.29.19', seq(int(0))),
  ext('a path length beyond 64 bits', M, '2.5.29.19', seq(bool(true), tlv(2, hex('7f'.repeat(9))))),
  ext('an explicit CA FALSE', null, '2.5.29.19', seq(bool(false))),
  {
    ...ext('a critical authority key identifier', M, '2.5.29.35', seq(tlv(0x80, hex('01'))), true),
    otherwise: { '1.22': 'not looked at before Go 1.23' },
  },
  ext('an authority key identifier that is no sequence', M, '2.5.29.35', int(1)),
  ext(
    'an authority key identifier with issuer and serial only',
    null,
    '2.5.29.35',
    seq(tlv(0xa1), tlv(0x82, hex('01'))),
  ),
  {
    ...ext('a critical subject key identifier', M, '2.5.29.14', tlv(4, hex('01')), true),
    otherwise: { '1.22': 'not looked at before Go 1.23' },
  },
  ext('a subject key identifier that is no octet string', M, '2.5.29.14', int(1)),
  ext('an extended key usage that is no sequence', M, '2.5.29.37', int(1)),
  ext('an extended key usage that holds an integer', M, '2.5.29.37', seq(int(1))),
  {
    ...ext('a critical authority information access', M, '1.3.6.1.5.5.7.1.1', seq(), true),
    otherwise: { '1.22': 'not looked at before Go 1.23' },
  },
  ext('an authority information access that is no sequence', M, '1.3.6.1.5.5.7.1.1', int(1)),
  {
    ...ext('certificate policies twice the same', M, '2.5.29.32', seq(seq(oid('1.2.3')), seq(oid('1.2.3')))),
    otherwise: BEFORE_POLICIES,
  },
  ext('certificate policies that are no sequence', M, '2.5.29.32', int(1)),
  ext('CRL distribution points that are no sequence', M, '2.5.29.31', int(1)),
  ext(
    'CRL distribution points',
    null,
    '2.5.29.31',
    seq(seq(tlv(0xa0, tlv(0xa0, tlv(0x86, ascii('http://x')))))),
  ),
  { ...ext('inhibitAnyPolicy that is text', M, '2.5.29.54', ascii('x')), otherwise: BEFORE_POLICIES },
  { ...ext('policyMappings that are no sequence', M, '2.5.29.33', int(1)), otherwise: BEFORE_POLICIES },
  row('a SAN that is no sequence', M, { extensions: [extension('2.5.29.17', int(1))] }),
  row('a SAN with a cut-off name', M, { extensions: [extension('2.5.29.17', seq(hex('8205')))] }),
  row('a DNS SAN beyond ASCII', M, { extensions: [san(['dns:ü'])] }),
  row('an email SAN beyond ASCII', M, { extensions: [san(['email:ü'])] }),
  row('a URI SAN beyond ASCII', M, { extensions: [san(['uri:ü'])] }),
  row('an IP SAN of five bytes', M, { extensions: [san(['ip:0102030405'])] }),
  row('a DNS SAN with any ASCII', null, { extensions: [san(['dns:localhost', 'dns:\u0001 "'])] }),
  ...[
    'http://a..b/',
    'http://a b/',
    ':x',
    'http://[::1',
    'http://a:b/',
    'http://%zz/',
    'http://a/%z',
    '1:2',
    'http://h/\u0001',
    'http://%c3%a9.test/',
    'http://h\u0001#x',
    'http://a%41/',
  ].map((uri) =>
    row(`the URI SAN ${JSON.stringify(uri)}`, M, { extensions: [san(['dns:localhost', `uri:${uri}`])] }),
  ),
  ...[
    '',
    'urn:a',
    '/x',
    'http://',
    'http://h:/',
    'http://[::1%25e]/',
    'http://h/a b',
    '*',
    'http://[::1]',
    'mailto:a@b',
    'http://h?a=%zz',
    'http://u@x@h/',
    'spiffe://cluster.local/ns/a',
  ].map((uri) =>
    row(`the good URI SAN ${JSON.stringify(uri)}`, null, {
      extensions: [san(['dns:localhost', `uri:${uri}`])],
    }),
  ),
  row('an AKI and a SAN', null, { extensions: [akid('0102'), localhost] }),
  row('a leaf that is a CA', null, { extensions: [localhost, ca(3)], key: keyNamed('leaf') }),
  row('a two-byte tag', M, { subject: name('CN=x'), extensions: [localhost, seq(hex('1f810100'))] }),
];
