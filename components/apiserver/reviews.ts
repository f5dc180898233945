/**
 * Questions that are answered and forgotten: may I, may they, who am I, whose token is this.
 *
 * @see k8s.io/kubernetes pkg/registry/authorization, pkg/registry/authentication
 */
import { type Attributes, rulesOf } from '../api/authorize.ts';
import type { UserInfo } from '../api/identity.ts';
import { at, isObject, type Json, type KubeObject, textAt, textsAt } from '../api/object.ts';
import { badRequest, invalid, noSuchResource } from '../api/status.ts';
import { wrong } from '../api/validate.ts';
import { bindPod } from './bind-pod.ts';
import { apiVersionFor, type Call, readObject, sendObject } from './call.ts';
import type { Pipeline } from './server.ts';

type Answer = (pipeline: Pipeline, call: Call, review: KubeObject) => Json | Promise<Json>;

const REVIEWS: Readonly<Record<string, Answer>> = {
  SelfSubjectReview: (_pipeline, { user }) => ({ userInfo: userJson(user) }),
  SelfSubjectAccessReview: (pipeline, { user }, review) => decide(pipeline, user, review, ''),
  SubjectAccessReview: (pipeline, _call, review) => decide(pipeline, subjectOf(review), review, ''),
  LocalSubjectAccessReview: (pipeline, { info }, review) =>
    decide(pipeline, subjectOf(review), review, info.namespace),
  SelfSubjectRulesReview: (pipeline, { user }, review) => rulesStatus(pipeline, user, review),
  TokenReview: tokenStatus,
};

/** POST of a review. */
export async function serveReview(pipeline: Pipeline, call: Call): Promise<void> {
  const review = await readObject(call.request);
  if (!review) throw badRequest('the request body is empty');
  if (call.resource.kind === 'Binding') return bindPod(call, review.metadata.name ?? '', review);
  const answer = REVIEWS[call.resource.kind];
  if (!answer) throw noSuchResource();
  const status = await answer(pipeline, call, review);
  await sendObject(call, 201, {
    kind: call.resource.kind,
    apiVersion: apiVersionFor(call),
    metadata: { creationTimestamp: null, ...review.metadata },
    ...(review['spec'] === undefined ? {} : { spec: review['spec'] }),
    status,
  });
}

/** A user as reviews show one. */
export function userJson(user: UserInfo): Json {
  return {
    username: user.username,
    ...(user.uid ? { uid: user.uid } : {}),
    groups: [...user.groups],
    ...(user.extra ? { extra: user.extra as unknown as Json } : {}),
  };
}

function subjectOf(review: KubeObject): UserInfo {
  const username = textAt(review, 'spec', 'user');
  const groups = textsAt(review, 'spec', 'groups');
  if (username === '' && groups.length === 0) {
    const kind = { group: 'authorization.k8s.io', resource: 'SubjectAccessReview' };
    throw invalid(kind, '', [wrong('spec.user', '', 'at least one of user or group must be specified')]);
  }
  return { username, groups };
}

function decide(pipeline: Pipeline, user: UserInfo, review: KubeObject, namespace: string): Json {
  const resource = at(review, 'spec', 'resourceAttributes');
  const path = at(review, 'spec', 'nonResourceAttributes');
  if (isObject(resource) === isObject(path)) {
    const kind = { group: 'authorization.k8s.io', resource: 'SelfSubjectAccessReview' };
    throw invalid(kind, '', [
      wrong(
        'spec.resourceAttributes',
        null,
        'exactly one of nonResourceAttributes or resourceAttributes must be specified',
      ),
    ]);
  }
  const wanted: Attributes = {
    user,
    verb: textAt(resource, 'verb') || textAt(path, 'verb'),
    isResource: isObject(resource),
    group: textAt(resource, 'group'),
    resource: textAt(resource, 'resource'),
    subresource: textAt(resource, 'subresource'),
    namespace: textAt(resource, 'namespace') || namespace,
    name: textAt(resource, 'name'),
    path: textAt(path, 'path'),
    fieldSelector: textAt(resource, 'fieldSelector', 'rawSelector'),
  };
  const decision = pipeline.authorizer.decide(wanted);
  return { allowed: decision.allowed, ...(decision.reason === '' ? {} : { reason: decision.reason }) };
}

function rulesStatus(pipeline: Pipeline, user: UserInfo, review: KubeObject): Json {
  const namespace = textAt(review, 'spec', 'namespace');
  if (namespace === '') throw badRequest('no namespace on request');
  const all = rulesOf(pipeline.authorizer.rbac, user, namespace);
  const masters = user.groups.includes('system:masters');
  const rules = masters
    ? [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], nonResourceURLs: ['*'] }, ...all]
    : all;
  const resourceRules = rules
    .filter((rule) => (rule.resources ?? []).length > 0)
    .map(({ verbs, apiGroups = [], resources = [], resourceNames = [] }) => ({
      verbs: [...verbs],
      apiGroups: [...apiGroups],
      resources: [...resources],
      ...(resourceNames.length === 0 ? {} : { resourceNames: [...resourceNames] }),
    }));
  const nonResourceRules = rules
    .filter((rule) => (rule.nonResourceURLs ?? []).length > 0)
    .map(({ verbs, nonResourceURLs = [] }) => ({ verbs: [...verbs], nonResourceURLs: [...nonResourceURLs] }));
  return { resourceRules, nonResourceRules, incomplete: false };
}

async function tokenStatus(pipeline: Pipeline, _call: Call, review: KubeObject): Promise<Json> {
  const token = textAt(review, 'spec', 'token');
  const wanted = textsAt(review, 'spec', 'audiences');
  const outcome = await pipeline.tokens.userOf(token);
  if ('problem' in outcome) return { user: {}, error: `[${outcome.problem}]` };
  const audiences = wanted.length > 0 ? wanted : pipeline.tokens.audiences;
  return { authenticated: true, user: userJson(outcome.user), audiences: [...audiences] };
}
