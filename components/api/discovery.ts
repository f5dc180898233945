/**
 * Discovery: which groups, versions and resources there are, aggregated (one answer) and plain (one per group).
 *
 * @see apiserver pkg/endpoints/discovery, k8s.io/api apidiscovery/v2
 */
import { apiVersionOf, RESOURCES, type Resource, type Subresource } from './resources.ts';

const STORED_VERBS: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** Content type of the aggregated form. */
export const AGGREGATED_TYPES = [
  'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList',
  'application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList',
] as const;

/** The verbs of a resource. */
export function verbsOf(resource: Resource): readonly string[] {
  if (resource.how === 'create') return ['create'];
  return resource.how === 'computed' ? ['get', 'list'] : STORED_VERBS;
}

/** Groups in the order of the table, the core group left out. */
export function groupNames(): string[] {
  return [...new Set(RESOURCES.map((one) => one.group))].filter((group) => group !== '');
}

/** The versions of a group, preferred first. */
export function versionsOf(group: string): string[] {
  const own = RESOURCES.filter((one) => one.group === group);
  return [...new Set([...own.map((one) => one.version), ...own.flatMap((one) => one.alsoVersions ?? [])])];
}

function resourcesIn(group: string, version: string): Resource[] {
  return RESOURCES.filter(
    (one) => one.group === group && (one.version === version || one.alsoVersions?.includes(version)),
  );
}

/** The aggregated form of /api (`core`) or /apis. */
export function aggregatedDiscovery(core: boolean, apiVersion: string): unknown {
  const groups = core ? [''] : groupNames();
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion,
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
      versions: versionsOf(group).map((version) => ({
        version,
        freshness: 'Current',
        resources: resourcesIn(group, version).map((one) => aggregatedResource(one, version)),
      })),
    })),
  };
}

function aggregatedResource(one: Resource, version: string): unknown {
  return {
    resource: one.plural,
    responseKind: { group: one.group, version, kind: one.kind },
    scope: one.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: one.singular,
    verbs: verbsOf(one),
    ...(one.shortNames ? { shortNames: one.shortNames } : {}),
    ...(one.categories ? { categories: one.categories } : {}),
    ...(one.subresources
      ? {
          subresources: Object.entries(one.subresources).map(([name, sub]) => ({
            subresource: name,
            responseKind: kindOf(one, sub, version),
            verbs: sub.verbs,
          })),
        }
      : {}),
  };
}

function kindOf(
  one: Resource,
  sub: Subresource,
  version: string,
): { group: string; version: string; kind: string } {
  return { group: sub.group ?? one.group, version: sub.version ?? version, kind: sub.kind ?? one.kind };
}

/** GET /api. */
export function coreVersions(address: string): unknown {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
  };
}

/** GET /apis. */
export function groupList(): unknown {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groupNames().map(groupBody) };
}

/** GET /apis/GROUP; undefined when there is no such group. */
export function groupOf(group: string): unknown {
  return groupNames().includes(group)
    ? { kind: 'APIGroup', apiVersion: 'v1', ...groupBody(group) }
    : undefined;
}

function groupBody(group: string): object {
  const versions = versionsOf(group).map((version) => ({ groupVersion: `${group}/${version}`, version }));
  return { name: group, versions, preferredVersion: versions[0] };
}

/** GET /api/v1 or /apis/GROUP/VERSION; undefined when there is none. */
export function resourceList(group: string, version: string): unknown {
  const own = resourcesIn(group, version);
  if (own.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf(group, version),
    resources: own.flatMap((one) => [
      {
        name: one.plural,
        singularName: one.singular,
        namespaced: one.namespaced,
        kind: one.kind,
        verbs: verbsOf(one),
        ...(one.shortNames ? { shortNames: one.shortNames } : {}),
        ...(one.categories ? { categories: one.categories } : {}),
      },
      ...Object.entries(one.subresources ?? {}).map(([name, sub]) => ({
        name: `${one.plural}/${name}`,
        singularName: '',
        namespaced: one.namespaced,
        ...(sub.group === undefined ? {} : { group: sub.group, version: sub.version }),
        kind: sub.kind ?? one.kind,
        verbs: sub.verbs,
      })),
    ]),
  };
}
