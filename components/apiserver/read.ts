/**
 * Reading: get, list and watch of any stored resource.
 *
 * @see apiserver pkg/endpoints/handlers/{get,watch}.go
 */
import type { KubeObject } from '../api/object.ts';
import { etcdFolder } from '../api/resources.ts';
import { type Matcher, parseFieldSelector, parseLabelSelector } from '../api/selectors.ts';
import { badRequest } from '../api/status.ts';
import { apiVersionFor, type Call, partialOf, sendObject } from './call.ts';
import { formOf, isPretty, sendJson } from './negotiate.ts';
import { present } from './present.ts';

/** GET of one object. */
export async function getObject(call: Call): Promise<void> {
  const { info, resource, api } = call;
  const cached = info.query.get('resourceVersion') === '0';
  const object = await api.store.get({ resource, namespace: info.namespace, name: info.name }, { cached });
  await sendObject(call, 200, present(call, object));
}

/** The selectors of a list or watch as one test. */
export function matcherOf(call: Call): { readonly matches: Matcher; readonly unfiltered: boolean } {
  const { query } = call.info;
  const labels = query.get('labelSelector') ?? '';
  const fields = query.get('fieldSelector') ?? '';
  const byLabel = labels === '' ? undefined : parseLabelSelector(labels);
  const byField =
    fields === '' ? undefined : parseFieldSelector(fields, call.resource.plural, `/${call.info.version}`);
  return {
    matches: (object) => (byLabel?.(object) ?? true) && (byField?.(object) ?? true),
    unfiltered: !byLabel && !byField,
  };
}

/** GET of a collection. */
export async function listObjects(call: Call): Promise<void> {
  const { info, resource, api } = call;
  const { query } = info;
  const limit = Number(query.get('limit') ?? 0);
  if (!Number.isInteger(limit) || limit < 0)
    throw badRequest(`limit: Invalid value: "${query.get('limit')}"`);
  const found = await api.store.list(resource, info.namespace, {
    resourceVersion: query.get('resourceVersion') ?? '',
    resourceVersionMatch: query.get('resourceVersionMatch') ?? '',
    limit,
    continueToken: query.get('continue') ?? '',
    ...matcherOf(call),
  });
  const metadata = {
    resourceVersion: String(found.revision),
    ...(found.continueToken === '' ? {} : { continue: found.continueToken }),
    ...(found.remaining === undefined ? {} : { remainingItemCount: found.remaining }),
  };
  await sendList(
    call,
    metadata,
    found.items.map((object) => present(call, object)),
  );
}

/** Answer with a list, in the form that the client asked for. */
export async function sendList(
  call: Call,
  metadata: Readonly<Record<string, unknown>>,
  items: readonly KubeObject[],
): Promise<void> {
  const form = formOf(call.request);
  const pretty = isPretty(call.request, call.info.query);
  if (form === 'table') {
    const { tableOf } = await import('../api/table.ts');
    const include = call.info.query.get('includeObject') ?? 'Metadata';
    sendJson(
      call.request,
      call.response,
      200,
      tableOf(call.resource, items, metadata, call.api.now(), include),
      pretty,
    );
    return;
  }
  if (form === 'partial') {
    const list = {
      kind: 'PartialObjectMetadataList',
      apiVersion: 'meta.k8s.io/v1',
      metadata,
      items: items.map(partialOf),
    };
    sendJson(call.request, call.response, 200, list, pretty);
    return;
  }
  const bare = items.map(({ kind: _kind, apiVersion: _version, ...rest }) => rest);
  const list = { kind: `${call.resource.kind}List`, apiVersion: apiVersionFor(call), metadata, items: bare };
  sendJson(call.request, call.response, 200, list, pretty);
}

/** Everything of a resource in a namespace (or everywhere), from the cache. */
export function cachedObjects(call: Pick<Call, 'api' | 'resource'>, namespace: string): KubeObject[] {
  const prefix = etcdFolder(call.resource) + (namespace === '' ? '' : `${namespace}/`);
  return call.api.store.cache.list(prefix).map((entry) => entry.object);
}
