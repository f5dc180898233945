/** The decoder over real handshakes of Node's own TLS: what it sees, when, and that splits and lost keys do no harm. */
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { createDecoder } from '../../../components/tls/decoder.ts';
import type { Field, TraceMessage } from '../../../components/tls/trace.ts';
import { decodeRecording, shorthand } from '../../support/decode-recording.ts';
import { type RecordOptions, recordHandshake, testPki } from '../../support/handshake-recorder.ts';

const FLIGHT_13 = [
  'S encrypted_extensions*',
  'S certificate_request*',
  'S certificate*',
  'S certificate_verify*',
  'S finished*',
];
const CLIENT_13 = ['C certificate*', 'C certificate_verify*', 'C finished*', 'C application_data*'];
const TICKETS_13 = ['S new_session_ticket*', 'S new_session_ticket*', 'S application_data*'];
const OK_13 = [
  'C client_hello',
  'S server_hello',
  'S change_cipher_spec',
  ...FLIGHT_13,
  'C change_cipher_spec',
  ...CLIENT_13,
  ...TICKETS_13,
];
const HELLO_12 = ['C client_hello', 'S server_hello', 'S certificate'];
const ASK_12 = ['S certificate_request', 'S server_hello_done'];
const REST_12 = [
  'C client_key_exchange',
  'C certificate_verify',
  'C change_cipher_spec',
  'C finished*',
  'S new_session_ticket',
  'S change_cipher_spec',
  'S finished*',
  'C application_data*',
  'S application_data*',
];
const OK_12 = [...HELLO_12, 'S server_key_exchange', ...ASK_12, 'C certificate', ...REST_12];

const tls12 = (ciphers: string): RecordOptions => ({
  server: { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` },
  client: { ciphers: `${ciphers}:@SECLEVEL=0` },
});
const tls13 = (ciphers: string): RecordOptions => ({ server: { ciphers }, client: { ciphers } });

interface Case {
  readonly name: string;
  readonly options: RecordOptions;
  readonly cipher: string;
  readonly messages: readonly string[];
}

const HANDSHAKES: readonly Case[] = [
  {
    name: 'TLS 1.3 AES-128',
    options: tls13('TLS_AES_128_GCM_SHA256'),
    cipher: 'TLS_AES_128_GCM_SHA256',
    messages: OK_13,
  },
  {
    name: 'TLS 1.3 AES-256',
    options: tls13('TLS_AES_256_GCM_SHA384'),
    cipher: 'TLS_AES_256_GCM_SHA384',
    messages: OK_13,
  },
  {
    name: 'TLS 1.3 ChaCha20',
    options: tls13('TLS_CHACHA20_POLY1305_SHA256'),
    cipher: 'TLS_CHACHA20_POLY1305_SHA256',
    messages: OK_13,
  },
  {
    name: 'TLS 1.3 with RSA keys',
    options: { keys: 'rsa' },
    cipher: 'TLS_AES_256_GCM_SHA384',
    messages: OK_13,
  },
  {
    name: 'TLS 1.3 with a HelloRetryRequest',
    options: { server: { ecdhCurve: 'P-384' } },
    cipher: 'TLS_AES_256_GCM_SHA384',
    messages: [
      'C client_hello',
      'S hello_retry_request',
      'S change_cipher_spec',
      'C change_cipher_spec',
      'C client_hello',
      'S server_hello',
      ...FLIGHT_13,
      ...CLIENT_13,
      ...TICKETS_13,
    ],
  },
  {
    name: 'TLS 1.2 AES-128-GCM',
    options: tls12('ECDHE-ECDSA-AES128-GCM-SHA256'),
    cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
    messages: OK_12,
  },
  {
    name: 'TLS 1.2 AES-256-GCM',
    options: tls12('ECDHE-ECDSA-AES256-GCM-SHA384'),
    cipher: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
    messages: OK_12,
  },
  {
    name: 'TLS 1.2 ChaCha20',
    options: tls12('ECDHE-ECDSA-CHACHA20-POLY1305'),
    cipher: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
    messages: OK_12,
  },
  {
    name: 'TLS 1.2 CCM-8',
    options: tls12('ECDHE-ECDSA-AES128-CCM8'),
    cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
    messages: OK_12,
  },
  {
    name: 'TLS 1.2 CBC, encrypt then MAC',
    options: tls12('ECDHE-ECDSA-AES128-SHA'),
    cipher: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
    messages: OK_12,
  },
  {
    name: 'TLS 1.2 CBC with SHA-384',
    options: tls12('ECDHE-ECDSA-AES256-SHA384'),
    cipher: 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
    messages: OK_12,
  },
  {
    name: 'TLS 1.2 DHE',
    options: {
      keys: 'rsa',
      ...tls12('DHE-RSA-AES128-GCM-SHA256'),
      server: { ...tls12('DHE-RSA-AES128-GCM-SHA256').server, dhparam: 'auto' },
    },
    cipher: 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
    messages: OK_12,
  },
  {
    name: 'TLS 1.2 static RSA',
    options: { keys: 'rsa', ...tls12('AES256-SHA256') },
    cipher: 'TLS_RSA_WITH_AES_256_CBC_SHA256',
    messages: [...HELLO_12, ...ASK_12, 'C certificate', ...REST_12],
  },
];

test.for(HANDSHAKES)('reads $name, whole or a byte at a time, from both ends', async (each) => {
  const recording = await recordHandshake(each.options);
  expect(recording.clientError ?? recording.serverError).toBeNull();
  const { messages, decoder } = decodeRecording(recording);
  expect(shorthand(messages)).toEqual(each.messages);
  expect(messages.filter((message) => message.finding !== undefined)).toEqual([]);
  expect(decoder).toMatchObject({ cipher: each.cipher, sni: 'localhost', stopped: true });
  expect(decoder).toMatchObject({ clientFinished: true, serverFinished: true });
  for (const played of [
    decodeRecording(recording, { keylogOf: 'client' }),
    decodeRecording(recording, { pieceBytes: 1 }),
    decodeRecording(recording, { pieceBytes: 7 }),
  ]) {
    expect(played.messages.map(content)).toEqual(messages.map(content));
  }
});

const content = ({ from, type, bytes }: TraceMessage) =>
  `${from} ${type} ${Buffer.from(bytes).toString('hex')}`;

test('gives the certificates as they stand in the Certificate messages', async () => {
  const { messages, decoder } = decodeRecording(await recordHandshake());
  for (const side of ['client', 'server'] as const) {
    const chain = decoder.certificates[side] ?? [];
    const pem = testPki()[side].cert;
    expect(Buffer.from(chain[0] ?? []).equals(new X509Certificate(pem).raw)).toBe(true);
    const message = messages.find((each) => each.from === side && each.type === 'certificate');
    const field = findField(message?.fields ?? [], 'cert_data');
    const inMessage = message?.bytes.subarray((field?.start ?? 0) + 3, field?.end);
    expect(Buffer.from(inMessage ?? []).equals(Buffer.from(chain[0] ?? []))).toBe(true);
    expect(field?.value).toBe(`O=test, CN=${side}, issued by CN=test-ca`);
  }
});

test.for(HANDSHAKES)('gives every byte of $name a field, children inside their parents', async (each) => {
  const { messages } = decodeRecording(await recordHandshake(each.options));
  const handshake = messages.filter(({ type }) => !['application_data', 'encrypted'].includes(type));
  for (const message of handshake) {
    expectCovered(message.fields, 0, message.bytes.length, message.type);
  }
});

/** Fields follow one another without a hole; a parent's length prefix is its own. */
function expectCovered(fields: readonly Field[], start: number, end: number, where: string): void {
  let at = start;
  for (const field of fields) {
    expect({ where, field: field.name, start: field.start }).toEqual({ where, field: field.name, start: at });
    expect(field.end).toBeGreaterThanOrEqual(field.start);
    const [first] = field.children ?? [];
    if (first !== undefined)
      expectCovered(field.children ?? [], first.start, field.end, `${where}.${field.name}`);
    at = field.end;
  }
  expect({ where, end: at }).toEqual({ where, end });
}

function findField(fields: readonly Field[], name: string): Field | undefined {
  for (const field of fields) {
    if (field.name === name) return field;
    const inside = findField(field.children ?? [], name);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

const REFUSALS = [
  {
    name: 'a missing certificate in TLS 1.3',
    options: { clientCertificate: false },
    // The server never derives the client's application keys: what the client said early stays closed.
    last: ['C certificate*', 'C finished*', 'C encrypted*', 'S alert*'],
    alert: { number: 116, name: 'certificate_required', from: 'server' },
  },
  {
    name: 'a missing certificate in TLS 1.2',
    options: { clientCertificate: false, server: { maxVersion: 'TLSv1.2' } },
    last: ['C client_key_exchange', 'C change_cipher_spec', 'C encrypted*', 'S alert'],
    alert: { number: 40, name: 'handshake_failure', from: 'server' },
  },
  {
    name: 'no version in common',
    options: { server: { minVersion: 'TLSv1.3' }, client: { maxVersion: 'TLSv1.2' } },
    last: ['C client_hello', 'S alert'],
    alert: { number: 70, name: 'protocol_version', from: 'server' },
  },
  {
    name: 'no cipher suite in common',
    options: { server: { ciphers: 'TLS_AES_128_GCM_SHA256' }, client: { ciphers: 'TLS_AES_256_GCM_SHA384' } },
    last: ['C client_hello', 'S alert'],
    alert: { number: 40, name: 'handshake_failure', from: 'server' },
  },
] as const satisfies readonly {
  name: string;
  options: RecordOptions;
  last: readonly string[];
  alert: object;
}[];

test.for(REFUSALS)('sees the alert of $name at once, not at the end', async ({ options, last, alert }) => {
  const recording = await recordHandshake(options);
  expect(recording.clientError).not.toBeNull();
  const messages: TraceMessage[] = [];
  const decoder = createDecoder({ onMessage: (message) => messages.push(message) });
  for (const event of recording.events) {
    if (event.kind === 'bytes') decoder.push(event.from, event.bytes, event.atUs);
    else if (event.by === 'server') decoder.keylog(event.line);
  }
  expect(shorthand(messages).slice(-last.length)).toEqual(last);
  expect(decoder.lastAlert.server).toEqual(alert);
});

test('keeps the order of the wire when the keys come last', async () => {
  const recording = await recordHandshake();
  const messages: TraceMessage[] = [];
  const decoder = createDecoder({ onMessage: (message) => messages.push(message) });
  for (const event of recording.events) {
    if (event.kind === 'bytes') decoder.push(event.from, event.bytes, event.atUs);
  }
  expect(shorthand(messages)).toEqual(['C client_hello', 'S server_hello', 'S change_cipher_spec']);
  for (const event of recording.events) if (event.kind === 'keylog') decoder.keylog(event.line);
  expect(shorthand(messages)).toEqual(OK_13);
  const times = messages.map((message) => message.atUs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

test('shows records as encrypted when no keys ever come', async () => {
  const { messages, decoder } = decodeRecording(await recordHandshake(), { keylogOf: 'none' });
  expect(shorthand(messages).slice(0, 4)).toEqual([
    'C client_hello',
    'S server_hello',
    'S change_cipher_spec',
    'S encrypted*',
  ]);
  expect(messages.filter((message) => message.finding !== undefined)).toEqual([]);
  expect(decoder.certificates).toEqual({ client: null, server: null });
});

test('ignores key log lines of another connection', async () => {
  const [one, two] = await Promise.all([recordHandshake(), recordHandshake()]);
  const foreign = two.events.filter((event) => event.kind === 'keylog');
  const { messages } = decodeRecording({ ...one, events: [...foreign, ...one.events] });
  expect(shorthand(messages)).toEqual(OK_13);
});

test('computes fields once, on demand', async () => {
  const { messages } = decodeRecording(await recordHandshake());
  const hello = messages[0];
  expect(hello?.fields).toBe(hello?.fields);
  expect(JSON.parse(JSON.stringify(hello))).toMatchObject({ type: 'client_hello', from: 'client' });
});
