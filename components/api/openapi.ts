/**
 * OpenAPI v3 documents, one per group and version: what `kubectl explain` shows and `kubectl apply` looks up.
 *
 * @see k8s.io/kube-openapi pkg/handler3, kubectl pkg/explain/v2
 */
import { createHash } from 'node:crypto';
import { DESCRIPTIONS } from './descriptions.ts';
import { groupNames, versionsOf } from './discovery.ts';
import { apiVersionOf, RESOURCES, type Resource } from './resources.ts';
import { type FieldType, isPlain, mergeKey, objectType, typeOfKind } from './schema.ts';

const PATCH_TYPES = [
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
] as const;

/** Query parameters that say the server validates fields itself. */
const WRITE_PARAMETERS = ['dryRun', 'fieldManager', 'fieldValidation', 'force'] as const;

const PLAIN_SCHEMAS: Readonly<Record<string, object>> = {
  string: { type: 'string' },
  integer: { type: 'integer', format: 'int32' },
  boolean: { type: 'boolean' },
  bytes: { type: 'string', format: 'byte' },
  Time: { type: 'string', format: 'date-time' },
  IntOrString: { 'x-kubernetes-int-or-string': true, oneOf: [{ type: 'integer' }, { type: 'string' }] },
  any: { type: 'object' },
};

const documents = new Map<string, string>();

/** `api/v1`, `apis/apps/v1` … */
export function documentPaths(): string[] {
  const named = groupNames().flatMap((group) =>
    versionsOf(group).map((version) => `apis/${group}/${version}`),
  );
  return ['api/v1', ...named];
}

/** GET /openapi/v3: where each document is. */
export function openapiIndex(): unknown {
  const paths = documentPaths().map((path) => {
    const hash = createHash('sha512')
      .update(openapiDocument(path) ?? '')
      .digest('hex')
      .toUpperCase();
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }] as const;
  });
  return { paths: Object.fromEntries(paths) };
}

/** One document as JSON; undefined when there is no such path. */
export function openapiDocument(path: string): string | undefined {
  const known = documents.get(path);
  if (known !== undefined) return known;
  if (!documentPaths().includes(path)) return undefined;
  const [, group = '', named] = path.split('/');
  const [ownGroup, version] = named === undefined ? ['', group] : [group, named];
  const text = JSON.stringify(buildDocument(ownGroup, version));
  documents.set(path, text);
  return text;
}

function buildDocument(group: string, version: string): unknown {
  const own = RESOURCES.filter(
    (one) => one.group === group && (one.version === version || one.alsoVersions?.includes(version)),
  );
  const schemas: Record<string, unknown> = {};
  for (const one of own) addKind(schemas, one, version);
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.33.0' },
    paths: Object.fromEntries(own.flatMap((one) => pathsOf(one, version))),
    components: { schemas },
  };
}

function addKind(schemas: Record<string, unknown>, one: Resource, version: string): void {
  const gvk = [{ group: one.group, kind: one.kind, version }];
  const type = typeOfKind(one.group, one.kind);
  const name = schemaName(type, one.group, version);
  if (objectType(type)) addType(schemas, type, one.group, version);
  else {
    schemas[name] = {
      type: 'object',
      description: DESCRIPTIONS[one.kind] ?? '',
      properties: { apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } },
      'x-kubernetes-preserve-unknown-fields': true,
    };
  }
  Object.assign(schemas[name] as object, { 'x-kubernetes-group-version-kind': gvk });
}

/** Names end in the type; shared ones stand in every document that needs them. */
function schemaName(type: string, group: string, version: string): string {
  const place = group === '' ? 'core' : (group.split('.')[0] ?? group);
  return `io.k8s.api.${place}.${version}.${type}`;
}

function addType(schemas: Record<string, unknown>, type: string, group: string, version: string): void {
  const name = schemaName(type, group, version);
  if (schemas[name] !== undefined) return;
  const fields = [...(objectType(type)?.values() ?? [])];
  const properties: Record<string, unknown> = {};
  const required = fields.filter((field) => field.required).map((field) => field.name);
  schemas[name] = {
    type: 'object',
    description: DESCRIPTIONS[type] ?? '',
    properties,
    ...(required.length === 0 ? {} : { required }),
  };
  for (const field of fields) {
    properties[field.name] = fieldSchema(type, field, group, version);
    if (!isPlain(field.type)) addType(schemas, field.type, group, version);
  }
}

function fieldSchema(owner: string, field: FieldType, group: string, version: string): object {
  const inner = isPlain(field.type)
    ? (PLAIN_SCHEMAS[field.type] ?? {})
    : { $ref: `#/components/schemas/${schemaName(field.type, group, version)}` };
  const description = DESCRIPTIONS[`${owner}.${field.name}`] ?? DESCRIPTIONS[`*.${field.name}`];
  const words = description === undefined ? {} : { description };
  switch (field.shape) {
    case 'one':
      return '$ref' in inner ? { ...words, allOf: [inner], default: {} } : { ...words, ...inner };
    case 'map':
      return { ...words, type: 'object', additionalProperties: inner };
    case 'map-of-lists':
      return { ...words, type: 'object', additionalProperties: { type: 'array', items: inner } };
    case 'list': {
      const key = mergeKey(owner, field.name);
      return {
        ...words,
        type: 'array',
        items: '$ref' in inner ? { allOf: [inner], default: {} } : inner,
        ...listRules(key),
      };
    }
  }
}

function listRules(key: string | undefined): object {
  if (key === undefined) return { 'x-kubernetes-list-type': 'atomic' };
  if (key === '') return { 'x-kubernetes-list-type': 'set', 'x-kubernetes-patch-strategy': 'merge' };
  return {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [key],
    'x-kubernetes-patch-merge-key': key,
    'x-kubernetes-patch-strategy': 'merge',
  };
}

function pathsOf(one: Resource, version: string): (readonly [string, unknown])[] {
  const root = one.group === '' ? `/api/${version}` : `/apis/${apiVersionOf(one.group, version)}`;
  const collection = `${root}/${one.namespaced ? 'namespaces/{namespace}/' : ''}${one.plural}`;
  const gvk = { group: one.group, kind: one.kind, version };
  const parameters = WRITE_PARAMETERS.map((name) => ({
    name,
    in: 'query',
    schema: { type: 'string', uniqueItems: true },
  }));
  const body = {
    $ref: `#/components/schemas/${schemaName(typeOfKind(one.group, one.kind), one.group, version)}`,
  };
  const operation = (action: string, types: readonly string[]): object => ({
    parameters,
    requestBody: {
      content: Object.fromEntries(
        types.map((type) => [type, { schema: action === 'patch' ? { type: 'object' } : body }]),
      ),
    },
    responses: { 200: { description: 'OK', content: { 'application/json': { schema: body } } } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': gvk,
  });
  const create = [collection, { post: operation('post', ['application/json', 'application/yaml']) }] as const;
  if (one.how !== 'store') return [create];
  return [
    create,
    [
      `${collection}/{name}`,
      {
        put: operation('put', ['application/json', 'application/yaml']),
        patch: operation('patch', PATCH_TYPES),
      },
    ],
  ];
}
