/** Every two faults at once, as the program `openssl verify` sees them. */
import { expect, test } from 'vitest';
import { requireTool } from '../../support/tools.ts';
import { acceptsVector } from './openssl-program.ts';
import { PAIR_VECTORS } from './vectors-pairs.ts';

test('openssl verify refuses every pair, unless it overlooks both', (context) => {
  const program = requireTool(context, 'openssl');
  for (const vector of PAIR_VECTORS) {
    // Without a SAN there is no name that constraints could be about.
    const isNameless = vector.faults.some(({ code }) => code === 'CERT_NO_SANS');
    const overlooked = vector.faults.every(
      ({ code, opensslAccepts }) =>
        opensslAccepts !== undefined || (isNameless && code === 'CERT_NAME_CONSTRAINT'),
    );
    expect({ pair: vector.name, accepts: acceptsVector(program, vector) }).toEqual({
      pair: vector.name,
      accepts: overlooked,
    });
  }
}, 120_000);
