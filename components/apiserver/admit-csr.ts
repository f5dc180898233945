/**
 * CertificateSigningRequests: who asked is written down by the server, and what signers refuse at once.
 *
 * @see k8s.io/kubernetes pkg/registry/certificates/certificates/strategy.go,
 *      pkg/apis/certificates/validation/validation.go, plugin/pkg/admission/certificates/{approval,signing,subjectrestriction}
 */
import {
  at,
  ensureObject,
  isObject,
  type KubeObject,
  kubeTime,
  listAt,
  textAt,
  textsAt,
} from '../api/object.ts';
import type { FieldFault } from '../api/status.ts';
import { forbidden, invalid } from '../api/status.ts';
import { required, wrong } from '../api/validate.ts';
import { openAuthorizer } from './authorizer.ts';
import type { Call } from './call.ts';
import { groupResource } from './store.ts';

const SHORTEST_SECONDS = 600;
const API_CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client';
const KIND = { group: 'certificates.k8s.io', resource: 'CertificateSigningRequest' };

/** Complete and check a new request. */
export async function admitCsr(call: Call, csr: KubeObject): Promise<KubeObject> {
  const copy = structuredClone(csr);
  const spec = ensureObject(copy, 'spec');
  const { user } = call;
  spec['username'] = user.username;
  if (user.uid) spec['uid'] = user.uid;
  spec['groups'] = [...user.groups];
  if (user.extra) spec['extra'] = user.extra as unknown as typeof spec;
  const { organizations, faults } = await readRequest(textAt(spec, 'request'));
  const all = [...faults, ...specFaults(spec)];
  const { name = '' } = copy.metadata;
  if (all.length > 0) throw invalid(KIND, name, all);
  if (textAt(spec, 'signerName') === API_CLIENT_SIGNER && organizations.includes('system:masters')) {
    const why = `use of ${API_CLIENT_SIGNER} signer with system:masters group is not allowed`;
    throw forbidden(groupResource(call.resource), name, why);
  }
  return copy;
}

function specFaults(spec: unknown): FieldFault[] {
  const faults: FieldFault[] = [];
  const signer = textAt(spec, 'signerName');
  if (signer === '') faults.push(required('spec.signerName', ''));
  else if (!/^[^/]+\.[^/]+\/[^/]+$/.test(signer)) {
    faults.push(
      wrong(
        'spec.signerName',
        signer,
        'must be a fully qualified domain and path of the form "example.com/signer-name"',
      ),
    );
  } else if (signer === 'kubernetes.io/legacy-unknown') {
    faults.push(
      wrong('spec.signerName', signer, 'the legacy signerName is not allowed via this API version'),
    );
  }
  if (textsAt(spec, 'usages').length === 0) faults.push(required('spec.usages', 'usages are required'));
  const seconds = at(spec, 'expirationSeconds');
  if (typeof seconds === 'number' && seconds < SHORTEST_SECONDS) {
    faults.push(
      wrong(
        'spec.expirationSeconds',
        seconds,
        'may not specify a duration less than 600 seconds (10 minutes)',
      ),
    );
  }
  return faults;
}

async function readRequest(
  base64: string,
): Promise<{ organizations: readonly string[]; faults: FieldFault[] }> {
  const pem = Buffer.from(base64, 'base64').toString('utf8');
  const shown = base64.slice(0, 60);
  if (!pem.includes('-----BEGIN CERTIFICATE REQUEST-----')) {
    return {
      organizations: [],
      faults: [wrong('spec.request', shown, 'PEM block type must be CERTIFICATE REQUEST')],
    };
  }
  try {
    const { organizationsOfRequest } = await import('./csr-subject.ts');
    return { organizations: organizationsOfRequest(pem), faults: [] };
  } catch (error) {
    const text = error instanceof Error ? error.message : 'not a certificate request';
    return { organizations: [], faults: [wrong('spec.request', shown, text)] };
  }
}

/** Check a change: approval and signing need rights on the signer; conditions keep their times. */
export function admitCsrUpdate(call: Call, csr: KubeObject, before: KubeObject): KubeObject {
  const signer = textAt(before, 'spec', 'signerName');
  const { name = '' } = before.metadata;
  if (call.info.subresource === 'approval') demand(call, 'approve', signer, name);
  else if (
    call.info.subresource === 'status' &&
    textAt(csr, 'status', 'certificate') !== textAt(before, 'status', 'certificate')
  ) {
    demand(call, 'sign', signer, name);
  }
  const copy = structuredClone(csr);
  // The spec is the requester's: nobody may change it.
  copy['spec'] = before['spec'];
  const conditions = listAt(copy, 'status', 'conditions');
  const types = conditions.map((one) => textAt(one, 'type'));
  if (types.includes('Approved') && types.includes('Denied')) {
    throw invalid(KIND, name, [
      wrong('status.conditions', conditions, 'Approved and Denied conditions are mutually exclusive'),
    ]);
  }
  for (const had of listAt(before, 'status', 'conditions')) {
    const type = textAt(had, 'type');
    if ((type === 'Approved' || type === 'Denied' || type === 'Failed') && !types.includes(type)) {
      const detail = `updates may not remove a condition of type ${JSON.stringify(type)}`;
      throw invalid(KIND, name, [{ type: 'forbidden', field: 'status.conditions', detail }]);
    }
  }
  const now = kubeTime(call.api.now());
  for (const condition of conditions) {
    if (!isObject(condition)) continue;
    condition['status'] ||= 'True';
    condition['lastUpdateTime'] ??= now;
    condition['lastTransitionTime'] ??= now;
  }
  return copy;
}

function demand(call: Call, verb: 'approve' | 'sign', signer: string, name: string): void {
  const authorizer = openAuthorizer(call.api);
  const domain = signer.split('/')[0] ?? '';
  const allowed = [signer, `${domain}/*`].some(
    (resourceName) =>
      authorizer.decide({
        user: call.user,
        verb,
        isResource: true,
        group: 'certificates.k8s.io',
        resource: 'signers',
        subresource: '',
        namespace: '',
        name: resourceName,
        path: '',
        fieldSelector: '',
      }).allowed,
  );
  if (allowed) return;
  const what = verb === 'approve' ? 'approve' : 'sign';
  throw forbidden(
    groupResource(call.resource),
    name,
    `user not permitted to ${what} requests with signerName ${JSON.stringify(signer)}`,
  );
}
