/** The tables against Wireshark's copies of the same registries. */
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { cipherSuite, cipherSuiteNames } from '../../../components/tls/cipher-suites.ts';
import { extensionName, extensionNames } from '../../../components/tls/extensions.ts';
import {
  ALERTS,
  GROUPS,
  isGrease,
  messageType,
  SIGNATURE_SCHEMES,
  say16,
} from '../../../components/tls/registries.ts';
import { requireTool } from '../../support/tools.ts';

let values: Map<string, Map<number, string>> | undefined;

function wiresharkValues(tshark: string, field: string): Map<number, string> {
  if (values === undefined) {
    values = new Map();
    const lines = execFileSync(tshark, ['-G', 'values'], { encoding: 'utf8', maxBuffer: 2 ** 28 }).split(
      '\n',
    );
    for (const line of lines) {
      const [kind, name, number, text] = line.split('\t');
      if (kind !== 'V' || name === undefined || number === undefined || text === undefined) continue;
      if (!name.startsWith('tls.')) continue;
      const table = values.get(name) ?? new Map<number, string>();
      values.set(name, table.set(Number(number), text));
    }
  }
  return values.get(field) ?? new Map();
}

const entries = (table: Readonly<Record<number, string>>) =>
  Object.entries(table).map(([number, name]) => [Number(number), name] as const);
/** `Unknown CA` and `unknown_ca` are the same row. */
const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, '');

const TABLES = [
  { name: 'cipher suites', field: 'tls.handshake.ciphersuite', rows: cipherSuiteNames() },
  { name: 'extensions', field: 'tls.handshake.extension.type', rows: extensionNames() },
  { name: 'groups', field: 'tls.handshake.extensions_supported_group', rows: entries(GROUPS) },
  { name: 'signature schemes', field: 'tls.handshake.sig_hash_alg', rows: entries(SIGNATURE_SCHEMES) },
  { name: 'alerts', field: 'tls.alert_message.desc', rows: entries(ALERTS) },
];

/** Where Wireshark 4.0 spells a row otherwise than IANA. */
const OTHER_SPELLING: ReadonlySet<string> = new Set([
  'next_protocol_negotiation (not IANA: before ALPN)',
  'application_settings (not IANA: Chromium)',
  'delegated_credential',
  'decryption_failed',
  // Its table still has an experiment at these numbers.
  'MLKEM512',
  'MLKEM768',
  'MLKEM1024',
]);

test.for(TABLES)('$name have the names that Wireshark gives them', ({ field, rows }, context) => {
  const theirs = wiresharkValues(requireTool(context, 'tshark'), field);
  const shared = rows.filter(([number]) => theirs.has(number));
  expect(shared.length).toBeGreaterThan(15);
  const different = shared.filter(
    ([number, name]) => !OTHER_SPELLING.has(name) && plain(name) !== plain(theirs.get(number) ?? ''),
  );
  expect(different).toEqual([]);
});

const SUITES = [
  { number: 0x1302, keyExchange: 'tls13', hash: 'sha384', cipher: 'aes-256-gcm' },
  { number: 0xc02b, keyExchange: 'ecdhe', hash: 'sha256', cipher: 'aes-128-gcm' },
  { number: 0xcca8, keyExchange: 'ecdhe', hash: 'sha256', cipher: 'chacha20-poly1305' },
  { number: 0x009e, keyExchange: 'dhe', hash: 'sha256', cipher: 'aes-128-gcm' },
  { number: 0x002f, keyExchange: 'rsa', hash: 'sha256', cipher: 'aes-128-cbc' },
  { number: 0xc0af, keyExchange: 'ecdhe', hash: 'sha256', cipher: 'aes-256-ccm' },
  { number: 0xc012, keyExchange: 'ecdhe', hash: 'sha256', cipher: undefined },
];

test.for(SUITES)('reads from the name of suite $number what it decides', (expected) => {
  const suite = cipherSuite(expected.number);
  expect(suite?.keyExchange).toBe(expected.keyExchange);
  expect(suite?.hash).toBe(expected.hash);
  expect(suite?.protection?.cipher).toBe(expected.cipher);
});

test('knows all sixteen GREASE values, and nothing else as GREASE', () => {
  const grease = Array.from({ length: 65_536 }, (_, n) => n).filter(isGrease);
  expect(grease.map((n) => n.toString(16))).toEqual(
    Array.from('0123456789abcdef', (c) => `${c}a${c}a`.replace(/^0/, '')),
  );
});

test('names what has no row', () => {
  expect(say16(GROUPS, 0x2a2a)).toBe('GREASE (0x2a2a)');
  expect(say16(GROUPS, 0x7777)).toBe('unassigned (0x7777)');
  expect(extensionName(0x1a1a)).toBe('GREASE');
  expect(messageType(25)).toBe('unknown');
});
