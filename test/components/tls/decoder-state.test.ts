/** Keys and epochs of the decoder, with records that no ordinary handshake has. */
import { expect, test } from 'vitest';
import { cipherSuiteByName } from '../../../components/tls/cipher-suites.ts';
import { createDecoder } from '../../../components/tls/decoder.ts';
import { nextSecret, sealRecord13 } from '../../../components/tls/secrets.ts';
import type { Side, TraceMessage } from '../../../components/tls/trace.ts';
import { recordHandshake } from '../../support/handshake-recorder.ts';

test('accepts a bare alert where TLS 1.3 expects an encrypted one, as curl sends it', async () => {
  const recording = await recordHandshake();
  const messages: TraceMessage[] = [];
  const decoder = createDecoder({ onMessage: (message) => messages.push(message) });
  for (const event of recording.events) {
    if (event.kind === 'keylog') decoder.keylog(event.line);
    else if (decoder.serverFinished) break;
    else decoder.push(event.from, event.bytes, event.atUs);
  }
  decoder.push('client', Buffer.from('15030300020230', 'hex'), 1);
  expect(messages.at(-1)).toMatchObject({ type: 'alert', encrypted: false, summary: '48 unknown_ca' });
  expect(decoder.lastAlert.client?.number).toBe(48);
});

/** A decoder after a whole handshake, before any data, and what it still reads of one side's sealed records. */
async function afterHandshake(side: Side) {
  const recording = await recordHandshake();
  const messages: TraceMessage[] = [];
  const decoder = createDecoder({ onMessage: (message) => messages.push(message) });
  for (const event of recording.events) {
    if (event.kind === 'keylog') decoder.keylog(event.line);
    else if (!decoder.clientFinished) decoder.push(event.from, event.bytes, event.atUs);
  }
  const seal = (innerType: number, payload: Uint8Array) => {
    const sealing = decoder.sealing(side);
    if (sealing === null) throw new Error('no keys');
    return sealRecord13({ ...sealing, innerType, payload });
  };
  return { decoder, messages, seal };
}

test("gives the transport what an alert must be sealed with: the side's keys and sequence", async () => {
  const { decoder, messages, seal } = await afterHandshake('server');
  expect(decoder.sealing('server')?.sequence).toBe(0);
  decoder.push('server', seal(21, Uint8Array.of(2, 45)), 1);
  expect(messages.at(-1)).toMatchObject({
    type: 'alert',
    encrypted: true,
    summary: '45 certificate_expired',
  });
  expect(decoder.sealing('server')?.sequence).toBe(1);
});

test('follows a KeyUpdate', async () => {
  const { decoder, messages, seal } = await afterHandshake('server');
  const before = decoder.sealing('server');
  decoder.push('server', seal(22, Uint8Array.of(24, 0, 0, 1, 1)), 1);
  expect(messages.at(-1)).toMatchObject({
    type: 'key_update',
    summary: 'new keys from here on, and asks the same of the peer',
  });
  const after = decoder.sealing('server');
  const suite = cipherSuiteByName(before?.cipher ?? '');
  if (suite === undefined || before === null) throw new Error('no keys');
  expect(Buffer.from(after?.secret ?? [])).toEqual(nextSecret(suite, before.secret));
  expect(after?.sequence).toBe(0);
  decoder.push('server', seal(21, Uint8Array.of(1, 0)), 2);
  expect(messages.at(-1)).toMatchObject({ type: 'alert', summary: '0 close_notify, a warning' });
});

test('removes the padding of TLS 1.3', async () => {
  const { decoder, messages, seal } = await afterHandshake('server');
  // An alert, its type, and ten zeros: sealed as if the last zero were the type.
  decoder.push('server', seal(0, Uint8Array.of(2, 42, 21, ...new Uint8Array(10))), 1);
  expect(messages.at(-1)).toMatchObject({ type: 'alert', summary: '42 bad_certificate', lengthBytes: 2 });
});
