/** Vectors about name constraints. */
import {
  ca,
  constraints,
  eku,
  extension,
  generalName,
  hex,
  keyNamed,
  mint,
  mintCa,
  name,
  san,
  seq,
  skid,
  tlv,
} from '../../support/mint.ts';
import type { Vector } from './vector.ts';

const root = mintCa();

/** A CA with constraints right above the leaf. */
function row(
  title: string,
  code: Vector['code'],
  names: readonly string[],
  permitted: readonly string[],
  excluded: readonly string[] = [],
  more: Partial<Vector> = {},
): Vector {
  const issuer = mintCa('issuing', { by: root, extensions: [ca(), constraints(permitted, excluded)] });
  const leaf = mint({
    by: issuer,
    subject: name('CN=leaf'),
    extensions: [san(['dns:localhost.test', ...names]), eku('serverAuth')],
  });
  return { name: title, chain: [leaf, issuer], roots: [root], host: 'localhost.test', code, ...more };
}

const C = 'CERT_NAME_CONSTRAINT';
const wildcardFix = { '*': 'patches before 1.24.11 and 1.25.5 compare the wildcard letter by letter' };
const net = (address: string, mask: string) => `ip:${address}${mask}`;

function raw(
  title: string,
  code: Vector['code'],
  extensions: readonly Uint8Array[],
  leafExtensions: readonly Uint8Array[],
  more: Partial<Vector> = {},
): Vector {
  const issuer = mintCa('issuing', { by: root, extensions: [ca(), ...extensions] });
  const leaf = mint({ by: issuer, subject: name('CN=leaf'), extensions: leafExtensions });
  return { name: title, chain: [leaf, issuer], roots: [root], host: 'localhost.test', code, ...more };
}

const localhost = san(['dns:localhost.test']);

export const CONSTRAINT_VECTORS: readonly Vector[] = [
  row('a permitted DNS name', null, [], ['dns:test']),
  row('the permitted name itself', null, [], ['dns:localhost.test']),
  row('a DNS name outside what is permitted', C, [], ['dns:example.com']),
  row('one name permitted, the other not', C, ['dns:a.example.com'], ['dns:test']),
  row('two names, two permitted domains', null, ['dns:a.example.com'], ['dns:test', 'dns:example.com']),
  row('other case in a constraint', null, [], ['dns:TEST']),
  row(
    'a permitted domain is no suffix of letters',
    C,
    ['dns:notexample.com'],
    ['dns:test', 'dns:example.com'],
  ),
  row('an excluded DNS name', C, ['dns:a.example.com'], [], ['dns:example.com']),
  row('excluded wins over permitted', C, [], ['dns:test'], ['dns:localhost.test']),
  row('an excluded sibling', null, [], ['dns:test'], ['dns:other.test']),
  row('a constraint with a leading dot: below it', null, [], ['dns:.test']),
  row('a constraint with a leading dot: itself', C, ['dns:example.com'], ['dns:test', 'dns:.example.com']),
  row('a constraint of one dot covers everything below', null, [], ['dns:.']),
  row('an empty permitted DNS constraint', null, [], ['dns:']),
  row('an empty excluded DNS constraint', C, [], [], ['dns:']),
  row('a wildcard within what is permitted', null, ['dns:*.example.com'], ['dns:test', 'dns:example.com']),
  row('a wildcard above what is permitted', C, ['dns:*.com'], ['dns:test', 'dns:example.com']),
  row(
    'an excluded name that a wildcard could stand for',
    C,
    ['dns:*.example.com'],
    [],
    ['dns:foo.example.com'],
    { otherwise: wildcardFix },
  ),
  row(
    'an excluded name that a wildcard could not stand for',
    null,
    ['dns:*.example.com'],
    [],
    ['dns:foo.example.org'],
  ),
  {
    ...row('a DNS SAN with a leading dot', C, ['dns:.example.com'], ['dns:test', 'dns:example.com'], []),
    otherwise: { '1.22': 'a leading dot is no empty label before Go 1.23' },
  },
  row('a DNS SAN with two dots', C, ['dns:a..example.com'], ['dns:test', 'dns:example.com']),
  row('a DNS SAN with a dot behind', C, ['dns:example.com.'], ['dns:test', 'dns:example.com']),
  row('a DNS SAN with a space', C, ['dns:a b.example.com'], ['dns:test', 'dns:example.com']),
  row('an empty DNS SAN', C, ['dns:'], ['dns:test']),
  row('only IP addresses are constrained', null, [], [net('0a000000', 'ff000000')]),
  row('a permitted IP address', null, ['ip:0a010203'], [net('0a000000', 'ff000000')]),
  row('an IP address outside', C, ['ip:0b010203'], [net('0a000000', 'ff000000')]),
  row('an excluded IP address', C, ['ip:0a010203'], [], [net('0a000000', 'ff000000')]),
  row(
    'an IPv6 address under an IPv4 constraint',
    C,
    [`ip:${'00'.repeat(15)}01`],
    [net('0a000000', 'ff000000')],
  ),
  row(
    'a permitted IPv6 address',
    null,
    ['ip:20010db8000000000000000000000001'],
    [net(`20010db8${'00'.repeat(12)}`, `ffffffff${'00'.repeat(12)}`)],
  ),
  row(
    'an IPv6 address outside',
    C,
    ['ip:20010db9000000000000000000000001'],
    [net(`20010db8${'00'.repeat(12)}`, `ffffffff${'00'.repeat(12)}`)],
  ),
  row(
    'an excluded IPv6 network',
    C,
    ['ip:20010db8000000000000000000000001'],
    [],
    [net(`20010db8${'00'.repeat(12)}`, `ffffffff${'00'.repeat(12)}`)],
  ),
  row('address bits beyond the mask do not count', null, ['ip:0a010203'], [net('0a636363', 'ff000000')]),
  row('a mask of all zeros', null, ['ip:0a010203'], [net('00000000', '00000000')]),
  row('a permitted email address', null, ['email:me@example.com'], ['email:example.com']),
  row('a permitted mailbox', null, ['email:me@example.com'], ['email:me@example.com']),
  row('another mailbox', C, ['email:you@example.com'], ['email:me@example.com']),
  row(
    'mailboxes: the domain in other case, the local part exact',
    C,
    ['email:Me@EXAMPLE.com'],
    ['email:me@example.com'],
  ),
  row(
    'an email address in a subdomain of what is permitted',
    null,
    ['email:me@mail.example.com'],
    ['email:example.com'],
  ),
  row('an excluded email domain', C, ['email:me@example.com'], [], ['email:example.com']),
  row('a quoted mailbox', null, ['email:"me \\" x"@example.com'], ['email:example.com']),
  row('an email SAN that is none', C, ['email:example.com'], ['email:example.com']),
  row('an email SAN that starts with a dot', C, ['email:.me@example.com'], ['email:example.com']),
  row('a permitted URI', null, ['uri:https://a.example.com/x'], ['uri:example.com']),
  row('a URI outside', C, ['uri:https://a.example.org/x'], ['uri:example.com']),
  row('a URI with a port', null, ['uri:https://a.example.com:8443/x'], ['uri:example.com']),
  row('a URI with an IP address', C, ['uri:https://127.0.0.1/x'], ['uri:example.com']),
  row('a URI with an IPv6 address', 'CERT_MALFORMED', ['uri:https://[::1]:a/x'], ['uri:example.com']),
  row('a URI with a good IPv6 address', C, ['uri:https://[::1]/x'], ['uri:example.com']),
  row('a URI without a host', C, ['uri:urn:x:y'], ['uri:example.com']),
  row('an excluded URI', C, ['uri:spiffe://a.example.com/x'], [], ['uri:example.com']),
  row('a URI constraint with a leading dot', C, ['uri:https://example.com/'], ['uri:.example.com']),
  row('a directory name constraint, critical', 'CERT_CRITICAL_EXTENSION', [], ['dir:CN=x']),
  raw('a directory name constraint, not critical', null, [constraints(['dir:CN=x'], [], false)], [localhost]),
  raw('no SAN on the leaf below a constraint', 'CERT_NO_SANS', [constraints(['dns:example.com'])], [], {
    chain: chainWithoutSan(),
  }),
  raw(
    'a registered id among the SANs is ignored',
    null,
    [constraints(['dns:test'])],
    [san(['dns:localhost.test', 'rid:2a03'])],
  ),
  { name: 'constraints of the root', ...constrainedRoot(['dns:example.com']), code: C },
  { name: 'constraints of the root are kept', ...constrainedRoot(['dns:test']), code: null },
  {
    name: 'constraints of the root hold for the SAN of an intermediate',
    ...constrainedRoot(['dns:test'], ['dns:ca.example.com']),
    code: C,
  },
  { name: 'a SAN of the constrained CA itself does not count', ...ownSan(), code: null },
  { name: 'constraints on the leaf itself do nothing', ...leafConstraints(), code: null },
  { name: 'an empty name constraints extension', ...broken(seq()), code: 'CERT_MALFORMED' },
  { name: 'an empty list of permitted names', ...broken(seq(tlv(0xa0))), code: 'CERT_MALFORMED' },
  {
    name: 'a DNS constraint with two dots',
    ...broken(seq(tlv(0xa0, seq(generalName('dns:a..b'))))),
    code: 'CERT_MALFORMED',
  },
  {
    name: 'a DNS constraint beyond ASCII',
    ...broken(seq(tlv(0xa0, seq(tlv(0x82, hex('c3bc')))))),
    code: 'CERT_MALFORMED',
  },
  {
    name: 'an email constraint that is none',
    ...broken(seq(tlv(0xa0, seq(generalName('email:a@'))))),
    code: null,
  },
  {
    name: 'an email constraint with two at-signs',
    ...broken(seq(tlv(0xa0, seq(generalName('email:@@'))))),
    code: 'CERT_MALFORMED',
  },
  {
    name: 'a URI constraint that is an IP address',
    ...broken(seq(tlv(0xa0, seq(generalName('uri:127.0.0.1'))))),
    code: 'CERT_MALFORMED',
  },
  {
    name: 'an IP constraint of the wrong length',
    ...broken(seq(tlv(0xa0, seq(generalName('ip:0a0000'))))),
    code: 'CERT_MALFORMED',
  },
  {
    name: 'an IP constraint whose mask has holes',
    ...broken(seq(tlv(0xa0, seq(generalName('ip:0a000000ff00ff00'))))),
    code: 'CERT_MALFORMED',
  },
  {
    name: 'bytes behind the name constraints',
    ...broken(Buffer.concat([seq(tlv(0xa0, seq(generalName('dns:test')))), hex('0500')])),
    code: 'CERT_MALFORMED',
  },
  {
    name: 'a minimum in a subtree is not looked at',
    ...broken(seq(tlv(0xa0, seq(generalName('dns:test'), tlv(0x80, hex('01')))))),
    code: null,
  },
];

function chainWithoutSan(): Vector['chain'] {
  const issuer = mintCa('issuing', { by: root, extensions: [ca(), constraints(['dns:example.com'])] });
  return [mint({ by: issuer, subject: name('CN=localhost.test'), extensions: [] }), issuer];
}

function constrainedRoot(
  permitted: readonly string[],
  middleNames: readonly string[] = [],
): Omit<Vector, 'name' | 'code'> {
  const top = mintCa('constrained', { extensions: [ca(), constraints(permitted)] });
  const middle = mintCa('middle', {
    by: top,
    extensions: [ca(), ...(middleNames.length > 0 ? [san(middleNames)] : [])],
  });
  const leaf = mint({ by: middle, extensions: [localhost] });
  return { chain: [leaf, middle], roots: [top], host: 'localhost.test' };
}

function ownSan(): Omit<Vector, 'name' | 'code'> {
  const issuer = mintCa('issuing', {
    by: root,
    extensions: [ca(), san(['dns:ca.example.com']), constraints(['dns:test'])],
  });
  return {
    chain: [mint({ by: issuer, extensions: [localhost] }), issuer],
    roots: [root],
    host: 'localhost.test',
  };
}

function leafConstraints(): Omit<Vector, 'name' | 'code'> {
  const leaf = mint({
    by: root,
    key: keyNamed('leaf'),
    extensions: [localhost, constraints(['dns:example.com']), skid('01')],
  });
  return { chain: [leaf], roots: [root], host: 'localhost.test' };
}

function broken(value: Uint8Array): Omit<Vector, 'name' | 'code'> {
  const issuer = mintCa('issuing', { by: root, extensions: [ca(), extension('2.5.29.30', value, true)] });
  return {
    chain: [mint({ by: issuer, extensions: [localhost] }), issuer],
    roots: [root],
    host: 'localhost.test',
  };
}
