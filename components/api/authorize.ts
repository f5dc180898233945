/**
 * Who may do what: RBAC over live Role and Binding objects, and the group that no binding can stop.
 *
 * @see k8s.io/kubernetes plugin/pkg/auth/authorizer/rbac/rbac.go, pkg/registry/rbac/validation/rule.go,
 *      apiserver pkg/endpoints/handlers/responsewriters/errors.go (forbiddenMessage)
 */
import type { UserInfo } from './identity.ts';
import { isIn } from './identity.ts';
import { type KubeObject, listAt, textAt, textsAt } from './object.ts';

/** What somebody wants to do. */
export interface Attributes {
  readonly user: UserInfo;
  readonly verb: string;
  /** False: a path such as /healthz. */
  readonly isResource: boolean;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  readonly path: string;
  /** The field selector of a list or watch. */
  readonly fieldSelector: string;
}

/** An authorizer's answer: yes with a reason, or no opinion with one. */
export interface Decision {
  readonly allowed: boolean;
  readonly reason: string;
}

/** One rule of a role. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly nonResourceURLs?: readonly string[];
}

/** Where the live objects are. */
export interface RbacSource {
  clusterRole(name: string): KubeObject | undefined;
  role(namespace: string, name: string): KubeObject | undefined;
  clusterRoleBindings(): Iterable<KubeObject>;
  roleBindings(namespace: string): Iterable<KubeObject>;
}

/** Decide by RBAC; the first binding that allows is named. */
export function authorizeRbac(source: RbacSource, attributes: Attributes): Decision {
  const missing: string[] = [];
  for (const grant of grantsOf(source, attributes.user, attributes.isResource ? attributes.namespace : '')) {
    if (grant.missing !== undefined) missing.push(grant.missing);
    if (grant.rules.some((rule) => allows(rule, attributes))) {
      return { allowed: true, reason: `RBAC: allowed by ${grant.binding}` };
    }
  }
  return { allowed: false, reason: missing.length === 0 ? '' : `RBAC: ${missing.join(', ')}` };
}

/** All rules that a user has in a namespace, for SelfSubjectRulesReview. */
export function rulesOf(source: RbacSource, user: UserInfo, namespace: string): PolicyRule[] {
  return [...grantsOf(source, user, namespace)].flatMap((grant) => [...grant.rules]);
}

/** True for members of system:masters: allowed before anybody is asked. */
export function isPrivileged(user: UserInfo): boolean {
  return isIn(user, 'system:masters');
}

/** Whether one rule covers what is wanted. */
export function allows(rule: PolicyRule, wanted: Attributes): boolean {
  if (!has(rule.verbs, wanted.verb)) return false;
  if (!wanted.isResource) return (rule.nonResourceURLs ?? []).some((url) => coversPath(url, wanted.path));
  if (!has(rule.apiGroups ?? [], wanted.group)) return false;
  const names = rule.resourceNames ?? [];
  if (names.length > 0 && !names.includes(wanted.name)) return false;
  const full = wanted.subresource === '' ? wanted.resource : `${wanted.resource}/${wanted.subresource}`;
  return (rule.resources ?? []).some(
    (one) => one === '*' || one === full || (wanted.subresource !== '' && one === `*/${wanted.subresource}`),
  );
}

function has(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value);
}

function coversPath(url: string, path: string): boolean {
  return url === '*' || url === path || (url.endsWith('*') && path.startsWith(url.slice(0, -1)));
}

interface Grant {
  readonly binding: string;
  readonly rules: readonly PolicyRule[];
  readonly missing?: string;
}

function* grantsOf(source: RbacSource, user: UserInfo, namespace: string): Generator<Grant> {
  for (const binding of source.clusterRoleBindings()) yield* grantOf(source, binding, user, '');
  if (namespace === '') return;
  for (const binding of source.roleBindings(namespace)) yield* grantOf(source, binding, user, namespace);
}

function* grantOf(
  source: RbacSource,
  binding: KubeObject,
  user: UserInfo,
  namespace: string,
): Generator<Grant> {
  const subject = listAt(binding, 'subjects').find((one) => isSubject(one, user, namespace));
  if (subject === undefined) return;
  const kind = textAt(binding, 'roleRef', 'kind');
  const name = textAt(binding, 'roleRef', 'name');
  const role = kind === 'ClusterRole' ? source.clusterRole(name) : source.role(namespace, name);
  const bindingName = binding.metadata.name ?? '';
  const where = namespace === '' ? bindingName : `${bindingName}/${namespace}`;
  const who = describeSubject(subject);
  const text = `${binding.kind} ${JSON.stringify(where)} of ${kind} ${JSON.stringify(name)} to ${who}`;
  if (role) yield { binding: text, rules: rulesIn(role) };
  else {
    const missing = `${kind.toLowerCase()}.rbac.authorization.k8s.io ${JSON.stringify(name)} not found`;
    yield { binding: text, rules: [], missing };
  }
}

function isSubject(subject: unknown, user: UserInfo, namespace: string): boolean {
  const name = textAt(subject, 'name');
  switch (textAt(subject, 'kind')) {
    case 'User':
      return name === user.username;
    case 'Group':
      return isIn(user, name);
    case 'ServiceAccount': {
      const where = textAt(subject, 'namespace') || namespace;
      return user.username === `system:serviceaccount:${where}:${name}`;
    }
    default:
      return false;
  }
}

function describeSubject(subject: unknown): string {
  const kind = textAt(subject, 'kind');
  const name = textAt(subject, 'name');
  const where = textAt(subject, 'namespace');
  return `${kind} ${JSON.stringify(kind === 'ServiceAccount' ? `${name}/${where}` : name)}`;
}

/** The rules of a Role or ClusterRole object. */
export function rulesIn(role: KubeObject): PolicyRule[] {
  return listAt(role, 'rules').map((rule) => ({
    verbs: textsAt(rule, 'verbs'),
    apiGroups: textsAt(rule, 'apiGroups'),
    resources: textsAt(rule, 'resources'),
    resourceNames: textsAt(rule, 'resourceNames'),
    nonResourceURLs: textsAt(rule, 'nonResourceURLs'),
  }));
}

/** `User "jane" cannot list resource "nodes" in API group "" at the cluster scope`, with the reason after a colon. */
export function forbiddenText(wanted: Attributes, reason: string): string {
  const resource = wanted.subresource === '' ? wanted.resource : `${wanted.resource}/${wanted.subresource}`;
  const where =
    wanted.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(wanted.namespace)}`;
  const what = `User ${JSON.stringify(wanted.user.username)} cannot ${wanted.verb} resource ${JSON.stringify(resource)}`;
  const text = `${what} in API group ${JSON.stringify(wanted.group)} ${where}`;
  return reason === '' ? text : `${text}: ${reason}`;
}
