/** Key schedules against published vectors, and records that open again after sealing. */
import { expect, test } from 'vitest';
import { cipherSuiteByName } from '../../../components/tls/cipher-suites.ts';
import { opener13 } from '../../../components/tls/protection.ts';
import {
  expandLabel,
  parseKeylogLine,
  prf12,
  recordNonce,
  sealRecord13,
  trafficKeys,
} from '../../../components/tls/secrets.ts';

const hex = (text: string) => Buffer.from(text, 'hex');
const toHex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('derives the server handshake keys of RFC 8448 section 3', () => {
  const suite = cipherSuiteByName('TLS_AES_128_GCM_SHA256');
  if (suite === undefined) throw new Error('no such suite');
  const keys = trafficKeys(suite, hex('b67b7d690cc16c4e75e54213cb2d37b4e9c912bcded9105d42befd59d391ad38'));
  expect(toHex(keys.key)).toBe('3fce516009c21727d0f2e4e86ee403bc');
  expect(toHex(keys.iv)).toBe('5d313eb2671276ee13000b30');
});

test('expands more than one hash length', () => {
  const long = expandLabel('sha256', hex('0b'.repeat(32)), 'key', 80);
  expect(long).toHaveLength(80);
  expect(toHex(long.subarray(0, 32))).not.toBe(toHex(long.subarray(32, 64)));
});

test("computes TLS 1.2's pseudo-random function (vector of the IETF TLS list, SHA-256)", () => {
  const out = prf12(
    'sha256',
    hex('9bbe436ba940f017b17652849a71db35'),
    'test label',
    hex('a0ba9f936cda311827a6f796ffd5198c'),
    100,
  );
  expect(toHex(out)).toBe(
    'e3f229ba727be17b8d122620557cd453c2aab21d07c3d495329b52d4e61edb5a6b301791e90d35c9c9a46b4e14baf9af' +
      '0fa022f7077def17abfd3797c0564bab4fbc91666e9def9b97fce34f796789baa48082d122ee42c5a72e5a5110fff701' +
      '87347b66',
  );
});

const NONCES = [
  { sequence: 0, nonce: '000000000000000000000000' },
  { sequence: 1, nonce: '000000000000000000000001' },
  { sequence: 2 ** 32 + 5, nonce: '000000000000000100000005' },
];

test.for(NONCES)('puts sequence $sequence into the nonce', ({ sequence, nonce }) => {
  expect(toHex(recordNonce(new Uint8Array(12), sequence))).toBe(nonce);
});

const SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_CCM_SHA256',
  'TLS_AES_128_CCM_8_SHA256',
];

test.for(SUITES)('opens what it sealed with %s, and only with the right sequence and bytes', (cipher) => {
  const suite = cipherSuiteByName(cipher);
  if (suite === undefined) throw new Error('no such suite');
  const secret = hex('42'.repeat(suite.hash === 'sha384' ? 48 : 32));
  const payload = Uint8Array.of(2, 48);
  const sealed = sealRecord13({ cipher, secret, sequence: 7, innerType: 21, payload });
  const record = { type: 23, version: 0x303, header: sealed.subarray(0, 5), fragment: sealed.subarray(5) };
  const open = opener13(suite, secret);
  const opened = open?.(record, 7);
  expect({ type: opened?.type, content: toHex(opened?.content ?? new Uint8Array()) }).toEqual({
    type: 21,
    content: '0230',
  });
  expect(open?.(record, 8)).toBeNull();
  const bent = Uint8Array.from(record.fragment);
  bent[0] = (bent[0] ?? 0) ^ 1;
  expect(open?.({ ...record, fragment: bent }, 7)).toBeNull();
  expect(open?.({ ...record, fragment: bent.subarray(0, 3) }, 7)).toBeNull();
});

test('seals an alert to 24 bytes, as Go does', () => {
  const sealed = sealRecord13({
    cipher: 'TLS_AES_128_GCM_SHA256',
    secret: hex('42'.repeat(32)),
    sequence: 0,
    innerType: 21,
    payload: Uint8Array.of(2, 42),
  });
  expect(toHex(sealed.subarray(0, 5))).toBe('1703030013');
  expect(sealed).toHaveLength(24);
});

test('refuses to seal for a suite that is not of TLS 1.3', () => {
  expect(() =>
    sealRecord13({
      cipher: 'TLS_RSA_WITH_AES_128_CBC_SHA',
      secret: hex('42'.repeat(32)),
      sequence: 0,
      innerType: 21,
      payload: Uint8Array.of(2, 42),
    }),
  ).toThrow(RangeError);
});

const RANDOM = 'ab'.repeat(32);
const LINES = [
  {
    name: 'a TLS 1.3 secret',
    line: `CLIENT_TRAFFIC_SECRET_0 ${RANDOM} ${'0f'.repeat(48)}\n`,
    label: 'CLIENT_TRAFFIC_SECRET_0',
  },
  {
    name: 'capital hex',
    line: `CLIENT_RANDOM ${RANDOM.toUpperCase()} ${'0F'.repeat(48)}`,
    label: 'CLIENT_RANDOM',
  },
  { name: 'a comment', line: '# SSL/TLS secrets', label: undefined },
  { name: 'a short random', line: `CLIENT_RANDOM abcd ${'0f'.repeat(48)}`, label: undefined },
  { name: 'half a byte', line: `CLIENT_RANDOM ${RANDOM} ${'0f'.repeat(47)}0`, label: undefined },
  { name: 'an empty line', line: '', label: undefined },
];

test.for(LINES)('reads a key log line: $name', ({ line, label }) => {
  const parsed = parseKeylogLine(line);
  expect(parsed?.label).toBe(label);
  if (parsed !== undefined) expect(parsed.clientRandom).toBe(RANDOM);
});
