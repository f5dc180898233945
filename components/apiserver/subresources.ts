/**
 * Subresources: status, scale, approval, binding, eviction, token, and what is passed on to kubelets.
 */

import { selectorText } from '../api/columns.ts';
import {
  ensureObject,
  type KubeObject,
  kubeTime,
  numberAt,
  objectAt,
  textAt,
  textsAt,
} from '../api/object.ts';
import { badRequest, methodNotAllowed, noSuchResource } from '../api/status.ts';
import { bindPod, evictPod } from './bind-pod.ts';
import { type Call, readBody, readObject, sendObject } from './call.ts';
import { change } from './mutate.ts';
import { present } from './present.ts';
import { getObject } from './read.ts';
import type { Pipeline } from './server.ts';
import { patchObject, updateObject } from './write.ts';

const TOKEN_SECONDS = 3_600;
const SHORTEST_TOKEN_SECONDS = 600;

type Handler = (pipeline: Pipeline, call: Call) => Promise<void>;

const wholeObject: Handler = async (_pipeline, call) => {
  switch (call.info.verb) {
    case 'get':
      return getObject(call);
    case 'update':
      return updateObject(call);
    case 'patch':
      return patchObject(call);
    default:
      throw methodNotAllowed();
  }
};
const kubelet: Handler = async (pipeline, call) => {
  const { proxyToKubelet } = await import('./kubelet-proxy.ts');
  return proxyToKubelet(pipeline, call);
};

const HANDLERS: Readonly<Record<string, Handler>> = {
  status: wholeObject,
  approval: wholeObject,
  ephemeralcontainers: wholeObject,
  resize: wholeObject,
  finalize: async (_pipeline, call) => updateObject(call),
  scale,
  binding: async (_pipeline, call) => bindPod(call, call.info.name, await bodyOf(call)),
  eviction: async (_pipeline, call) => evictPod(call, await readObject(call.request)),
  token: issueToken,
  log: kubelet,
  exec: kubelet,
  attach: kubelet,
  portforward: kubelet,
  proxy: kubelet,
};

/** Answer a request for a subresource. */
export async function serveSubresource(pipeline: Pipeline, call: Call): Promise<void> {
  const known = call.resource.subresources?.[call.info.subresource];
  const handler = HANDLERS[call.info.subresource];
  if (!known || !handler) throw noSuchResource();
  if (!known.verbs.includes(call.info.verb)) throw methodNotAllowed();
  return handler(pipeline, call);
}

async function bodyOf(call: Call): Promise<KubeObject> {
  const body = await readObject(call.request);
  if (!body) throw badRequest('the request body is empty');
  return body;
}

async function scale(_pipeline: Pipeline, call: Call): Promise<void> {
  const { api, info, request, resource } = call;
  if (info.verb === 'get') {
    const object = await api.store.get({ resource, namespace: info.namespace, name: info.name });
    return sendObject(call, 200, scaleOf(object));
  }
  const inner: Call = { ...call, info: { ...info, subresource: '' } };
  let replicasOf: (current: KubeObject) => { readonly replicas: number; readonly resourceVersion: string };
  if (info.verb === 'update') {
    const sent = await bodyOf(call);
    replicasOf = () => ({
      replicas: numberAt(sent, ['spec', 'replicas']),
      resourceVersion: sent.metadata.resourceVersion ?? '',
    });
  } else {
    const { applyPatch } = await import('../api/patch.ts');
    const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
    const patch: unknown = JSON.parse((await readBody(request)).toString('utf8'));
    replicasOf = (current) => {
      const patched = applyPatch(type, scaleOf(current), patch, 'Scale');
      return { replicas: numberAt(patched, ['spec', 'replicas']), resourceVersion: '' };
    };
  }
  const changed = await change(inner, (current) => {
    const { replicas, resourceVersion } = replicasOf(current);
    ensureObject(current, 'spec')['replicas'] = replicas;
    if (resourceVersion !== '') current.metadata.resourceVersion = resourceVersion;
    return current;
  });
  await sendObject(call, 200, scaleOf(present(inner, changed)));
}

function scaleOf(object: KubeObject): KubeObject {
  const {
    name = '',
    namespace = '',
    uid = '',
    resourceVersion = '',
    creationTimestamp = '',
  } = object.metadata;
  const selector = selectorText(objectAt(object, 'spec', 'selector'));
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: numberAt(object, ['spec', 'replicas']) },
    status: {
      replicas: numberAt(object, ['status', 'replicas']),
      ...(selector === '<none>' ? {} : { selector }),
    },
  };
}

async function issueToken(pipeline: Pipeline, call: Call): Promise<void> {
  const { api, info, resource } = call;
  const wanted = await bodyOf(call);
  const account = await api.store.get({ resource, namespace: info.namespace, name: info.name });
  const asked = numberAt(wanted, ['spec', 'expirationSeconds'], TOKEN_SECONDS);
  if (asked < SHORTEST_TOKEN_SECONDS) {
    const { invalid } = await import('../api/status.ts');
    const { wrong } = await import('../api/validate.ts');
    throw invalid({ group: 'authentication.k8s.io', resource: 'TokenRequest' }, '', [
      wrong('spec.expirationSeconds', asked, 'may not specify a duration less than 10 minutes'),
    ]);
  }
  const most = api.flags['service-account-max-token-expiration'] / 1000;
  const lifetimeSeconds = most > 0 ? Math.min(asked, most) : asked;
  const bound = textAt(wanted, 'spec', 'boundObjectRef', 'kind') === 'Pod';
  const { token, expires } = pipeline.tokens.issue({
    namespace: info.namespace,
    name: info.name,
    uid: account.metadata.uid ?? '',
    audiences: textsAt(wanted, 'spec', 'audiences'),
    lifetimeSeconds,
    ...(bound
      ? {
          pod: {
            name: textAt(wanted, 'spec', 'boundObjectRef', 'name'),
            uid: textAt(wanted, 'spec', 'boundObjectRef', 'uid'),
          },
        }
      : {}),
  });
  await sendObject(call, 201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name: info.name, namespace: info.namespace, creationTimestamp: kubeTime(api.now()) },
    spec: {
      audiences: [...pipeline.tokens.audiences],
      ...objectAt(wanted, 'spec'),
      expirationSeconds: lifetimeSeconds,
    },
    status: { token, expirationTimestamp: kubeTime(expires) },
  });
}
