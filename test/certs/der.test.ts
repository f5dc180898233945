/** The DER reader: strict, with byte ranges, and nothing but MalformedError for bad bytes. */
import { describe, expect, test } from 'vitest';
import {
  contentOf,
  isEmpty,
  MalformedError,
  oidText,
  openDer,
  readAny,
  readBitString,
  readBoolean,
  readElement,
  readInt64,
  readInteger,
  readOid,
  rightAlign,
  TAG,
  take,
} from '../../certs/der.ts';
import { isLabError } from '../../certs/errors.ts';
import { hex } from '../support/mint.ts';

const GO = 'x509: malformed certificate';
const open = (text: string) => openDer(hex(text));

/** The error of a read that must fail. */
function failure(read: () => unknown): MalformedError {
  try {
    read();
  } catch (error) {
    if (error instanceof MalformedError) return error;
    throw error;
  }
  throw new Error('it was read');
}

test('gives byte ranges of header and content', () => {
  const cursor = open('0500 0403 010203');
  readAny(cursor, GO);
  const element = readElement(cursor, TAG.OCTET_STRING, GO);
  expect(element).toEqual({ tag: 4, start: 2, contentStart: 4, end: 7 });
  expect([...contentOf(cursor, element)]).toEqual([1, 2, 3]);
  expect(isEmpty(cursor)).toBe(true);
});

test('says where, what was wanted and what was there, with Go’s text and a code', () => {
  const error = failure(() => take(open('0102'), 3, GO));
  expect(error).toMatchObject({ code: 'CERT_MALFORMED', goText: GO, offset: 0 });
  expect(error.what).toBe('x509: malformed certificate (at byte 0: wanted 3 more bytes, had 2)');
  expect(isLabError(error)).toBe(true);
});

describe('lengths', () => {
  test.for([
    { name: 'no byte at all', bytes: '' },
    { name: 'a tag alone', bytes: '04' },
    { name: 'more than there is', bytes: '0402 01' },
    { name: 'indefinite', bytes: '0480 01 0000' },
    { name: 'five length bytes', bytes: '0485 0000000001 01' },
    { name: 'a long form that could be short', bytes: '0481 01 01' },
    { name: 'a leading zero', bytes: `0482 0080 ${'00'.repeat(128)}` },
    { name: 'four bytes of length beyond the end', bytes: '0484 ffffffff 00' },
    { name: 'a tag of two bytes', bytes: '1f81 0100' },
  ])('$name is refused, and the cursor stays', ({ bytes }) => {
    const cursor = open(bytes);
    failure(() => readAny(cursor, GO));
    expect(cursor.at).toBeLessThanOrEqual(cursor.end);
  });

  test.for([
    { name: '127 bytes, short form', header: '047f', length: 127 },
    { name: '128 bytes, long form', header: '048180', length: 128 },
    { name: '65,536 bytes', header: '0483010000', length: 65_536 },
  ])('$name is read', ({ header, length }) => {
    const cursor = open(header + '00'.repeat(length));
    const element = readAny(cursor, GO);
    expect(element.end - element.contentStart).toBe(length);
  });
});

describe('integers', () => {
  test.for([
    { bytes: '020100', value: 0n },
    { bytes: '02017f', value: 127n },
    { bytes: '02020080', value: 128n },
    { bytes: '020180', value: -128n },
    { bytes: '0201ff', value: -1n },
    { bytes: `0209${'7f'.repeat(9)}`, value: BigInt(`0x${'7f'.repeat(9)}`) },
  ])('$bytes is $value', ({ bytes, value }) => {
    expect(readInteger(open(bytes), GO)).toBe(value);
  });

  test.for(['0200', '02020001', '0202ff80', '0401 01'])('%s is refused', (bytes) => {
    failure(() => readInteger(open(bytes), GO));
  });

  test('a number of 64 bits fits, one of 65 does not', () => {
    expect(readInt64(open('02087fffffffffffffff'), GO)).toBe(Number(2n ** 63n - 1n));
    failure(() => readInt64(open('0209008000000000000000'), GO));
  });
});

describe('object identifiers', () => {
  test.for([
    { bytes: '0603 550403', text: '2.5.4.3' },
    { bytes: '0606 2a864886f70d', text: '1.2.840.113549' },
    { bytes: '0601 27', text: '0.39' },
    { bytes: '0601 28', text: '1.0' },
    { bytes: '0603 883703', text: '2.999.3' },
    { bytes: '0606 2a87ffffff7f', text: '1.2.2147483647' },
  ])('$text', ({ bytes, text }) => {
    expect(readOid(open(bytes), GO)).toBe(text);
  });

  test.for(['', '80', '2a80', '2a8001', '2a8880808000'])('content %s is none', (content) => {
    expect(oidText(hex(content))).toBeUndefined();
  });
});

describe('booleans and bit strings', () => {
  test('00 is false, ff is true, and nothing else is either', () => {
    expect(readBoolean(open('010100'), GO)).toBe(false);
    expect(readBoolean(open('0101ff'), GO)).toBe(true);
    for (const bytes of ['010101', '0100', '0102ffff']) failure(() => readBoolean(open(bytes), GO));
  });

  test('unused bits must be zero and at most seven', () => {
    expect(readBitString(open('03020106'), GO)).toEqual({ bytes: hex('06'), unusedBits: 1 });
    expect(readBitString(open('030100'), GO).bytes).toHaveLength(0);
    for (const bytes of ['0300', '030101', '03020800', '03020101'])
      failure(() => readBitString(open(bytes), GO));
  });

  test('aligning shifts unused bits out at the front', () => {
    expect([...rightAlign({ bytes: hex('0ff0'), unusedBits: 4 })]).toEqual([0x00, 0xff]);
  });
});
