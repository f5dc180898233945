/**
 * Decoding as Go's typed decoder does it: unknown fields are found and dropped, wrong types refused.
 *
 * @see sigs.k8s.io/json (UnmarshalStrict), apiserver pkg/endpoints/handlers/create.go (field validation)
 */
import { isObject, type Json, type KubeObject, type MutableObject } from './object.ts';
import { type FieldType, isPlain, objectType, typeOfKind } from './schema.ts';

/** What was left of an object, and what was wrong with it. */
export interface Checked {
  readonly object: KubeObject;
  /** `unknown field "spec.containers[0].imagee"`. */
  readonly unknown: readonly string[];
  /** `json: cannot unmarshal string into Go struct field …`; null when all types fit. */
  readonly mistyped: string | null;
}

interface Report {
  readonly unknown: string[];
  mistyped: string | null;
}

/** JSON types as Go names them. */
const GO_NAMES: Readonly<Record<string, string>> = {
  integer: 'int32',
  boolean: 'bool',
  string: 'string',
  bytes: '[]uint8',
  Time: 'string',
};

/**
 * Check an object against the type of its kind.
 * @param group  of the resource; kinds without a description pass as they are
 */
export function checkFields(group: string, object: KubeObject): Checked {
  const report: Report = { unknown: [], mistyped: null };
  const type = typeOfKind(group, object.kind);
  if (!objectType(type)) return { object, unknown: [], mistyped: null };
  const checked = checkObject(type, object, '', report) as KubeObject;
  return { object: { ...checked, metadata: checked.metadata ?? {} }, ...report };
}

function checkObject(type: string, value: MutableObject, path: string, report: Report): MutableObject {
  const fields = objectType(type);
  if (!fields) return value;
  const result: MutableObject = {};
  for (const [key, inner] of Object.entries(value)) {
    const where = path === '' ? key : `${path}.${key}`;
    const field = fields.get(key);
    if (!field) {
      report.unknown.push(`unknown field ${JSON.stringify(where)}`);
      continue;
    }
    // null is the same as absent for typed fields.
    if (inner === undefined || inner === null) continue;
    result[key] = checkField(type, field, inner, where, report);
  }
  return result;
}

function checkField(owner: string, field: FieldType, value: Json, path: string, report: Report): Json {
  const goField = `${owner}.${path}`;
  if (field.shape === 'one') return checkOne(field.type, value, path, goField, report);
  if (field.shape === 'list') {
    if (!Array.isArray(value)) return wrongType(report, value, goField, `[]${goType(field.type)}`);
    return (value as Json[]).map((one, index) =>
      checkOne(field.type, one, `${path}[${index}]`, goField, report),
    );
  }
  if (!isObject(value)) return wrongType(report, value, goField, `map[string]${goType(field.type)}`);
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const here = `${path}.${key}`;
      if (inner === undefined || inner === null) return [key, ''];
      if (field.shape === 'map-of-lists') return [key, inner];
      // Quantities stand as strings in the description, and may be written as numbers.
      if (
        field.type === 'string' &&
        typeof inner === 'number' &&
        /(limits|requests|capacity|allocatable|hard)$/.test(path)
      )
        return [key, String(inner)];
      return [key, checkOne(field.type, inner, here, goField, report)];
    }),
  );
}

function checkOne(type: string, value: Json, path: string, goField: string, report: Report): Json {
  if (!isPlain(type)) {
    if (value === null) return {};
    return isObject(value)
      ? checkObject(type, value, path, report)
      : wrongType(report, value, goField, goType(type));
  }
  switch (type) {
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value)
        ? value
        : wrongType(report, value, goField, 'int32');
    case 'boolean':
      return typeof value === 'boolean' ? value : wrongType(report, value, goField, 'bool');
    case 'string':
    case 'bytes':
    case 'Time':
      // Quantities that stand alone (sizeLimit, divisor) may be numbers too.
      if (typeof value === 'number' && /(sizeLimit|divisor|storage|Value|maxLimitRequestRatio)$/.test(path))
        return String(value);
      return typeof value === 'string' ? value : wrongType(report, value, goField, 'string');
    case 'IntOrString':
      return typeof value === 'number' || typeof value === 'string'
        ? value
        : wrongType(report, value, goField, 'int32');
    default:
      return value;
  }
}

function goType(type: string): string {
  return GO_NAMES[type] ?? `v1.${type}`;
}

function wrongType(report: Report, value: Json, goField: string, wanted: string): Json {
  const had = Array.isArray(value)
    ? 'array'
    : isObject(value)
      ? 'object'
      : typeof value === 'boolean'
        ? 'bool'
        : typeof value;
  report.mistyped ??= `json: cannot unmarshal ${had} into Go struct field ${goField.replace(/\[\d+\]/g, '')} of type ${wanted}`;
  return value;
}
