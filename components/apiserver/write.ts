/**
 * Writing: create, update, patch of any stored resource.
 *
 * @see apiserver pkg/endpoints/handlers/{create,update,patch}.go
 */

import { badRequest, noSuchResource, unsupportedMediaType } from '../api/status.ts';
import { type Call, readBody, readObject, sendObject } from './call.ts';
import { change, create, exists, typed } from './mutate.ts';
import { present, stored } from './present.ts';

const CREATE_ON_UPDATE: readonly string[] = [
  'Lease',
  'Endpoints',
  'Event',
  'Role',
  'RoleBinding',
  'ClusterRole',
  'ClusterRoleBinding',
];

/** POST to a collection. */
export async function createObject(call: Call): Promise<void> {
  const sent = await readObject(call.request);
  if (!sent) throw badRequest('the request body is empty');
  const object = await create(call, typed(call, sent));
  await sendObject(call, 201, present(call, object));
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
