/**
 * The API server's authorizers in their order: system:masters, then those of --authorization-mode.
 */
import {
  type Attributes,
  authorizeRbac,
  type Decision,
  isPrivileged,
  type RbacSource,
} from '../api/authorize.ts';
import { authorizeNode } from '../api/authorize-node.ts';
import type { UserInfo } from '../api/identity.ts';
import { type KubeObject, textAt } from '../api/object.ts';
import { etcdFolder, etcdKey, resource } from '../api/resources.ts';
import type { RequestInfo } from './request-info.ts';
import type { ApiServer } from './server-context.ts';

const CLUSTER_ROLES = resource('rbac.authorization.k8s.io', 'clusterroles');
const CLUSTER_ROLE_BINDINGS = resource('rbac.authorization.k8s.io', 'clusterrolebindings');
const ROLES = resource('rbac.authorization.k8s.io', 'roles');
const ROLE_BINDINGS = resource('rbac.authorization.k8s.io', 'rolebindings');
const PODS = resource('', 'pods');

/** Paths that anybody may read while the store has not been read yet: as with the real system:public-info-viewer. */
const ALWAYS_OPEN: readonly string[] = ['/healthz', '/livez', '/readyz'];

/** Decides; RBAC reads the live objects of the cache. */
export interface Authorizer {
  decide(wanted: Attributes): Decision;
  readonly rbac: RbacSource;
}

/** The authorizers that --authorization-mode names. */
export function openAuthorizer(api: ApiServer): Authorizer {
  const { cache } = api.store;
  const rbac: RbacSource = {
    clusterRole: (name) => cache.get(etcdKey(CLUSTER_ROLES, '', name))?.object,
    role: (namespace, name) => cache.get(etcdKey(ROLES, namespace, name))?.object,
    *clusterRoleBindings() {
      for (const entry of cache.list(etcdFolder(CLUSTER_ROLE_BINDINGS))) yield entry.object;
    },
    *roleBindings(namespace) {
      for (const entry of cache.list(`${etcdFolder(ROLE_BINDINGS)}${namespace}/`)) yield entry.object;
    },
  };
  function* podsOn(node: string): Generator<KubeObject> {
    for (const { object } of cache.list(etcdFolder(PODS)))
      if (textAt(object, 'spec', 'nodeName') === node) yield object;
  }
  const modes: Readonly<Record<string, (wanted: Attributes) => Decision>> = {
    Node: (wanted) => authorizeNode(podsOn, wanted),
    RBAC: (wanted) => authorizeRbac(rbac, wanted),
    AlwaysAllow: () => ({ allowed: true, reason: '' }),
  };
  return {
    rbac,
    decide(wanted) {
      if (isPrivileged(wanted.user)) return { allowed: true, reason: '' };
      if (
        !wanted.isResource &&
        wanted.verb === 'get' &&
        ALWAYS_OPEN.some((path) => isUnder(wanted.path, path))
      ) {
        return { allowed: true, reason: '' };
      }
      const reasons: string[] = [];
      for (const mode of api.flags['authorization-mode']) {
        const decision = modes[mode]?.(wanted);
        if (decision?.allowed) return decision;
        if (decision && decision.reason !== '') reasons.push(decision.reason);
      }
      return { allowed: false, reason: reasons.join('\n') };
    },
  };
}

function isUnder(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** A request as the authorizers see it. */
export function attributesOf(user: UserInfo, info: RequestInfo): Attributes {
  return {
    user,
    verb: info.verb,
    isResource: info.isResource,
    group: info.group,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: info.path,
    fieldSelector: info.query.get('fieldSelector') ?? '',
  };
}
