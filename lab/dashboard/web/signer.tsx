/** Who signed a certificate, with the seal of the CA's key. */
import type { JSX } from 'preact';
import type { PlacedCertificate } from '../certificates.ts';
import { Seal } from './seal.tsx';

/** What a certificate file holds. */
export type Found = NonNullable<PlacedCertificate['found']>;

/** The CA's seal: a CA of the same name with another key looks different. */
export function SignerText({ found }: { found: Found }): JSX.Element {
  if (found.seal && found.signedBy?.seal === found.seal) {
    return (
      <span class="together">
        itself <Seal text={found.seal} />
      </span>
    );
  }
  if (found.signedBy) {
    return (
      <span class="together">
        {found.signedBy.name.replace(/^CN=/, '')} <Seal text={found.signedBy.seal} />
      </span>
    );
  }
  return <b class="not-good">no CA of this cluster; it says {found.issuer}</b>;
}
