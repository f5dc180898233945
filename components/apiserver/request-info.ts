/**
 * What a request is about, from its method and URL, before anybody has looked at the body.
 *
 * @see apiserver pkg/endpoints/request/requestinfo.go, NewRequestInfo
 */
import { nameInFieldSelector } from '../api/selectors.ts';

/** A request, taken apart. */
export interface RequestInfo {
  /** get, list, watch, create, update, patch, delete, deletecollection; the lower-case method for other paths. */
  readonly verb: string;
  readonly isResource: boolean;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly group: string;
  readonly version: string;
  readonly namespace: string;
  readonly resource: string;
  readonly subresource: string;
  readonly name: string;
  /** What follows the subresource, for proxies: `/metrics`. */
  readonly rest: string;
}

const VERBS: Readonly<Record<string, string>> = {
  POST: 'create',
  GET: 'get',
  HEAD: 'get',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const NAMESPACE_SUBRESOURCES: readonly string[] = ['finalize', 'status'];

/** Take a request apart. */
export function requestInfo(method: string, url: string): RequestInfo {
  const split = url.indexOf('?');
  const path = split === -1 ? url : url.slice(0, split);
  const query = new URLSearchParams(split === -1 ? '' : url.slice(split + 1));
  const nothing: RequestInfo = {
    verb: method.toLowerCase(),
    isResource: false,
    path,
    query,
    group: '',
    version: '',
    namespace: '',
    resource: '',
    subresource: '',
    name: '',
    rest: '',
  };
  const parts = path
    .split('/')
    .filter((part) => part !== '')
    .map(decode);
  const prefix = parts.shift();
  const groupless = prefix === 'api';
  if ((!groupless && prefix !== 'apis') || parts.length < (groupless ? 2 : 3)) return nothing;
  const group = groupless ? '' : (parts.shift() ?? '');
  const version = parts.shift() ?? '';
  let namespace = '';
  if (parts[0] === 'namespaces' && parts.length > 1) {
    namespace = parts[1] ?? '';
    if (parts.length > 2 && !NAMESPACE_SUBRESOURCES.includes(parts[2] ?? '')) parts.splice(0, 2);
  }
  const [resource = '', name = '', subresource = '', ...rest] = parts;
  const fieldName = name === '' ? nameInFieldSelector(query.get('fieldSelector') ?? '') : undefined;
  return {
    ...nothing,
    verb: verbOf(method, name, query),
    isResource: true,
    group,
    version,
    namespace,
    resource,
    subresource,
    name: name === '' && (method === 'GET' || method === 'DELETE') ? (fieldName ?? '') : name,
    rest: rest.length === 0 ? '' : `/${rest.join('/')}`,
  };
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  const verb = VERBS[method] ?? method.toLowerCase();
  if (name !== '' || (verb !== 'get' && verb !== 'delete')) {
    // A watch of one object by its path is an old form that clients no longer send.
    return verb;
  }
  if (verb === 'delete') return 'deletecollection';
  return isTrue(query.get('watch')) ? 'watch' : 'list';
}

/** `true`, `1`, or present without a value. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== 'false' && value !== '0';
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
