/**
 * A CA's seal: a shape and four hex digits of its public key, shown on every certificate that it signed and every
 * trust store that holds it. Two CAs of the same name with different keys then look different.
 */
import { createHash } from 'node:crypto';

const SHAPES = ['⬢', '●', '▲', '■', '◆', '★', '✚', '⬟'] as const;

/** What stands for one CA key. */
export interface Seal {
  readonly shape: (typeof SHAPES)[number];
  /** Four lower-case hex digits. */
  readonly digits: string;
}

/**
 * The seal of a key.
 * @param spki  DER of the SubjectPublicKeyInfo
 */
export function sealOf(spki: Uint8Array): Seal {
  const digest = createHash('sha256').update(spki).digest();
  return { shape: SHAPES[(digest[2] ?? 0) % SHAPES.length] ?? '⬢', digits: digest.toString('hex', 0, 2) };
}

/** A seal as text: `⬢3fa1`. */
export function formatSeal(seal: Seal): string {
  return seal.shape + seal.digits;
}
