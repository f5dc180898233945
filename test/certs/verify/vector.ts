/**
 * The shape of a test vector: a chain, its trust anchors, and the code that the verdict must carry. Go's own text for
 * every vector, recorded from real kubectl, is in test/golden/go-verdicts.json.
 */
import type { Code } from '../../../certs/codes.ts';
import type { Minted } from '../../support/mint.ts';

/** One question about a server certificate. */
export interface Vector {
  /** A present-tense phrase; unique. */
  readonly name: string;
  /** Leaf first. */
  readonly chain: readonly (Minted | Uint8Array)[];
  readonly roots: readonly (Minted | Uint8Array)[];
  /** The name that the client dials; default `localhost`. */
  readonly host?: string;
  /** null: accepted. */
  readonly code: Code | null;
  /** Why a release of Go answers otherwise than Go 1.24's newest patch, whose rules the verdict follows. */
  readonly otherwise?: Readonly<Record<string, string>>;
  /** True when Go cannot be asked in this way (kubectl refuses the CA file itself). */
  readonly notAskable?: boolean;
}

/** DER of a vector's certificates. */
export function derOf(list: Vector['chain']): Uint8Array[] {
  return list.map((one) => (one instanceof Uint8Array ? one : one.der));
}
