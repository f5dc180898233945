/**
 * Messages as JSON, the way etcd's gateway reads and writes them.
 *
 * Written: 64-bit integers as strings, bytes as base64, defaults left out, fields in the table's order.
 * Read: `range_end` or `rangeEnd`, integers as numbers or strings, enums by name or number, unknown fields ignored.
 * @see grpc-gateway 1.x runtime/marshal_jsonpb.go; texts measured on etcd 3.4.23, 2026-11-24
 */
import { EtcdError } from './errors.ts';
import { enumOf, type FieldSpec, fieldsOf, type Message, type MessageName, type Reply } from './schema.ts';

type Fields = readonly (readonly [name: string, camel: string, spec: FieldSpec])[];

/** A JSON string; unrolled, so that megabytes of base64 cost one step. */
const STRING = String.raw`"[^"\\]*(?:\\[\s\S][^"\\]*)*"`;
const SCALAR = new RegExp(`^(?:${STRING}|[^\\s"{[]+)`);
const TOKENS = new RegExp(`${STRING}|[{}[\\]]|"`, 'g');
const LONG_INTEGERS = new RegExp(`${STRING}|-?\\d{16,}(?![\\d.eE])`, 'g');

const fieldLists = new Map<string, Fields>();

/**
 * Read a message.
 * @param type   its name in the schema
 * @param value  what `JSON.parse` gave
 * @throws       EtcdError InvalidArgument with Go's text
 */
export function fromJson<N extends MessageName>(type: N, value: unknown): Message<N> {
  return readMessage(type, value) as Message<N>;
}

/** Write a message: compact JSON text. */
export function toJson<N extends MessageName>(type: N, message: Reply<N>): string {
  return writeMessage(type, message as Record<string, unknown>);
}

/**
 * Cut the JSON values off the front of a text, as a streaming decoder does.
 * @param text  what has arrived so far
 * @param most  stop after so many; what follows is not looked at
 * @returns     the values that are complete, and the rest
 * @throws      EtcdError InvalidArgument with Go's text when it cannot be JSON
 */
export function cutJson(
  text: string,
  most = Number.POSITIVE_INFINITY,
): { readonly values: readonly unknown[]; readonly rest: string } {
  const values: unknown[] = [];
  let rest = text.trimStart();
  while (rest !== '' && values.length < most) {
    const first = rest[0] ?? '';
    if (!/["{[\-\dtfn]/.test(first))
      throw invalid(`invalid character '${first}' looking for beginning of value`);
    const end = endOfValue(rest);
    if (end === undefined) break;
    values.push(parse(rest.slice(0, end)));
    rest = rest.slice(end).trimStart();
  }
  return { values, rest };
}

/** Where the object or array that the text begins with ends; undefined when more is needed. */
function endOfValue(text: string): number | undefined {
  if (text[0] !== '{' && text[0] !== '[') {
    const scalar = SCALAR.exec(text);
    return scalar?.[0].length;
  }
  let depth = 0;
  for (const match of text.matchAll(TOKENS)) {
    const [token] = match;
    if (token === '"') return undefined;
    if (token === '{' || token === '[') depth += 1;
    else if (token === '}' || token === ']') depth -= 1;
    if (depth === 0) return match.index + token.length;
  }
  return undefined;
}

/** JSON.parse, with integers that a double cannot hold kept as strings (both are valid spellings of an int64). */
function parse(text: string): unknown {
  const exact = /\d{16}/.test(text)
    ? text.replace(LONG_INTEGERS, (token) => (token.startsWith('"') ? token : `"${token}"`))
    : text;
  try {
    return JSON.parse(exact);
  } catch (error) {
    throw invalid(error instanceof Error ? error.message : 'invalid JSON');
  }
}

function fieldList(type: string): Fields {
  let list = fieldLists.get(type);
  if (!list) {
    list = Object.entries(fieldsOf(type) ?? {}).map(([name, spec]) => [
      name,
      name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
      spec,
    ]);
    fieldLists.set(type, list);
  }
  return list;
}

function readMessage(type: string, value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid(`json: cannot unmarshal ${kindOf(value)} into Go value of type map[string]json.RawMessage`);
  }
  const source = value as Record<string, unknown>;
  const message: Record<string, unknown> = {};
  for (const [name, camel, [, fieldType, rule]] of fieldList(type)) {
    const given = source[name] ?? source[camel] ?? null;
    if (rule === 'repeated') {
      if (given !== null && !Array.isArray(given)) {
        throw invalid(`json: cannot unmarshal ${kindOf(given)} into Go value of type []json.RawMessage`);
      }
      message[name] = (given ?? []).map((one: unknown) => readValue(fieldType, one));
    } else {
      message[name] = given === null ? defaultOf(fieldType) : readValue(fieldType, given);
    }
  }
  return message;
}

/** The value of a field that was not sent; null for a message. */
function defaultOf(type: string): unknown {
  switch (type) {
    case 'bytes':
      return Buffer.alloc(0);
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int64':
    case 'uint64':
      return 0n;
    case 'uint32':
      return 0;
    default:
      return Object.keys(enumOf(type)?.values ?? {})[0] ?? null;
  }
}

function readValue(type: string, value: unknown): unknown {
  switch (type) {
    case 'bytes':
      if (typeof value !== 'string') throw wrongType(value, '[]uint8');
      return readBase64(value);
    case 'string':
      if (typeof value !== 'string') throw wrongType(value, 'string');
      return value;
    case 'bool':
      if (typeof value !== 'boolean') throw wrongType(value, 'bool');
      return value;
    case 'int64':
    case 'uint64':
      return readInteger(type, value);
    case 'uint32':
      return Number(readInteger(type, value));
    default:
      return readEnum(type, value) ?? readMessage(type, value);
  }
}

function readEnum(type: string, value: unknown): string | undefined {
  const known = enumOf(type);
  if (!known) return undefined;
  const names = Object.keys(known.values);
  if (typeof value === 'string') {
    if (Object.hasOwn(known.values, value)) return value;
    throw invalid(`unknown value ${JSON.stringify(value)} for enum ${known.go}`);
  }
  if (typeof value !== 'number') throw wrongType(value, 'int32');
  return names.find((name) => known.values[name] === value) ?? names[0];
}

function readInteger(type: 'int64' | 'uint64' | 'uint32', value: unknown): bigint {
  if (typeof value !== 'string' && typeof value !== 'number') throw wrongType(value, type);
  const text = String(value);
  if (!/^-?\d+$/.test(text)) {
    if (/^-?[\d.eE+-]+$/.test(text))
      throw invalid(`json: cannot unmarshal number ${text} into Go value of type ${type}`);
    throw invalid(`invalid character '${text[0] ?? ' '}' looking for beginning of value`);
  }
  const number = BigInt(text);
  const fits =
    type === 'int64' ? BigInt.asIntN(64, number) : BigInt.asUintN(type === 'uint64' ? 64 : 32, number);
  if (fits !== number) throw invalid(`json: cannot unmarshal number ${text} into Go value of type ${type}`);
  return number;
}

function readBase64(text: string): Buffer {
  const bad = text.search(/[^A-Za-z0-9+/=\r\n]/);
  if (bad >= 0) throw invalid(`illegal base64 data at input byte ${bad}`);
  const compact = text.replace(/[\r\n]/g, '');
  const padding = compact.indexOf('=');
  if (
    compact.length % 4 !== 0 ||
    (padding >= 0 && (padding < compact.length - 2 || !compact.endsWith('=')))
  ) {
    throw invalid(`illegal base64 data at input byte ${compact.length - (compact.length % 4)}`);
  }
  return Buffer.from(compact, 'base64');
}

function writeMessage(type: string, message: Record<string, unknown>): string {
  let text = '';
  for (const [name, , [, fieldType, rule]] of fieldList(type)) {
    const value = message[name];
    if (value === undefined || value === null) continue;
    const written =
      rule === 'repeated'
        ? writeList(fieldType, value as readonly unknown[])
        : isDefault(fieldType, value)
          ? ''
          : writeValue(fieldType, value);
    if (written !== '') text += `${text === '' ? '' : ','}"${name}":${written}`;
  }
  return `{${text}}`;
}

function writeList(type: string, values: readonly unknown[]): string {
  return values.length === 0 ? '' : `[${values.map((value) => writeValue(type, value)).join(',')}]`;
}

function isDefault(type: string, value: unknown): boolean {
  switch (type) {
    case 'bytes':
      return (value as Uint8Array).length === 0;
    case 'string':
      return value === '';
    case 'bool':
      return value === false;
    case 'int64':
    case 'uint64':
      return value === 0n;
    case 'uint32':
      return value === 0;
    default:
      return enumOf(type)?.values[String(value)] === 0;
  }
}

function writeValue(type: string, value: unknown): string {
  switch (type) {
    case 'bytes':
      return `"${(value as Buffer).toString('base64')}"`;
    case 'int64':
    case 'uint64':
      return `"${value}"`;
    case 'string':
    case 'bool':
    case 'uint32':
      return JSON.stringify(value);
    default:
      return enumOf(type) ? `"${value}"` : writeMessage(type, value as Record<string, unknown>);
  }
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}

function wrongType(value: unknown, goType: string): EtcdError {
  return invalid(`json: cannot unmarshal ${kindOf(value)} into Go value of type ${goType}`);
}

function invalid(message: string): EtcdError {
  return new EtcdError('InvalidArgument', message);
}
