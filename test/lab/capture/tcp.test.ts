/** Addresses and checksums of made-up packets. */
import { expect, test } from 'vitest';
import { keylogText } from '../../../lab/capture/keylog.ts';
import { checksum, ipBytes, packetsOf } from '../../../lab/capture/tcp.ts';
import { traceOf } from '../../support/trace.ts';

const ADDRESSES = [
  { address: '127.0.0.1', hex: '7f000001' },
  { address: '::1', hex: `${'00'.repeat(15)}01` },
  { address: '::', hex: '00'.repeat(16) },
  { address: 'fe80::1:2%lo', hex: 'fe800000000000000000000000010002' },
  { address: '::ffff:10.0.0.7', hex: '00000000000000000000ffff0a000007' },
  { address: '1:2:3:4:5:6:7:8', hex: '00010002000300040005000600070008' },
  { address: 'localhost', hex: '7f000001' },
];

test.for(ADDRESSES)('writes $address', ({ address, hex }) => {
  expect(Buffer.from(ipBytes(address)).toString('hex')).toBe(hex);
});

test('computes the checksum of RFC 1071 section 3', () => {
  expect(checksum([Buffer.from('0001f203f4f5f6f7', 'hex')])).toBe(~0xddf2 & 0xffff);
});

test('cuts what is longer than a segment, and numbers the bytes on', () => {
  const bytes = new Uint8Array(3000).fill(7);
  const packets = packetsOf(traceOf({ wire: [{ from: 'client', atUs: 5, bytes }] }), 'why', 1);
  const segments = packets
    .map((packet) => Buffer.from(packet.bytes))
    .filter((frame) => frame.length > 54)
    .map((frame) => ({ sequence: frame.readUInt32BE(38), length: frame.length - 54 }));
  const first = segments[0]?.sequence ?? 0;
  expect(segments.map(({ length }) => length)).toEqual([1460, 1460, 80]);
  expect(segments.map(({ sequence }) => sequence - first)).toEqual([0, 1460, 2920]);
  expect(packets.filter(({ comment }) => comment !== undefined).map(({ comment }) => comment)).toEqual([
    'why',
  ]);
});

test('keeps a connection that is still open open', () => {
  const wire = [{ from: 'client', atUs: 0, bytes: Uint8Array.of(1) }] as const;
  const flags = (state: 'open' | 'closed') =>
    packetsOf(traceOf({ state, wire }), '', 1).map((packet) => (packet.bytes[47] ?? 0) & 1);
  expect(flags('open')).not.toContain(1);
  expect(flags('closed').filter((fin) => fin === 1)).toHaveLength(2);
});

test('writes each secret once, and nothing for none', () => {
  const line = `CLIENT_RANDOM ${'ab'.repeat(32)} ${'cd'.repeat(48)}`;
  expect(keylogText([traceOf({ keylog: [line, `${line}\n`] }), traceOf({ keylog: [line] })])).toBe(
    `${line}\n`,
  );
  expect(keylogText([traceOf()])).toBe('');
});
