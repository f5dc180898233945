/**
 * OpenAPI v2 as protobuf: kubectl up to 1.27 will not apply or create without it.
 *
 * Only what those releases look at is said: which kinds take the query parameter fieldValidation.
 *
 * @see google/gnostic openapiv2/OpenAPIv2.proto, kubectl pkg/validation (QueryParamVerifier)
 */
import { apiVersionOf, RESOURCES, type Resource } from './resources.ts';

/** What kubectl asks for: `application/com.github.proto-openapi.spec.v2@v1.0+protobuf`. */
export const OPENAPI_V2_TYPE = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf';

/** The whole document. */
export function openapiV2(): Buffer {
  const paths = RESOURCES.filter((one) => one.how === 'store').map((one) => field(2, namedPath(one)));
  return Buffer.concat([
    field(1, '2.0'),
    field(2, message(field(1, 'Kubernetes'), field(2, 'v1.33.0'))),
    field(8, message(...paths)),
  ]);
}

function namedPath(one: Resource): Buffer {
  const root = one.group === '' ? `/api/${one.version}` : `/apis/${apiVersionOf(one.group, one.version)}`;
  const path = `${root}/${one.namespaced ? 'namespaces/{namespace}/' : ''}${one.plural}/{name}`;
  // NamedPathItem{name, value}; PathItem.patch is field 8.
  return message(field(1, path), field(2, message(field(8, operation(one)))));
}

/** Operation{parameters = 8, vendor_extension = 13}. */
function operation(one: Resource): Buffer {
  const gvk = `group: "${one.group}"\nkind: ${one.kind}\nversion: ${one.version}\n`;
  const extension = message(field(1, 'x-kubernetes-group-version-kind'), field(2, message(field(2, gvk))));
  const parameters = ['dryRun', 'fieldManager', 'fieldValidation', 'force'].map((name) =>
    field(8, queryParameter(name)),
  );
  return message(...parameters, field(13, extension));
}

/** ParametersItem.parameter -> Parameter.non_body_parameter -> NonBodyParameter.query_parameter_sub_schema. */
function queryParameter(name: string): Buffer {
  const schema = message(field(2, 'query'), field(4, name), field(6, 'string'));
  return message(field(1, message(field(2, message(field(3, schema))))));
}

function message(...fields: readonly Buffer[]): Buffer {
  return Buffer.concat(fields);
}

/** A length-delimited field: a text or a message. */
function field(number: number, content: Buffer | string): Buffer {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127) {
    bytes.push((rest & 127) | 128);
    rest = Math.floor(rest / 128);
  }
  return Buffer.from([...bytes, rest]);
}
