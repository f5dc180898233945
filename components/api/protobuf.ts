/**
 * Request bodies in Kubernetes' protobuf: an envelope with apiVersion and kind around the object's message.
 *
 * Only requests are decoded; answers are always JSON, which every client accepts.
 *
 * @see apimachinery pkg/runtime/serializer/protobuf/protobuf.go, pkg/runtime/generated.proto (Unknown)
 */
import { ensureObject, type Json, kubeTime, type MutableObject } from './object.ts';
import { MESSAGES } from './protobuf-schema.ts';
import { badRequest, unsupportedMediaType } from './status.ts';

const MAGIC = Buffer.from('k8s\0', 'latin1');
const DEPTH_LIMIT = 32;

interface Field {
  readonly name: string;
  readonly type: string;
  readonly repeated: boolean;
  readonly map: boolean;
  /** Zero and false mean something. */
  readonly pointer: boolean;
}

/**
 * Decode a body.
 * @throws StatusError 400 when it is malformed, 415 when the kind is not known here
 */
export function decodeProtobuf(bytes: Buffer): MutableObject {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw badRequest(
      'provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]',
    );
  }
  let apiVersion = '';
  let kind = '';
  let raw: Buffer = Buffer.alloc(0);
  for (const [number, value] of fieldsOf(bytes.subarray(MAGIC.length))) {
    if (number === 1 && Buffer.isBuffer(value)) {
      for (const [inner, text] of fieldsOf(value)) {
        if (inner === 1) apiVersion = String(text);
        if (inner === 2) kind = String(text);
      }
    }
    if (number === 2 && Buffer.isBuffer(value)) raw = value;
  }
  if (!MESSAGES[kind]) throw unsupportedMediaType(['application/json', 'application/yaml']);
  return { apiVersion, kind, ...decodeMessage(kind, raw, 0) };
}

const parsed = new Map<string, ReadonlyMap<number, Field>>();

/** The fields of a message by number. */
function schemaOf(message: string): ReadonlyMap<number, Field> {
  const known = parsed.get(message);
  if (known) return known;
  const fields = new Map<number, Field>();
  for (const line of (MESSAGES[message] ?? '').split(', ')) {
    const [number = '', name = '', first = '', second] = line.trim().split(' ');
    const map = first === 'map' && second !== undefined;
    const full = map ? second : first;
    const type = full.replace(/\[\]$|\?$/, '');
    fields.set(Number(number), {
      name,
      type,
      repeated: full.endsWith('[]'),
      map,
      pointer: full.endsWith('?'),
    });
  }
  parsed.set(message, fields);
  return fields;
}

function decodeMessage(message: string, bytes: Buffer, depth: number): MutableObject {
  if (depth > DEPTH_LIMIT) throw badRequest('protobuf: too deep');
  const schema = schemaOf(message);
  const object: MutableObject = {};
  for (const [number, value] of fieldsOf(bytes)) {
    const field = schema.get(number);
    if (!field) continue;
    if (field.map) {
      if (Buffer.isBuffer(value)) addEntry(object, field, value, depth);
      continue;
    }
    const decoded = decodeValue(field, value, depth);
    if (decoded === undefined) continue;
    if (field.name === '...') Object.assign(object, decoded);
    else if (field.repeated) {
      const list = object[field.name];
      object[field.name] = [...(Array.isArray(list) ? list : []), decoded];
    } else object[field.name] = decoded;
  }
  return object;
}

function addEntry(object: MutableObject, field: Field, bytes: Buffer, depth: number): void {
  let key = '';
  let value: Buffer | bigint = Buffer.alloc(0);
  for (const [number, found] of fieldsOf(bytes)) {
    if (number === 1) key = String(found);
    else value = found;
  }
  const map = ensureObject(object, field.name);
  map[key] = decodeValue({ ...field, repeated: true }, value, depth) ?? '';
}

function decodeValue(field: Field, value: Buffer | bigint, depth: number): Json | undefined {
  switch (field.type) {
    case 'string': {
      const text = String(value);
      return text === '' && !field.repeated ? undefined : text;
    }
    case 'bytes':
      return Buffer.isBuffer(value) && (value.length > 0 || field.repeated)
        ? value.toString('base64')
        : undefined;
    case 'int': {
      const number = Number(BigInt.asIntN(64, typeof value === 'bigint' ? value : 0n));
      return number === 0 && !field.pointer ? undefined : number;
    }
    case 'bool':
      return value === 0n && !field.pointer ? undefined : value !== 0n;
    case 'Time':
      return Buffer.isBuffer(value) ? decodeTime(value) : undefined;
    case 'Quantity':
      return Buffer.isBuffer(value) ? String(first(value, 1) ?? '') : undefined;
    case 'IntOrString':
      return Buffer.isBuffer(value) ? decodeIntOrString(value) : undefined;
    case 'ExtraValue':
      return Buffer.isBuffer(value) ? fieldsOf(value).map(([, text]) => String(text)) : undefined;
    default: {
      if (!Buffer.isBuffer(value)) return undefined;
      const inner = decodeMessage(field.type, value, depth + 1);
      return Object.keys(inner).length === 0 && !field.repeated ? undefined : inner;
    }
  }
}

function first(bytes: Buffer, wanted: number): Buffer | bigint | undefined {
  return fieldsOf(bytes).find(([number]) => number === wanted)?.[1];
}

/** Go writes the zero time as year 1: that is no time at all. */
function decodeTime(bytes: Buffer): string | undefined {
  const seconds = Number(BigInt.asIntN(64, (first(bytes, 1) as bigint | undefined) ?? 0n));
  return seconds <= 0 ? undefined : kubeTime(new Date(seconds * 1000));
}

function decodeIntOrString(bytes: Buffer): Json {
  const isText = first(bytes, 1) === 1n;
  if (isText) return String(first(bytes, 3) ?? '');
  return Number(BigInt.asIntN(64, (first(bytes, 2) as bigint | undefined) ?? 0n));
}

/** The fields of a message on the wire: varints as bigint, everything else as bytes. */
function fieldsOf(bytes: Buffer): [number: number, value: Buffer | bigint][] {
  const fields: [number, Buffer | bigint][] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw badRequest('protobuf: unexpected EOF');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw badRequest('protobuf: integer overflow');
  };
  const take = (length: number): Buffer => {
    if (length > bytes.length - at) throw badRequest('protobuf: unexpected EOF');
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const number = tag >>> 3;
    switch (tag & 7) {
      case 0:
        fields.push([number, varint()]);
        break;
      case 1:
        fields.push([number, take(8)]);
        break;
      case 2:
        fields.push([number, take(Number(varint()))]);
        break;
      case 5:
        fields.push([number, take(4)]);
        break;
      default:
        throw badRequest(`protobuf: illegal wireType ${tag & 7}`);
    }
  }
  return fields;
}
