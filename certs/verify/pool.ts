/**
 * Certificates to choose issuers from, and Go's order of preference among those of one name.
 *
 * @see golang/go src/crypto/x509/cert_pool.go, findPotentialParents
 */
import { toHex } from '../der.ts';
import type { Certificate } from '../x509.ts';

/** A set of certificates, each once. */
export interface Pool {
  contains(certificate: Certificate): boolean;
  /** Candidates for the issuer: same name; matching key identifiers first, then a missing one, then others. */
  issuersOf(child: Certificate): readonly Certificate[];
}

/** Make a pool; duplicates count once, the order is kept. */
export function makePool(certificates: readonly Certificate[]): Pool {
  const known = new Set<string>();
  const byName = new Map<string, Certificate[]>();
  for (const certificate of certificates) {
    if (known.has(certificate.fingerprint)) continue;
    known.add(certificate.fingerprint);
    const name = nameKey(certificate.subject.raw);
    const same = byName.get(name);
    if (same === undefined) byName.set(name, [certificate]);
    else same.push(certificate);
  }
  return {
    contains: (certificate) => known.has(certificate.fingerprint),
    issuersOf(child) {
      const candidates = byName.get(nameKey(child.issuer.raw)) ?? [];
      if (candidates.length < 2) return candidates;
      const ranks: [Certificate[], Certificate[], Certificate[]] = [[], [], []];
      for (const candidate of candidates) ranks[keyIdRank(child, candidate)].push(candidate);
      return ranks.flat();
    },
  };
}

/** 0: identifiers are the same (or both missing); 1: one is missing; 2: they differ. */
export function keyIdRank(child: Certificate, issuer: Certificate): 0 | 1 | 2 {
  const wanted = toHex(child.authorityKeyId ?? new Uint8Array(0));
  const had = toHex(issuer.subjectKeyId ?? new Uint8Array(0));
  if (wanted === had) return 0;
  return wanted === '' || had === '' ? 1 : 2;
}

function nameKey(raw: Uint8Array): string {
  return Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('latin1');
}
