/** The CompressedCertificate of RFC 8879: what it unpacks to, and bytes that do not unpack. */
import { brotliCompressSync, deflateSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { readFacts, readFields, summarize } from '../../../components/tls/handshake.ts';
import type { MessageContext } from '../../../components/tls/message-facts.ts';
import type { Field } from '../../../components/tls/trace.ts';
import { handshake } from '../../support/hello-bytes.ts';
import { mint, mintCa, name } from '../../support/mint.ts';

const TLS13: MessageContext = { from: 'server', version: 0x0304, suite: null };
const root = mintCa();
const leaf = mint({ by: root, subject: name('CN=kube-apiserver') });

const u16 = (value: number): Buffer => Buffer.from([value >> 8, value & 0xff]);
const u24 = (value: number): Buffer => Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
const vector24 = (bytes: Uint8Array): Buffer => Buffer.concat([u24(bytes.length), bytes]);

/** A Certificate's body in TLS 1.3: an empty context, and entries without extensions. */
const body = (chain: readonly Uint8Array[]): Buffer =>
  Buffer.concat([
    Buffer.of(0),
    vector24(Buffer.concat(chain.map((der) => Buffer.concat([vector24(der), u16(0)])))),
  ]);
const packed = (algorithm: number, length: number, bytes: Uint8Array): Uint8Array =>
  handshake(25, Buffer.concat([u16(algorithm), u24(length), vector24(bytes)]));

const BODY = body([leaf.der, root.der]);

test.for([
  { algorithm: 1, how: 'zlib', bytes: deflateSync(BODY) },
  { algorithm: 2, how: 'brotli', bytes: brotliCompressSync(BODY) },
])('unpacks $how, and shows what was in it', ({ algorithm, how, bytes }) => {
  const message = packed(algorithm, BODY.length, bytes);
  const { type, facts, finding } = readFacts(message, TLS13);
  expect({ type, finding }).toEqual({ type: 'certificate', finding: null });
  expect(facts.certificates?.map((der) => Buffer.from(der).toString('hex'))).toEqual(
    [leaf.der, root.der].map((der) => Buffer.from(der).toString('hex')),
  );
  expect(summarize(message, facts, TLS13)).toBe(
    `CN=kube-apiserver, issued by CN=kubernetes, and 1 more certificate, compressed with ${how}`,
  );
  const fields = readFields(message, TLS13);
  expect(fields.map(({ name: field }) => field)).toEqual([
    'msg_type',
    'length',
    'algorithm',
    'uncompressed_length',
    'compressed_certificate_message',
  ]);
  const last = fields.at(-1);
  const inside = flat(last?.children ?? []);
  expect(inside.map(({ value }) => value)).toContain('CN=kube-apiserver, issued by CN=kubernetes');
  // Unpacked bytes are nowhere on the wire: their fields have the range of what they came from.
  for (const { start, end } of inside) expect({ start, end }).toEqual({ start: last?.start, end: last?.end });
});

function flat(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) => [field, ...flat(field.children ?? [])]);
}

test('what this Node cannot unpack is named, and no certificate is made up', () => {
  const message = packed(3, BODY.length, Buffer.of(1, 2, 3));
  const { type, facts, finding } = readFacts(message, TLS13);
  expect({ type, finding, certificates: facts.certificates }).toEqual({
    type: 'unknown',
    finding: null,
    certificates: undefined,
  });
  expect(summarize(message, facts, TLS13)).toBe('certificates, compressed with zstd');
});

const BOMB = Buffer.alloc(16 * 1024 * 1024);

test.for([
  {
    title: 'garbage',
    bytes: packed(1, 10, Buffer.of(1, 2, 3)),
    finding: { offset: 9, wanted: '10 bytes when unpacked', had: 'bytes that do not unpack to that' },
  },
  {
    title: 'less than was said',
    bytes: packed(1, BODY.length + 1, deflateSync(BODY)),
    finding: { offset: 9, wanted: `${BODY.length + 1} bytes when unpacked`, had: `${BODY.length} bytes` },
  },
  {
    title: 'more than was said',
    bytes: packed(2, 1000, brotliCompressSync(BOMB)),
    finding: { offset: 9, wanted: '1000 bytes when unpacked', had: 'bytes that do not unpack to that' },
  },
  {
    title: 'a length beyond all reason',
    bytes: packed(1, 16_777_215, deflateSync(BOMB)),
    finding: { offset: 6, wanted: 'at most 262144 bytes', had: '16777215 bytes' },
  },
  {
    title: 'a list that lies',
    bytes: packed(1, 4, deflateSync(Buffer.from('00000009', 'hex'))),
    finding: { offset: 9, wanted: 'unpacked, certificate_list: 9 bytes', had: '0 bytes' },
  },
])('says where $title goes wrong', ({ bytes, finding }) => {
  expect(readFacts(bytes, TLS13).finding).toEqual(finding);
  expect(
    readFields(bytes, TLS13)
      .slice(0, 2)
      .map(({ name: field }) => field),
  ).toEqual(['msg_type', 'length']);
});
