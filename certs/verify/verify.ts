/**
 * The verdict about a certificate chain, as Go's crypto/x509 gives it. Pure, synchronous, without a clock.
 */
import type { Code } from '../codes.ts';
import type { Finding } from '../errors.ts';

/** What a certificate is wanted for. */
export type Purpose = 'serverAuth' | 'clientAuth' | 'any';

/** The name that the client dialled. */
export interface WantedName {
  readonly kind: 'dns' | 'ip';
  readonly value: string;
}

/** Everything that a verdict depends on. */
export interface VerifyInput {
  /** DER, leaf first, in the order presented. */
  readonly chain: readonly Uint8Array[];
  /** DER of the trust anchors. */
  readonly roots: readonly Uint8Array[];
  readonly purpose: Purpose;
  readonly name: WantedName | null;
  readonly time: Date;
}

/** What was decided, and every check behind it. */
export interface Verdict {
  readonly accepted: boolean;
  /** The first failure in Go's order; null when accepted. */
  readonly code: Code | null;
  /** Go's text, from `x509: ` on; null when accepted. */
  readonly text: string | null;
  /** All checks, passed and failed, in Go's order. */
  readonly findings: readonly Finding[];
  /** The path to the trust anchor, DER, leaf first; null when none was found. */
  readonly path: readonly Uint8Array[] | null;
}
