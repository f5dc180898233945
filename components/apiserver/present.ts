/**
 * Between the stored form of an object and the version that a client speaks.
 *
 * Only events differ: core/v1 and events.k8s.io/v1 share one store, under other field names.
 *
 * @see k8s.io/kubernetes pkg/apis/events/v1/conversion.go
 */
import type { KubeObject } from '../api/object.ts';
import { apiVersionFor, type Call } from './call.ts';

/** events.k8s.io/v1 field -> core/v1 field. */
const EVENT_FIELDS = {
  regarding: 'involvedObject',
  note: 'message',
  deprecatedSource: 'source',
  deprecatedFirstTimestamp: 'firstTimestamp',
  deprecatedLastTimestamp: 'lastTimestamp',
  deprecatedCount: 'count',
  reportingController: 'reportingComponent',
} as const;

/** A stored object in the version asked for. */
export function present(call: Pick<Call, 'info' | 'resource'>, object: KubeObject): KubeObject {
  const apiVersion = apiVersionFor(call);
  if (object.apiVersion === apiVersion) return object;
  return call.resource.kind === 'Event'
    ? renamed(object, apiVersion, EVENT_FIELDS, false)
    : { ...object, apiVersion };
}

/** An object as the client sent it, in the version in which it is stored. */
export function stored(call: Pick<Call, 'info' | 'resource'>, object: KubeObject): KubeObject {
  if (call.resource.kind !== 'Event')
    return { ...object, apiVersion: apiVersionFor(call), kind: call.resource.kind };
  const typed = { ...object, kind: 'Event' };
  return call.resource.group === ''
    ? { ...typed, apiVersion: 'v1' }
    : renamed(typed, 'v1', EVENT_FIELDS, true);
}

function renamed(
  object: KubeObject,
  apiVersion: string,
  fields: Readonly<Record<string, string>>,
  toStored: boolean,
): KubeObject {
  const copy: KubeObject = { ...object, apiVersion };
  for (const [ours, core] of Object.entries(fields)) {
    const [from, to] = toStored ? [ours, core] : [core, ours];
    if (!(from in copy)) continue;
    copy[to] = copy[from];
    delete copy[from];
  }
  return copy;
}
