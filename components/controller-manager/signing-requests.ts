/**
 * The three controllers of certificate signing requests: approving (kubelets' own client certificates only), signing
 * (when this component holds the CA's key), cleaning.
 */
import { readFileSync } from 'node:fs';
import { type Ca, openCa } from '../../certs/ca.ts';
import { messageOf } from '../../certs/errors.ts';
import { readPem } from '../../certs/pem.ts';
import { readCertificate } from '../../certs/x509.ts';
import { type CertificateSigningRequest, type Condition, conditionOf, timestamp } from '../api/kinds.ts';
import type { Host } from '../host.ts';
import { type Control, unlessStatus } from './control.ts';
import { csrOf, isNodeClientRequest, SIGNERS, signerRefusal, signRequest } from './signing.ts';

const PATH = '/apis/certificates.k8s.io/v1/certificatesigningrequests';
const HOUR_MS = 3_600_000;

/** How long finished and waiting requests are kept. pkg/controller/certificates/cleaner/cleaner.go */
const KEPT_MS = { issued: HOUR_MS, denied: HOUR_MS, failed: HOUR_MS, pending: 24 * HOUR_MS } as const;

/** What a kubelet may ask for without an administrator, and the words of the approval. approver/sarapprove.go */
const RECOGNIZED = [
  {
    subresource: 'selfnodeclient',
    own: true,
    message: 'Auto approving self kubelet client certificate after SubjectAccessReview.',
  },
  {
    subresource: 'nodeclient',
    own: false,
    message: 'Auto approving kubelet client certificate after SubjectAccessReview.',
  },
] as const;

/** The signer's files and limit: --cluster-signing-*. Empty paths: this component signs nothing. */
export interface SigningOptions {
  readonly host: Host;
  readonly certFile: string;
  readonly keyFile: string;
  readonly maxMs: number;
}

/** What is done beside the queue. */
export interface RequestCleaner {
  /** Delete what is too old. Never rejects. */
  clean(): Promise<void>;
}

/** Run the controllers. */
export function startSigningRequests(control: Control, options: SigningOptions): RequestCleaner {
  const { client, copies } = control;

  const queue = control.queue('certificate', async (name) => {
    const request = copies.requests.get(name);
    if (!request) return;
    const conditions = request.status?.conditions;
    if (conditionOf(conditions, 'Denied') || conditionOf(conditions, 'Failed')) return;
    if (!conditionOf(conditions, 'Approved')) await approve(request);
    else if (request.status?.certificate === undefined) await sign(request);
  });

  const approve = async (request: CertificateSigningRequest): Promise<void> => {
    let csr: ReturnType<typeof csrOf>;
    try {
      csr = csrOf(request);
    } catch {
      return;
    }
    if (!isNodeClientRequest(request, csr)) return;
    const tried: string[] = [];
    for (const { subresource, own, message } of RECOGNIZED) {
      if (own && request.spec.username !== csr.subject.commonName) continue;
      tried.push(subresource);
      if (!(await allowed(request, subresource))) continue;
      await write(request, 'approval', condition('Approved', 'AutoApproved', message), {});
      return;
    }
    client.klog(
      'I',
      'sarapprove.go:96',
      `recognized csr "${request.metadata.name}" as [${tried.join(' ')}] but subject access review was not approved`,
    );
  };

  const allowed = async (request: CertificateSigningRequest, subresource: string): Promise<boolean> => {
    const { username = '', groups = [] } = request.spec;
    const attributes = {
      group: 'certificates.k8s.io',
      version: '*',
      resource: 'certificatesigningrequests',
      subresource,
      verb: 'create',
    };
    const answer = await client.request<{ status?: { allowed?: boolean } }>(
      'POST',
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        metadata: {},
        spec: { user: username, groups, resourceAttributes: attributes },
      },
    );
    return answer.status?.allowed === true;
  };

  const sign = async (request: CertificateSigningRequest): Promise<void> => {
    const ours: readonly string[] = Object.values(SIGNERS);
    if (options.keyFile === '' || !ours.includes(request.spec.signerName)) return;
    const csr = csrOf(request);
    const refusal = signerRefusal(request, csr);
    if (refusal !== null) {
      await write(request, 'status', condition('Failed', 'SignerValidationFailure', refusal), {});
      return;
    }
    const pem = signRequest(readCa(), request, csr, options.maxMs, client.now());
    await write(request, 'status', null, { certificate: Buffer.from(pem).toString('base64') });
  };

  /** Read anew each time: the files are watched in the real component. */
  const readCa = (): Ca => {
    const { host, certFile, keyFile } = options;
    const text = (path: string): string => readFileSync(host.path(path), 'utf8');
    return openCa(text(certFile), text(keyFile), { cert: certFile, key: keyFile });
  };

  const condition = (type: string, reason: string, message: string): Condition => {
    const now = timestamp(client.now());
    return { type, status: 'True', reason, message, lastUpdateTime: now, lastTransitionTime: now };
  };

  const write = async (
    request: CertificateSigningRequest,
    subresource: 'approval' | 'status',
    added: Condition | null,
    more: { readonly certificate?: string },
  ): Promise<void> => {
    const conditions = [...(request.status?.conditions ?? []), ...(added ? [added] : [])];
    const body = { ...request, status: { ...request.status, conditions, ...more } };
    await unlessStatus(client.request('PUT', `${PATH}/${request.metadata.name}/${subresource}`, body), 404);
  };

  control.on('requests', ({ type, object }) => {
    if (type !== 'deleted') queue.add(object.metadata.name);
  });
  return {
    clean: async () => {
      if (!control.leads()) return;
      const nowMs = client.now().getTime();
      for (const request of copies.requests.list()) {
        if (!isOutdated(request, nowMs)) continue;
        await client.request('DELETE', `${PATH}/${request.metadata.name}`).catch((error: unknown) => {
          client.klog('E', 'cleaner.go:130', 'Error while cleaning CSR', {
            csr: request.metadata.name,
            err: messageOf(error),
          });
        });
      }
    },
  };
}

function isOutdated(request: CertificateSigningRequest, nowMs: number): boolean {
  const { conditions, certificate } = request.status ?? {};
  const older = (since: string | undefined, keptMs: number): boolean =>
    since !== undefined && nowMs - Date.parse(since) > keptMs;
  const since = (type: string): string | undefined => conditionOf(conditions, type)?.lastUpdateTime;
  if (certificate !== undefined) {
    return older(since('Approved'), KEPT_MS.issued) || nowMs > endOf(certificate);
  }
  if (older(since('Denied'), KEPT_MS.denied) || older(since('Failed'), KEPT_MS.failed)) return true;
  return (conditions ?? []).length === 0 && older(request.metadata.creationTimestamp, KEPT_MS.pending);
}

/** When an issued certificate ends; one that cannot be read never does. */
function endOf(certificate: string): number {
  try {
    const [block] = readPem(Buffer.from(certificate, 'base64').toString('utf8'));
    return block ? readCertificate(block.bytes).notAfter.ms : Number.POSITIVE_INFINITY;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
