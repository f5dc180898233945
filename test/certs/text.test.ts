import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { inspect } from '../../certs/inspect.ts';
import { readPem } from '../../certs/pem.ts';
import { inspectionText, printable, purposesText } from '../../certs/text.ts';

const GOLDEN = join(import.meta.dirname, '../golden/inspect');
const NOW = new Date('2026-11-24T10:00:00Z');
const ca = readPem(readFileSync(join(GOLDEN, 'ca.pem'), 'utf8'))[0]?.bytes ?? new Uint8Array();
const files = readdirSync(GOLDEN).filter((name) => !name.endsWith('.txt'));

test.for(files)('%s reads as its golden text', async (name) => {
  const inspection = inspect(readFileSync(join(GOLDEN, name)), `/lab/${name}`, { now: NOW, cas: [ca] });
  await expect(inspectionText(inspection)).toMatchFileSnapshot(join(GOLDEN, `${name}.txt`));
});

test('a name with control characters cannot steer the terminal', () => {
  expect(printable('a\u001b[2J\u202eb')).toBe('a\\x1b[2J\\x202eb');
});

test('an unknown purpose is shown by its number', () => {
  expect(purposesText(['clientAuth', '1.2.3'])).toBe('a client (clientAuth) and 1.2.3');
});
