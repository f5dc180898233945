/** Names in words, also those that are none. */
import { expect, test } from 'vitest';
import { certificateInWords, nameInWords } from '../../../components/tls/names.ts';

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

const NAMES = [
  {
    name: 'organization first on the wire, last in words',
    der: '301d 310a 3008 0603 55040a 0c01 6f 310f 300d 0603 550403 0c06 636c69656e74',
    words: 'CN=client,O=o',
  },
  { name: 'an empty name', der: '3000', words: 'an empty name' },
  {
    name: 'two attributes in one set',
    der: '3014 3112 3008 0603 550403 0c01 61 3006 0601 2a 0c01 62',
    words: 'CN=a+1.2=b',
  },
  { name: 'a BMPString', der: '300f 310d 300b 0603 550403 1e04 0041 0042', words: 'CN=AB' },
  { name: 'control characters', der: '300e 310c 300a 0603 550403 0c03 1b5b41', words: 'CN=\ufffd[A' },
];

test.for(NAMES)('reads $name', ({ der, words }) => {
  expect(nameInWords(hex(der))).toBe(words);
});

const BROKEN = ['', '30', '3005', '3103 020101', '3003 020101', '30ff', '3004 3102 3000'];

test.for(BROKEN)('says of %s that it cannot be read', (der) => {
  expect(nameInWords(hex(der))).toMatch(/^a name that cannot be read \(.+\)$/);
});

test('says of bytes that are no certificate that they cannot be read, again and again', () => {
  const words = certificateInWords(hex('3003020101'));
  expect(words.text).toMatch(/^a certificate that cannot be read/);
  expect(certificateInWords(hex('3003020101'))).toBe(words);
});
