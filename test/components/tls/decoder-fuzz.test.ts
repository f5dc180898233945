/** Whatever bytes come, the decoder neither throws nor stalls. `decoder-fuzz.long.test.ts` runs it for longer. */
import { expect, test } from 'vitest';
import { createDecoder } from '../../../components/tls/decoder.ts';
import type { TraceMessage } from '../../../components/tls/trace.ts';
import { fuzzConnections, fuzzMessages, fuzzSeeds, MAX_MESSAGES } from '../../support/decoder-fuzz.ts';
import { record } from '../../support/hello-bytes.ts';

test('5,000 bent connections and messages end in findings, never in an exception', async () => {
  const seeds = await fuzzSeeds();
  expect(seeds.messages.length).toBeGreaterThan(30);
  fuzzConnections(seeds, 2500, 20_260_401);
  fuzzMessages(seeds, 2500, 20_260_401);
});

function decode(side: 'client' | 'server', bytes: Uint8Array): TraceMessage[] {
  const messages: TraceMessage[] = [];
  const decoder = createDecoder({ onMessage: (message) => messages.push(message) });
  decoder.push(side, bytes, 0);
  decoder.end();
  return messages;
}

const HOSTILE = [
  {
    name: 'a plaintext record of 2^14 + 1 bytes',
    bytes: record(22, Buffer.alloc(16_385, 1)),
    finding: { offset: 3, wanted: 'a fragment of at most 16384 bytes in the clear', had: '16385 bytes' },
  },
  {
    name: 'a message that claims 16 MiB',
    bytes: record(22, Buffer.from('01ffffff', 'hex')),
    finding: { offset: 1, wanted: 'a message of at most 262144 bytes', had: '16777219 bytes' },
  },
  {
    name: 'application data before any hello',
    bytes: record(23, Buffer.from('hello')),
    finding: { offset: 0, wanted: 'a handshake record in the clear', had: 'content type 23' },
  },
  {
    name: 'an alert of one byte',
    bytes: record(21, Buffer.of(2)),
    finding: { offset: 1, wanted: 'an alert of 2 bytes', had: '1 byte' },
  },
  {
    name: 'a record cut short',
    bytes: Buffer.from(`${'160301ffff'.replace('ffff', '0010')}aabb`, 'hex'),
    finding: { offset: 7, wanted: 'the rest of a record', had: 'the end after 7 bytes' },
  },
  {
    name: 'a message cut short',
    bytes: record(22, Buffer.from('010000100303', 'hex')),
    finding: { offset: 6, wanted: 'the rest of a handshake message', had: 'the end after 6 bytes' },
  },
];

test.for(HOSTILE)('says what is wrong with $name', ({ bytes, finding }) => {
  expect(decode('client', bytes).map((message) => message.finding)).toEqual([finding]);
});

test('shows a bounded number of messages of a peer that never stops', () => {
  const flood = Buffer.concat(Array.from({ length: 5000 }, () => record(21, Buffer.of(1, 90))));
  const messages = decode('client', flood);
  expect(messages).toHaveLength(MAX_MESSAGES);
  expect(messages.at(-1)?.finding).toEqual({ offset: 0, wanted: 'at most 256 messages', had: 'one more' });
});

test('reads many small messages in one record in linear time', () => {
  const requests = Buffer.alloc(16_384);
  const messages = decode('server', record(22, requests));
  expect(messages).toHaveLength(MAX_MESSAGES);
  expect(messages[0]?.type).toBe('hello_request');
});
