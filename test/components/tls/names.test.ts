/** Names in words, also those that are none. */
import { expect, test } from 'vitest';
import { certificateInWords, nameInWords } from '../../../components/tls/names.ts';

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex');

const NAMES = [
  {
    name: 'an organization and a common name',
    der: '301d 310a 3008 0603 55040a 0c01 6f 310f 300d 0603 550403 0c06 636c69656e74',
    words: 'O=o, CN=client',
  },
  { name: 'an empty name', der: '3000', words: '(empty)' },
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

test('says of bytes that are no certificate that they cannot be read', () => {
  expect(certificateInWords(hex('3003020101'))).toMatch(/^a certificate that cannot be read \(.+\)$/);
});
