import { expect, test } from 'vitest';
import { cutJson, fromJson, toJson } from '../../../components/etcd/json.ts';

test('writes integers as strings, bytes as base64, and leaves defaults out', () => {
  const text = toJson('RangeResponse', {
    header: { cluster_id: 2n ** 64n - 1n, revision: 0n },
    kvs: [{ key: Buffer.from('a'), value: Buffer.alloc(0), lease: -1n }],
    more: false,
    count: 1n,
  });
  expect(text).toBe(
    '{"header":{"cluster_id":"18446744073709551615"},"kvs":[{"key":"YQ==","lease":"-1"}],"count":"1"}',
  );
});

test('leaves the default of an enum out and names the others', () => {
  expect(toJson('Event', { type: 'PUT' })).toBe('{}');
  expect(toJson('Event', { type: 'DELETE' })).toBe('{"type":"DELETE"}');
});

test('fills in every default', () => {
  expect(fromJson('RangeRequest', {})).toMatchObject({
    key: Buffer.alloc(0),
    limit: 0n,
    sort_order: 'NONE',
    keys_only: false,
  });
  expect(fromJson('WatchRequest', {}).create_request).toBeNull();
});

const spellings = [
  { name: 'snake case', value: { range_end: 'YQ==', sort_order: 'DESCEND', limit: '5' } },
  { name: 'camel case', value: { rangeEnd: 'YQ==', sortOrder: 'DESCEND', limit: 5 } },
  { name: 'enum numbers', value: { range_end: 'YQ==', sort_order: 2, limit: 5 } },
  { name: 'unknown fields', value: { range_end: 'YQ==', sort_order: 2, limit: 5, bogus: {} } },
] as const;

test.for(spellings)('reads $name', ({ value }) => {
  expect(fromJson('RangeRequest', value)).toMatchObject({
    range_end: Buffer.from('a'),
    sort_order: 'DESCEND',
    limit: 5n,
  });
});

/** Measured on etcd 3.4.23, 2026-11-24. */
const refusals = [
  [{ key: '!!' }, 'illegal base64 data at input byte 0'],
  [{ key: 5 }, 'json: cannot unmarshal number into Go value of type []uint8'],
  [{ limit: 'x' }, "invalid character 'x' looking for beginning of value"],
  [{ limit: 1.5 }, 'json: cannot unmarshal number 1.5 into Go value of type int64'],
  [{ sort_order: 'UP' }, 'unknown value "UP" for enum etcdserverpb.RangeRequest_SortOrder'],
  [[], 'json: cannot unmarshal array into Go value of type map[string]json.RawMessage'],
] as const;

test.for(refusals)('refuses %j in the words of the gateway', ([value, text]) => {
  expect(() => fromJson('RangeRequest', value)).toThrow(text);
});

const cuts = [
  { name: 'an empty text', text: '', values: [], rest: '' },
  { name: 'two objects in a row', text: '{"a":1}{"b":2}', values: [{ a: 1 }, { b: 2 }], rest: '' },
  { name: 'half an object', text: ' {"a":1}\n{"b', values: [{ a: 1 }], rest: '{"b' },
  { name: 'braces in strings', text: '{"a":"}\\"{"}{', values: [{ a: '}"{' }], rest: '{' },
  {
    name: 'integers of 63 bits',
    text: '{"ID":7587862094527898379}',
    values: [{ ID: '7587862094527898379' }],
    rest: '',
  },
] as const;

test.for(cuts)('cuts $name', ({ text, values, rest }) => {
  expect(cutJson(text)).toEqual({ values, rest });
});

test('says at which character a text is no JSON', () => {
  expect(() => cutJson('garbage')).toThrow("invalid character 'g' looking for beginning of value");
});

test('reads megabytes of base64 beside escapes and long numbers', () => {
  const value = Buffer.alloc(3_000_000, 'x').toString('base64');
  const { values } = cutJson(
    `{"key":"\\u0061${value.slice(0, 99)}","value":"${value}","ID":1234567890123456789}`,
  );
  expect(values).toEqual([expect.objectContaining({ value, ID: '1234567890123456789' })]);
  expect(fromJson('PutRequest', { value }).value).toHaveLength(3_000_000);
});
