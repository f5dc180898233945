/**
 * In which form a client wants its answer, and writing it.
 *
 * @see apiserver pkg/endpoints/handlers/negotiation/negotiate.go, responsewriters/{writers,status}.go
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { StatusError } from '../api/status.ts';
import { noteHttp } from '../tls/server.ts';

/** How an object is shown. */
export type Form = 'object' | 'table' | 'partial';

/** The form that the Accept header asks for; JSON is always good enough for a client that takes it. */
export function formOf(request: IncomingMessage): Form {
  const accept = request.headers.accept ?? '*/*';
  let usable = false;
  for (const clause of accept.split(',')) {
    const [type = '', ...parameters] = clause.split(';').map((part) => part.trim());
    if (!/^(application\/json|application\/\*|\*\/\*)$/.test(type)) continue;
    usable = true;
    const as = parameters.find((one) => one.startsWith('as='))?.slice(3);
    if (as === undefined) return 'object';
    if (as === 'Table' && parameters.includes('g=meta.k8s.io')) return 'table';
    if (as.startsWith('PartialObjectMetadata')) return 'partial';
  }
  if (usable || /yaml/.test(accept)) return 'object';
  throw new StatusError(
    406,
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/vnd.kubernetes.protobuf',
  );
}

/** Whether the body is to be indented: asked for, or for people with curl and browsers. */
export function isPretty(request: IncomingMessage, query: URLSearchParams): boolean {
  const asked = query.get('pretty');
  if (asked !== null) return asked !== 'false' && asked !== '0';
  return /^(curl|Wget|Mozilla)/.test(request.headers['user-agent'] ?? '');
}

/** JSON as Go's encoder writes it: `&<>` escaped. */
export function goJson(value: unknown, pretty = false): string {
  const text = pretty ? JSON.stringify(value, null, 2) : JSON.stringify(value);
  return text.replace(
    /[&<>\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Tell the connection's trace of the answer. A request whose client has gone has no socket any more. */
export function note(request: IncomingMessage, code: number, message: string): void {
  const socket: IncomingMessage['socket'] | null = request.socket;
  if (socket) noteHttp(socket, code, message);
}

/** Answer with a JSON body. */
export function sendJson(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  value: unknown,
  pretty = false,
  contentType = 'application/json',
): void {
  const message =
    code >= 400 && typeof value === 'object' && value !== null && 'message' in value
      ? String(value.message)
      : '';
  note(request, code, message);
  const body = `${goJson(value, pretty)}\n`;
  response.writeHead(code, {
    'content-type': contentType,
    'content-length': Buffer.byteLength(body),
    ...(code === 403 ? { 'x-content-type-options': 'nosniff' } : {}),
    ...(code === 429 ? { 'retry-after': '1' } : {}),
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Answer with plain text. */
export function sendText(
  request: IncomingMessage,
  response: ServerResponse,
  code: number,
  text: string,
): void {
  note(request, code, code >= 400 ? (text.split('\n', 1)[0] ?? '') : '');
  response.writeHead(code, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'content-length': Buffer.byteLength(text),
  });
  response.end(request.method === 'HEAD' ? undefined : text);
}
