/**
 * Acting as somebody else: `kubectl --as jane --as-group dev`, for those who may.
 *
 * @see apiserver pkg/endpoints/filters/impersonation.go
 */
import type { IncomingMessage } from 'node:http';
import { forbiddenText } from '../api/authorize.ts';
import { AUTHENTICATED, UNAUTHENTICATED, type UserInfo } from '../api/identity.ts';
import { badRequest, forbidden } from '../api/status.ts';
import type { Authorizer } from './authorizer.ts';

const ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/;

/**
 * The user whose rights count.
 * @throws StatusError 403 when the caller may not act as that user
 */
export function impersonate(authorizer: Authorizer, request: IncomingMessage, caller: UserInfo): UserInfo {
  const wanted = header(request, 'impersonate-user')[0] ?? '';
  const groups = header(request, 'impersonate-group');
  if (wanted === '') {
    if (groups.length > 0) throw badRequest('requested groups without impersonating a user');
    return caller;
  }
  const account = ACCOUNT.exec(wanted);
  if (account) demand(authorizer, caller, 'serviceaccounts', account[2] ?? '', account[1] ?? '');
  else demand(authorizer, caller, 'users', wanted, '');
  for (const group of groups) demand(authorizer, caller, 'groups', group, '');
  const implied = account ? ['system:serviceaccounts', `system:serviceaccounts:${account[1]}`] : [];
  const all = [...groups, ...(groups.length === 0 ? implied : [])];
  const known = wanted === 'system:anonymous' ? UNAUTHENTICATED : AUTHENTICATED;
  return { username: wanted, groups: all.includes(known) ? all : [...all, known] };
}

function header(request: IncomingMessage, name: string): readonly string[] {
  const all: string[] = [];
  const raw = request.rawHeaders;
  for (let at = 0; at + 1 < raw.length; at += 2)
    if (raw[at]?.toLowerCase() === name) all.push(raw[at + 1] ?? '');
  return all;
}

function demand(
  authorizer: Authorizer,
  user: UserInfo,
  resource: string,
  name: string,
  namespace: string,
): void {
  const wanted = {
    user,
    verb: 'impersonate',
    isResource: true,
    group: '',
    resource,
    subresource: '',
    namespace,
    name,
    path: '',
    fieldSelector: '',
  };
  const decision = authorizer.decide(wanted);
  if (!decision.allowed)
    throw forbidden({ group: '', resource }, name, forbiddenText(wanted, decision.reason));
}
