/** Certificate policies along a path, by RFC 9618: the parts that kubectl's own vectors do not reach. */
import { expect, test } from 'vitest';
import { arePoliciesValid } from '../../../certs/verify/policies.ts';
import { readCertificate } from '../../../certs/x509.ts';
import {
  ca,
  extension,
  hex,
  int,
  type Minted,
  mint,
  mintCa,
  name,
  oid,
  seq,
  tlv,
} from '../../support/mint.ts';

const ANY = '2.5.29.32.0';
const ids = (...list: readonly string[]) => extension('2.5.29.32', seq(...list.map((id) => seq(oid(id)))));
const mappings = (...pairs: readonly (readonly [string, string])[]) =>
  extension('2.5.29.33', seq(...pairs.map(([from, to]) => seq(oid(from), oid(to)))));
const explicit = (skip = 0) =>
  extension('2.5.29.36', seq(tlv(0x80, hex(skip.toString(16).padStart(2, '0')))));
const inhibitMapping = extension('2.5.29.36', seq(tlv(0x80, hex('00')), tlv(0x81, hex('00'))));
const inhibitAny = (skip = 0) => extension('2.5.29.54', int(skip));

/** A path from extensions, leaf first; the root is added. */
function pathOf(...extensions: readonly (readonly Uint8Array[])[]) {
  const root = mintCa();
  const made: Minted[] = [];
  let by = root;
  for (const [i, list] of extensions.toReversed().entries()) {
    const isLeaf = i === extensions.length - 1;
    by = isLeaf
      ? mint({ by, subject: name('CN=leaf'), extensions: list })
      : mintCa(`ca-${i}`, { by, extensions: [ca(), ...list] });
    made.unshift(by);
  }
  return [...made, root].map(({ der }) => readCertificate(der));
}

test.for([
  { title: 'nothing is demanded and nothing is named', path: [[], []], valid: true },
  { title: 'nothing is demanded, policies do not fit', path: [[ids('1.2.3')], [ids('1.2.4')]], valid: true },
  { title: 'a policy all the way', path: [[ids('1.2.3')], [ids('1.2.3'), explicit()]], valid: true },
  { title: 'the leaf names none', path: [[], [ids('1.2.3'), explicit()]], valid: false },
  { title: 'a middle CA names none', path: [[ids('1.2.3')], [], [ids('1.2.3'), explicit()]], valid: false },
  {
    title: 'demanded only two certificates further down: the leaf is not reached',
    path: [[], [ids('1.2.3'), explicit(2)]],
    valid: true,
  },
  {
    title: 'anyPolicy in the leaf continues the policy of its CA',
    path: [[ids(ANY)], [ids('1.2.3'), explicit()]],
    valid: true,
  },
  {
    title: 'anyPolicy in the leaf does not count once inhibited',
    path: [[ids(ANY)], [ids('1.2.3'), explicit(), inhibitAny()]],
    valid: false,
  },
  {
    title: 'the policy itself counts although anyPolicy is inhibited',
    path: [[ids('1.2.3')], [ids('1.2.3'), explicit(), inhibitAny()]],
    valid: true,
  },
  {
    title: 'anyPolicy inhibited only one certificate further down',
    path: [[ids(ANY)], [ids('1.2.3'), explicit(), inhibitAny(1)]],
    valid: true,
  },
  {
    title: 'a policy is mapped to another',
    path: [[ids('1.2.4')], [ids('1.2.3'), explicit(), mappings(['1.2.3', '1.2.4'])]],
    valid: true,
  },
  {
    title: 'after mapping the old name does not count',
    path: [[ids('1.2.3')], [ids('1.2.3'), explicit(), mappings(['1.2.3', '1.2.4'])]],
    valid: false,
  },
  {
    title: 'one policy mapped to two',
    path: [[ids('1.2.5')], [ids('1.2.3'), explicit(), mappings(['1.2.3', '1.2.4'], ['1.2.3', '1.2.5'])]],
    valid: true,
  },
  {
    title: 'a policy that came by anyPolicy is mapped',
    path: [[ids('1.2.4')], [ids(ANY), explicit(), mappings(['1.2.3', '1.2.4'])]],
    valid: true,
  },
  {
    title: 'a mapping to anyPolicy is never valid',
    path: [[ids('1.2.3')], [ids('1.2.3'), mappings(['1.2.3', ANY])]],
    valid: false,
  },
  {
    title: 'a mapping is inhibited by the CA above',
    path: [[ids('1.2.4')], [ids('1.2.3'), mappings(['1.2.3', '1.2.4'])], [ids('1.2.3'), inhibitMapping]],
    valid: false,
  },
  {
    title: 'the leaf demands a policy of itself',
    path: [[extension('2.5.29.36', seq(tlv(0x80, hex('00'))))], []],
    valid: false,
  },
])('$title: $valid', ({ path, valid }) => {
  expect(arePoliciesValid(pathOf(...path))).toBe(valid);
});

test('a trust anchor alone has no policy to keep', () => {
  expect(arePoliciesValid([readCertificate(mintCa('alone', { extensions: [ca(), explicit()] }).der)])).toBe(
    true,
  );
});
