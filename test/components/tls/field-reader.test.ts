/** The cursor: bounds, ranges, and what is kept when bytes run out. */
import { expect, test } from 'vitest';
import { DecodeError, FieldReader } from '../../../components/tls/field-reader.ts';

const reader = (hex: string, quiet = false) => new FieldReader(Buffer.from(hex, 'hex'), quiet);

test('notes each field with its range; children lie inside', () => {
  const read = reader('07 0003 aabbcc ff'.replace(/ /g, ''));
  read.number('kind', 1);
  read.vector('list', 2, (inner) => inner.list(() => inner.number('item', 1, (n) => n.toString(16))));
  read.rest('rest');
  expect(read.fields).toEqual([
    { name: 'kind', value: '7', start: 0, end: 1 },
    {
      name: 'list',
      value: 'aa, bb, cc',
      start: 1,
      end: 6,
      children: [
        { name: 'item', value: 'aa', start: 3, end: 4 },
        { name: 'item', value: 'bb', start: 4, end: 5 },
        { name: 'item', value: 'cc', start: 5, end: 6 },
      ],
    },
    { name: 'rest', value: 'ff', start: 6, end: 7 },
  ]);
});

test('keeps no field and makes no text when quiet', () => {
  const read = reader('0002aabb', true);
  read.vector('list', 2, (inner) =>
    inner.list(() =>
      inner.number('item', 1, () => {
        throw new Error('a text was made');
      }),
    ),
  );
  expect(read.fields).toEqual([]);
  expect(read.left).toBe(0);
});

const SHORT = [
  {
    name: 'a number',
    read: (r: FieldReader) => r.number('n', 4),
    finding: { offset: 0, wanted: 'n: 4 bytes', had: '2 bytes' },
  },
  {
    name: 'bytes',
    read: (r: FieldReader) => r.take('b', 3),
    finding: { offset: 0, wanted: 'b: 3 bytes', had: '2 bytes' },
  },
  {
    name: 'bytes behind a length',
    read: (r: FieldReader) => r.opaque('o', 1),
    finding: { offset: 1, wanted: 'o: 9 bytes', had: '1 byte' },
  },
  {
    name: 'a vector',
    read: (r: FieldReader) => r.vector('v', 1, () => undefined),
    finding: { offset: 1, wanted: 'v: 9 bytes', had: '1 byte' },
  },
  {
    name: 'a length',
    read: (r: FieldReader) => r.vector('v', 3, () => undefined),
    finding: { offset: 0, wanted: 'the length of v: 3 bytes', had: '2 bytes' },
  },
];

test.for(SHORT)('says where $name ran out', ({ read, finding }) => {
  const short = reader('0901');
  expect(() => read(short)).toThrow(DecodeError);
  try {
    read(reader('0901'));
  } catch (error) {
    expect(error).toMatchObject({ finding });
  }
});

test('refuses a structure that leaves bytes over', () => {
  const read = reader('02aabb');
  expect(() => read.vector('v', 1, (inner) => void inner.number('first', 1))).toThrow('wanted the end of v');
  expect(read.fields).toMatchObject([{ name: 'v', start: 0, end: 3, children: [{ name: 'first', end: 2 }] }]);
});

test('cuts long bytes and long lists in text, not in ranges', () => {
  const read = reader('11'.repeat(40));
  read.take('long', 20);
  read.rest('longer', (bytes) => `${bytes.length}`);
  expect(read.fields.map(({ value, end }) => [value, end])).toEqual([
    ['11'.repeat(20), 20],
    ['20', 40],
  ]);
  const list = reader(`14${'01'.repeat(20)}`);
  list.vector('list', 1, (inner) => inner.list(() => inner.number('n', 1)));
  expect(list.fields[0]?.value).toBe(`${Array(12).fill('1').join(', ')} and 8 more`);
});
