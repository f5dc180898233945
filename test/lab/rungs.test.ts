/** Rungs of a ladder: who believes what once each is over, and where a refusal shows that TLS does not know of. */
import { expect, test } from 'vitest';
import type { Finding } from '../../certs/errors.ts';
import { rungsOf } from '../../lab/rungs.ts';
import { messageOf, sideOf, traceOf } from '../support/trace.ts';

const MESSAGES = [
  messageOf('client', 'client_hello', { atUs: 0 }),
  messageOf('server', 'server_hello', { atUs: 1000 }),
  messageOf('server', 'certificate', { atUs: 1300, encrypted: true }),
  messageOf('server', 'finished', { atUs: 1300, encrypted: true }),
  messageOf('client', 'certificate', { atUs: 2600, encrypted: true }),
  messageOf('client', 'finished', { atUs: 2600, encrypted: true }),
];
const FAILED: Finding = {
  code: 'CERT_EXPIRED',
  passed: false,
  what: 'it ended',
  why: '',
  fix: '',
  source: '',
};
const client = sideOf('kube-scheduler', {
  // OpenSSL tells of success before the client's own flight has left.
  believed: [{ atUs: 1900, state: 'connected', text: '' }],
});

test('a client believes in success from its own Finished on, and a refusing server knows better there', () => {
  const rungs = rungsOf(
    traceOf({
      messages: [
        ...MESSAGES,
        messageOf('server', 'alert', { atUs: 3400, encrypted: true, bytes: Uint8Array.of(2, 45) }),
      ],
      client: {
        ...client,
        believed: [...client.believed, { atUs: 3500, state: 'learned-refused', text: '' }],
      },
      server: sideOf('kube-apiserver', { findings: [FAILED] }),
      outcome: { layer: 'tls', by: 'server', code: 'CERT_EXPIRED', alert: null },
    }),
    () => null,
  );
  expect(rungs.map(({ held }) => [held.client, held.server])).toEqual([
    [null, null],
    [null, null],
    [null, null],
    ['connected', 'refused'],
    ['learned-refused', 'refused'],
  ]);
  expect(rungs.map(({ messages }) => messages)).toEqual([[0], [1], [2, 3], [4, 5], [6]]);
  expect(rungs[3]?.notes.client).toEqual(['believes CONNECTED']);
});

test('where a server only asks, a certificate that does not verify is passed on, and the answer says no', () => {
  const rungs = rungsOf(
    traceOf({
      messages: [...MESSAGES, messageOf('server', 'application_data', { atUs: 4000, encrypted: true })],
      client,
      server: sideOf('kube-apiserver', { findings: [FAILED] }),
      outcome: { layer: '401', by: 'server', code: 'UNAUTHENTICATED', alert: null },
      http: { status: 401, message: 'Unauthorized' },
    }),
    () => null,
  );
  expect(rungs[3]?.notes.server).toEqual(['✗ does not verify, goes on']);
  expect(rungs[3]?.refusedBy).toBeNull();
  expect(rungs.at(-1)?.parts).toEqual(['answer: HTTP 401']);
});
