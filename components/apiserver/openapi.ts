/**
 * /openapi/v3 and its documents. /openapi/v2 is answered with 404, which kubectl from 1.28 on takes in its stride.
 */
import { openapiDocument, openapiIndex } from '../api/openapi.ts';
import type { Call } from './call.ts';
import { sendJson } from './negotiate.ts';

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
  const document = openapiDocument(path.slice('/openapi/v3/'.length));
  if (document === undefined || !path.startsWith('/openapi/v3/')) return false;
  sendJson(request, response, 200, JSON.parse(document));
  return true;
}
