/** What OpenSSL says in this process is what the program `openssl verify` says about the same files. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writePem } from '../../../certs/pem.ts';
import { askOpenssl } from '../../../certs/verify/openssl.ts';
import { decide, type VerifyInput } from '../../../certs/verify/verify.ts';
import { akid, CERT_SIGN, ca, eku, keyNamed, keyUsage, mint, name, san, skid } from '../../support/mint.ts';
import { CA, clientLeaf, OTHER_CA, SAME_NAME_CA, serverLeaf } from '../../support/tls-bench.ts';
import { requireTool } from '../../support/tools.ts';

const intermediate = mint({
  subject: name('CN=intermediate'),
  key: keyNamed('intermediate'),
  by: CA,
  extensions: [keyUsage(CERT_SIGN), ca()],
});
const notCa = mint({
  subject: name('CN=no ca'),
  key: keyNamed('no ca'),
  by: CA,
  extensions: [eku('serverAuth')],
});
const selfSigned = mint({
  subject: name('CN=self'),
  key: keyNamed('self'),
  extensions: [san(['dns:localhost'])],
});
const namedOnly = mint({
  subject: name('CN=localhost'),
  key: keyNamed('server'),
  by: CA,
  extensions: [eku('serverAuth')],
});

interface Row {
  readonly what: string;
  readonly chain: readonly { readonly der: Uint8Array }[];
  readonly roots?: readonly { readonly der: Uint8Array }[];
  readonly purpose?: 'serverAuth' | 'clientAuth';
  readonly dns?: string;
  /** Node's name for OpenSSL's complaint; null: content. */
  readonly openssl: string | null;
  readonly go: string | null;
}

const ROWS: readonly Row[] = [
  { what: 'a good server', chain: [serverLeaf()], openssl: null, go: null },
  { what: 'a good client', chain: [clientLeaf()], purpose: 'clientAuth', openssl: null, go: null },
  {
    what: 'through an intermediate',
    chain: [serverLeaf({ by: intermediate }), intermediate],
    openssl: null,
    go: null,
  },
  {
    what: 'intermediate missing',
    chain: [serverLeaf({ by: intermediate })],
    openssl: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    go: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    what: 'unknown CA',
    chain: [serverLeaf({ by: OTHER_CA })],
    openssl: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    go: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    what: 'CA of the same name',
    chain: [serverLeaf({ by: SAME_NAME_CA })],
    openssl: 'CERT_SIGNATURE_FAILURE',
    go: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    what: 'self-signed',
    chain: [selfSigned],
    openssl: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    go: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    what: 'expired',
    chain: [serverLeaf({ notAfter: '2024-01-01' })],
    openssl: 'CERT_HAS_EXPIRED',
    go: 'CERT_EXPIRED',
  },
  {
    what: 'not yet valid',
    chain: [serverLeaf({ notBefore: '2048-01-01' })],
    openssl: 'CERT_NOT_YET_VALID',
    go: 'CERT_NOT_YET_VALID',
  },
  {
    what: 'for clients only',
    chain: [serverLeaf({}, 'clientAuth')],
    openssl: 'INVALID_PURPOSE',
    go: 'CERT_WRONG_USAGE',
  },
  {
    what: 'another name',
    chain: [serverLeaf()],
    dns: 'example.com',
    openssl: 'ERR_TLS_CERT_ALTNAME_INVALID',
    go: 'CERT_NAME_MISMATCH',
  },
  { what: 'a Common Name alone', chain: [namedOnly], dns: 'localhost', openssl: null, go: 'CERT_NO_SANS' },
  {
    what: 'an intermediate as the only root',
    chain: [serverLeaf({ by: intermediate })],
    roots: [intermediate],
    openssl: 'UNABLE_TO_GET_ISSUER_CERT',
    go: null,
  },
  {
    what: 'signed by a leaf',
    chain: [serverLeaf({ by: notCa }), notCa],
    openssl: 'INVALID_PURPOSE',
    go: 'CERT_ISSUER_NOT_CA',
  },
];

const TEXTS: Readonly<Record<string, string>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'unable to verify the first certificate',
  CERT_SIGNATURE_FAILURE: 'certificate signature failure',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'self-signed certificate',
  CERT_HAS_EXPIRED: 'certificate has expired',
  CERT_NOT_YET_VALID: 'certificate is not yet valid',
  INVALID_PURPOSE: 'unsuitable certificate purpose',
  ERR_TLS_CERT_ALTNAME_INVALID: 'hostname mismatch',
  UNABLE_TO_GET_ISSUER_CERT: 'unable to get issuer certificate',
};

const inputOf = ({ chain, roots, purpose, dns }: Row): VerifyInput => ({
  chain: chain.map(({ der }) => der),
  roots: (roots ?? [CA]).map(({ der }) => der),
  purpose: purpose ?? 'serverAuth',
  name: dns === undefined ? null : { kind: 'dns', value: dns },
  time: new Date(),
});

test.for(ROWS)('$what: OpenSSL says $openssl, Go says $go', async (row) => {
  expect((await askOpenssl(inputOf(row))).code).toBe(row.openssl);
  expect(decide(inputOf(row)).code).toBe(row.go);
});

test.for(ROWS)('$what: openssl verify complains of the same', (row, context) => {
  const openssl = requireTool(context, 'openssl');
  const folder = mkdtempSync(join(tmpdir(), 'mtls-lab-verdict-'));
  try {
    const write = (file: string, ders: readonly { readonly der: Uint8Array }[]): string => {
      writeFileSync(join(folder, file), ders.map(({ der }) => writePem('CERTIFICATE', der)).join(''));
      return join(folder, file);
    };
    const args = [
      'verify',
      '-purpose',
      row.purpose === 'clientAuth' ? 'sslclient' : 'sslserver',
      '-CAfile',
      write('roots.crt', row.roots ?? [CA]),
      ...(row.chain.length > 1 ? ['-untrusted', write('others.crt', row.chain.slice(1))] : []),
      ...(row.dns === undefined ? [] : ['-verify_hostname', row.dns]),
      write('leaf.crt', row.chain.slice(0, 1)),
    ];
    const output = runOpenssl(openssl, args);
    if (row.openssl === null) expect(output).toMatch(/leaf\.crt: OK/);
    else
      expect(
        output.replace('unable to get local issuer certificate', 'unable to verify the first certificate'),
      ).toContain(TEXTS[row.openssl]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

function runOpenssl(openssl: string, args: readonly string[]): string {
  try {
    return execFileSync(openssl, [...args], { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return stdout + stderr;
  }
}

test('key identifiers tell two CAs of one name apart before any signature is looked at', async () => {
  const known = mint({
    subject: name('CN=kubernetes'),
    key: keyNamed('ca/a'),
    extensions: [keyUsage(CERT_SIGN), ca(), skid('aa')],
  });
  const other = mint({
    subject: name('CN=kubernetes'),
    key: keyNamed('ca/b'),
    extensions: [keyUsage(CERT_SIGN), ca(), skid('bb')],
  });
  const leaf = mint({ by: other, extensions: [eku('serverAuth'), akid('bb')] });
  const input = inputOf({ what: '', chain: [leaf], roots: [known], openssl: null, go: null });
  expect((await askOpenssl(input)).code).toBe('UNABLE_TO_VERIFY_LEAF_SIGNATURE');
});

test('bytes that are no certificate are an answer, not an exception', async () => {
  const input = inputOf({ what: '', chain: [{ der: Buffer.from('no') }], openssl: null, go: null });
  expect((await askOpenssl(input)).code).toMatch(/^ERR_SSL_|^ERR_OSSL_/);
});

test('a chain too long for OpenSSL is answered, too', async () => {
  const input = inputOf({ what: '', chain: Array(2_000).fill(serverLeaf()), openssl: null, go: null });
  expect((await askOpenssl(input)).code).toMatch(/^ERR_SSL_|CLOSED/);
});
