/** Extended key usages, alone and along a path. */
import { expect, test } from 'vitest';
import { allows, usageFault, usageText } from '../../../certs/verify/usage.ts';
import { readCertificate } from '../../../certs/x509.ts';
import { eku, mint } from '../../support/mint.ts';

const using = (...usages: readonly string[]) =>
  readCertificate(mint({ extensions: usages.length === 0 ? [] : [eku(...usages)] }).der);

test.for([
  { usages: [], serverAuth: true, clientAuth: true },
  { usages: ['serverAuth'], serverAuth: true, clientAuth: false },
  { usages: ['clientAuth'], serverAuth: false, clientAuth: true },
  { usages: ['serverAuth', 'clientAuth'], serverAuth: true, clientAuth: true },
  { usages: ['any'], serverAuth: true, clientAuth: true },
  { usages: ['codeSigning'], serverAuth: false, clientAuth: false },
])('usages $usages: as a server $serverAuth, as a client $clientAuth', (row) => {
  const certificate = using(...row.usages);
  expect(allows(certificate, 'serverAuth')).toBe(row.serverAuth);
  expect(allows(certificate, 'clientAuth')).toBe(row.clientAuth);
  expect(allows(certificate, 'any')).toBe(true);
});

test('of several certificates that forbid it, the one nearest to the root is at fault', () => {
  const [leaf, issuing, root] = [using('clientAuth'), using('codeSigning'), using()];
  expect(usageFault([leaf, issuing, root], 'serverAuth')).toBe(issuing);
  expect(usageFault([leaf, root], 'serverAuth')).toBe(leaf);
  expect(usageFault([leaf, root], 'clientAuth')).toBeNull();
  expect(usageFault([using('serverAuth'), using('any'), root], 'serverAuth')).toBeNull();
});

test('usages in words', () => {
  expect(usageText(using())).toBe('any (it lists none)');
  expect(usageText(using('serverAuth', 'clientAuth'))).toBe('serverAuth, clientAuth');
});
