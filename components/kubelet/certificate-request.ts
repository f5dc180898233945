/**
 * Asking the cluster for a certificate: a CertificateSigningRequest is made, somebody approves it, the signer signs.
 *
 * @see client-go util/certificate/csr/csr.go, RequestCertificate and WaitForCertificate
 */
import { createHash } from 'node:crypto';
import { createCsr } from '../../certs/csr.ts';
import { LabError } from '../../certs/errors.ts';
import type { San } from '../../certs/identities.ts';
import { type KeyPair, publicKeyInfo } from '../../certs/keys.ts';
import { isStatus } from '../api/api-error.ts';
import type { ApiClient } from '../api/client.ts';
import { type CertificateSigningRequest, conditionOf } from '../api/kinds.ts';

const PATH = '/apis/certificates.k8s.io/v1/certificatesigningrequests';

const LOOKS = 8;
const LOOK_MS = 125;

/** The two signers that kubelets ask, and what they demand. */
export const KUBELET_SIGNERS = {
  client: { signerName: 'kubernetes.io/kube-apiserver-client-kubelet', purpose: 'client auth' },
  serving: { signerName: 'kubernetes.io/kubelet-serving', purpose: 'server auth' },
} as const;

/** What a kubelet asks for. */
export interface WantedCertificate {
  readonly signer: keyof typeof KUBELET_SIGNERS;
  readonly node: string;
  readonly sans: readonly San[];
  /** `digest`: named after its key, so that a kubelet that starts again asks no second time; else `csr-xxxxx`. */
  readonly name: 'digest' | 'random';
}

/** What has become of a request. */
export type RequestOutcome =
  | { readonly kind: 'pending'; readonly approved: boolean }
  | { readonly kind: 'issued'; readonly pem: string }
  /** Denied, failed or deleted; the text is client-go's. */
  | { readonly kind: 'refused'; readonly text: string };

/**
 * Send a request.
 * @param keys  ECDSA, as kubelets make them: no key encipherment is asked for
 * @returns     the request's name
 * @throws      ApiError, RequestError, LabError as `ApiClient.request`
 */
export async function sendRequest(
  client: ApiClient,
  { signer, node, sans, name }: WantedCertificate,
  keys: KeyPair,
): Promise<string> {
  const { signerName, purpose } = KUBELET_SIGNERS[signer];
  const subject = { commonName: `system:node:${node}`, organizations: ['system:nodes'] };
  const usages = ['digital signature', purpose];
  const named = name === 'digest' ? digestedName(keys, subject, usages) : null;
  const body = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: named === null ? { generateName: 'csr-' } : { name: named },
    spec: {
      request: Buffer.from(createCsr({ subject, sans }, keys)).toString('base64'),
      signerName,
      usages,
    },
  };
  try {
    const made = await client.request<CertificateSigningRequest>('POST', PATH, body);
    return made.metadata.name;
  } catch (error) {
    if (named === null || !isStatus(error, 409)) throw error;
    client.klog('I', 'csr.go:116', 'csr for this node already exists, reusing');
    return named;
  }
}

/**
 * Look what has become of a request.
 * @throws ApiError, RequestError, LabError as `ApiClient.request`
 */
export async function readOutcome(client: ApiClient, name: string): Promise<RequestOutcome> {
  let request: CertificateSigningRequest;
  try {
    request = await client.request<CertificateSigningRequest>('GET', `${PATH}/${name}`);
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
    return { kind: 'refused', text: `csr "${name}" was deleted` };
  }
  const { conditions, certificate } = request.status ?? {};
  for (const [type, verb] of REFUSALS) {
    const found = conditionOf(conditions, type);
    if (!found) continue;
    const { reason = '', message = '' } = found;
    const said = `reason: ${JSON.stringify(reason)}, message: ${JSON.stringify(message)}`;
    return { kind: 'refused', text: `certificate signing request ${verb}, ${said}` };
  }
  const approved = conditionOf(conditions, 'Approved') !== undefined;
  if (!approved || certificate === undefined) return { kind: 'pending', approved };
  return { kind: 'issued', pem: Buffer.from(certificate, 'base64').toString('utf8') };
}

/**
 * Look for an answer: a few times right after asking, for approving and signing take milliseconds where no person has
 * to be asked; later once per round.
 * @param look  true: there is nothing more to wait for
 */
export async function awaitOutcome(look: () => Promise<boolean>, justAsked: boolean): Promise<boolean> {
  for (let looks = justAsked ? LOOKS : 1; looks > 0; looks--) {
    if (await look()) return true;
    if (looks > 1) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return false;
}

const REFUSALS = [
  ['Denied', 'is denied'],
  ['Failed', 'failed'],
] as const;

/**
 * `node-csr-…`: SHA-512/256 over key, subject and usages.
 * @see k8s.io/kubernetes pkg/kubelet/certificate/bootstrap/bootstrap.go, digestedName
 */
function digestedName(
  keys: KeyPair,
  subject: { readonly commonName: string; readonly organizations: readonly string[] },
  usages: readonly string[],
): string {
  const hash = createHash('sha512-256');
  const texts = [subject.commonName, ...subject.organizations, ...usages];
  for (const part of [publicKeyInfo(keys.publicKey), ...texts.map((text) => Buffer.from(text))]) {
    hash.update(`${Buffer.from(part).toString('base64url')}|`);
  }
  return `node-csr-${hash.digest('base64url')}`;
}

/**
 * What a person has to do about a request that waits.
 * @param approved  true: it only lacks somebody who signs
 */
export function waitingProblem(
  { signer, node }: Pick<WantedCertificate, 'signer' | 'node'>,
  name: string,
  approved: boolean,
): LabError {
  const what = `kubelet of ${node} has no ${signer} certificate yet: its request ${name} is`;
  if (approved) {
    return new LabError(CODES[signer], {
      what: `${what} approved, and nobody signs it`,
      why: 'kube-controller-manager signs requests when it holds the CA key (--cluster-signing-key-file). In this lab the CA key stays in pki/ unless you say otherwise.',
      fix: 'npx mtls-lab certs signing on   (copies the CA key to the control plane)',
    });
  }
  return new LabError(CODES[signer], {
    what: `${what} pending`,
    why:
      signer === 'client'
        ? 'kube-controller-manager approves a request for a node only if its sender may ask for one: kubectl get csr -o yaml shows who sent it.'
        : 'No controller approves serving certificates: nobody but a person can know that these names belong to this machine.',
    fix: `look at it, then: kubectl certificate approve ${name}`,
  });
}

/** What has to be known about a request that came to nothing; the kubelet asks again by itself. */
export function refusedProblem(
  { signer, node }: Pick<WantedCertificate, 'signer' | 'node'>,
  text: string,
): LabError {
  return new LabError(CODES[signer], {
    what: `kubelet of ${node} has no ${signer} certificate: ${text}`,
    why: 'It asks again by itself, with a new key, and more and more rarely.',
    fix: 'kubectl get csr',
  });
}

const CODES = { client: 'CERT_MISSING', serving: 'NO_SERVING_CERTIFICATE' } as const;
