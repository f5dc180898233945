/**
 * The schema on the wire of gRPC: protobufjs, fed from the same table as everything else.
 *
 * It is loaded when the first gRPC request comes: a lab whose clients speak JSON never pays for it.
 */
import type { INamespace } from 'protobufjs';
import { ENUMS, type FieldSpec, MESSAGES, type Message, type MessageName, type Reply } from './schema.ts';

/** Messages to bytes and back. */
export interface Codec {
  /** @throws an Error when the bytes are not such a message */
  decode<N extends MessageName>(type: N, bytes: Uint8Array): Message<N>;
  encode<N extends MessageName>(type: N, message: Reply<N>): Uint8Array;
}

/** As `Message` wants it: bigint, enum names, buffers, every default filled in. */
const PLAIN = { longs: BigInt, enums: String, defaults: true, arrays: true } as const;

let loading: Promise<Codec> | undefined;

/** The codec; the first call loads protobufjs. */
export function loadCodec(): Promise<Codec> {
  loading ??= load();
  return loading;
}

async function load(): Promise<Codec> {
  const { default: protobuf } = await import('protobufjs/light.js');
  const root = protobuf.Root.fromJSON(descriptor());
  const types = new Map(Object.keys(MESSAGES).map((name) => [name, root.lookupType(name)]));
  const typeOf = (name: string): InstanceType<typeof protobuf.Type> => {
    const type = types.get(name);
    if (!type) throw new Error(`no message ${name}`);
    return type;
  };
  return {
    decode(name, bytes) {
      const type = typeOf(name);
      return type.toObject(type.decode(bytes), PLAIN) as never;
    },
    encode(name, message) {
      const type = typeOf(name);
      return type.encode(type.fromObject(message as Record<string, unknown>)).finish();
    },
  };
}

/** The schema in the shape that protobufjs reads. */
function descriptor(): INamespace {
  const nested: NonNullable<INamespace['nested']> = {};
  for (const [name, { values }] of Object.entries(ENUMS)) nested[name] = { values: { ...values } };
  for (const [name, fields] of Object.entries<Readonly<Record<string, FieldSpec>>>(MESSAGES)) {
    nested[name] = {
      fields: Object.fromEntries(
        Object.entries(fields).map(([field, [id, type, rule]]) => [
          field,
          rule ? { id, type, rule } : { id, type },
        ]),
      ),
    };
  }
  return { nested };
}
