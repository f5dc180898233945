/**
 * Writing: create, update, patch of any stored resource.
 *
 * Order as in the real one: decode, default, admit, validate, store.
 *
 * @see apiserver pkg/endpoints/handlers/{create,update,patch}.go
 */

import { applyDefaults } from '../api/defaults.ts';
import type { KubeObject } from '../api/object.ts';
import {
  alreadyExists,
  badRequest,
  invalid,
  noSuchResource,
  StatusError,
  unsupportedMediaType,
} from '../api/status.ts';
import { validate, validateUpdate } from '../api/validate.ts';
import { admitCreate, admitUpdate } from './admission.ts';
import { apiVersionFor, asks, type Call, isDryRun, readBody, readObject, sendObject } from './call.ts';
import { prepareCreate, prepareUpdate } from './prepare.ts';
import { present, stored } from './present.ts';
import { groupResource } from './store.ts';

const CREATE_ON_UPDATE: readonly string[] = [
  'Lease',
  'Endpoints',
  'Event',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
];
const GENERATED_NAME_TRIES = 8;

/** POST to a collection. */
export async function createObject(call: Call): Promise<void> {
  const sent = await readObject(call.request);
  if (!sent) throw badRequest('the request body is empty');
  const object = await create(call, typed(call, sent));
  await sendObject(call, 201, present(call, object));
}

/** Store a new object: everything that a POST does after reading its body. */
export async function create(call: Call, sent: KubeObject): Promise<KubeObject> {
  const { api, resource, info } = call;
  const generated = !sent.metadata.name && sent.metadata.generateName !== undefined;
  for (let tried = 0; ; tried++) {
    const prepared = applyDefaults(prepareCreate(api, resource, info.namespace, stored(call, sent)));
    const object = await admitCreate(call, prepared);
    refuse(call, object, validate(resource, object));
    const name = object.metadata.name ?? '';
    const place = { resource, namespace: info.namespace, name };
    if (isDryRun(call)) {
      if (await exists(call, name)) throw alreadyExists(groupResource(resource), name);
      return object;
    }
    try {
      return await api.store.create(place, object);
    } catch (error) {
      const taken = error instanceof StatusError && error.status.reason === 'AlreadyExists';
      if (!taken || !generated || tried >= GENERATED_NAME_TRIES) throw error;
    }
  }
}

/** PUT of an object, or of its status. */
export async function updateObject(call: Call): Promise<void> {
  const { info, resource } = call;
  const sent = await readObject(call.request);
  if (!sent) throw badRequest('the request body is empty');
  const wanted = typed(call, sent);
  if (wanted.metadata.name !== info.name && wanted.metadata.name) {
    throw badRequest(
      `the name of the object (${wanted.metadata.name}) does not match the name on the URL (${info.name})`,
    );
  }
  if (
    CREATE_ON_UPDATE.includes(resource.kind) &&
    info.subresource === '' &&
    !(await exists(call, info.name))
  ) {
    const object = await create(call, { ...wanted, metadata: { ...wanted.metadata, name: info.name } });
    await sendObject(call, 201, present(call, object));
    return;
  }
  const object = await change(call, () => stored(call, wanted));
  await sendObject(call, 200, present(call, object));
}

/** PATCH of an object, its status or its scale. */
export async function patchObject(call: Call): Promise<void> {
  const { info, request, resource } = call;
  const type = (request.headers['content-type'] ?? '').split(';')[0]?.trim() ?? '';
  const { PATCH_TYPES, applyPatch } = await import('../api/patch.ts');
  if (!PATCH_TYPES.includes(type)) throw unsupportedMediaType(PATCH_TYPES);
  const body = await readBody(request);
  if (type === 'application/apply-patch+yaml') {
    const { serverSideApply } = await import('./apply.ts');
    return serverSideApply(call, body);
  }
  const patch: unknown = parsePatch(body);
  if (info.name === '') throw noSuchResource();
  const object = await change(call, (current) =>
    stored(call, typed(call, applyPatch(type, present(call, current), patch, resource.kind))),
  );
  await sendObject(call, 200, present(call, object));
}

function parsePatch(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch (error) {
    throw badRequest(`error decoding patch: ${error instanceof Error ? error.message : 'not JSON'}`);
  }
}

/**
 * Change a stored object: everything that a PUT or PATCH does once the new state is known.
 * @param next  the new state from the current one, in the stored version
 */
export async function change(call: Call, next: (current: KubeObject) => KubeObject): Promise<KubeObject> {
  const { api, info, resource } = call;
  const place = { resource, namespace: info.namespace, name: info.name };
  const compute = async (current: KubeObject): Promise<KubeObject | null> => {
    const merged = prepareUpdate(resource, current, next(structuredClone(current)), info.subresource);
    const defaulted = info.subresource === '' ? applyDefaults(merged) : merged;
    const object = await admitUpdate(call, defaulted, current);
    refuse(call, object, [...validate(resource, object), ...validateUpdate(resource, object, current)]);
    return isFinished(object) ? null : object;
  };
  if (isDryRun(call)) {
    const current = await api.store.get(place);
    return (await compute(current)) ?? current;
  }
  return api.store.update(place, compute);
}

/** An object that is being deleted goes when its last finalizer does. */
function isFinished(object: KubeObject): boolean {
  const { deletionTimestamp, finalizers } = object.metadata;
  if (deletionTimestamp === undefined || object.kind === 'Pod' || object.kind === 'Namespace') return false;
  return !Array.isArray(finalizers) || finalizers.length === 0;
}

function refuse(call: Call, object: KubeObject, faults: Parameters<typeof invalid>[2]): void {
  if (faults.length === 0) return;
  const kind = { group: call.resource.group, resource: call.resource.kind };
  throw invalid(kind, object.metadata.name ?? '', faults);
}

async function exists(call: Call, name: string): Promise<boolean> {
  const { resource, info } = call;
  try {
    await call.api.store.get({ resource, namespace: info.namespace, name });
    return true;
  } catch (error) {
    if (error instanceof StatusError && error.code === 404) return false;
    throw error;
  }
}

/** The object, if it is of the kind and version of the URL. */
function typed(call: Call, object: KubeObject): KubeObject {
  const apiVersion = apiVersionFor(call);
  const { kind } = call.resource;
  if (object.apiVersion !== undefined && object.apiVersion !== apiVersion) {
    throw badRequest(
      `the API version in the data (${object.apiVersion}) does not match the expected API version (${apiVersion})`,
    );
  }
  if (object.kind !== undefined && object.kind !== kind) {
    throw badRequest(
      `${object.kind} in version ${JSON.stringify(call.info.version)} cannot be handled as a ${kind}: converting (v1.${object.kind}) to (core.${kind}): unknown conversion`,
    );
  }
  return { ...object, apiVersion, kind };
}

/** Unknown or repeated fields are errors with `?fieldValidation=Strict`. */
export function isStrict(call: Call): boolean {
  return call.info.query.get('fieldValidation') === 'Strict' && !asks(call, 'force');
}
