/**
 * The shape of every Kubernetes object, as plain JSON, and safe ways to look into one.
 *
 * Objects come from students and from the wire: nothing about their inside may be assumed.
 */

/** Any JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | MutableObject;

/** A JSON object. Stored objects are shared: copy one before changing it. */
export interface MutableObject {
  [key: string]: Json | undefined;
}

/** What every object carries. */
export interface ObjectMeta extends MutableObject {
  name?: string;
  generateName?: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: MutableObject;
  annotations?: MutableObject;
}

/** A Kubernetes object. */
export interface KubeObject extends MutableObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** True for a JSON object: not null, not an array. */
export function isObject(value: unknown): value is MutableObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value at a path, or undefined. */
export function at(value: unknown, ...path: readonly (string | number)[]): Json | undefined {
  let here: unknown = value;
  for (const key of path) {
    if (Array.isArray(here)) here = here[Number(key)];
    else if (isObject(here)) here = here[key];
    else return undefined;
  }
  return here as Json | undefined;
}

/** The text at a path; empty when there is none. */
export function textAt(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  return typeof found === 'string' ? found : '';
}

/** The number at a path; `otherwise` when there is none. */
export function numberAt(value: unknown, path: readonly (string | number)[], otherwise = 0): number {
  const found = at(value, ...path);
  return typeof found === 'number' ? found : otherwise;
}

/** The list at a path; empty when there is none. */
export function listAt(value: unknown, ...path: readonly (string | number)[]): readonly Json[] {
  const found = at(value, ...path);
  return Array.isArray(found) ? found : [];
}

/** The texts of a list at a path. */
export function textsAt(value: unknown, ...path: readonly (string | number)[]): readonly string[] {
  return listAt(value, ...path).filter((one): one is string => typeof one === 'string');
}

/** The object at a path; empty when there is none. */
export function objectAt(value: unknown, ...path: readonly (string | number)[]): MutableObject {
  const found = at(value, ...path);
  return isObject(found) ? found : {};
}

/** The object at a path, made when there is none: for filling in. */
export function ensureObject(value: MutableObject, key: string): MutableObject {
  const found = value[key];
  if (isObject(found)) return found;
  const made: MutableObject = {};
  value[key] = made;
  return made;
}

/** RFC 3339 in whole seconds, as `metav1.Time` prints it. */
export function kubeTime(date: Date): string {
  return `${date.toISOString().slice(0, 19)}Z`;
}

/** RFC 3339 with microseconds, as `metav1.MicroTime` prints it. */
export function kubeMicroTime(date: Date): string {
  return `${date.toISOString().slice(0, 23)}000Z`;
}

/** Set what is not set; returns the same object. */
export function fill(object: MutableObject, defaults: Readonly<Record<string, Json>>): MutableObject {
  for (const [key, value] of Object.entries(defaults)) {
    if (object[key] === undefined || object[key] === null) object[key] = structuredClone(value);
  }
  return object;
}
