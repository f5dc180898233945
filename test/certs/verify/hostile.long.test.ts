/** 100,000 mutated certificates with a seed of the day: every run looks at new ones, and says which. */
import { expect, test } from 'vitest';
import { checkMutations } from './mutations.ts';

test('100,000 mutated certificates are read or refused, and nothing else happens', () => {
  const seed = Number(process.env['MTLS_LAB_SEED'] ?? Math.floor(Date.now() / 86_400_000));
  console.log(`MTLS_LAB_SEED=${seed}`);
  expect(checkMutations(seed, 100_000)).toBeGreaterThan(1_000);
});
