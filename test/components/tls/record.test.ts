/** Records from bytes that come in any pieces. */
import { expect, test } from 'vitest';
import { RecordReader, type TlsRecord } from '../../../components/tls/record.ts';

const ALERT = Buffer.from(
  '15' + // alert
    '0303' + // version
    '0002' + // length
    '0230', // fatal, unknown_ca
  'hex',
);
const HANDSHAKE = Buffer.from('16' + '0301' + '0004' + '0e000000', 'hex');

function readAll(chunks: readonly Uint8Array[]): { records: string[]; problem: string | null } {
  const reader = new RecordReader();
  const records: string[] = [];
  let problem: string | null = null;
  for (const chunk of chunks) {
    const broken = reader.push(chunk, (record) => records.push(say(record)) > 0);
    if (broken !== null)
      problem = `${broken.finding.offset}: wanted ${broken.finding.wanted}, had ${broken.finding.had}`;
  }
  return { records, problem };
}

function say(record: TlsRecord): string {
  return `${record.type} ${record.version.toString(16)} ${Buffer.from(record.fragment).toString('hex')}`;
}

const BOTH = ['21 303 0230', '22 301 0e000000'];
const whole = Buffer.concat([ALERT, HANDSHAKE]);

test('reads several records from one chunk', () => {
  expect(readAll([whole])).toEqual({ records: BOTH, problem: null });
});

test('reads records split at every byte', () => {
  for (let at = 0; at <= whole.length; at++) {
    expect(readAll([whole.subarray(0, at), whole.subarray(at)]).records).toEqual(BOTH);
  }
});

test('reads records that come one byte at a time, out of a buffer that is used again', () => {
  const reader = new RecordReader();
  const records: string[] = [];
  const reused = Buffer.alloc(1);
  for (const byte of whole) {
    reused[0] = byte;
    reader.push(reused, (record) => records.push(say(record)) > 0);
  }
  expect(records).toEqual(BOTH);
  expect(reader.pendingBytes).toBe(0);
});

test('keeps what is unfinished, and says how much', () => {
  const reader = new RecordReader();
  reader.push(whole.subarray(0, 9), () => true);
  expect(reader.pendingBytes).toBe(2);
  expect(Buffer.from(reader.pending(64)).toString('hex')).toBe('1603');
});

test('reads nothing more once it is told to stop', () => {
  const reader = new RecordReader();
  const records: string[] = [];
  reader.push(whole, (record) => {
    records.push(say(record));
    return false;
  });
  reader.push(whole, (record) => records.push(say(record)) > 0);
  expect(records).toEqual(['21 303 0230']);
});

const BROKEN = [
  {
    name: 'plain HTTP',
    bytes: Buffer.from('GET / HTTP/1.1\r\n'),
    problem: '0: wanted a TLS record: content type 20 to 23, had 71, the first of "GET /" (474554202f)',
  },
  {
    name: 'another protocol version',
    bytes: Buffer.from('1602000001', 'hex'),
    problem: '1: wanted a record version 03 xx, had 0200',
  },
  {
    name: 'a fragment longer than any version allows',
    bytes: Buffer.from('1703034801', 'hex'),
    problem: '3: wanted a fragment of at most 18432 bytes, had 18433 bytes',
  },
];

test.for(BROKEN)('says what is wrong with $name, and reads no more', ({ bytes, problem }) => {
  expect(readAll([bytes, whole])).toEqual({ records: [], problem });
});
