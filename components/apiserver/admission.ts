/**
 * Admission: what the plugins of the real server add, or refuse for reasons that are not in the object alone.
 *
 * @see apiserver pkg/admission/plugin/namespace/lifecycle, k8s.io/kubernetes plugin/pkg/admission/{noderestriction,
 *      serviceaccount,defaulttolerationseconds,priority,certificates}
 */
import type { KubeObject } from '../api/object.ts';
import { etcdKey, resource } from '../api/resources.ts';
import { forbidden, notFound } from '../api/status.ts';
import type { Call } from './call.ts';
import { admitNodeCreate, admitNodeDelete, admitNodeUpdate } from './node-restriction.ts';
import { groupResource } from './store.ts';

const NAMESPACES = resource('', 'namespaces');

type Admit = (call: Call, object: KubeObject) => KubeObject | Promise<KubeObject>;
type AdmitUpdate = (call: Call, object: KubeObject, before: KubeObject) => KubeObject | Promise<KubeObject>;

/** Plugins that complete or check a new object, by kind. They load when such an object comes. */
const ON_CREATE: Readonly<Record<string, Admit>> = {
  Pod: async (call, pod) => (await import('./admit-pod.ts')).admitPod(call, pod),
  Service: async (call, service) => (await import('./admit-service.ts')).admitService(call, service),
  CertificateSigningRequest: async (call, csr) => (await import('./admit-csr.ts')).admitCsr(call, csr),
};

const ON_UPDATE: Readonly<Record<string, AdmitUpdate>> = {
  Service: async (call, service) => (await import('./admit-service.ts')).admitService(call, service),
  CertificateSigningRequest: async (call, csr, before) =>
    (await import('./admit-csr.ts')).admitCsrUpdate(call, csr, before),
};

/** Admit a new object; returns it completed. */
export async function admitCreate(call: Call, object: KubeObject): Promise<KubeObject> {
  namespaceMustLive(call, object);
  admitNodeCreate(call, object);
  return (await ON_CREATE[call.resource.kind]?.(call, object)) ?? object;
}

/** Admit a change; returns the object completed. */
export async function admitUpdate(call: Call, object: KubeObject, before: KubeObject): Promise<KubeObject> {
  admitNodeUpdate(call, object, before);
  return (await ON_UPDATE[call.resource.kind]?.(call, object, before)) ?? object;
}

/** Admit a delete. */
export async function admitDelete(call: Call, object: KubeObject): Promise<void> {
  admitNodeDelete(call, object);
}

function namespaceMustLive(call: Call, object: KubeObject): void {
  const { api, info } = call;
  if (!call.resource.namespaced) return;
  const entry = api.store.cache.get(etcdKey(NAMESPACES, '', info.namespace));
  if (!entry) throw notFound(groupResource(NAMESPACES), info.namespace);
  if (entry.object.metadata.deletionTimestamp === undefined) return;
  const why = `unable to create new content in namespace ${info.namespace} because it is being terminated`;
  const refusal = forbidden(groupResource(call.resource), object.metadata.name ?? '', why);
  refusal.status.details = {
    ...refusal.status.details,
    causes: [
      {
        reason: 'NamespaceTerminating',
        message: `namespace ${info.namespace} is being terminated`,
        field: 'metadata.namespace',
      },
    ],
  };
  throw refusal;
}
