/** What a fault is: one wrong certificate, the rule that it breaks, and how each side refuses it. */
import type { Ca, Overrides } from '../../certs/ca.ts';
import type { Code } from '../../certs/codes.ts';
import type { Identity } from '../../certs/identities.ts';

export type FaultFamily = 'trust' | 'validity' | 'names' | 'usage';

/** What a fault may use to mint its certificate. */
export interface Mint {
  readonly target: Identity;
  /** The desk's time. */
  readonly now: Date;
  /** The CA that should sign. */
  readonly ca: Ca;
  /** A CA that nobody trusts, with this name. */
  foreignCa(commonName: string): Promise<Ca>;
}

/** One way to get a certificate wrong. */
export interface Fault {
  readonly id: string;
  readonly family: FaultFamily;
  readonly title: string;
  /** The chain as it stands once broken. */
  readonly chain: string;
  readonly rule: string;
  /** The finding of whoever verifies. */
  readonly code: Code;
  /** What a Go server sends to a client that shows this certificate (RFC 8446 section 6.2). */
  readonly clientAlert: number;
  /** Only certificates that a server shows, or all. */
  readonly on: 'server' | 'any';
  mint(mint: Mint): Promise<{ readonly ca: Ca; readonly overrides: Overrides }>;
}
