/**
 * Extended key usage, nested: every certificate of the path that lists usages must allow the wanted one.
 *
 * @see golang/go src/crypto/x509/verify.go, checkChainForKeyUsage
 */
import type { Certificate } from '../x509.ts';
import type { Purpose } from './verify.ts';

/** The certificate nearest to the root that does not allow the purpose; null when all do. */
export function usageFault(path: readonly Certificate[], purpose: Purpose): Certificate | null {
  return path.findLast((certificate) => !allows(certificate, purpose)) ?? null;
}

/** Does this one certificate allow the purpose? Without any usage it allows all. */
export function allows({ extKeyUsage, unknownExtKeyUsage }: Certificate, purpose: Purpose): boolean {
  if (purpose === 'any' || (extKeyUsage.length === 0 && unknownExtKeyUsage.length === 0)) return true;
  return extKeyUsage.includes('anyExtendedKeyUsage') || extKeyUsage.includes(purpose);
}

/** The usages of a certificate in one line; `any (it lists none)` without the extension. */
export function usageText({ extKeyUsage, unknownExtKeyUsage }: Certificate): string {
  return [...extKeyUsage, ...unknownExtKeyUsage].join(', ') || 'any (it lists none)';
}
