/** Text in columns. */
import { expect, test } from 'vitest';
import { cut, hanging, sideBySide, widthOf, wrap } from '../../lab/columns.ts';

const WIDTHS = [
  { text: 'abc', width: 3 },
  { text: '🔒', width: 2 },
  { text: '─✂▶', width: 3 },
  { text: '証明', width: 4 },
];

test.for(WIDTHS)('"$text" takes $width columns', ({ text, width }) => {
  expect(widthOf(text)).toBe(width);
});

test('wraps at spaces, and breaks only words that are too long', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('https://a.b/c d', 5)).toEqual(['https', '://a.', 'b/c d']);
  expect(wrap('', 5)).toEqual(['']);
});

test('cuts with an ellipsis', () => {
  expect(cut('abcdef', 4)).toBe('abc…');
  expect(cut('ab🔒cd', 4)).toBe('ab…');
  expect(cut('abcd', 4)).toBe('abcd');
});

test('hangs text under its first word', () => {
  expect(hanging('A  ', 'one two', 6)).toEqual(['A  one', '   two']);
});

test('sets lines side by side', () => {
  expect(sideBySide(['a'], ['b', 'c'], 3)).toEqual(['a    b', '     c']);
});

test('replaces control characters', () => {
  expect(wrap('a\u001b[2J', 20)).toEqual(['a\ufffd[2J']);
});
