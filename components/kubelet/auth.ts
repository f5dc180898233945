/**
 * Who may ask this kubelet for what: the client certificate names the user, the API server decides.
 *
 * The decision is a SubjectAccessReview over the kubelet's own client certificate, cached for a round: a kubelet
 * whose own certificate is refused can authorize nobody.
 */
import type { IncomingMessage } from 'node:http';
import { messageOf } from '../../certs/errors.ts';
import type { ApiClient } from '../api/client.ts';
import { ANONYMOUS, type UserInfo, userOfCertificate } from '../api/identity.ts';
import type { ClientAuth } from '../component.ts';
import { peerOf } from '../tls/server.ts';
import type { KubeletConfig } from './config.ts';

/** What became of a request before it was looked at; the body is plain text, as the real kubelet's. */
export type Admission =
  | { readonly allowed: true; readonly user: UserInfo }
  | { readonly allowed: false; readonly status: 401 | 403 | 500; readonly body: string };

/** Decides about requests. */
export type Admit = (request: IncomingMessage) => Promise<Admission>;

/**
 * Which part of the node a path belongs to; each is also tried as `proxy`.
 * @see pkg/kubelet/server/auth.go, GetRequestAttributes with KubeletFineGrainedAuthz (beta, on, in v1.33)
 */
const SUBRESOURCES: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^\/stats(\/|$)/, ['stats']],
  [/^\/metrics(\/|$)/, ['metrics']],
  [/^\/logs(\/|$)/, ['log']],
  [/^\/(pods|runningpods)(\/|$)/, ['pods', 'proxy']],
  [/^\/healthz(\/|$)/, ['healthz', 'proxy']],
  [/^\/configz(\/|$)/, ['configz', 'proxy']],
];

const VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

const MAX_CACHED = 100;

/** What the door-keeper needs to know. */
export interface AdmitOptions {
  readonly client: ApiClient;
  readonly config: KubeletConfig;
  readonly node: string;
  /** How long a decision counts. Real: 5 minutes when allowed, 30 seconds when not. */
  readonly cacheMs: number;
}

/**
 * Make the door-keeper.
 * @see pkg/kubelet/server/server.go, InstallAuthFilter
 */
export function createAdmit({ client, config, node, cacheMs }: AdmitOptions): Admit {
  const cache = new Map<string, { readonly allowed: boolean; readonly untilMs: number }>();

  const review = async (user: UserInfo, verb: string, subresource: string): Promise<boolean> => {
    const key = JSON.stringify([user.username, user.groups, verb, subresource]);
    const cached = cache.get(key);
    if (cached && cached.untilMs > performance.now()) return cached.allowed;
    const answer = await client.request<{ status?: { allowed?: boolean } }>(
      'POST',
      '/apis/authorization.k8s.io/v1/subjectaccessreviews',
      {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        metadata: {},
        spec: {
          user: user.username,
          groups: user.groups,
          resourceAttributes: { verb, version: 'v1', resource: 'nodes', subresource, name: node },
        },
      },
    );
    const allowed = answer.status?.allowed === true;
    if (cache.size >= MAX_CACHED) cache.clear();
    cache.set(key, { allowed, untilMs: performance.now() + cacheMs });
    return allowed;
  };

  return async (request) => {
    const user = userOf(request, config);
    if (!user) {
      client.klog('E', 'server.go:309', 'Unable to authenticate the request due to an error', {
        err: peerOf(request.socket).verdict?.text ?? 'no credential',
      });
      return { allowed: false, status: 401, body: 'Unauthorized' };
    }
    if (config.authorizationMode === 'AlwaysAllow') return { allowed: true, user };
    const verb = VERBS[request.method ?? 'GET'] ?? '';
    const path = new URL(request.url ?? '/', 'https://kubelet').pathname;
    const subresources = SUBRESOURCES.find(([pattern]) => pattern.test(path))?.[1] ?? ['proxy'];
    const attributes = `user=${user.username}, verb=${verb}, resource=nodes, subresource(s)=[${subresources.join(' ')}]`;
    try {
      for (const subresource of subresources) {
        if (await review(user, verb, subresource)) return { allowed: true, user };
      }
    } catch (error) {
      client.klog('E', 'server.go:335', 'Authorization error', {
        err: messageOf(error),
        user: user.username,
        verb,
        resource: 'nodes',
        'subresource(s)': subresources,
      });
      return { allowed: false, status: 500, body: `Authorization error (${attributes})` };
    }
    client.klog('I', 'server.go:341', 'Forbidden', {
      user: user.username,
      verb,
      resource: 'nodes',
      'subresource(s)': subresources,
    });
    return { allowed: false, status: 403, body: `Forbidden (${attributes})\n` };
  };
}

/**
 * Whom a kubelet lets in that it should not, in sentences.
 * @param clientAuth  a server that refuses clients without a certificate keeps out the anonymous
 */
export function tooOpen(id: string, config: KubeletConfig, clientAuth: ClientAuth): readonly string[] {
  if (config.authorizationMode !== 'AlwaysAllow') return [];
  const whom =
    config.anonymous && clientAuth === 'request'
      ? 'everybody, with or without a certificate,'
      : 'everybody whose certificate its CA signed';
  return [`${id} lets ${whom} read logs and run commands in its pods (authorization mode AlwaysAllow)`];
}

/** The user of a request; undefined when it must be answered 401. */
function userOf(request: IncomingMessage, config: KubeletConfig): UserInfo | undefined {
  const { chain, verdict } = peerOf(request.socket);
  const [leaf] = chain;
  if (leaf && verdict) return verdict.accepted ? userOfCertificate(leaf) : undefined;
  return config.anonymous && request.headers.authorization === undefined ? ANONYMOUS : undefined;
}
