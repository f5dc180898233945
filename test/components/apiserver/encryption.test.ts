import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { openEncryption } from '../../../components/apiserver/encryption.ts';
import { openHost } from '../../../components/host.ts';

const root = mkdtempSync(join(tmpdir(), 'mtls-lab-encryption-'));
const host = openHost(root);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const KEY = Buffer.alloc(32, 7).toString('base64');
const SECRET = '/registry/secrets/default/s1';

function codec(providers: readonly object[]) {
  const config = {
    kind: 'EncryptionConfiguration',
    apiVersion: 'apiserver.config.k8s.io/v1',
    resources: [{ resources: ['secrets'], providers }],
  };
  writeFileSync(join(root, 'config.json'), JSON.stringify(config));
  return openEncryption(host, '/config.json');
}

test.for(['aescbc', 'aesgcm', 'secretbox'] as const)('%s hides a secret and shows it again', (kind) => {
  const sealed = codec([{ [kind]: { keys: [{ name: 'key1', secret: KEY }] } }, { identity: {} }]);
  const bytes = sealed.encode(SECRET, '{"a":"hunter2"}');
  expect(bytes.toString('latin1').startsWith(`k8s:enc:${kind}:v1:key1:`)).toBe(true);
  expect(bytes.includes('hunter2')).toBe(false);
  expect(sealed.decode(SECRET, bytes)).toBe('{"a":"hunter2"}');
  expect(sealed.decode(SECRET, Buffer.from('{"old":1}'))).toBe('{"old":1}');
});

test('other resources stay in the clear', () => {
  const sealed = codec([{ aescbc: { keys: [{ name: 'key1', secret: KEY }] } }]);
  expect(sealed.encode('/registry/pods/default/web', '{}').toString()).toBe('{}');
});

test('aesgcm binds a value to its key in etcd', () => {
  const sealed = codec([{ aesgcm: { keys: [{ name: 'key1', secret: KEY }] } }]);
  const bytes = sealed.encode(SECRET, '{}');
  expect(() => sealed.decode('/registry/secrets/default/other', bytes)).toThrow();
});

test('secretbox refuses a value that was changed, or sealed with another key', () => {
  const box = (secret: string) => codec([{ secretbox: { keys: [{ name: 'key1', secret }] } }]);
  const bytes = box(KEY).encode(SECRET, '{}');
  const other = box(Buffer.alloc(32, 8).toString('base64'));
  expect(() => other.decode(SECRET, bytes)).toThrow('was sealed with another key');
  bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
  expect(() => box(KEY).decode(SECRET, bytes)).toThrow('the stored data is damaged');
});

test.for([
  [
    'a secretbox key that would do for AES',
    [{ secretbox: { keys: [{ name: 'k', secret: Buffer.alloc(16).toString('base64') }] } }],
    /has 16 bytes, wanted 32 \(/,
  ],
  [
    'a key of the wrong length',
    [{ aescbc: { keys: [{ name: 'k', secret: 'AAAA' }] } }],
    /has 3 bytes, wanted 16, 24 or 32/,
  ],
  ['a provider that is not known', [{ kms: {} }], /provider kms is not known here/],
] as const)('%s is refused with the file named', ([, providers, text]) => {
  expect(() => codec(providers)).toThrow(text);
});
