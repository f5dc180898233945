import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPem, writePem } from '../../certs/pem.ts';

const A = writePem('CERTIFICATE', Buffer.from('first'));
const B = writePem('PRIVATE KEY', Buffer.from('second'));
const labels = (text: string) => readPem(text).map(({ label }) => label);

describe('readPem', () => {
  const cases = [
    { name: 'reads two blocks in order', text: A + B, labels: ['CERTIFICATE', 'PRIVATE KEY'] },
    {
      name: 'skips text around blocks',
      text: `subject=x\n${A}\nfoo\n${B}bar`,
      labels: ['CERTIFICATE', 'PRIVATE KEY'],
    },
    { name: 'reads Windows line ends', text: A.replaceAll('\n', '\r\n'), labels: ['CERTIFICATE'] },
    { name: 'reads a last line without an end', text: A.trimEnd(), labels: ['CERTIFICATE'] },
    { name: 'skips a block that is cut off, and reads the next', text: A.slice(0, 40) + B, labels: [] },
    {
      name: 'skips a cut block on lines of its own',
      text: `${A.slice(0, 40)}\n${B}`,
      labels: ['PRIVATE KEY'],
    },
    {
      name: 'skips a block whose END says something else',
      text: A.replace('END CERTIFICATE', 'END X') + B,
      labels: ['PRIVATE KEY'],
    },
    { name: 'skips damaged base64', text: A.replace('Zmlyc3Q=', 'Zml*c3Q=') + B, labels: ['PRIVATE KEY'] },
    { name: 'finds nothing in an empty text', text: '', labels: [] },
    { name: 'does not take BEGIN in the middle of a line', text: `x ${A}`, labels: [] },
  ];
  test.for(cases)('$name', ({ text, labels: expected }) => {
    expect(labels(text)).toEqual(expected);
  });

  test('reads headers of an encrypted key', () => {
    const text =
      '-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n';
    expect(readPem(text)[0]?.headers).toEqual({ 'Proc-Type': '4,ENCRYPTED', 'DEK-Info': 'AES-128-CBC,00' });
  });

  test('ends soon on a hundred thousand BEGINs without an END', () => {
    const hostile = '-----BEGIN A-----\n'.repeat(100_000);
    expect(readPem(hostile)).toEqual([]);
  });

  test('gives back what was written', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(Buffer.from(readPem(writePem('CERTIFICATE', bytes))[0]?.bytes ?? [])).toEqual(
          Buffer.from(bytes),
        );
      }),
    );
  });
});
