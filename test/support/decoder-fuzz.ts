/** Hostile input for the decoder: real flights, bent in every way that a wire can bend them. */
import fc from 'fast-check';
import { cipherSuite } from '../../components/tls/cipher-suites.ts';
import { createDecoder, type Decoder } from '../../components/tls/decoder.ts';
import { readFacts, readFields, summarize } from '../../components/tls/handshake.ts';
import type { MessageContext } from '../../components/tls/message-facts.ts';
import type { Field, Side, TraceMessage } from '../../components/tls/trace.ts';
import { decodeRecording } from './decode-recording.ts';
import { type RecordedEvent, type Recording, recordHandshake } from './handshake-recorder.ts';

/** What the fuzz starts from. */
export interface Seeds {
  readonly recordings: readonly Recording[];
  /** Messages in the clear, with what their form depends on. */
  readonly messages: readonly { readonly bytes: Uint8Array; readonly context: MessageContext }[];
}

/** Record the handshakes that are bent. */
export async function fuzzSeeds(): Promise<Seeds> {
  const recordings = [
    await recordHandshake(),
    await recordHandshake({ server: { maxVersion: 'TLSv1.2' } }),
    await recordHandshake({ server: { ecdhCurve: 'P-384' } }),
    await recordHandshake({ clientCertificate: false }),
    await recordHandshake({ clientCertificate: false, server: { maxVersion: 'TLSv1.2' } }),
    await recordHandshake({
      keys: 'rsa',
      server: { maxVersion: 'TLSv1.2', ciphers: 'DHE-RSA-AES128-SHA256', dhparam: 'auto' },
      client: { ciphers: 'DHE-RSA-AES128-SHA256' },
    }),
  ];
  const messages = recordings.flatMap((recording) => {
    const decoded = decodeRecording(recording);
    const version = decoded.decoder.protocol === 'TLSv1.3' ? 0x0304 : 0x0303;
    const suite = cipherSuite(version === 0x0304 ? 0x1302 : 0xc02b) ?? null;
    return decoded.messages
      .filter(({ type }) => !['alert', 'change_cipher_spec', 'application_data', 'encrypted'].includes(type))
      .map(({ bytes, from }) => ({ bytes, context: { from, version, suite } }));
  });
  return { recordings, messages };
}

/** One way to bend bytes; positions are fractions of the length. */
const bend = fc.oneof(
  fc.record({
    kind: fc.constant('flip' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    value: fc.nat(255),
  }),
  fc.record({
    kind: fc.constant('cut' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    value: fc.nat(40),
  }),
  fc.record({
    kind: fc.constant('add' as const),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    value: fc.nat(255),
  }),
  // Lengths that lie: the extremes of every length field.
  fc.record({
    kind: fc.constant('flip' as const),
    at: fc.double({ min: 0, max: 0.1, noNaN: true }),
    value: fc.constantFrom(0, 1, 0x40, 0x7f, 0x80, 0xff),
  }),
);
type Bend = typeof bend extends fc.Arbitrary<infer Value> ? Value : never;

function bent(bytes: Uint8Array, bends: readonly Bend[]): Uint8Array {
  let out = Buffer.from(bytes);
  for (const { kind, at, value } of bends) {
    const index = Math.min(out.length, Math.floor(at * out.length));
    if (kind === 'flip' && index < out.length) out[index] = value;
    if (kind === 'cut') out = Buffer.concat([out.subarray(0, index), out.subarray(index + value)]);
    if (kind === 'add')
      out = Buffer.concat([out.subarray(0, index), Buffer.alloc(value % 9, value), out.subarray(index)]);
  }
  return out;
}

/** A connection: which recording, what is bent, swapped, repeated and dropped, and how it is split. */
const connection = fc.record({
  recording: fc.nat(),
  bends: fc.array(fc.record({ event: fc.nat(), bends: fc.array(bend, { minLength: 1, maxLength: 3 }) }), {
    maxLength: 4,
  }),
  pieceBytes: fc.constantFrom(1, 2, 5, 100, 1460, 65_536),
  keys: fc.constantFrom('client' as const, 'server' as const, 'none' as const, 'late' as const),
  drop: fc.option(fc.nat()),
  repeat: fc.option(fc.nat()),
  swapSides: fc.boolean(),
  junk: fc.option(fc.uint8Array({ maxLength: 64 })),
});

/** Limits that hold whatever comes. */
export const MAX_MESSAGES = 257;

/**
 * Play bent connections into the decoder; look at everything that comes out.
 * @throws fast-check's report, with the seed and the smallest failing case
 */
export function fuzzConnections(seeds: Seeds, runs: number, seed: number): void {
  fc.assert(
    fc.property(connection, (plan) => {
      const recording = seeds.recordings[plan.recording % seeds.recordings.length];
      if (recording === undefined) return;
      const messages: TraceMessage[] = [];
      const decoder = createDecoder({ onMessage: (message) => messages.push(message) });
      for (const event of planned(recording, plan)) play(decoder, event, plan.pieceBytes, plan.swapSides);
      decoder.end();
      decoder.push('client', Uint8Array.of(22, 3, 1, 0, 1, 0), 9);
      if (messages.length > MAX_MESSAGES) throw new Error(`${messages.length} messages`);
      for (const message of messages) inspect(message);
    }),
    { numRuns: runs, seed, endOnFailure: false },
  );
}

function planned(
  recording: Recording,
  plan: typeof connection extends fc.Arbitrary<infer Value> ? Value : never,
): RecordedEvent[] {
  const keylog = recording.events.filter(
    (event) =>
      event.kind === 'keylog' && (event.by === plan.keys || (plan.keys === 'late' && event.by === 'server')),
  );
  let events = recording.events.filter(
    (event) => event.kind === 'bytes' || (plan.keys !== 'late' && event.by === plan.keys),
  );
  for (const { event, bends } of plan.bends) {
    const at = event % events.length;
    events = events.map((each, index) =>
      index === at && each.kind === 'bytes' ? { ...each, bytes: bent(each.bytes, bends) } : each,
    );
  }
  const { drop, repeat, junk } = plan;
  if (drop !== null) events = events.filter((_, index) => index !== drop % events.length);
  if (repeat !== null)
    events = events.flatMap((event, index) => (index === repeat % events.length ? [event, event] : [event]));
  if (junk !== null) events = [...events, { kind: 'bytes', from: 'server', atUs: 0, bytes: junk }];
  return plan.keys === 'late' ? [...events, ...keylog] : events;
}

function play(decoder: Decoder, event: RecordedEvent, pieceBytes: number, swap: boolean): void {
  if (event.kind === 'keylog') {
    decoder.keylog(event.line);
    return;
  }
  const from: Side = swap === (event.from === 'client') ? 'server' : 'client';
  for (let at = 0; at < event.bytes.length; at += pieceBytes) {
    decoder.push(from, event.bytes.subarray(at, at + pieceBytes), event.atUs);
  }
}

/**
 * Read bent messages in the clear: what no AEAD tag protects from us.
 * @throws fast-check's report
 */
export function fuzzMessages(seeds: Seeds, runs: number, seed: number): void {
  fc.assert(
    fc.property(fc.nat(), fc.array(bend, { maxLength: 4 }), (which, bends) => {
      const message = seeds.messages[which % seeds.messages.length];
      if (message === undefined) return;
      const bytes = bent(message.bytes, bends);
      const { facts, finding } = readFacts(bytes, message.context);
      if (finding !== null && finding.offset > bytes.length) throw new Error(`offset ${finding.offset}`);
      inspectFields(readFields(bytes, message.context), 0, bytes.length);
      summarize(bytes, facts, message.context);
    }),
    { numRuns: runs, seed },
  );
}

function inspect(message: TraceMessage): void {
  if (message.bytes.length > 300_000) throw new Error('too many bytes kept');
  if (typeof message.summary !== 'string') throw new Error('no summary');
  inspectFields(message.fields, 0, message.bytes.length);
}

function inspectFields(fields: readonly Field[], start: number, end: number): void {
  for (const field of fields) {
    if (field.start < start || field.end > end || field.start > field.end) {
      throw new Error(`${field.name} [${field.start}..${field.end}) is not inside [${start}..${end})`);
    }
    inspectFields(field.children ?? [], field.start, field.end);
  }
}
