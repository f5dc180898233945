/**
 * The CA: makes itself, and signs leaf certificates from CSRs, by the rules of the identity table.
 *
 * The third step of every certificate. Validity, key usage and key identifiers are kubeadm's.
 */
import { createPublicKey } from 'node:crypto';
import type { SignatureHash } from './asn1.ts';
import {
  type CertificateTemplate,
  issueCertificate,
  keyId,
  type Name,
  randomSerial,
  type Signer,
} from './certificate.ts';
import { type Csr, createCsr, readCsr } from './csr.ts';
import { sameBytes } from './der.ts';
import { LabError, messageOf } from './errors.ts';
import type { ExtendedKeyUsage, Identity, San } from './identities.ts';
import { type KeyPair, publicKeyInfo, readPrivateKey } from './keys.ts';
import { readPem, writePem } from './pem.ts';
import { type Certificate, readCertificate } from './x509.ts';

/** A CA that can sign: its own certificate, its key. */
export interface Ca extends Signer {
  readonly subject: Uint8Array | Name;
  readonly keyId: Uint8Array;
  readonly certificatePem: string;
}

const DAY_MS = 86_400_000;

/** @see kubeadm constants.go: CertificateBackdate, CertificateValidityPeriod, CACertificateValidityPeriod */
export const VALIDITY = { backdateMs: 5 * 60_000, leafDays: 365, caDays: 3650 } as const;

/** Changes to what the rules would give; the faults mint wrong certificates through these. */
export interface Overrides {
  readonly template?: Partial<CertificateTemplate>;
  readonly hash?: SignatureHash;
}

/** From five minutes ago, for so many days. */
export function validityFrom(now: Date, days: number): { notBefore: Date; notAfter: Date } {
  const start = Math.floor(now.getTime() / 1000) * 1000;
  return {
    notBefore: new Date(start - VALIDITY.backdateMs),
    notAfter: new Date(start + days * DAY_MS),
  };
}

/**
 * Make a CA that signs itself.
 * @param now  the desk's time
 */
export function createCa(
  identity: { readonly commonName: string; readonly sans?: readonly San[] },
  keys: KeyPair,
  now: Date,
  overrides: Overrides = {},
): Ca {
  const subject: Name = { commonName: identity.commonName };
  const id = keyId(keys.publicKey);
  const der = issueCertificate(
    {
      subject,
      publicKey: keys.publicKey,
      ...validityFrom(now, VALIDITY.caDays),
      isCa: true,
      keyUsages: ['digitalSignature', 'keyCertSign', 'cRLSign'],
      extendedKeyUsages: [],
      sans: identity.sans ?? [],
      subjectKeyId: id,
      authorityKeyId: id,
      ...overrides.template,
    },
    { subject: overrides.template?.subject ?? subject, privateKey: keys.privateKey },
    overrides.hash,
  );
  return {
    subject: overrides.template?.subject ?? subject,
    privateKey: keys.privateKey,
    keyId: id,
    certificatePem: writePem('CERTIFICATE', der),
  };
}

/** What a leaf is for. Subject and key come from the CSR. */
export interface LeafProfile {
  readonly usages: readonly ExtendedKeyUsage[];
  readonly sans: readonly San[];
}

/**
 * Sign a leaf from a CSR.
 * @param now  the desk's time
 * @returns    PEM
 */
export function signLeaf(
  ca: Ca,
  csr: Csr,
  profile: LeafProfile,
  now: Date,
  overrides: Overrides = {},
): string {
  const der = issueCertificate(
    {
      subject: csr.subject.raw,
      publicKey: csr.publicKey.raw,
      ...validityFrom(now, VALIDITY.leafDays),
      serialNumber: randomSerial(),
      isCa: false,
      keyUsages: ['digitalSignature', 'keyEncipherment'],
      extendedKeyUsages: profile.usages,
      sans: profile.sans,
      authorityKeyId: ca.keyId,
      ...overrides.template,
    },
    ca,
    overrides.hash,
  );
  return writePem('CERTIFICATE', der);
}

/** An identity's certificate from nothing: CSR by its key, signed by its CA. */
export interface Issued {
  readonly keys: KeyPair;
  readonly csrPem: string;
  readonly certificatePem: string;
}

/**
 * All steps for one identity: CSR with the identity's Subject, read back, signed.
 * @param ca  the identity's signer
 */
export function issueIdentity(
  identity: Identity,
  ca: Ca,
  keys: KeyPair,
  now: Date,
  overrides: Overrides = {},
): Issued {
  const csrPem = createCsr(
    {
      subject: { commonName: identity.commonName, organizations: identity.organizations },
      sans: identity.sans,
    },
    keys,
  );
  const csr = readCsr(csrPem, identity.files.csr ?? identity.id);
  return { keys, csrPem, certificatePem: signLeaf(ca, csr, identity, now, overrides) };
}

/**
 * Take up a CA from its two files.
 * @param from  where they lie, for messages
 * @throws      LabError PEM_INVALID, CERT_MALFORMED, KEY_INVALID, KEY_MISMATCH
 */
export function openCa(
  certificatePem: string,
  keyPem: string,
  from: { readonly cert: string; readonly key: string },
): Ca {
  const block = readPem(certificatePem).find((each) => each.label === 'CERTIFICATE');
  if (!block) {
    throw new LabError('PEM_INVALID', {
      what: `${from.cert} holds no certificate`,
      fix: `put the CA's certificate back into ${from.cert}`,
    });
  }
  const certificate = readCaCertificate(block.bytes, from.cert);
  const privateKey = readPrivateKey(keyPem, from.key);
  if (!sameBytes(publicKeyInfo(createPublicKey(privateKey)), certificate.publicKey.raw)) {
    throw new LabError('KEY_MISMATCH', {
      what: `${from.key} is not the key of ${from.cert}`,
      fix: 'put the pair back together: both files come from the same moment',
    });
  }
  return {
    subject: certificate.subject.raw,
    privateKey,
    keyId: certificate.subjectKeyId ?? keyId(createPublicKey(privateKey)),
    certificatePem: writePem('CERTIFICATE', block.bytes),
  };
}

function readCaCertificate(der: Uint8Array, file: string): Certificate {
  try {
    return readCertificate(der);
  } catch (error) {
    throw new LabError('CERT_MALFORMED', {
      what: `${file} cannot be read: ${messageOf(error)}`,
      fix: `put the CA's own certificate back into ${file}`,
      cause: error,
    });
  }
}
