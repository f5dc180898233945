/**
 * The catalogue: every fault that `break` knows.
 *
 * Alerts are those of a Go server (crypto/tls handshake_server.go, processCertsFromClient); a Go client answers
 * every bad server certificate with 42 (handshake_client.go, verifyServerCertificate).
 */
import type { CertificateTemplate } from '../../certs/certificate.ts';
import { LabError } from '../../certs/errors.ts';
import { parseSan } from '../../certs/identities.ts';
import { nearest } from '../../certs/nearest.ts';
import type { Fault, Mint } from './fault.ts';

const DAY_MS = 86_400_000;

export const faults = [
  {
    id: 'expired',
    family: 'validity',
    title: 'the certificate ended yesterday',
    chain: 'ca (trusted) -> leaf, notAfter yesterday',
    rule: 'RFC 5280 section 4.1.2.5: a certificate is good from notBefore to notAfter.',
    code: 'CERT_EXPIRED',
    clientAlert: 45,
    on: 'any',
    mint: ({ ca, now }) => template(ca, { notBefore: days(now, -30), notAfter: days(now, -1) }),
  },
  {
    id: 'not-yet-valid',
    family: 'validity',
    title: 'the certificate begins tomorrow',
    chain: 'ca (trusted) -> leaf, notBefore tomorrow',
    rule: 'RFC 5280 section 4.1.2.5: a certificate is good from notBefore to notAfter.',
    code: 'CERT_NOT_YET_VALID',
    clientAlert: 45,
    on: 'any',
    mint: ({ ca, now }) => template(ca, { notBefore: days(now, 1), notAfter: days(now, 366) }),
  },
  {
    id: 'unknown-ca',
    family: 'trust',
    title: 'signed by a CA that nobody here trusts',
    chain: 'foreign-ca (not trusted) -> leaf',
    rule: 'RFC 5280 section 6.1: a path must end at a trust anchor of the verifier.',
    code: 'CERT_UNKNOWN_AUTHORITY',
    clientAlert: 48,
    on: 'any',
    mint: async ({ foreignCa }) => ({ ca: await foreignCa('foreign-ca'), overrides: {} }),
  },
  {
    id: 'same-name-ca',
    family: 'trust',
    title: 'signed by a CA with the right name and another key',
    chain: 'CA of the same name, other key (not trusted) -> leaf',
    rule: 'RFC 5280 section 6.1.3: the signature must verify with the trusted key; a name proves nothing.',
    code: 'CERT_UNKNOWN_AUTHORITY',
    clientAlert: 48,
    on: 'any',
    mint: async ({ foreignCa, target }) => ({
      ca: await foreignCa(target.signer === 'etcd-ca' ? 'etcd-ca' : 'kubernetes'),
      overrides: {},
    }),
  },
  {
    id: 'wrong-name',
    family: 'names',
    title: 'the Subject Alternative Names are those of another server',
    chain: 'ca (trusted) -> leaf for other.example, 192.0.2.1',
    rule: 'RFC 6125 section 6: the name that was dialled must be among the Subject Alternative Names.',
    code: 'CERT_NAME_MISMATCH',
    clientAlert: 42,
    on: 'server',
    mint: ({ ca }) => template(ca, { sans: [parseSan('DNS:other.example'), parseSan('IP:192.0.2.1')] }),
  },
  {
    id: 'wrong-usage',
    family: 'usage',
    title: 'the extended key usage is for the other role',
    chain: 'ca (trusted) -> leaf, serverAuth in place of clientAuth or the reverse',
    rule: 'RFC 5280 section 4.2.1.12: the purpose must be among the extended key usages.',
    code: 'CERT_WRONG_USAGE',
    clientAlert: 42,
    on: 'any',
    mint: ({ ca, target }) =>
      template(ca, {
        extendedKeyUsages: target.usages.includes('serverAuth') ? ['clientAuth'] : ['serverAuth'],
      }),
  },
] as const satisfies readonly Fault[];

/**
 * @param id  as the user typed it
 * @throws    LabError NAME_UNKNOWN
 */
export function findFault(id: string): Fault {
  const found = faults.find((fault) => fault.id === id);
  if (found) return found;
  const near = nearest(
    id,
    faults.map((fault) => fault.id),
  );
  throw new LabError('NAME_UNKNOWN', {
    what: `no fault is called "${id}"`,
    fix: near === undefined ? 'npx mtls-lab faults   lists them' : `did you mean ${near}?`,
  });
}

function days(now: Date, count: number): Date {
  return new Date(now.getTime() + count * DAY_MS);
}

async function template(ca: Mint['ca'], change: Partial<CertificateTemplate>) {
  return { ca, overrides: { template: change } };
}
