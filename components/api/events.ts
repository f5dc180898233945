/**
 * Events: what a component tells about an object, as `kubectl describe` shows it. Repeats are counted.
 */
import { createHash } from 'node:crypto';
import type { ApiClient } from './client.ts';
import { type KubeObject, timestamp } from './kinds.ts';

/** Tell something about an object. Never rejects: an event that cannot be written is lost, as in reality. */
export type RecordEvent = (
  about: KubeObject,
  type: 'Normal' | 'Warning',
  reason: string,
  message: string,
) => Promise<void>;

/** What an event says about the object that it is about. */
export interface About {
  readonly apiVersion: string;
  readonly kind: string;
}

const REMEMBERED = 256;

/**
 * An event recorder.
 * @param component  `default-scheduler`, `kubelet`, `deployment-controller`
 * @param node       the reporting machine; kubelets say it
 * @see              client-go tools/record/event.go
 */
export function recorder(client: ApiClient, component: string, about: About, node?: string): RecordEvent {
  const seen = new Map<string, { name: string; count: number }>();
  return async (object, type, reason, message) => {
    const { name, namespace = 'default', uid = '' } = object.metadata;
    const id = createHash('sha256')
      .update([about.kind, namespace, name, uid, reason, message].join('\0'))
      .digest('hex');
    const path = `/api/v1/namespaces/${namespace}/events`;
    const now = timestamp(client.now());
    const known = seen.get(id);
    try {
      if (known) {
        known.count += 1;
        const patch = { count: known.count, lastTimestamp: now };
        const contentType = 'application/merge-patch+json';
        await client.request('PATCH', `${path}/${known.name}`, patch, { contentType });
        return;
      }
      const event = `${name}.${(Date.now() * 1_000_000).toString(16).slice(0, 10)}${id.slice(0, 6)}`;
      seen.set(id, { name: event, count: 1 });
      if (seen.size > REMEMBERED) for (const oldest of [...seen.keys()].slice(0, 1)) seen.delete(oldest);
      await client.request('POST', path, {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: event, namespace },
        involvedObject: {
          ...about,
          name,
          ...(object.metadata.namespace === undefined ? {} : { namespace }),
          uid,
          ...(object.metadata.resourceVersion === undefined
            ? {}
            : { resourceVersion: object.metadata.resourceVersion }),
        },
        reason,
        message,
        source: { component, ...(node === undefined ? {} : { host: node }) },
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
        type,
        reportingComponent: component,
        reportingInstance: node ?? '',
      });
    } catch {
      seen.delete(id);
    }
  };
}
