/** Vectors about the path: signers, CA flags, lengths, order, loops, cross-signs, trust anchors. */
import {
  akid,
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
  notCa,
  san,
  skid,
} from '../../support/mint.ts';
import type { Vector } from './vector.ts';

const root = mintCa();
const server = [san(['dns:localhost']), eku('serverAuth')];
const leafOf = (by: Minted, options: MintOptions = {}): Minted =>
  mint({ by, subject: name('CN=kube-apiserver'), extensions: server, ...options });
const caOf = (by: Minted, label: string, options: MintOptions = {}): Minted =>
  mintCa(label, { by, ...options });

/** A chain with one odd issuer between leaf and root. */
function withIssuer(
  title: string,
  code: Vector['code'],
  options: MintOptions,
  more: Partial<Vector> = {},
): Vector {
  const issuer = caOf(root, 'issuing', options);
  return { name: title, chain: [leafOf(issuer), issuer], roots: [root], code, ...more };
}

/** A chain whose root is odd. */
function withRoot(
  title: string,
  code: Vector['code'],
  options: MintOptions,
  more: Partial<Vector> = {},
): Vector {
  const odd = mintCa('kubernetes', options);
  return { name: title, chain: [leafOf(odd)], roots: [odd], code, ...more };
}

const other = mintCa('other-ca');
const impostor = mintCa('kubernetes', { key: keyNamed('impostor') });
const issuing = caOf(root, 'issuing');
const second = caOf(issuing, 'second');
const signingLeaf = leafOf(root);
const selfSigned = mint({ subject: name('CN=self'), extensions: [san(['dns:localhost'])] });

function loop(): Vector {
  const a = mintCa('loop-a', { issuer: name('CN=loop-b'), signKey: keyNamed('ca/loop-b') });
  const b = mintCa('loop-b', { issuer: name('CN=loop-a'), signKey: keyNamed('ca/loop-a') });
  return {
    name: 'two CAs that sign each other',
    chain: [leafOf(a), a, b],
    roots: [root],
    code: 'CERT_UNKNOWN_AUTHORITY',
  };
}

function long(length: number, code: Vector['code']): Vector {
  const chain: Minted[] = [];
  let by = root;
  for (let i = 0; i < length; i += 1) {
    by = caOf(by, `long-${i}`);
    chain.unshift(by);
  }
  return { name: `a chain with ${length} intermediates`, chain: [leafOf(by), ...chain], roots: [root], code };
}

function sameName(count: number): Vector {
  const fakes = Array.from({ length: count }, (_, i) =>
    mintCa('issuing', { by: root, key: keyNamed(`fake-${i % 4}`), serial: int(7000 + i) }),
  );
  return {
    name: `${count} wrong intermediates of the right name before the right one`,
    chain: [leafOf(issuing), ...fakes, issuing],
    roots: [root],
    code: count >= 100 ? 'CERT_UNKNOWN_AUTHORITY' : null,
  };
}

export const CHAIN_VECTORS: readonly Vector[] = [
  { name: 'an intermediate', chain: [leafOf(issuing), issuing], roots: [root], code: null },
  {
    name: 'an intermediate and the root, both shown',
    chain: [leafOf(issuing), issuing, root],
    roots: [root],
    code: null,
  },
  {
    name: 'the intermediate is missing',
    chain: [leafOf(issuing)],
    roots: [root],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'intermediates in the wrong order',
    chain: [leafOf(second), issuing, second],
    roots: [root],
    code: null,
  },
  {
    name: 'intermediates shown twice',
    chain: [leafOf(second), second, second, issuing, issuing],
    roots: [root],
    code: null,
  },
  {
    name: 'certificates that do not belong',
    chain: [leafOf(root), other, selfSigned],
    roots: [root],
    code: null,
  },
  { name: 'an unknown CA', chain: [leafOf(other)], roots: [root], code: 'CERT_UNKNOWN_AUTHORITY' },
  {
    name: 'an unknown CA, shown',
    chain: [leafOf(other), other],
    roots: [root],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'a CA of the same name with another key',
    chain: [leafOf(impostor)],
    roots: [root],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'a CA of the same name, shown, with another key',
    chain: [leafOf(impostor), impostor],
    roots: [root],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'two CAs of the same name, both trusted',
    chain: [leafOf(impostor)],
    roots: [root, impostor],
    code: null,
  },
  { name: 'a self-signed leaf', chain: [selfSigned], roots: [root], code: 'CERT_UNKNOWN_AUTHORITY' },
  { name: 'a self-signed leaf among the roots', chain: [selfSigned], roots: [selfSigned], code: null },
  { name: 'the leaf itself among the roots', chain: [signingLeaf], roots: [signingLeaf], code: null },
  {
    name: 'the leaf among the roots, for another usage',
    chain: [mint({ by: root, extensions: [san(['dns:localhost']), eku('clientAuth')] })],
    roots: [root],
    code: 'CERT_WRONG_USAGE',
  },
  { name: 'an intermediate as only root', chain: [leafOf(issuing), issuing], roots: [issuing], code: null },
  { name: 'an intermediate as only root, not shown', chain: [leafOf(issuing)], roots: [issuing], code: null },
  {
    name: 'signed by a leaf',
    chain: [leafOf(signingLeaf, { subject: name('CN=below'), key: keyNamed('below') }), signingLeaf],
    roots: [root],
    code: 'CERT_ISSUER_NOT_CA',
  },
  {
    name: 'signed by a leaf among the roots',
    chain: [leafOf(signingLeaf, { subject: name('CN=below') })],
    roots: [signingLeaf],
    code: 'CERT_ISSUER_NOT_CA',
  },
  withIssuer('an intermediate with CA:FALSE', 'CERT_ISSUER_NOT_CA', {
    extensions: [keyUsage(CERT_SIGN), notCa()],
  }),
  withIssuer('an intermediate without basicConstraints', 'CERT_ISSUER_NOT_CA', {
    extensions: [keyUsage(CERT_SIGN)],
  }),
  withIssuer('an intermediate without keyCertSign', 'CERT_ISSUER_NOT_CA', {
    extensions: [keyUsage('0780'), ca()],
  }),
  withIssuer('an intermediate without key usage', null, { extensions: [ca()] }),
  withIssuer('an intermediate with an empty key usage', null, { extensions: [keyUsage('00'), ca()] }),
  withIssuer('an intermediate whose basicConstraints is not critical', null, {
    extensions: [ca(undefined, false)],
  }),
  withIssuer('a version 1 intermediate', 'CERT_ISSUER_NOT_CA', {
    version: new Uint8Array(0),
    extensions: null,
  }),
  withIssuer('an expired intermediate', 'CERT_EXPIRED', { notAfter: '2021-01-01' }),
  withIssuer('an intermediate of the future', 'CERT_NOT_YET_VALID', { notBefore: '2045-01-01' }),
  withIssuer('an intermediate with an unknown critical extension', 'CERT_CRITICAL_EXTENSION', {
    extensions: [ca(), extension('1.2.3.4', hex('0500'), true)],
  }),
  withIssuer('an intermediate for clients only', 'CERT_WRONG_USAGE', {
    extensions: [ca(), eku('clientAuth')],
  }),
  withIssuer('an intermediate for any usage', null, { extensions: [ca(), eku('any')] }),
  withIssuer('an intermediate with a wrong signature', 'CERT_UNKNOWN_AUTHORITY', { tampered: true }),
  withIssuer(
    'an intermediate signed with SHA-1',
    'CERT_INSECURE_SIGNATURE',
    { algorithm: 'ECDSA-SHA1' },
    { otherwise: { '1.22': 'names the GODEBUG override', '1.23': 'names the GODEBUG override' } },
  ),
  withIssuer('an intermediate without a CN, wrong signature', 'CERT_UNKNOWN_AUTHORITY', {
    subject: name('O=Example'),
    tampered: true,
  }),
  withIssuer('an expired intermediate for clients only', 'CERT_EXPIRED', {
    notAfter: '2021-01-01',
    extensions: [ca(), eku('clientAuth')],
  }),
  withRoot('an expired root', 'CERT_EXPIRED', { notAfter: '2021-01-01' }),
  withRoot('a root of the future', 'CERT_NOT_YET_VALID', { notBefore: '2045-01-01' }),
  withRoot('a root with CA:FALSE', 'CERT_ISSUER_NOT_CA', { extensions: [notCa()] }),
  withRoot('a version 3 root without basicConstraints', 'CERT_ISSUER_NOT_CA', { extensions: [] }),
  withRoot('a version 1 root', null, { version: new Uint8Array(0), extensions: null }),
  withRoot('a root without keyCertSign', 'CERT_ISSUER_NOT_CA', { extensions: [keyUsage('0780'), ca()] }),
  withRoot('a root with an unknown critical extension', 'CERT_CRITICAL_EXTENSION', {
    extensions: [ca(), extension('1.2.3.4', hex('0500'), true)],
  }),
  withRoot('a root for clients only', 'CERT_WRONG_USAGE', { extensions: [ca(), eku('clientAuth')] }),
  withRoot('a root whose own signature is wrong', null, { tampered: true }),
  withRoot('a root with path length 0', null, { extensions: [ca(0)] }),
  withRoot('a root without a Subject', null, { subject: name() }),
  {
    name: 'a root without a Subject and with another key',
    chain: [leafOf(mintCa('x', { subject: name(), key: keyNamed('impostor') }))],
    roots: [mintCa('x', { subject: name(), serial: int(4711) })],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'a hint with odd characters',
    chain: [leafOf(mintCa('x', { subject: name('CN=a"b\\\tü€'), key: keyNamed('impostor') }))],
    roots: [mintCa('x', { subject: name('CN=a"b\\\tü€') })],
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    name: 'path length 0 with one intermediate below',
    chain: [leafOf(second), second, caOf(root, 'issuing', { extensions: [ca(0)] })],
    roots: [root],
    code: 'CERT_PATH_TOO_LONG',
  },
  { name: 'a root with path length 0 and an intermediate', ...rooted(0) },
  { name: 'a root with path length 1 and an intermediate', ...rooted(1) },
  { name: 'cross-signed: the first path ends in an expired root', ...crossSigned() },
  { name: 'an expired root and its renewal', ...renewed() },
  { name: 'the matching key identifier is tried first', ...keyIds() },
  {
    name: 'key identifiers differ, names and key fit',
    chain: [leafOf(mintCa('k', { extensions: [ca(), skid('aa')] }), { extensions: [...server, akid('bb')] })],
    roots: [mintCa('k', { extensions: [ca(), skid('aa')] })],
    code: null,
  },
  loop(),
  long(5, null),
  long(20, null),
  sameName(50),
  sameName(120),
];

function rooted(pathLength: number): Pick<Vector, 'chain' | 'roots' | 'code'> {
  const short = mintCa('short', { extensions: [ca(pathLength)] });
  const middle = caOf(short, 'middle');
  return {
    chain: [leafOf(middle), middle],
    roots: [short],
    code: pathLength < 1 ? 'CERT_PATH_TOO_LONG' : null,
  };
}

function crossSigned(): Pick<Vector, 'chain' | 'roots' | 'code'> {
  const old = mintCa('old-root', { notAfter: '2021-01-01' });
  const byOld = caOf(old, 'crossed');
  const byNew = caOf(root, 'crossed');
  return { chain: [leafOf(byOld), byOld, byNew], roots: [old, root], code: null };
}

function renewed(): Pick<Vector, 'chain' | 'roots' | 'code'> {
  const old = mintCa('renewed', { notAfter: '2021-01-01' });
  const fresh = mintCa('renewed');
  return { chain: [leafOf(fresh)], roots: [old, fresh], code: null };
}

function keyIds(): Pick<Vector, 'chain' | 'roots' | 'code'> {
  const wrong = mintCa('ids', { key: keyNamed('impostor'), extensions: [ca(), skid('01')] });
  const right = mintCa('ids', { extensions: [ca(), skid('02')] });
  return {
    chain: [leafOf(right, { extensions: [...server, akid('02')] })],
    roots: [wrong, right],
    code: null,
  };
}
