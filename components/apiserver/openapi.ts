/**
 * /openapi/v3 and its documents, and /openapi/v2 as protobuf for kubectl up to 1.27. As JSON there is no v2.
 */
import { openapiDocument, openapiIndex } from '../api/openapi.ts';
import { OPENAPI_V2_TYPE, openapiV2 } from '../api/openapi-v2.ts';
import type { Call } from './call.ts';
import { note, sendJson } from './negotiate.ts';

/** Answer a path under /openapi; false when there is none such. */
export function serveOpenapi({
  request,
  response,
  info,
}: Pick<Call, 'request' | 'response' | 'info'>): boolean {
  const path = info.path.replace(/\/$/, '');
  if (path === '/openapi/v3') {
    sendJson(request, response, 200, openapiIndex());
    return true;
  }
  if (path === '/openapi/v2') {
    if (!/proto/.test(request.headers.accept ?? '')) return false;
    const body = openapiV2();
    note(request, 200, '');
    response.writeHead(200, { 'content-type': OPENAPI_V2_TYPE, 'content-length': body.length });
    response.end(body);
    return true;
  }
  const document = openapiDocument(path.slice('/openapi/v3/'.length));
  if (document === undefined || !path.startsWith('/openapi/v3/')) return false;
  sendJson(request, response, 200, JSON.parse(document));
  return true;
}
