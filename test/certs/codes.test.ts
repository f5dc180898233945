/** Every code says what, why, how to mend it and where the rule stands. */
import { expect, test } from 'vitest';
import { CODES, type Code, isCode } from '../../certs/codes.ts';
import { LabError } from '../../certs/errors.ts';

const codes = Object.keys(CODES).filter(isCode);

test.for(codes)('%s has its four texts, in plain sentences', (code: Code) => {
  const { title, why, fix, source } = CODES[code];
  expect(title).toMatch(/^[A-Z].{10,}[^.]$/);
  expect(why).toMatch(/^[A-Z].{40,}\.$/s);
  expect(fix.length).toBeGreaterThan(10);
  // A rule stands in an RFC, a standard, or a file of Go, Kubernetes or this project.
  expect(source).toMatch(/RFC \d+|POSIX|golang\/go src\/|kubernetes\/kubernetes |mtls-lab /);
});

test('no two codes say the same', () => {
  for (const part of ['title', 'why'] as const) {
    expect(new Set(codes.map((code) => CODES[code][part])).size).toBe(codes.length);
  }
});

test('commands in fixes have the one spelling', () => {
  for (const code of codes) {
    const { fix } = CODES[code];
    for (const [command] of fix.matchAll(/\S*\s?\S*mtls-lab/g)) expect(command).toMatch(/npx mtls-lab$/);
  }
});

test('an error takes what it does not say itself from its code', () => {
  const error = new LabError('CERT_EXPIRED', { what: 'scheduler.crt ended yesterday' });
  expect(error).toMatchObject({
    what: 'scheduler.crt ended yesterday',
    why: CODES.CERT_EXPIRED.why,
    fix: CODES.CERT_EXPIRED.fix,
  });
  expect(new LabError('CERT_EXPIRED', { what: 'x', fix: 'renew it' }).fix).toBe('renew it');
});

test('isCode takes codes and nothing that objects inherit', () => {
  expect(isCode('CERT_EXPIRED')).toBe(true);
  expect(isCode('toString')).toBe(false);
});
