/**
 * One reason to refuse, as Go words it.
 */
import type { Code } from '../codes.ts';
import type { Certificate } from '../x509.ts';

/** Which check refused; the order is Go's. */
export type Stage = 'present' | 'parse' | 'leaf' | 'name' | 'chain' | 'usage' | 'policy';

/** Why a chain is refused. */
export interface Refusal {
  readonly code: Code;
  /** Go's text, from `x509: ` on. */
  readonly text: string;
  readonly stage: Stage;
  /** The certificate at fault; null where there is none to name. */
  readonly certificate: Certificate | null;
  /** One sentence with the actual values. */
  readonly what: string;
}

/** Longer serials are printed in hex: a million decimal digits take seconds. */
const MAX_DECIMAL_BYTES = 512;

/** What Go's hint calls a certificate: its CN, its first organization, or its serial number. */
export function calledName(certificate: Certificate): string {
  const { serial, serialHex, subject } = certificate;
  const [organization] = subject.organizations;
  if (subject.commonName !== '') return subject.commonName;
  if (organization !== undefined) return organization;
  return `serial:${serialHex.length > MAX_DECIMAL_BYTES * 2 ? `0x${serialHex}` : serial}`;
}

/** The same in quotes, cut to a length that fits a line. */
export function called(certificate: Certificate): string {
  return `"${cut(calledName(certificate), 60)}"`;
}

/** A text of at most this many characters. */
export function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 3)}...` : text;
}

/** A list in a sentence, cut after `limit` entries. */
export function listed(items: readonly string[], limit = 20): string {
  const shown = items.slice(0, limit).join(', ');
  return items.length > limit ? `${shown} and ${items.length - limit} more` : shown;
}
