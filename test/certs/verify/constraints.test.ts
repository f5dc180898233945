/** Name constraints of a CA against the names below it. */
import { expect, test } from 'vitest';
import { constraintFault, constraintsText } from '../../../certs/verify/constraints.ts';
import { readCertificate } from '../../../certs/x509.ts';
import { ca, constraints, mint, mintCa, san } from '../../support/mint.ts';

const caWith = (permitted: readonly string[], excluded: readonly string[] = []) =>
  readCertificate(mintCa('strict', { extensions: [ca(), constraints(permitted, excluded)] }).der);
const leafWith = (...names: readonly string[]) =>
  readCertificate(mint({ extensions: names.length === 0 ? [] : [san(names)] }).der);
/** 10.0.0.0/8, address and mask. */
const TEN = 'ip:0a000000ff000000';
const BEGIN = 'x509: a root or intermediate certificate is not authorized to sign for this name: ';

test.for([
  { permitted: ['dns:example.com'], names: ['dns:example.com'], says: null },
  { permitted: ['dns:example.com'], names: ['dns:a.b.example.com'], says: null },
  { permitted: ['dns:.example.com'], names: ['dns:a.example.com'], says: null },
  {
    permitted: ['dns:.example.com'],
    names: ['dns:example.com'],
    says: 'DNS name "example.com" is not permitted by any constraint',
  },
  {
    permitted: ['dns:example.com'],
    names: ['dns:notexample.com'],
    says: 'DNS name "notexample.com" is not permitted by any constraint',
  },
  { permitted: ['dns:example.com'], names: ['ip:7f000001'], says: null },
  { permitted: [TEN], names: ['ip:0a600001'], says: null },
  {
    permitted: [TEN],
    names: ['ip:7f000001'],
    says: 'IP address "127.0.0.1" is not permitted by any constraint',
  },
  { permitted: ['dns:example.com'], names: [], says: null },
  {
    permitted: [],
    excluded: ['dns:evil.example.com'],
    names: ['dns:a.evil.example.com'],
    says: 'DNS name "a.evil.example.com" is excluded by constraint "evil.example.com"',
  },
  {
    permitted: ['dns:example.com'],
    excluded: ['dns:evil.example.com'],
    names: ['dns:evil.example.com'],
    says: 'DNS name "evil.example.com" is excluded by constraint "evil.example.com"',
  },
  {
    permitted: [],
    excluded: ['dns:evil.example.com'],
    names: ['dns:*.example.com'],
    says: 'DNS name "*.example.com" is excluded by constraint "evil.example.com"',
  },
  { permitted: ['email:example.com'], names: ['email:a@example.com'], says: null },
  {
    permitted: ['email:b@example.com'],
    names: ['email:a@example.com'],
    says: 'email address "a@example.com" is not permitted by any constraint',
  },
  { permitted: ['uri:example.com'], names: ['uri:https://a.example.com:8443/x'], says: null },
  {
    permitted: ['uri:example.com'],
    names: ['uri:https://127.0.0.1/'],
    says: 'URI with IP ("https://127.0.0.1/") cannot be matched against constraints',
  },
])('permitted $permitted, excluded $excluded, names $names: $says', (row) => {
  const issuer = caWith(row.permitted, row.excluded ?? []);
  expect(constraintFault(issuer, [leafWith(...row.names)])).toBe(
    row.says === null ? null : `${BEGIN}${row.says}`,
  );
});

test('every certificate below counts, and a CA without constraints forbids nothing', () => {
  const below = [leafWith('dns:a.example.com'), leafWith('dns:other.test')];
  expect(constraintFault(caWith(['dns:example.com']), below)).toContain('other.test');
  expect(constraintFault(readCertificate(mintCa().der), below)).toBeNull();
});

test('constraints in words', () => {
  const { nameConstraints } = caWith(['dns:example.com', TEN], ['dns:evil.example.com']);
  if (nameConstraints === null) throw new Error('no constraints');
  expect(constraintsText(nameConstraints)).toBe('permits example.com, 10.0.0.0/8; excludes evil.example.com');
});
