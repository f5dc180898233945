/** IP addresses, read and printed as Go does. */
import { expect, test } from 'vitest';
import { ipText, networkText, parseIp, sameIp } from '../../../certs/x509/ip.ts';
import { hex } from '../../support/mint.ts';

test.for([
  ['127.0.0.1', '127.0.0.1'],
  ['::1', '::1'],
  ['::', '::'],
  ['2001:DB8::1', '2001:db8::1'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['1:0:2:3:4:5:6:7', '1:0:2:3:4:5:6:7'],
  ['::ffff:1.2.3.4', '1.2.3.4'],
  ['64:ff9b::1.2.3.4', '64:ff9b::102:304'],
  ['1::', '1::'],
  ['fe80:0:0:0:0:0:0:1', 'fe80::1'],
] as const)('%s prints as %s', ([text, printed]) => {
  expect(ipText(parseIp(text) ?? new Uint8Array())).toBe(printed);
});

test.for([
  '',
  '1.2.3',
  '1.2.3.4.5',
  '01.2.3.4',
  '256.1.1.1',
  '1.2.3.4 ',
  ':::',
  '1::2::3',
  '1:2:3:4:5:6:7',
  '1:2:3:4:5:6:7:8:9',
  '12345::',
  'fe80::1%eth0',
  '::1.2.3',
  '1.2.3.4::',
  '1:2:3:4:5:6:7::8',
  'localhost',
])('%s is no address', (text) => {
  expect(parseIp(text)).toBeUndefined();
});

test('an IPv4 address is the same as its mapped IPv6 form', () => {
  expect(sameIp(hex('7f000001'), hex(`${'00'.repeat(10)}ffff7f000001`))).toBe(true);
  expect(sameIp(hex('7f000001'), hex('7f000002'))).toBe(false);
});

test('networks print with their prefix, or with the mask when it is none', () => {
  expect(networkText(hex('0a000000'), hex('ff000000'))).toBe('10.0.0.0/8');
  expect(networkText(hex('0a000000'), hex('ff00ff00'))).toBe('10.0.0.0/ff00ff00');
  expect(ipText(hex('010203'))).toBe('?010203');
});
