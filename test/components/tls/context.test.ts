import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { expect, test } from 'vitest';
import { writePem } from '../../../certs/pem.ts';
import { clientContext, contextOptions, versionRange } from '../../../components/tls/context.ts';
import { readKeyPair } from '../../../components/tls/credentials.ts';
import { standInFor, subjectOf } from '../../../components/tls/stand-in.ts';
import { mint } from '../../support/mint.ts';
import { CA, clientLeaf, SETTINGS } from '../../support/tls-bench.ts';
import { requireTool } from '../../support/tools.ts';

const RANGES = [
  { what: 'by default', settings: {}, range: ['TLSv1.2', 'TLSv1.3'] },
  { what: 'with a flag', settings: {}, minVersion: 'TLSv1.3', range: ['TLSv1.3', 'TLSv1.3'] },
  { what: 'held down by lab.yaml', settings: { tlsMaxVersion: 'TLSv1.2' }, range: ['TLSv1.2', 'TLSv1.2'] },
  { what: 'old only', settings: { tlsMaxVersion: 'TLSv1.1' }, range: ['TLSv1.1', 'TLSv1.1'] },
  { what: 'opened downwards', settings: { tlsMinVersion: 'TLSv1' }, range: ['TLSv1', 'TLSv1.3'] },
  {
    what: 'flag above lab.yaml',
    settings: { tlsMaxVersion: 'TLSv1.2' },
    minVersion: 'TLSv1.3',
    range: ['TLSv1.2', 'TLSv1.2'],
  },
] as const;

test.for(RANGES)('versions $what', (row) => {
  const { minVersion, maxVersion } = versionRange({
    settings: { ...SETTINGS, ...row.settings },
    ...('minVersion' in row ? { minVersion: row.minVersion } : {}),
  });
  expect([minVersion, maxVersion]).toEqual(row.range);
});

test('every context is at security level 0, without tickets, without trust anchors of its own', () => {
  const options = contextOptions({ settings: SETTINGS, pair: null, announce: [] });
  expect(options.ciphers).toMatch(/:@SECLEVEL=0$/);
  expect(options.ca).toEqual([]);
});

test("a client's context is kept until its certificate changes", () => {
  const pairOf = (leaf: ReturnType<typeof clientLeaf>) =>
    readKeyPair(
      { from: 'crt', bytes: Buffer.from(writePem('CERTIFICATE', leaf.der)) },
      { from: 'key', bytes: Buffer.from(leaf.key.export({ type: 'pkcs8', format: 'pem' }).toString()) },
    );
  const first = pairOf(clientLeaf());
  const context = clientContext({ settings: SETTINGS, pair: first, announce: [] });
  expect(clientContext({ settings: SETTINGS, pair: first, announce: [] })).toBe(context);
  expect(clientContext({ settings: SETTINGS, pair: pairOf(clientLeaf()), announce: [] })).not.toBe(context);
  expect(
    clientContext({ settings: { ...SETTINGS, tlsMaxVersion: 'TLSv1.2' }, pair: first, announce: [] }),
  ).not.toBe(context);
});

test('a stand-in has the name of its CA, another key, and may sign nothing', () => {
  const certificate = new X509Certificate(standInFor(CA.der) ?? '');
  expect(certificate.subject).toBe(new X509Certificate(CA.der).subject);
  expect(certificate.publicKey.asymmetricKeyType).toBe('ed25519');
  expect(new X509Certificate(clientLeaf().der).checkIssued(certificate)).toBe(false);
});

test('openssl reads a stand-in and finds its signature right', (context) => {
  const openssl = requireTool(context, 'openssl');
  const text = execFileSync(openssl, ['x509', '-noout', '-text'], {
    input: standInFor(CA.der) ?? '',
    encoding: 'utf8',
  });
  expect(text).toContain('CN = kubernetes');
  expect(text).toMatch(/X509v3 Key Usage: critical\s+Digital Signature/);
});

test('a certificate without a Subject, or bytes that are none, have no stand-in', () => {
  expect(standInFor(mint({ subject: Uint8Array.of(0x30, 0) }).der)).toBe(undefined);
  expect(subjectOf(Buffer.from('nonsense'))).toBe(undefined);
});
