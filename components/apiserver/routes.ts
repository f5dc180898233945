/**
 * From a request for a resource to its handler.
 */

import { verbsOf } from '../api/discovery.ts';
import { methodNotAllowed } from '../api/status.ts';
import type { Call } from './call.ts';
import { getObject, listObjects } from './read.ts';
import { deleteCollection, deleteObject } from './remove.ts';
import type { Pipeline } from './server.ts';
import { watchObjects } from './watch.ts';
import { createObject, patchObject, updateObject } from './write.ts';

const STORED: Readonly<Record<string, (call: Call) => Promise<void>>> = {
  get: getObject,
  list: listObjects,
  watch: watchObjects,
  create: createObject,
  update: updateObject,
  patch: patchObject,
  delete: deleteObject,
  deletecollection: deleteCollection,
};

/** Answer a request for a resource; rejects with a StatusError. */
export async function serveResource(pipeline: Pipeline, call: Call): Promise<void> {
  const { info, resource } = call;
  if (info.subresource !== '') {
    const { serveSubresource } = await import('./subresources.ts');
    return serveSubresource(pipeline, call);
  }
  if (resource.how === 'create') {
    if (info.verb !== 'create') throw methodNotAllowed();
    const { serveReview } = await import('./reviews.ts');
    return serveReview(pipeline, call);
  }
  if (!verbsOf(resource).includes(info.verb)) throw methodNotAllowed();
  if (resource.how === 'computed') {
    const { serveComputed } = await import('./computed.ts');
    return serveComputed(pipeline, call);
  }
  const handler = STORED[info.verb];
  if (!handler) throw methodNotAllowed();
  return handler(call);
}
