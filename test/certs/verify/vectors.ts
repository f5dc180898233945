/** All vectors, in the order of the checks. */

import type { Vector } from './vector.ts';
import { CHAIN_VECTORS } from './vectors-chain.ts';
import { CONSTRAINT_VECTORS } from './vectors-constraints.ts';
import { LEAF_VECTORS } from './vectors-leaf.ts';
import { FAULT_VECTORS, PAIR_VECTORS } from './vectors-pairs.ts';
import { PARSE_VECTORS } from './vectors-parse.ts';
import { SIGNATURE_VECTORS } from './vectors-signatures.ts';

export const VECTORS: readonly Vector[] = [
  ...PARSE_VECTORS,
  ...LEAF_VECTORS,
  ...CHAIN_VECTORS,
  ...SIGNATURE_VECTORS,
  ...CONSTRAINT_VECTORS,
  ...FAULT_VECTORS,
  ...PAIR_VECTORS,
];

/** kubectl releases of this test, by the Go line that they were built with. */
export const GO_RELEASES = { '1.22': '1.29', '1.23': '1.32', '1.24': '1.33' } as const;

/** Go's answers without the one thing that changes from day to day. */
export function withoutNow(text: string | null): string | null {
  return text?.replace(/current time \S+/, 'current time NOW') ?? null;
}
