/**
 * Changing what is stored: what a POST, PUT or PATCH does once the wanted object is known.
 *
 * Order as in the real one: check fields, default, admit, validate, store.
 *
 * @see apiserver pkg/registry/generic/registry/store.go (Create, Update)
 */
import { checkFields } from '../api/check-fields.ts';
import { applyDefaults } from '../api/defaults.ts';
import { type KubeObject, listAt } from '../api/object.ts';
import { alreadyExists, badRequest, invalid, StatusError } from '../api/status.ts';
import { validate, validateUpdate } from '../api/validate.ts';
import { admitCreate, admitUpdate } from './admission.ts';
import { apiVersionFor, type Call, isDryRun } from './call.ts';
import { prepareCreate, prepareUpdate } from './prepare.ts';
import { stored } from './present.ts';
import { groupResource } from './store.ts';

const GENERATED_NAME_TRIES = 8;
/** Warnings beyond this many are left out, as the real server limits the header. */
const MOST_WARNINGS = 8;

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
  if (deletionTimestamp === undefined || object.kind === 'Pod') return false;
  if (object.kind === 'Namespace' && listAt(object, 'spec', 'finalizers').length > 0) return false;
  return !Array.isArray(finalizers) || finalizers.length === 0;
}

function refuse(call: Call, object: KubeObject, faults: Parameters<typeof invalid>[2]): void {
  if (faults.length === 0) return;
  const kind = { group: call.resource.group, resource: call.resource.kind };
  throw invalid(kind, object.metadata.name ?? '', faults);
}

/** Whether an object of that name is stored. */
export async function exists(call: Call, name: string): Promise<boolean> {
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
export function typed(call: Call, object: KubeObject): KubeObject {
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
  return known(call, { ...object, apiVersion, kind });
}

/** Without unknown fields: refused with `?fieldValidation=Strict`, else warned of and dropped. */
function known(call: Call, object: KubeObject): KubeObject {
  const { info, resource, response } = call;
  const checked = checkFields(resource.group, object);
  const cannot = `${resource.kind} in version ${JSON.stringify(info.version)} cannot be handled as a ${resource.kind}`;
  if (checked.mistyped !== null) throw badRequest(`${cannot}: ${checked.mistyped}`);
  if (checked.unknown.length === 0) return checked.object;
  const level = info.query.get('fieldValidation') ?? 'Warn';
  if (level === 'Strict') throw badRequest(`${cannot}: strict decoding error: ${checked.unknown.join(', ')}`);
  if (level === 'Warn' && !response.headersSent) {
    const warnings = checked.unknown.slice(0, MOST_WARNINGS);
    response.setHeader(
      'warning',
      warnings.map((text) => `299 - ${JSON.stringify(text)}`),
    );
  }
  return checked.object;
}
