/**
 * One reason to refuse, as Go words it.
 */
import type { Code } from '../codes.ts';
import type { Certificate } from '../x509.ts';

/** Which check refused; the order is Go's. */
export type Stage = 'present' | 'parse' | 'leaf' | 'name' | 'chain' | 'policy' | 'usage';

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

/** A certificate in a sentence: `"kube-apiserver"`, or its organization or serial where it has no CN (as Go's hint). */
export function calledName(certificate: Certificate): string {
  const { commonName, organizations } = certificate.subject;
  return commonName || organizations[0] || `serial:${certificate.serial}`;
}

/** The same in quotes, cut to a length that fits a line. */
export function called(certificate: Certificate): string {
  const name = calledName(certificate);
  return name.length > 60 ? `"${name.slice(0, 57)}..."` : `"${name}"`;
}

/** A list in a sentence, cut after `limit` entries. */
export function listed(items: readonly string[], limit = 20): string {
  const shown = items.slice(0, limit).join(', ');
  return items.length > limit ? `${shown} and ${items.length - limit} more` : shown;
}
