import { generateKeyPairSync } from 'node:crypto';
import { expect, test } from 'vitest';
import { formatSeal, sealOf } from '../../certs/seal.ts';

function key(): Buffer {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'der' });
}

test('gives the same key the same seal', () => {
  const spki = key();
  expect(sealOf(spki)).toEqual(sealOf(Buffer.from(spki)));
  expect(formatSeal(sealOf(spki))).toMatch(/^[⬢●▲■◆★✚⬟][0-9a-f]{4}$/u);
});

test('gives different keys different seals', () => {
  const seals = new Set(Array.from({ length: 20 }, () => formatSeal(sealOf(key()))));
  expect(seals.size).toBeGreaterThan(17);
});
