/**
 * The three patches of objects: JSON patch, merge patch, and Kubernetes' strategic merge patch.
 *
 * @see RFC 6902, RFC 7386, apimachinery pkg/util/strategicpatch/patch.go
 */

import { isObject, type Json, type KubeObject, type MutableObject } from './object.ts';
import { mergeKeyOf } from './schema.ts';
import { badRequest, StatusError } from './status.ts';

const JSON_PATCH = 'application/json-patch+json';
const MERGE_PATCH = 'application/merge-patch+json';
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json';

/** Content types of patches, server-side apply included. */
export const PATCH_TYPES: readonly string[] = [
  JSON_PATCH,
  MERGE_PATCH,
  STRATEGIC_PATCH,
  'application/apply-patch+yaml',
];

/**
 * Apply a patch; the object given is not changed.
 * @param kind  decides which lists of a strategic patch are merged, and by which key
 * @throws      StatusError 422 for an operation that does not fit, 400 for a patch of the wrong shape
 */
export function applyPatch(type: string, object: KubeObject, patch: unknown, kind: string): KubeObject {
  const base = structuredClone(object);
  if (type === JSON_PATCH) {
    if (!Array.isArray(patch))
      throw badRequest(
        'error decoding patch: json: cannot unmarshal object into Go value of type jsonpatch.Patch',
      );
    let result: Json = base;
    for (const operation of patch) result = applyOperation(result, operation);
    return asObject(result);
  }
  if (!isObject(patch))
    throw badRequest(
      'error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}',
    );
  return asObject(type === STRATEGIC_PATCH ? strategicMerge(base, patch, kind, []) : mergePatch(base, patch));
}

function asObject(value: Json | undefined): KubeObject {
  if (!isObject(value)) throw badRequest('the patched object is no JSON object');
  return { ...value, metadata: isObject(value['metadata']) ? value['metadata'] : {} } as KubeObject;
}

/** RFC 7386: null removes, objects merge, everything else replaces. */
export function mergePatch(target: Json | undefined, patch: Json | undefined): Json | undefined {
  if (!isObject(patch)) return patch;
  const result: MutableObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key];
    else result[key] = mergePatch(result[key], value) ?? null;
  }
  return result;
}

function applyOperation(document: Json, operation: Json): Json {
  if (!isObject(operation)) throw unprocessable('the patch operation is no object');
  const path = pointer(operation['path']);
  const value = operation['value'];
  switch (operation['op']) {
    case 'add':
      return setAt(document, path, value ?? null, true);
    case 'replace':
      if (getAt(document, path) === undefined) throw missing('replace', path);
      return setAt(document, path, value ?? null, false);
    case 'remove':
      if (getAt(document, path) === undefined) throw missing('remove', path);
      return removeAt(document, path);
    case 'test':
      if (JSON.stringify(getAt(document, path) ?? null) !== JSON.stringify(value ?? null)) {
        throw unprocessable(`testing value ${operation['path']} failed: test failed`);
      }
      return document;
    case 'move':
    case 'copy': {
      const from = pointer(operation['from']);
      const moved = getAt(document, from);
      if (moved === undefined) throw missing(String(operation['op']), from);
      const without = operation['op'] === 'move' ? removeAt(document, from) : document;
      return setAt(without, path, structuredClone(moved), true);
    }
    default:
      throw unprocessable(`Unexpected kind: ${String(operation['op'])}`);
  }
}

function unprocessable(message: string): StatusError {
  return new StatusError(
    422,
    'Invalid',
    `the server rejected our request due to an error in our request: ${message}`,
    {},
  );
}

function missing(op: string, path: readonly string[]): StatusError {
  return unprocessable(
    `${op} operation does not apply: doc is missing path: /${path.join('/')}: missing value`,
  );
}

function pointer(path: unknown): string[] {
  if (typeof path !== 'string') throw unprocessable('path is missing');
  return path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function getAt(document: Json | undefined, path: readonly string[]): Json | undefined {
  let here = document;
  for (const key of path) {
    if (Array.isArray(here)) here = here[Number(key)];
    else if (isObject(here)) here = here[key];
    else return undefined;
  }
  return here;
}

function setAt(document: Json, [key, ...rest]: readonly string[], value: Json, insert: boolean): Json {
  if (key === undefined) return value;
  if (Array.isArray(document)) {
    const copy = [...(document as Json[])];
    const index = key === '-' ? copy.length : Number(key);
    if (!Number.isInteger(index) || index > copy.length)
      throw unprocessable(`Unable to access invalid index: ${key}`);
    if (rest.length > 0) copy[index] = setAt(copy[index] ?? null, rest, value, insert);
    else copy.splice(index, insert ? 0 : 1, value);
    return copy;
  }
  if (!isObject(document))
    throw unprocessable(`add operation does not apply: doc is missing path: /${[key, ...rest].join('/')}`);
  if (rest.length === 0) return { ...document, [key]: value };
  const inner = document[key];
  if (inner === undefined)
    throw unprocessable(
      `add operation does not apply: doc is missing path: /${[key, ...rest].join('/')}: missing value`,
    );
  return { ...document, [key]: setAt(inner, rest, value, insert) };
}

function removeAt(document: Json, [key = '', ...rest]: readonly string[]): Json {
  if (Array.isArray(document)) {
    const copy = [...(document as Json[])];
    if (rest.length > 0) copy[Number(key)] = removeAt(copy[Number(key)] ?? null, rest);
    else copy.splice(Number(key), 1);
    return copy;
  }
  if (!isObject(document)) return document;
  const copy = { ...document };
  if (rest.length === 0) delete copy[key];
  else copy[key] = removeAt(copy[key] ?? null, rest);
  return copy;
}

/** Merge by Kubernetes' rules; lists with a merge key are merged item by item. */
function strategicMerge(
  target: Json | undefined,
  patch: Json | undefined,
  kind: string,
  path: readonly string[],
): Json | undefined {
  if (!isObject(patch)) return patch;
  if (patch['$patch'] === 'replace') return without(patch, '$patch');
  if (patch['$patch'] === 'delete') return {};
  const result: MutableObject = isObject(target) ? { ...target } : {};
  const retained = patch['$retainKeys'];
  if (Array.isArray(retained)) {
    for (const key of Object.keys(result)) if (!retained.includes(key)) delete result[key];
  }
  for (const [key, value] of Object.entries(patch)) {
    if (key === '$retainKeys' || key === '$patch' || key.startsWith('$setElementOrder/')) continue;
    if (key.startsWith('$deleteFromPrimitiveList/')) {
      const name = key.slice('$deleteFromPrimitiveList/'.length);
      const gone = Array.isArray(value) ? value : [];
      const list = result[name];
      if (Array.isArray(list)) result[name] = list.filter((one) => !gone.includes(one));
      continue;
    }
    const here = [...path, key];
    if (value === null) delete result[key];
    else if (Array.isArray(value))
      result[key] = mergeList(result[key], value as Json[], kind, here, patch[`$setElementOrder/${key}`]);
    else result[key] = strategicMerge(result[key], value, kind, here) ?? null;
  }
  // An order may be given for a list that is otherwise unchanged.
  for (const [key, order] of Object.entries(patch)) {
    const name = key.startsWith('$setElementOrder/') ? key.slice('$setElementOrder/'.length) : undefined;
    const list = name === undefined ? undefined : result[name];
    if (name !== undefined && Array.isArray(list))
      result[name] = ordered(list as Json[], order, mergeKeyOf(kind, [...path, name]));
  }
  return result;
}

function mergeList(
  target: Json | undefined,
  patch: readonly Json[],
  kind: string,
  path: readonly string[],
  _order: Json | undefined,
): Json {
  const key = mergeKeyOf(kind, path);
  const replace = patch.some((one) => isObject(one) && one['$patch'] === 'replace');
  if (key === undefined || replace) return patch.filter((one) => !(isObject(one) && '$patch' in one));
  const list: Json[] = Array.isArray(target) ? [...target] : [];
  if (key === '') return [...new Set([...list, ...patch])];
  for (const item of patch) {
    if (!isObject(item)) continue;
    const at = list.findIndex((one) => isObject(one) && one[key] === item[key]);
    if (item['$patch'] === 'delete') {
      if (at !== -1) list.splice(at, 1);
    } else if (at === -1) list.push(strategicMerge({}, item, kind, path) ?? {});
    else list[at] = strategicMerge(list[at], item, kind, path) ?? {};
  }
  return list;
}

/** Items in the order given; those that it does not name stay behind their neighbours. */
function ordered(list: readonly Json[], order: Json | undefined, key: string | undefined): Json {
  if (!Array.isArray(order) || key === undefined) return list;
  const idOf = (one: Json | undefined): string => JSON.stringify(isObject(one) ? one[key] : one);
  const place = new Map(order.map((one, index) => [idOf(one), index]));
  const known = list
    .filter((one) => place.has(idOf(one)))
    .sort((a, b) => (place.get(idOf(a)) ?? 0) - (place.get(idOf(b)) ?? 0));
  return [...known, ...list.filter((one) => !place.has(idOf(one)))];
}

function without(object: MutableObject, key: string): MutableObject {
  const { [key]: _, ...rest } = object;
  return rest;
}
