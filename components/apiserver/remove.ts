/**
 * Deleting: one object or a collection, with grace for pods, finalizers, and the ways of propagation.
 *
 * @see apiserver pkg/registry/generic/registry/store.go (Delete, DeleteCollection), pkg/registry/rest/delete.go,
 *      k8s.io/kubernetes pkg/registry/core/pod/strategy.go (CheckGracefulDelete)
 */
import { at, isObject, type KubeObject, kubeTime, textAt, textsAt } from '../api/object.ts';
import { conflict, forbidden, success } from '../api/status.ts';
import { admitDelete } from './admission.ts';
import { type Call, isDryRun, readObject, sendObject } from './call.ts';
import { present } from './present.ts';
import { matcherOf, sendList } from './read.ts';
import { groupResource } from './store.ts';

const DEFAULT_GRACE_SECONDS = 30;
/** Namespaces that cannot be deleted. apiserver pkg/admission/plugin/namespace/lifecycle */
const IMMORTAL_NAMESPACES: readonly string[] = ['default', 'kube-system', 'kube-public'];

/** What a DeleteOptions body and the query say. */
interface DeleteOptions {
  readonly graceSeconds: number | undefined;
  readonly propagation: string;
  readonly uid: string;
  readonly resourceVersion: string;
}

/** DELETE of one object. */
export async function deleteObject(call: Call): Promise<void> {
  const options = await readOptions(call);
  const { info, resource } = call;
  const object = await remove(call, info.name, options);
  const gone = object.metadata.deletionTimestamp === undefined;
  const asStatus = gone && resource.kind !== 'Pod' && resource.kind !== 'ServiceAccount';
  const details = {
    name: info.name,
    ...(resource.group === '' ? {} : { group: resource.group }),
    kind: resource.plural,
  };
  const body = asStatus ? success({ ...details, uid: object.metadata.uid ?? '' }) : present(call, object);
  await sendObject(call, 200, body);
}

/** DELETE of a collection: all that the selectors match, one after another. */
export async function deleteCollection(call: Call): Promise<void> {
  const options = await readOptions(call);
  const { info, resource, api } = call;
  const found = await api.store.list(resource, info.namespace, {
    resourceVersion: '',
    resourceVersionMatch: '',
    limit: 0,
    continueToken: '',
    ...matcherOf(call),
  });
  const removed: KubeObject[] = [];
  for (const object of found.items) {
    const { name = '', namespace = '' } = object.metadata;
    const inner = { ...call, info: { ...info, name, namespace } };
    removed.push(present(call, await remove(inner, name, options)));
  }
  await sendList(call, { resourceVersion: String(found.revision) }, removed);
}

/** Remove one object, or begin to; returns it as it stands, with a deletionTimestamp when it lingers. */
export async function remove(
  call: Call,
  name: string,
  options: DeleteOptions = NOTHING_SAID,
): Promise<KubeObject> {
  const { api, info, resource } = call;
  const of = groupResource(resource);
  if (resource.kind === 'Namespace' && IMMORTAL_NAMESPACES.includes(name)) {
    throw forbidden(of, name, 'this namespace may not be deleted');
  }
  let last: KubeObject | undefined;
  const step = async (current: KubeObject): Promise<KubeObject | null> => {
    await admitDelete(call, current);
    checkPreconditions(call, current, options);
    const next = afterDelete(call, current, options);
    last = next ?? current;
    return next;
  };
  const place = { resource, namespace: info.namespace, name };
  if (isDryRun(call)) {
    const current = await api.store.get(place);
    await step(current);
    return current;
  }
  const written = await api.store.update(place, step);
  return last && last.metadata.deletionTimestamp === undefined ? last : written;
}

/** The object with its deletion under way, or null when nothing holds it. */
function afterDelete(call: Call, current: KubeObject, options: DeleteOptions): KubeObject | null {
  const graceSeconds = graceOf(current, options);
  const finalizers = new Set(textsAt(current, 'metadata', 'finalizers'));
  if (options.propagation === 'Foreground') finalizers.add('foregroundDeletion');
  if (options.propagation === 'Orphan') finalizers.add('orphan');
  if (current.kind === 'Namespace') return terminatingNamespace(call, current);
  if (graceSeconds === 0 && finalizers.size === 0) return null;
  const { metadata } = current;
  const earlier = metadata.deletionGracePeriodSeconds;
  const seconds = earlier === undefined ? graceSeconds : Math.min(earlier, graceSeconds);
  if (metadata.deletionTimestamp !== undefined && earlier !== undefined && graceSeconds >= earlier)
    return current;
  const deletionTimestamp = kubeTime(new Date(call.api.now().getTime() + seconds * 1000));
  return {
    ...current,
    metadata: {
      ...metadata,
      deletionTimestamp,
      deletionGracePeriodSeconds: seconds,
      ...(finalizers.size === 0 ? {} : { finalizers: [...finalizers] }),
    },
  };
}

function graceOf(object: KubeObject, options: DeleteOptions): number {
  if (object.kind !== 'Pod') return 0;
  const phase = textAt(object, 'status', 'phase');
  const unscheduled = textAt(object, 'spec', 'nodeName') === '';
  if (unscheduled || phase === 'Succeeded' || phase === 'Failed') return 0;
  const own = at(object, 'spec', 'terminationGracePeriodSeconds');
  return options.graceSeconds ?? (typeof own === 'number' ? own : DEFAULT_GRACE_SECONDS);
}

function terminatingNamespace(call: Call, current: KubeObject): KubeObject {
  return {
    ...current,
    metadata: {
      ...current.metadata,
      deletionTimestamp: current.metadata.deletionTimestamp ?? kubeTime(call.api.now()),
    },
    status: { ...(isObject(current['status']) ? current['status'] : {}), phase: 'Terminating' },
  };
}

function checkPreconditions(call: Call, current: KubeObject, { uid, resourceVersion }: DeleteOptions): void {
  const { name = '' } = current.metadata;
  const of = groupResource(call.resource);
  if (uid !== '' && uid !== current.metadata.uid) {
    throw conflict(
      of,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current.metadata.uid}`,
    );
  }
  if (resourceVersion !== '' && resourceVersion !== current.metadata.resourceVersion) {
    const have = current.metadata.resourceVersion;
    throw conflict(
      of,
      name,
      `Precondition failed: ResourceVersion in precondition: ${resourceVersion}, ResourceVersion in object meta: ${have}`,
    );
  }
}

const NOTHING_SAID: DeleteOptions = {
  graceSeconds: undefined,
  propagation: '',
  uid: '',
  resourceVersion: '',
};

async function readOptions(call: Call): Promise<DeleteOptions> {
  const body = await readObject(call.request);
  const { query } = call.info;
  const grace = at(body, 'gracePeriodSeconds') ?? query.get('gracePeriodSeconds');
  return {
    graceSeconds:
      grace === null || grace === undefined || grace === '' ? undefined : Math.max(0, Number(grace)),
    propagation: textAt(body, 'propagationPolicy') || (query.get('propagationPolicy') ?? ''),
    uid: textAt(body, 'preconditions', 'uid'),
    resourceVersion: textAt(body, 'preconditions', 'resourceVersion'),
  };
}
