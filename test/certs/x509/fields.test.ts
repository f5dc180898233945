/** The tree of fields: every byte of a certificate belongs to one, whatever the bytes are. */
import { expect, test } from 'vitest';
import { type CertificateField, certificateFields } from '../../../certs/x509/fields.ts';
import { ca, eku, mint, name, san } from '../../support/mint.ts';
import { mutateBytes, randomFrom } from '../../support/mutate.ts';

const { der } = mint({
  subject: name('O=system:masters', 'CN=admin'),
  notBefore: '2026-01-01',
  extensions: [san(['dns:localhost']), eku('clientAuth'), ca(1)],
});

function find(field: CertificateField, path: readonly string[]): CertificateField | undefined {
  const [first, ...rest] = path;
  if (first === undefined) return field;
  const child = field.children?.find((one) => one.name === first);
  return child === undefined ? undefined : find(child, rest);
}

test.for([
  { path: ['tbsCertificate', 'version', 'version'], value: '2' },
  { path: ['tbsCertificate', 'subject'], value: 'O=system:masters, CN=admin' },
  { path: ['tbsCertificate', 'validity', 'notBefore'], value: '260101000000Z' },
  { path: ['tbsCertificate', 'subjectPublicKeyInfo', 'algorithm'], value: 'ECDSA (1.2.840.10045.2.1)' },
  { path: ['tbsCertificate', 'extensions', 'extensions', 'basicConstraints', 'critical'], value: 'TRUE' },
  {
    path: ['tbsCertificate', 'extensions', 'extensions', 'subjectAltName', 'extnValue', '[0]', '[0]'],
    value: 'localhost',
  },
  {
    path: ['tbsCertificate', 'extensions', 'extensions', 'extKeyUsage', 'extnValue', '[0]', '[0]'],
    value: 'clientAuth (1.3.6.1.5.5.7.3.2)',
  },
])('$path is $value', ({ path, value }) => {
  const field = find(certificateFields(der), path);
  expect(field?.value).toBe(value);
});

/** Ranges lie inside their parent, in order, without overlap. */
function checkRanges(field: CertificateField): number {
  let at = field.start;
  let count = 1;
  for (const child of field.children ?? []) {
    expect(child.start).toBeGreaterThanOrEqual(at);
    expect(child.end).toBeLessThanOrEqual(field.end);
    at = child.end;
    count += checkRanges(child);
  }
  return count;
}

test('ranges nest, and the root covers all', () => {
  const tree = certificateFields(der);
  expect([tree.start, tree.end]).toEqual([0, der.length]);
  expect(checkRanges(tree)).toBeGreaterThan(40);
});

test('a version 1 certificate has its fields under their own names', () => {
  const old = certificateFields(mint({ version: new Uint8Array(0), extensions: null }).der);
  expect(find(old, ['tbsCertificate', 'serialNumber'])).toBeDefined();
  expect(find(old, ['tbsCertificate', 'version'])).toBeUndefined();
});

test('mutated, deep and huge bytes still give a bounded tree', () => {
  const random = randomFrom(11);
  for (let i = 0; i < 2_000; i += 1) checkRanges(certificateFields(mutateBytes(der, random)));
  const deep = Buffer.alloc(20_000);
  for (let i = 0; i < deep.length; i += 2) deep.set([0x30, 0x80], i);
  checkRanges(certificateFields(deep));
  const wide = Buffer.alloc(100_004, 0x05);
  for (let i = 4; i < wide.length; i += 2) wide.set([0x05, 0x00], i);
  wide.set([0x30, 0x83, 0x01, 0x86], 0);
  expect(checkRanges(certificateFields(wide))).toBeLessThan(5_000);
});
