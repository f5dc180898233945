/** Candidates for an issuer, in Go's order. */
import { expect, test } from 'vitest';
import { keyIdRank, makePool } from '../../../certs/verify/pool.ts';
import { readCertificate } from '../../../certs/x509.ts';
import { akid, ca, int, keyNamed, mint, mintCa, skid } from '../../support/mint.ts';

const withId = (id: string | null, serial: number) =>
  readCertificate(
    mintCa('kubernetes', {
      key: keyNamed(`pool-${serial}`),
      serial: int(serial),
      extensions: [ca(), ...(id === null ? [] : [skid(id)])],
    }).der,
  );
const [other, none, right] = [withId('01', 1), withId(null, 2), withId('02', 3)];
const child = readCertificate(mint({ by: mintCa(), extensions: [akid('02')] }).der);
const childWithoutId = readCertificate(mint({ by: mintCa(), extensions: [] }).der);

test('the same identifier first, then a missing one, then another', () => {
  const pool = makePool([other, none, right]);
  expect(pool.issuersOf(child).map(({ serial }) => serial)).toEqual([3n, 2n, 1n]);
});

test('a child without identifier prefers an issuer without', () => {
  expect(
    makePool([other, none, right])
      .issuersOf(childWithoutId)
      .map(({ serial }) => serial),
  ).toEqual([2n, 1n, 3n]);
  expect(keyIdRank(childWithoutId, none)).toBe(0);
});

test('a certificate counts once, and only its own name finds it', () => {
  const pool = makePool([right, right]);
  expect(pool.issuersOf(child)).toEqual([right]);
  expect(pool.contains(right)).toBe(true);
  expect(pool.contains(other)).toBe(false);
  expect(makePool([]).issuersOf(child)).toEqual([]);
  expect(pool.issuersOf(readCertificate(mintCa('other-ca').der))).toEqual([]);
});
