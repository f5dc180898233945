/** Captures as Wireshark reads them: decrypted, without a complaint, with the same messages as the trace. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HANDSHAKE_TYPES } from '../../../components/tls/registries.ts';
import type { Trace } from '../../../components/tls/trace.ts';
import { writePcapng } from '../../../lab/capture/pcapng.ts';
import {
  type KeyKind,
  type RecordOptions,
  recordHandshake,
  testPki,
} from '../../support/handshake-recorder.ts';
import { recordedTrace } from '../../support/recorded-trace.ts';
import { requireTool } from '../../support/tools.ts';
import { traceOf } from '../../support/trace.ts';

const tls12 = (ciphers: string): RecordOptions => ({
  server: { maxVersion: 'TLSv1.2', ciphers: `${ciphers}:@SECLEVEL=0` },
  client: { ciphers: `${ciphers}:@SECLEVEL=0` },
});
const tls13 = (ciphers: string): RecordOptions => ({ server: { ciphers }, client: { ciphers } });
const other = (keys: KeyKind): KeyKind => (keys === 'ec' ? 'rsa' : 'ec');

/** Variants for both kinds of key; `AUTH` stands for the kind in cipher names. */
const VARIANTS: readonly ((keys: KeyKind) => RecordOptions)[] = [
  () => tls13('TLS_AES_128_GCM_SHA256'),
  () => tls13('TLS_AES_256_GCM_SHA384'),
  () => tls13('TLS_CHACHA20_POLY1305_SHA256'),
  () => ({ server: { ecdhCurve: 'P-384' } }),
  () => ({ server: { ecdhCurve: 'P-521' }, client: { ciphers: 'TLS_CHACHA20_POLY1305_SHA256' } }),
  () => ({ client: { ecdhCurve: 'P-256' } }),
  () => ({ client: { ALPNProtocols: ['h2', 'http/1.1'] }, server: { ALPNProtocols: ['h2'] } }),
  () => ({ server: { requestCert: false } }),
  () => ({ server: { maxVersion: 'TLSv1.2', requestCert: false } }),
  (keys) => tls12(`ECDHE-${auth(keys)}-AES128-GCM-SHA256`),
  (keys) => tls12(`ECDHE-${auth(keys)}-AES256-GCM-SHA384`),
  (keys) => tls12(`ECDHE-${auth(keys)}-CHACHA20-POLY1305`),
  (keys) => tls12(`ECDHE-${auth(keys)}-AES128-SHA`),
  (keys) => tls12(`ECDHE-${auth(keys)}-AES256-SHA384`),
  (keys) => (keys === 'rsa' ? tls12('AES128-SHA') : tls12('ECDHE-ECDSA-AES256-CCM')),
  (keys) => (keys === 'rsa' ? tls12('AES256-GCM-SHA384') : tls12('ECDHE-ECDSA-AES128-CCM8')),
  () => ({ server: { maxVersion: 'TLSv1.2' }, client: { servername: '' } }),
  // Failures.
  () => ({ clientCertificate: false }),
  () => ({ clientCertificate: false, server: { maxVersion: 'TLSv1.2' } }),
  () => ({ server: { minVersion: 'TLSv1.3' }, client: { maxVersion: 'TLSv1.2' } }),
  () => ({ server: { ciphers: 'TLS_AES_128_GCM_SHA256' }, client: { ciphers: 'TLS_AES_256_GCM_SHA384' } }),
  (keys) => ({ client: { ca: testPki(other(keys)).ca.cert } }),
  (keys) => ({ client: testPki(other(keys)).client }),
  (keys) => ({ client: { ...testPki(other(keys)).client, maxVersion: 'TLSv1.2' } }),
  () => ({ client: { ALPNProtocols: ['h2'] }, server: { ALPNProtocols: ['http/1.1'] } }),
];
const auth = (keys: KeyKind) => (keys === 'ec' ? 'ECDSA' : 'RSA');

let folder = '';
let traces: readonly Trace[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'mtls-lab-pcapng-'));
  const made: Trace[] = [];
  for (const keys of ['ec', 'rsa'] as const) {
    for (const variant of VARIANTS) {
      const recording = await recordHandshake({ keys, ...variant(keys) });
      const number = made.length;
      const address = number % 3 === 0 ? '::1' : '127.0.0.1';
      made.push(
        recordedTrace(recording, {
          // A minute apart: packets of slow handshakes must not mix.
          startedAtMs: Date.UTC(2026, 10, 24, 10, 3, 7) + number * 60_000,
          clientAddress: { address, port: 50_000 + number },
          serverAddress: { address, port: 6443 },
        }),
      );
    }
  }
  traces = made;
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fields(
  tshark: string,
  captured: readonly Trace[],
  filter: string,
  names: readonly string[],
): string[][] {
  const file = join(folder, 'capture.pcapng');
  writeFileSync(
    file,
    writePcapng(captured, { comment: (trace) => `${trace.channel}: ${trace.outcome.layer}` }),
  );
  const wanted = names.flatMap((name) => ['-e', name]);
  const args = ['-r', file, '-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE'];
  const out = execFileSync(tshark, [...args, '-Y', filter, '-T', 'fields', '-E', 'separator=|', ...wanted], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('|'));
}

const NUMBERS = new Map(
  Object.entries(HANDSHAKE_TYPES).map(([number, name]) => [name as string, Number(number)]),
);

function handshakeTypes(trace: Trace): number[] {
  return trace.messages
    .map(({ type }) => NUMBERS.get(type === 'hello_retry_request' ? 'server_hello' : type))
    .filter((number) => number !== undefined);
}

test('records 50 handshakes, some of which fail', () => {
  expect(traces).toHaveLength(50);
  expect(traces.filter((trace) => trace.outcome.layer === 'tls').length).toBeGreaterThan(10);
  expect(new Set(traces.map((trace) => trace.cipher)).size).toBeGreaterThan(15);
  expect(traces.flatMap((trace) => trace.messages).filter((message) => message.finding)).toEqual([]);
});

test('tshark lists the same handshake messages as the traces, in the same order', (context) => {
  const rows = fields(requireTool(context, 'tshark'), traces, 'tls.handshake.type', [
    'tcp.stream',
    'tls.handshake.type',
  ]);
  const theirs = new Map<number, number[]>();
  for (const [stream, types] of rows) {
    const list = theirs.get(Number(stream)) ?? [];
    theirs.set(Number(stream), [...list, ...(types ?? '').split(',').map(Number)]);
  }
  expect([...theirs]).toEqual(traces.map((trace, index) => [index, handshakeTypes(trace)]));
});

test('tshark reads the same alerts as the traces', (context) => {
  const rows = fields(requireTool(context, 'tshark'), traces, 'tls.alert_message.desc', [
    'tcp.stream',
    'tls.alert_message.desc',
  ]);
  const ours = traces.flatMap((trace, index) =>
    trace.messages
      .filter((message) => message.type === 'alert' && message.bytes[1] !== 0)
      .map((message) => [String(index), String(message.bytes[1])]),
  );
  expect(ours.length).toBeGreaterThan(8);
  // Goodbyes behind the last message that a trace decodes are in the capture all the same.
  expect(rows.filter(([, alert]) => alert !== '0')).toEqual(ours);
});

const COMPLAINTS = [
  { name: 'nothing malformed', filter: '_ws.malformed' },
  { name: 'no trouble in TCP', filter: 'tcp.analysis.flags' },
  { name: 'no wrong TCP checksum', filter: 'tcp.checksum.status == 0' },
  { name: 'no wrong IP checksum', filter: 'ip.checksum.status == 0' },
  { name: 'no error or warning of the expert', filter: '_ws.expert.severity >= 6291456' },
];

test.for(COMPLAINTS)('tshark finds $name', ({ filter }, context) => {
  expect(
    fields(requireTool(context, 'tshark'), traces, filter, ['frame.number', '_ws.expert.message']),
  ).toEqual([]);
});

test('tshark checks the checksums that it was told to check', (context) => {
  const rows = fields(requireTool(context, 'tshark'), traces, 'tcp.checksum.status == 1', ['frame.number']);
  expect(rows.length).toBeGreaterThan(500);
});

test('every connection has one comment with its outcome', (context) => {
  const rows = fields(requireTool(context, 'tshark'), traces, 'frame.comment', [
    'tcp.stream',
    'frame.comment',
  ]);
  expect(rows).toEqual(
    traces.map((trace, index) => [String(index), `kube-scheduler->kube-apiserver: ${trace.outcome.layer}`]),
  );
});

test('application data is readable', (context) => {
  const [good] = traces;
  const rows = fields(requireTool(context, 'tshark'), good ? [good] : [], 'tls.app_data', ['data.data']);
  expect(rows.map(([data]) => data)).toEqual([toHex('ping'), toHex('pong')]);
});

const toHex = (text: string) => Buffer.from(text).toString('hex');

test('a refused connection is a SYN and a reset', (context) => {
  const refused = traceOf({ outcome: { layer: 'tcp', by: null, code: 'CONNECTION_REFUSED', alert: null } });
  const rows = fields(requireTool(context, 'tshark'), [refused], 'tcp', ['tcp.flags.str']);
  expect(rows.map(([flags]) => flags?.replace(/·/g, ''))).toEqual(['S', 'AR']);
});

test('a capture of nothing is still a capture', (context) => {
  expect(fields(requireTool(context, 'tshark'), [], 'frame', ['frame.number'])).toEqual([]);
});
