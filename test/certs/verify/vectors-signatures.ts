/** Vectors about signature algorithms, kinds of keys, and certificate policies. */
import {
  CERT_SIGN,
  ca,
  eku,
  extension,
  hex,
  int,
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
const leafOf = (by: Minted, options: MintOptions = {}): Minted =>
  mint({ by, subject: name('CN=kube-apiserver'), extensions: server, ...options });
const caOf = (by: Minted, label: string, options: MintOptions = {}): Minted =>
  mintCa(label, { by, ...options });
const rsaRoot = mintCa('rsa-root', { key: keyNamed('rsa', 'RSA') });
const evenRoot = mintCa('even-root', {
  spki: seq(
    seq(oid('1.2.840.113549.1.1.1'), hex('0500')),
    tlv(3, hex('00'), seq(tlv(2, hex(`00${'ff'.repeat(255)}fe`)), int(65_537))),
  ),
});
const edRoot = mintCa('ed-root', { key: keyNamed('ed-root', 'Ed25519') });
const smallRoot = mintCa('small-root', { key: keyNamed('rsa768', 'RSA-768') });
const policyIssuer = (policies: readonly string[]): Minted =>
  caOf(root, 'issuing', {
    extensions: [
      keyUsage(CERT_SIGN),
      ca(),
      extension('2.5.29.36', seq(tlv(0x80, hex('00'))), true),
      ...(policies.length > 0 ? [extension('2.5.29.32', seq(...policies.map((id) => seq(oid(id)))))] : []),
    ],
  });
const withPolicy = (by: Minted, id: string): Minted =>
  leafOf(by, { extensions: [...server, extension('2.5.29.32', seq(seq(oid(id))))] });
const policies = { '1.22': 'policies are read since Go 1.24', '1.23': 'policies are read since Go 1.24' };

export const SIGNATURE_VECTORS: readonly Vector[] = [
  { name: 'an RSA root', chain: [leafOf(rsaRoot)], roots: [rsaRoot], code: null },
  {
    name: 'RSA-PSS with SHA-256',
    chain: [leafOf(rsaRoot, { algorithm: 'SHA256-RSAPSS' })],
    roots: [rsaRoot],
    code: null,
  },
  {
    name: 'RSA-PSS with SHA-384',
    chain: [leafOf(rsaRoot, { algorithm: 'SHA384-RSAPSS' })],
    roots: [rsaRoot],
    code: null,
  },
  {
    name: 'RSA with SHA-512',
    chain: [leafOf(rsaRoot, { algorithm: 'SHA512-RSA' })],
    roots: [rsaRoot],
    code: null,
  },
  {
    name: 'RSA with SHA-1',
    chain: [leafOf(rsaRoot, { algorithm: 'SHA1-RSA' })],
    roots: [rsaRoot],
    code: 'CERT_INSECURE_SIGNATURE',
    otherwise: { '1.22': 'names the GODEBUG override', '1.23': 'names the GODEBUG override' },
  },
  {
    name: 'RSA with MD5',
    chain: [leafOf(rsaRoot, { algorithm: 'MD5-RSA' })],
    roots: [rsaRoot],
    code: 'CERT_INSECURE_SIGNATURE',
  },
  {
    name: 'a wrong RSA signature',
    chain: [leafOf(rsaRoot, { tampered: true })],
    roots: [rsaRoot],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'an RSA signature without NULL parameters',
    chain: [leafOf(rsaRoot, { algorithmId: seq(oid('1.2.840.113549.1.1.11')) })],
    roots: [rsaRoot],
    code: null,
  },
  {
    name: 'an ECDSA algorithm with an RSA key',
    chain: [leafOf(rsaRoot, { algorithmId: seq(oid('1.2.840.10045.4.3.2')) })],
    roots: [rsaRoot],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'an RSA root of 768 bits',
    chain: [leafOf(smallRoot)],
    roots: [smallRoot],
    code: 'CERT_UNKNOWN_AUTHORITY',
    otherwise: { '1.22': 'takes RSA keys of any size', '1.23': 'takes RSA keys of any size' },
  },
  { name: 'an Ed25519 root', chain: [leafOf(edRoot)], roots: [edRoot], code: null },
  {
    name: 'a wrong Ed25519 signature',
    chain: [leafOf(edRoot, { tampered: true })],
    roots: [edRoot],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'Ed25519 with parameters',
    chain: [leafOf(edRoot, { algorithmId: seq(oid('1.3.101.112'), hex('0500')) })],
    roots: [edRoot],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'an issuer with a key of unknown kind',
    chain: [leafOf(root), mintCa('kubernetes', { spki: seq(seq(oid('1.2.3.4')), tlv(3, hex('0001'))) })],
    roots: [mintCa('kubernetes', { spki: seq(seq(oid('1.2.3.4')), tlv(3, hex('0001'))) })],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'an explicit policy is demanded, and there is none',
    chain: [leafOf(policyIssuer([])), policyIssuer([])],
    roots: [root],
    code: 'CERT_POLICY_INVALID',
    otherwise: policies,
  },
  {
    name: 'an explicit policy is demanded and kept',
    chain: [withPolicy(policyIssuer(['1.2.3']), '1.2.3'), policyIssuer(['1.2.3'])],
    roots: [root],
    code: null,
    otherwise: policies,
  },
  {
    name: 'an explicit policy is demanded, another is shown',
    chain: [withPolicy(policyIssuer(['1.2.3']), '1.2.4'), policyIssuer(['1.2.3'])],
    roots: [root],
    code: 'CERT_POLICY_INVALID',
    otherwise: policies,
  },
  {
    name: 'anyPolicy of the CA covers the policy of the leaf',
    chain: [withPolicy(policyIssuer(['2.5.29.32.0']), '1.2.4'), policyIssuer(['2.5.29.32.0'])],
    roots: [root],
    code: null,
    otherwise: policies,
  },
  {
    name: 'an RSA root with an even modulus',
    chain: [leafOf(evenRoot, { signKey: keyNamed('rsa', 'RSA') })],
    roots: [evenRoot],
    code: 'CERT_UNKNOWN_AUTHORITY',
    otherwise: {
      '1.22': 'says only that the signature is wrong',
      '1.23': 'says only that the signature is wrong',
    },
  },
];
