/** Path building: which paths there are, in which order, and why there is none. */
import { expect, test } from 'vitest';
import { buildPaths, datesText, MAX_SIGNATURE_CHECKS } from '../../../certs/verify/path.ts';
import { makePool } from '../../../certs/verify/pool.ts';
import { type Certificate, readCertificate } from '../../../certs/x509.ts';
import { int, keyNamed, type Minted, mint, mintCa, name, notCa } from '../../support/mint.ts';

const read = ({ der }: Minted): Certificate => readCertificate(der);
const root = mintCa('root');
const otherRoot = mintCa('other root');
const issuing = mintCa('issuing', { by: root });
/** The same CA, vouched for by somebody else. */
const crossed = mintCa('issuing', { by: otherRoot });
const leaf = mint({ by: issuing, subject: name('CN=leaf'), extensions: [] });

function build(from: Minted, intermediates: readonly Minted[], roots: readonly Minted[], time = NOW) {
  const found = buildPaths(read(from), {
    roots: makePool(roots.map(read)),
    intermediates: makePool(intermediates.map(read)),
    time,
    zoneMinutes: 0,
  });
  const named = (path: readonly Certificate[]): string =>
    path.map(({ subject, issuer }) => `${subject.commonName} by ${issuer.commonName}`).join(' | ');
  return { ...found, paths: found.paths.map(named), attempt: named(found.attempt) };
}
const NOW = new Date('2026-11-24T08:00:00Z');
const WHOLE = 'leaf by issuing | issuing by root | root by root';

test.for([
  { title: 'in order', intermediates: [issuing], roots: [root] },
  { title: 'with what does not belong there', intermediates: [otherRoot, issuing, root], roots: [root] },
  { title: 'twice', intermediates: [issuing, issuing], roots: [root, root] },
])('intermediates $title: one path', ({ intermediates, roots }) => {
  expect(build(leaf, intermediates, roots)).toMatchObject({ paths: [WHOLE], refusal: null });
});

test('a cross-signed CA gives two paths, and one is enough', () => {
  const both = build(leaf, [issuing, crossed], [root, otherRoot]);
  expect(both.paths).toEqual([WHOLE, 'leaf by issuing | issuing by other root | other root by other root']);
  expect(build(leaf, [issuing, crossed], [otherRoot]).paths).toHaveLength(1);
});

test.for([
  { title: 'the certificate itself', roots: [leaf], path: 'leaf by issuing' },
  { title: 'the intermediate', roots: [issuing], path: 'leaf by issuing | issuing by root' },
])('$title among the trusted ends the path', ({ roots, path }) => {
  expect(build(leaf, [issuing], roots).paths).toEqual([path]);
});

test('two CAs that sign each other are no way round', () => {
  const [a, b] = [
    mintCa('a', { issuer: name('CN=b'), signKey: keyNamed('ca/b') }),
    mintCa('b', { issuer: name('CN=a'), signKey: keyNamed('ca/a') }),
  ];
  const below = mint({ by: a, subject: name('CN=leaf'), extensions: [] });
  expect(build(below, [a, b], [root])).toMatchObject({
    paths: [],
    refusal: { code: 'CERT_UNKNOWN_AUTHORITY', text: 'x509: certificate signed by unknown authority' },
  });
});

test.for([
  {
    title: 'the issuer was not shown',
    intermediates: [],
    roots: [root],
    what: '"leaf" is issued by "CN=issuing", and nobody of that name is trusted or was shown',
    attempt: 'leaf by issuing',
  },
  {
    title: 'the root is unknown',
    intermediates: [issuing],
    roots: [otherRoot],
    what: '"issuing" is issued by "CN=root", and nobody of that name is trusted or was shown',
    attempt: 'leaf by issuing | issuing by root',
  },
])('says how far it came where $title', ({ intermediates, roots, what, attempt }) => {
  expect(build(leaf, intermediates, roots)).toMatchObject({ paths: [], refusal: { what }, attempt });
});

test.for([
  {
    title: 'another key of the same name',
    impostor: mintCa('issuing', { key: keyNamed('impostor') }),
    code: 'CERT_UNKNOWN_AUTHORITY',
    hint: 'x509: ECDSA verification failure',
  },
  {
    title: 'an issuer that is no CA',
    impostor: mintCa('issuing', { by: root, extensions: [notCa()] }),
    code: 'CERT_ISSUER_NOT_CA',
    hint: 'x509: invalid signature: parent certificate cannot sign this kind of certificate',
  },
])('names the candidate: $title', ({ impostor, code, hint }) => {
  const { refusal } = build(leaf, [impostor], [root]);
  expect(refusal?.code).toBe(code);
  expect(refusal?.text).toBe(
    `x509: certificate signed by unknown authority (possibly because of "${hint}" while trying to verify candidate authority certificate "issuing")`,
  );
});

test('dates of an issuer count on the way', () => {
  const old = mintCa('issuing', { by: root, notAfter: '2021-01-01' });
  expect(build(leaf, [old], [root]).refusal?.code).toBe('CERT_EXPIRED');
  expect(build(leaf, [old, issuing], [root]).paths).toEqual([WHOLE]);
  expect(build(leaf, [old], [root], new Date('2020-06-01')).paths).toEqual([WHOLE]);
});

test.for([
  {
    time: '2026-11-24T08:00:00Z',
    says: '"leaf" is valid from 2020-01-01T00:00:00Z to 2049-12-31T23:59:59Z; it is 2026-11-24T08:00:00Z',
  },
  {
    time: '2019-06-01T00:00:00Z',
    says: '"leaf" begins at 2020-01-01T00:00:00Z, and it is 2019-06-01T00:00:00Z',
  },
  {
    time: '2050-06-01T00:00:00Z',
    says: '"leaf" ended at 2049-12-31T23:59:59Z, and it is 2050-06-01T00:00:00Z',
  },
])('says the date that matters at $time', ({ time, says }) => {
  expect(datesText(read(leaf), new Date(time))).toBe(says);
});

test('the search is given up after as many signatures as Go looks at', () => {
  const fakes = Array.from({ length: MAX_SIGNATURE_CHECKS + 1 }, (_, i) =>
    mintCa('issuing', { key: keyNamed(`fake-${i % 4}`), serial: int(9_000 + i) }),
  );
  expect(build(leaf, fakes, [root]).refusal?.text).toBe(
    'x509: signature check attempts limit reached while verifying certificate chain',
  );
});
