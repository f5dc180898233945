import { expect, test } from 'vitest';
import { ageOf, humanDuration } from '../../../components/api/duration.ts';

const M = 60;
const H = 60 * M;
const D = 24 * H;

test.for([
  [-5, '<invalid>'],
  [0, '0s'],
  [119, '119s'],
  [2 * M, '2m'],
  [5 * M + 30, '5m30s'],
  [10 * M + 30, '10m'],
  [179 * M, '179m'],
  [3 * H + 5 * M, '3h5m'],
  [8 * H + 5 * M, '8h'],
  [47 * H, '47h'],
  [2 * D + 3 * H, '2d3h'],
  [8 * D + 3 * H, '8d'],
  [729 * D, '729d'],
  [800 * D, '2y70d'],
  [9 * 365 * D, '9y'],
] as const)('%s seconds is %s', ([seconds, text]) => {
  expect(humanDuration(seconds)).toBe(text);
});

test('an object without a time has no age', () => {
  expect(ageOf(undefined, new Date())).toBe('<unknown>');
});
