/** Vectors: "Cryptography in NaCl" (2009), sections 8 to 10; RFC 8439 section 2.5.2 and appendix A.3. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { hsalsa20, openSecretbox, poly1305, sealSecretbox } from '../../../components/apiserver/secretbox.ts';

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex');

const KEY = hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389');
const NONCE = hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37');
const MESSAGE = hex(`
  be075fc53c81f2d5cf141316ebeb0c7b 5228c52a4c62cbd44b66849b64244ffc
  e5ecbaaf33bd751a1ac728d45e6c6129 6cdc3c01233561f41db66cce314adb31
  0e3be8250c46f06dceea3a7fa1348057 e2f6556ad6b1318a024a838f21af1fde
  048977eb48f59ffd4924ca1c60902e52 f0a089bc76897040e082f93776384864
  5e0705`);
const BOX = hex(`
  f3ffc7703f9400e52a7dfb4b3d3305d9
  8e993b9f48681273c29650ba32fc76ce 48332ea7164d96a4476fb8c531a1186a
  c0dfc17c98dce87b4da7f011ec48c972 71d2c20f9b928fe2270d6fb863d51738
  b48eeee314a7cc8ab932164548e526ae 90224368517acfeabd6bb3732bc0e9da
  99832b61ca01b6de56244a9e88d5f9b3 7973f622a43d14a6599b1f654cb45a74
  e355a5`);

test('HSalsa20 makes the second key of the paper', () => {
  const second = 'dc908dda0b9344a953629b733820778880f3ceb421bb61b91cbd4c3e66256ce4';
  expect(hsalsa20(NONCE.subarray(0, 16), KEY).toString('hex')).toBe(second);
});

test('seals and opens the box of the paper', () => {
  expect(sealSecretbox(MESSAGE, NONCE, KEY).toString('hex')).toBe(BOX.toString('hex'));
  expect(openSecretbox(BOX, NONCE, KEY)?.toString('hex')).toBe(MESSAGE.toString('hex'));
});

test.for([
  {
    name: 'RFC 8439, 2.5.2',
    key: hex('85d6be7857556d337f4452fe42d506a8 0103808afb0db2fd4abff6af4149f51b'),
    message: Buffer.from('Cryptographic Forum Research Group'),
    tag: 'a8061dc1305136c6c22b8baf0c0127a9',
  },
  {
    name: 'A.3 #7: the sum wraps at 2^130 - 5',
    key: hex('02000000000000000000000000000000 00000000000000000000000000000000'),
    message: hex('ffffffffffffffffffffffffffffffff'),
    tag: '03000000000000000000000000000000',
  },
  {
    name: 'A.3 #8: the last addition wraps at 2^128',
    key: hex('02000000000000000000000000000000 ffffffffffffffffffffffffffffffff'),
    message: hex('02000000000000000000000000000000'),
    tag: '03000000000000000000000000000000',
  },
])('Poly1305: $name', ({ key, message, tag }) => {
  expect(poly1305(message, key).toString('hex')).toBe(tag);
});

test('opens what it sealed, of any length, and nothing of which one bit was changed', () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, fc.nat(), (message, where) => {
      const box = sealSecretbox(message, NONCE, KEY);
      expect(openSecretbox(box, NONCE, KEY)).toEqual(Buffer.from(message));
      const at = where % box.length;
      box[at] = (box[at] ?? 0) ^ (1 << (where % 8));
      expect(openSecretbox(box, NONCE, KEY)).toBeUndefined();
    }),
    { numRuns: 50 },
  );
  expect(openSecretbox(Buffer.alloc(15), NONCE, KEY)).toBeUndefined();
});
