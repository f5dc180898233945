/** When each certificate ends: what `certs check-expiration` shows, with kubeadm's columns. */
import { readFileSync } from 'node:fs';
import { deskFiles } from '../certs/desk.ts';
import { identities } from '../certs/identities.ts';
import { inspectCertificate } from '../certs/inspect-certificate.ts';
import { readPem } from '../certs/pem.ts';
import type { LabDirectory } from './directory.ts';

/** One certificate of the CA's folder. */
export interface Expiry {
  readonly id: string;
  readonly kind: 'ca' | 'leaf';
  /** RFC 3339; null when the file cannot be read. */
  readonly notAfter: string | null;
  /** Whole days; negative when it is over. */
  readonly daysLeft: number | null;
  readonly state: 'valid' | 'expired' | 'not-yet-valid' | 'unreadable';
  /** Id of the CA that should have signed it; its own for a CA. */
  readonly authority: string;
}

/** Every certificate of the table, in its order. */
export function expiries({ dir, choices }: LabDirectory, now: Date): Expiry[] {
  return identities(choices).map((identity) => {
    const base = { id: identity.id, kind: identity.kind, authority: identity.signer };
    try {
      const [block] = readPem(readFileSync(deskFiles(dir, identity).cert, 'utf8'));
      if (!block) return { ...base, notAfter: null, daysLeft: null, state: 'unreadable' };
      const { notAfter, daysLeft, state } = inspectCertificate(block.bytes, { now });
      return { ...base, notAfter, daysLeft, state };
    } catch {
      return { ...base, notAfter: null, daysLeft: null, state: 'unreadable' };
    }
  });
}
