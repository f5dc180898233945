import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodeProtobuf } from '../../../components/api/protobuf.ts';
import { StatusError } from '../../../components/api/status.ts';

/** One length-delimited field. */
const field = (number: number, body: Buffer | string): Buffer => {
  const bytes = Buffer.from(body as string);
  return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
};
const varint = (number: number, value: number): Buffer => Buffer.from([number << 3, value]);
const envelope = (apiVersion: string, kind: string, raw: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('k8s\0', 'latin1'),
    field(1, Buffer.concat([field(1, apiVersion), field(2, kind)])),
    field(2, raw),
    field(3, ''),
    field(4, ''),
  ]);

test('decodes a secret: maps of bytes, empty texts and zero times left out', () => {
  // ObjectMeta: name "s1", generateName "", creationTimestamp of Go's zero time
  const metadata = Buffer.concat([field(1, 's1'), field(2, ''), field(8, '')]);
  const entry = Buffer.concat([field(1, 'password'), field(2, 'hunter2')]);
  const raw = Buffer.concat([field(1, metadata), field(2, entry), field(3, 'Opaque')]);
  expect(decodeProtobuf(envelope('v1', 'Secret', raw))).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 's1' },
    data: { password: Buffer.from('hunter2').toString('base64') },
    type: 'Opaque',
  });
});

test('keeps a zero that means something, drops one that does not', () => {
  const spec = Buffer.concat([varint(1, 0), varint(5, 0)]);
  const decoded = decodeProtobuf(envelope('apps/v1', 'Deployment', field(2, spec)));
  expect(decoded).toMatchObject({ spec: { replicas: 0 } });
  expect(decoded['spec']).not.toHaveProperty('minReadySeconds');
});

test('reads numbers and texts of IntOrString', () => {
  const port = (target: Buffer) => field(2, field(1, Buffer.concat([varint(3, 80), field(4, target)])));
  const number = decodeProtobuf(
    envelope('v1', 'Service', port(Buffer.concat([varint(1, 0), varint(2, 88)]))),
  );
  expect(number).toMatchObject({ spec: { ports: [{ port: 80, targetPort: 88 }] } });
  const text = decodeProtobuf(
    envelope('v1', 'Service', port(Buffer.concat([varint(1, 1), field(3, 'web')]))),
  );
  expect(text).toMatchObject({ spec: { ports: [{ port: 80, targetPort: 'web' }] } });
});

test.for([
  ['no magic', Buffer.from('{}'), 400],
  ['a field cut short', Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x12, 0x7f, 1])]), 400],
  ['a kind that is not known', envelope('v1', 'Unheard', Buffer.alloc(0)), 415],
] as const)('%s is refused', ([, bytes, code]) => {
  expect(() => decodeProtobuf(bytes)).toThrow(
    expect.objectContaining({ status: expect.objectContaining({ code }) }),
  );
});

test('bytes of any kind end in an object or a refusal', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        decodeProtobuf(envelope('v1', 'Service', Buffer.from(bytes).subarray(0, 120)));
      } catch (error) {
        expect(error).toBeInstanceOf(StatusError);
      }
    }),
  );
});
