/**
 * Server-side apply: an object is what its appliers say of it, each for its own fields.
 *
 * Ownership is kept in metadata.managedFields as in reality, for appliers only: fields that others wrote by PUT or
 * PATCH have no owner here, and so cause no conflict.
 *
 * @see kubernetes-sigs/structured-merge-diff, apimachinery pkg/util/managedfields
 */

import {
  isObject,
  type Json,
  type KubeObject,
  kubeTime,
  listAt,
  type MutableObject,
  textAt,
} from '../api/object.ts';
import { mergeKeyOf } from '../api/schema.ts';
import { badRequest, StatusError } from '../api/status.ts';
import { apiVersionFor, asks, type Call, sendObject } from './call.ts';
import { change, create } from './mutate.ts';
import { present, stored } from './present.ts';

/** Fields owned by an applier, as FieldsV1 steps joined by line feeds (`f:spec\nf:replicas`) -> the value as JSON. */
type Owned = ReadonlyMap<string, string>;

/** PATCH application/apply-patch+yaml. */
export async function serverSideApply(call: Call, body: Buffer): Promise<void> {
  const { parse } = await import('yaml');
  const applied: unknown = parse(body.toString('utf8'));
  if (!isObject(applied)) throw badRequest('error decoding YAML: the patch is no object');
  const manager = call.info.query.get('fieldManager') ?? '';
  if (manager === '')
    throw badRequest(
      'PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
    );
  if (applied['apiVersion'] !== apiVersionFor(call) || applied['kind'] !== call.resource.kind) {
    throw badRequest(
      `invalid object type: ${String(applied['apiVersion'])}, Kind=${String(applied['kind'])}`,
    );
  }
  const config = {
    ...applied,
    metadata: isObject(applied['metadata']) ? applied['metadata'] : {},
  } as KubeObject;
  try {
    const object = await change(call, (current) => merge(call, current, config, manager));
    await sendObject(call, 200, present(call, object));
  } catch (error) {
    if (
      !(error instanceof StatusError && error.code === 404 && error.status.details?.name === call.info.name)
    )
      throw error;
    const fresh = withManager(
      call,
      stored(call, { ...config, metadata: { ...config.metadata, name: call.info.name } }),
      config,
      manager,
    );
    const object = await create(call, fresh);
    await sendObject(call, 201, present(call, object));
  }
}

function merge(call: Call, current: KubeObject, config: KubeObject, manager: string): KubeObject {
  const { kind } = call.resource;
  const wanted = ownedBy(config, kind);
  if (!asks(call, 'force')) refuseConflicts(call, current, wanted, manager);
  const before = ownedFields(current, manager);
  let object: MutableObject = structuredClone(current);
  // What this manager owned and says no more goes, unless another applier owns it too.
  const others = appliersOf(current).filter((one) => one.manager !== manager);
  for (const path of before) {
    if (wanted.has(path) || others.some((one) => one.fields.has(path))) continue;
    object = removeField(object, path.split('\n')) as MutableObject;
  }
  const { metadata, apiVersion: _apiVersion, kind: _kind, ...rest } = config;
  const { name: _name, namespace: _namespace, resourceVersion, uid, ...described } = metadata;
  const merged = mergeApplied(object, { ...rest, metadata: described }, kind, []) as KubeObject;
  if (resourceVersion) merged.metadata.resourceVersion = resourceVersion;
  if (uid) merged.metadata.uid = uid;
  return withManager(call, merged, config, manager);
}

function mergeApplied(
  target: Json | undefined,
  applied: Json | undefined,
  kind: string,
  path: readonly string[],
): Json {
  if (Array.isArray(applied)) {
    const key = mergeKeyOf(kind, path);
    if (key === undefined || !Array.isArray(target)) return applied;
    const list: Json[] = [...target];
    if (key === '') return [...new Set([...list, ...applied])];
    for (const item of applied) {
      const at = list.findIndex((one) => isObject(one) && isObject(item) && one[key] === item[key]);
      if (at === -1) list.push(item);
      else list[at] = mergeApplied(list[at], item, kind, path);
    }
    return list;
  }
  if (!isObject(applied)) return applied ?? null;
  const result: MutableObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(applied))
    result[key] = mergeApplied(result[key], value, kind, [...path, key]);
  return result;
}

/** Every leaf of an applied configuration with its value. */
function ownedBy(config: KubeObject, kind: string): Owned {
  const owned = new Map<string, string>();
  const visit = (value: Json | undefined, path: string, names: readonly string[]): void => {
    if (isObject(value)) {
      const entries = Object.entries(value);
      if (entries.length === 0) owned.set(path, '{}');
      for (const [key, inner] of entries) visit(inner, joined(path, `f:${key}`), [...names, key]);
      return;
    }
    const key = Array.isArray(value) ? mergeKeyOf(kind, names) : undefined;
    if (Array.isArray(value) && key !== undefined && key !== '') {
      for (const item of value as Json[]) {
        const id = JSON.stringify({ [key]: isObject(item) ? (item[key] ?? null) : null });
        visit(item, joined(path, `k:${id}`), names);
      }
      return;
    }
    owned.set(path, JSON.stringify(value));
  };
  const { apiVersion: _a, kind: _k, metadata, status: _s, ...rest } = config;
  const {
    name: _n,
    namespace: _ns,
    resourceVersion: _r,
    uid: _u,
    managedFields: _m,
    creationTimestamp: _c,
    ...described
  } = metadata;
  visit({ ...rest, ...(Object.keys(described).length === 0 ? {} : { metadata: described }) }, '', []);
  owned.delete('');
  return owned;
}

interface Applier {
  readonly manager: string;
  readonly fields: ReadonlySet<string>;
}

/** The appliers in managedFields. */
function appliersOf(object: KubeObject): Applier[] {
  return listAt(object, 'metadata', 'managedFields')
    .filter((entry) => textAt(entry, 'operation') === 'Apply')
    .map((entry) => ({
      manager: textAt(entry, 'manager'),
      fields: readFields(isObject(entry) ? entry['fieldsV1'] : undefined),
    }));
}

function ownedFields(object: KubeObject, manager: string): ReadonlySet<string> {
  return appliersOf(object).find((one) => one.manager === manager)?.fields ?? new Set();
}

function refuseConflicts(call: Call, current: KubeObject, wanted: Owned, manager: string): void {
  const now = ownedBy(current, call.resource.kind);
  const causes = appliersOf(current)
    .filter((one) => one.manager !== manager)
    .flatMap((one) =>
      [...wanted]
        .filter(([path, value]) => one.fields.has(path) && now.get(path) !== value)
        .map(([path]) => ({
          reason: 'FieldManagerConflict',
          message: `conflict with ${JSON.stringify(one.manager)}`,
          field: shownPath(path),
        })),
    );
  if (causes.length === 0) return;
  const what =
    causes.length === 1
      ? `1 conflict: ${causes[0]?.message}: ${causes[0]?.field}`
      : `${causes.length} conflicts: ${causes.map((one) => `${one.message}: ${one.field}`).join(', ')}`;
  throw new StatusError(409, 'Conflict', `Apply failed with ${what}`, { causes });
}

function withManager(call: Call, object: KubeObject, config: KubeObject, manager: string): KubeObject {
  const entries = listAt(object, 'metadata', 'managedFields').filter(
    (entry) => !(textAt(entry, 'operation') === 'Apply' && textAt(entry, 'manager') === manager),
  );
  const entry: Json = {
    manager,
    operation: 'Apply',
    apiVersion: apiVersionFor(call),
    time: kubeTime(call.api.now()),
    fieldsType: 'FieldsV1',
    fieldsV1: writeFields([...ownedBy(config, call.resource.kind).keys()]),
  };
  return { ...object, metadata: { ...object.metadata, managedFields: [...entries, entry] } };
}

function joined(path: string, step: string): string {
  return path === '' ? step : `${path}\n${step}`;
}

/** `.spec.template.spec.containers[name="web"].image`, as conflicts name a field. */
function shownPath(path: string): string {
  return path
    .split('\n')
    .map((step) => {
      const item = keyOfStep(step);
      return item ? `[${item.name}=${item.value}]` : `.${step.slice(2)}`;
    })
    .join('');
}

/** `k:{"name":"web"}` -> its one key and the value as JSON. */
function keyOfStep(step: string): { readonly name: string; readonly value: string } | undefined {
  const match = /^k:\{"([^"]+)":(.*)\}$/.exec(step);
  return match ? { name: match[1] ?? '', value: match[2] ?? '' } : undefined;
}

/** Paths as FieldsV1: `{"f:spec":{"f:replicas":{}}}`. */
function writeFields(paths: readonly string[]): MutableObject {
  const root: MutableObject = {};
  for (const path of paths) {
    let here = root;
    for (const step of path.split('\n')) {
      const next = here[step];
      const inner: MutableObject = isObject(next) ? next : {};
      here[step] = inner;
      here = inner;
    }
  }
  return root;
}

function readFields(fields: Json | undefined): ReadonlySet<string> {
  const paths = new Set<string>();
  const visit = (value: Json | undefined, path: string): void => {
    const entries = isObject(value) ? Object.entries(value).filter(([key]) => key !== '.') : [];
    if (entries.length === 0) {
      if (path !== '') paths.add(path);
      return;
    }
    for (const [key, inner] of entries) visit(inner, joined(path, key));
  };
  visit(fields, '');
  return paths;
}

function removeField(value: Json | undefined, [step, ...rest]: readonly string[]): Json | undefined {
  if (step === undefined) return undefined;
  if (Array.isArray(value)) {
    const item = keyOfStep(step);
    if (!item) return value;
    return (value as Json[]).flatMap((one) => {
      if (!isObject(one) || JSON.stringify(one[item.name]) !== item.value) return [one];
      const left = removeField(one, rest);
      const key = rest[0] === `f:${item.name}`;
      return left === undefined || key ? [] : [left];
    });
  }
  if (!isObject(value)) return value;
  const key = step.slice(2);
  const inner = removeField(value[key], rest);
  const copy = { ...value };
  if (inner === undefined || (isObject(inner) && Object.keys(inner).length === 0)) delete copy[key];
  else copy[key] = inner;
  return copy;
}
