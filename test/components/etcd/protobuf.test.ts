import { expect, test } from 'vitest';
import { loadCodec } from '../../../components/etcd/protobuf.ts';

test('reads a message byte by byte as the wire format has it', async () => {
  const codec = await loadCodec();
  const bytes = Buffer.from(
    [
      '0a 01 61', // field 1 (key), bytes, length 1: "a"
      '12 01 62', // field 2 (range_end): "b"
      '18 05', // field 3 (limit), varint 5
      '28 02', // field 5 (sort_order), varint 2: DESCEND
    ]
      .join('')
      .replaceAll(' ', ''),
    'hex',
  );
  expect(codec.decode('RangeRequest', bytes)).toMatchObject({
    key: Buffer.from('a'),
    range_end: Buffer.from('b'),
    limit: 5n,
    revision: 0n,
    sort_order: 'DESCEND',
    sort_target: 'KEY',
    keys_only: false,
  });
});

test('keeps all 64 bits of ids and the sign of a lease', async () => {
  const codec = await loadCodec();
  const reply = { header: { member_id: 2n ** 64n - 1n }, ID: -(2n ** 63n), TTL: 7587862094527898379n };
  expect(codec.decode('LeaseGrantResponse', codec.encode('LeaseGrantResponse', reply))).toMatchObject(reply);
});

test('numbers the event DELETE as etcd does', async () => {
  const codec = await loadCodec();
  // field 1 (type), varint 1; field 2 (kv), length 3: field 1 (key) "a"
  expect(
    Buffer.from(codec.encode('Event', { type: 'DELETE', kv: { key: Buffer.from('a') } })).toString('hex'),
  ).toBe('080112030a0161');
});

test('refuses bytes that are no message', async () => {
  const codec = await loadCodec();
  expect(() => codec.decode('RangeRequest', Buffer.from('0aff', 'hex'))).toThrow();
});
