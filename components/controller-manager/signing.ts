/**
 * What a signer demands of a certificate signing request, and the certificate that it issues.
 *
 * @see pkg/apis/certificates/helpers.go; pkg/controller/certificates/signer/signer.go; authority/policies.go
 */
import { type Ca, signLeaf } from '../../certs/ca.ts';
import { type Csr, readCsr } from '../../certs/csr.ts';
import type { ExtendedKeyUsage, San } from '../../certs/identities.ts';
import type { KeyUsage } from '../../certs/oids.ts';
import { readPem } from '../../certs/pem.ts';
import { ipText } from '../../certs/x509/ip.ts';
import { readCertificate } from '../../certs/x509.ts';
import type { CertificateSigningRequest } from '../api/kinds.ts';

export const SIGNERS = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
  legacy: 'kubernetes.io/legacy-unknown',
} as const;

const KEY_USAGES: Readonly<Record<string, KeyUsage>> = {
  'digital signature': 'digitalSignature',
  'key encipherment': 'keyEncipherment',
};
const PURPOSES: Readonly<Record<string, ExtendedKeyUsage>> = {
  'client auth': 'clientAuth',
  'server auth': 'serverAuth',
};
const BACKDATE_MS = 300_000;
const SHORT_LIVED_MS = 8 * 3_600_000;
const FLOOR_MS = 600_000;
const NODE_PREFIX = 'system:node:';

/**
 * The CSR inside a request.
 * @throws LabError CSR_INVALID
 */
export function csrOf(request: CertificateSigningRequest): Csr {
  const pem = Buffer.from(request.spec.request, 'base64').toString('utf8');
  return readCsr(pem, request.metadata.name);
}

/**
 * Why the signer of this request refuses it, in Kubernetes' words; null when it does not.
 */
export function signerRefusal(request: CertificateSigningRequest, csr: Csr): string | null {
  const usages = request.spec.usages ?? [];
  switch (request.spec.signerName) {
    case SIGNERS.kubeletClient:
      return kubeletClientRefusal(csr, usages);
    case SIGNERS.kubeletServing:
      return kubeletServingRefusal(csr, usages);
    case SIGNERS.client: {
      const wrong = usages.find((one) => one !== 'client auth' && !(one in KEY_USAGES));
      if (wrong !== undefined) return `invalid usage for client certificate: ${wrong}`;
      return usages.includes('client auth')
        ? null
        : 'missing required usage for client certificate: client auth';
    }
    default:
      return null;
  }
}

/** True for a request of a kubelet for its own client certificate, as the approver recognizes it. */
export function isNodeClientRequest(request: CertificateSigningRequest, csr: Csr): boolean {
  return (
    request.spec.signerName === SIGNERS.kubeletClient &&
    kubeletClientRefusal(csr, request.spec.usages ?? []) === null
  );
}

/** The checks in the order of helpers.go, ValidateKubeletClientCSR: the first one that fails is the message. */
function kubeletClientRefusal(csr: Csr, usages: readonly string[]): string | null {
  const kinds = csr.requested.san.map((one) => one.kind);
  return (
    organizationRefusal(csr) ??
    (kinds.includes('dns') ? 'DNS subjectAltNames are not allowed' : null) ??
    (kinds.includes('email') ? 'Email subjectAltNames are not allowed' : null) ??
    (kinds.includes('ip') ? 'IP subjectAltNames are not allowed' : null) ??
    (kinds.includes('uri') ? 'URI subjectAltNames are not allowed' : null) ??
    commonNameRefusal(csr) ??
    usagesRefusal(usages, 'client auth')
  );
}

/** As helpers.go, ValidateKubeletServingCSR: here the common name comes last. */
function kubeletServingRefusal(csr: Csr, usages: readonly string[]): string | null {
  const kinds = csr.requested.san.map((one) => one.kind);
  const named = kinds.includes('dns') || kinds.includes('ip');
  return (
    organizationRefusal(csr) ??
    (named ? null : 'DNS or IP subjectAltName is required') ??
    (kinds.includes('email') ? 'Email subjectAltNames are not allowed' : null) ??
    (kinds.includes('uri') ? 'URI subjectAltNames are not allowed' : null) ??
    usagesRefusal(usages, 'server auth') ??
    commonNameRefusal(csr)
  );
}

function organizationRefusal({ subject }: Csr): string | null {
  const [organization, ...others] = subject.organizations;
  const right = organization === 'system:nodes' && others.length === 0;
  return right ? null : 'subject organization is not system:nodes';
}

function commonNameRefusal({ subject }: Csr): string | null {
  const right = subject.commonName.startsWith(NODE_PREFIX);
  return right ? null : `subject common name does not begin with ${NODE_PREFIX}`;
}

function usagesRefusal(usages: readonly string[], purpose: string): string | null {
  const given = [...new Set(usages)]
    .filter((one) => one !== 'key encipherment')
    .sort()
    .join(' ');
  const wanted = [purpose, 'digital signature'].sort().join(' ');
  const listed = [purpose, 'digital signature', 'key encipherment'].sort().join(' ');
  return given === wanted ? null : `usages did not match [${listed}]`;
}

/**
 * Sign a request: subject, names and key from the CSR, purposes from the request, its other extensions dropped.
 * @param maxMs  --cluster-signing-duration
 * @param now    the host's time
 * @returns      PEM
 */
export function signRequest(
  ca: Ca,
  request: CertificateSigningRequest,
  csr: Csr,
  maxMs: number,
  now: Date,
): string {
  const asked = request.spec.expirationSeconds === undefined ? maxMs : request.spec.expirationSeconds * 1000;
  const lifetimeMs = Math.max(FLOOR_MS, Math.min(maxMs, asked));
  const start = Math.floor(now.getTime() / 1000) * 1000;
  const end = lifetimeMs < SHORT_LIVED_MS ? start + lifetimeMs : start + lifetimeMs - BACKDATE_MS;
  const usages = request.spec.usages ?? [];
  return signLeaf(
    ca,
    csr,
    { usages: usages.flatMap((one) => PURPOSES[one] ?? []), sans: csr.requested.san.flatMap(sanOf) },
    now,
    {
      template: {
        notBefore: new Date(start - BACKDATE_MS),
        notAfter: new Date(Math.min(end, caEnd(ca))),
        keyUsages: usages.flatMap((one) => KEY_USAGES[one] ?? []),
      },
    },
  );
}

function sanOf({ kind, text, bytes }: Csr['requested']['san'][number]): San[] {
  if (kind === 'dns') return [{ kind, value: text }];
  return kind === 'ip' ? [{ kind, value: ipText(bytes) }] : [];
}

/** A certificate never outlives its CA. */
function caEnd(ca: Ca): number {
  const [block] = readPem(ca.certificatePem);
  return block ? readCertificate(block.bytes).notAfter.ms : Number.POSITIVE_INFINITY;
}
