/** Hellos written out byte by byte, and what is said of bytes that are not hellos. */
import { expect, test } from 'vitest';
import { readFacts, readFields, summarize } from '../../../components/tls/handshake.ts';
import type { MessageContext } from '../../../components/tls/message-facts.ts';
import { messageTree } from '../../../lab/message-tree.ts';
import { CLIENT_HELLO, DOWNGRADED_SERVER_HELLO, handshake, SERVER_HELLO } from '../../support/hello-bytes.ts';
import { messageOf } from '../../support/trace.ts';

const NOTHING: MessageContext = { from: 'client', version: null, suite: null };

function describe(bytes: Uint8Array, context = NOTHING): string {
  const { type, facts, finding } = readFacts(bytes, context);
  const message = messageOf(context.from, type, {
    bytes,
    lengthBytes: bytes.length,
    fields: readFields(bytes, context),
    summary: summarize(bytes, facts, context),
    ...(finding === null ? {} : { finding }),
  });
  return `${messageTree(message, { width: 100, hex: false }).join('\n')}\n`;
}

const HELLOS = [
  { name: 'client-hello', bytes: CLIENT_HELLO },
  { name: 'server-hello', bytes: SERVER_HELLO },
  { name: 'server-hello-downgraded', bytes: DOWNGRADED_SERVER_HELLO },
];

test.for(HELLOS)('reads every field of $name', async ({ name, bytes }) => {
  expect(readFacts(bytes, NOTHING).finding).toBeNull();
  await expect(describe(bytes)).toMatchFileSnapshot(`../../golden/tls/${name}.txt`);
});

test('knows from a ClientHello what the decoder needs at once', () => {
  const { facts } = readFacts(CLIENT_HELLO, NOTHING);
  expect(facts).toMatchObject({ sni: 'worker-1', alpn: ['h2', 'http/1.1'], cipherCount: 4 });
  expect(facts.versions).toEqual([0x4a4a, 0x0304, 0x0303]);
  expect(facts.authorities).toHaveLength(1);
});

const bent = (at: number, value: number): Uint8Array => {
  const bytes = Uint8Array.from(CLIENT_HELLO);
  bytes[at] = value;
  return bytes;
};

const BROKEN = [
  {
    name: 'a hello that ends in its random',
    bytes: handshake(1, CLIENT_HELLO.subarray(4, 20)),
    finding: { offset: 6, wanted: 'random: 32 bytes', had: '14 bytes' },
  },
  {
    name: 'a session id longer than the message',
    bytes: handshake(1, bent(38, 255).subarray(4, 100)),
    finding: { offset: 39, wanted: 'legacy_session_id: 255 bytes', had: '61 bytes' },
  },
  {
    name: 'an odd number of bytes in a list of pairs',
    bytes: bent(44, 9),
    finding: { offset: 53, wanted: 'cipher_suite: 2 bytes', had: '1 byte' },
  },
  {
    name: 'bytes behind the end',
    bytes: Buffer.concat([CLIENT_HELLO, Buffer.of(1, 2)]),
    finding: { offset: CLIENT_HELLO.length, wanted: 'the end of the message', had: '2 bytes more' },
  },
  {
    name: 'an empty hello',
    bytes: handshake(1, new Uint8Array(0)),
    finding: { offset: 4, wanted: 'legacy_version: 2 bytes', had: '0 bytes' },
  },
];

test.for(BROKEN)('says where $name goes wrong, and keeps the fields before it', ({ bytes, finding }) => {
  expect(readFacts(bytes, NOTHING).finding).toEqual(finding);
  const fields = readFields(bytes, NOTHING);
  expect(fields.slice(0, 2).map((field) => field.name)).toEqual(['msg_type', 'length']);
  for (const field of fields) expect(field.end).toBeLessThanOrEqual(bytes.length);
});

test('shows a message that it does not know as bytes', () => {
  const bytes = handshake(23, Buffer.from('0002', 'hex'));
  expect(readFacts(bytes, NOTHING)).toMatchObject({ type: 'unknown', finding: null });
  expect(describe(bytes)).toContain('supplemental_data (23), not decoded');
});
