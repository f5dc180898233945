import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createCa, type Overrides } from '../../certs/ca.ts';
import { deskFiles, issueOnDesk, openSigner } from '../../certs/desk.ts';
import type { ExpectedRow } from '../../certs/expected/row.ts';
import { deviations, expectedVersusFound } from '../../certs/expected.ts';
import { distribute } from '../../certs/hosts.ts';
import { generateKeys, writePrivateKey } from '../../certs/keys.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { readDirectory } from '../../lab/directory.ts';
import { temporaryLab } from '../support/lab-directory.ts';

const CONTROL = 'hosts/control-plane/etc/kubernetes/pki';
const wrongRows = (dir: string, now = new Date()): readonly ExpectedRow[] =>
  deviations(expectedVersusFound(dir, readDirectory(dir).choices, { now: () => now }));
/** `place what aspect`, without doubles. */
const short = (rows: readonly ExpectedRow[]) =>
  [...new Set(rows.map((row) => `${row.place} ${row.what} ${row.aspect}`))].sort();

/** Reissue scheduler wrongly, and distribute it: the desk and the host then deviate alike. */
async function misissue(dir: string, overrides: Overrides): Promise<void> {
  const { choices } = readDirectory(dir);
  const identity = findIdentity(choices, 'scheduler');
  await issueOnDesk(dir, choices, [identity], new Date(), { overrides });
  distribute(dir, choices);
}

describe('a wrong certificate', () => {
  const day = 86_400_000;
  const cases: { name: string; overrides: Overrides; aspects: string[]; sentence: RegExp; code: string }[] = [
    {
      name: 'subject',
      overrides: { template: { subject: { commonName: 'jane' } } },
      aspects: ['subject'],
      sentence: /its subject is CN=jane, expected CN=system:kube-scheduler$/,
      code: 'CERT_NAME_MISMATCH',
    },
    {
      name: 'an added group',
      overrides: {
        template: { subject: { commonName: 'system:kube-scheduler', organizations: ['system:masters'] } },
      },
      aspects: ['subject'],
      sentence: /O=system:masters, CN=system:kube-scheduler/,
      code: 'CERT_NAME_MISMATCH',
    },
    {
      name: 'names',
      overrides: { template: { sans: [{ kind: 'dns', value: 'x' }] } },
      aspects: ['sans'],
      sentence: /its names \(SAN\) are DNS:x, expected none/,
      code: 'CERT_NAME_MISMATCH',
    },
    {
      name: 'purpose',
      overrides: { template: { extendedKeyUsages: ['serverAuth'] } },
      aspects: ['usages'],
      sentence: /its purpose \(EKU\) is serverAuth, expected clientAuth/,
      code: 'CERT_WRONG_USAGE',
    },
    {
      name: 'past',
      overrides: { template: { notAfter: new Date(Date.now() - day) } },
      aspects: ['dates'],
      sentence: /it ended .* UTC, and it is .* UTC/,
      code: 'CERT_EXPIRED',
    },
    {
      name: 'future',
      overrides: { template: { notBefore: new Date(Date.now() + day) } },
      aspects: ['dates'],
      sentence: /valid only from/,
      code: 'CERT_NOT_YET_VALID',
    },
    {
      name: 'a CA',
      overrides: { template: { isCa: true } },
      aspects: ['ca'],
      sentence: /it is a CA, expected no CA/,
      code: 'CERT_ISSUER_NOT_CA',
    },
    {
      name: 'a critical extension',
      overrides: {
        template: { extensions: [{ oid: '1.2.3.4', critical: true, value: Uint8Array.of(5, 0) }] },
      },
      aspects: ['extensions'],
      sentence: /critical 1\.2\.3\.4/,
      code: 'CERT_CRITICAL_EXTENSION',
    },
    {
      name: 'SHA-1',
      overrides: { hash: 'sha1' },
      aspects: ['algorithm', 'signature'],
      sentence: /SHA1/,
      code: 'CERT_INSECURE_SIGNATURE',
    },
  ];
  test.for(cases)(
    '$name is found on the desk and on the host',
    async ({ overrides, aspects, sentence, code }) => {
      const dir = await temporaryLab();
      await misissue(dir, overrides);
      const rows = wrongRows(dir);
      expect(short(rows)).toEqual(
        ['control-plane', 'desk'].flatMap((place) =>
          aspects.map((aspect) => `${place} certificate ${aspect}`),
        ),
      );
      expect(rows[0]).toMatchObject({
        identity: 'scheduler',
        code,
        fix: expect.stringMatching(/fix scheduler|renew/),
      });
      expect(rows.some((row) => sentence.test(row.sentence))).toBe(true);
    },
  );

  test('the right name, signed by another CA of the same name, is found', async () => {
    const dir = await temporaryLab();
    const { choices } = readDirectory(dir);
    const scheduler = findIdentity(choices, 'scheduler');
    const ca = findIdentity(choices, 'ca');
    const real = { cert: readFileSync(deskFiles(dir, ca).cert), key: readFileSync(deskFiles(dir, ca).key) };
    const other = await generateKeys('ecdsa-p256');
    writeFileSync(deskFiles(dir, ca).cert, createCa(ca, other, new Date()).certificatePem);
    writeFileSync(deskFiles(dir, ca).key, writePrivateKey(other.privateKey));
    await issueOnDesk(dir, choices, [scheduler], new Date());
    writeFileSync(deskFiles(dir, ca).cert, real.cert);
    writeFileSync(deskFiles(dir, ca).key, real.key);
    distribute(dir, choices);
    expect(wrongRows(dir)).toMatchObject([
      {
        aspect: 'signature',
        code: 'CERT_UNKNOWN_AUTHORITY',
        sentence: expect.stringMatching(/another key than that of kubernetes/),
      },
      { aspect: 'signature', place: 'control-plane' },
    ]);
  });
});

describe('a wrong file on a host', () => {
  const cases: { name: string; change: (dir: string) => void; rows: string[] }[] = [
    {
      name: 'a missing certificate',
      change: (dir) => rmSync(join(dir, CONTROL, 'scheduler.crt')),
      rows: ['control-plane certificate file'],
    },
    {
      name: 'a missing key',
      change: (dir) => rmSync(join(dir, CONTROL, 'scheduler.key')),
      rows: ['control-plane key file'],
    },
    {
      name: 'an empty certificate',
      change: (dir) => writeFileSync(join(dir, CONTROL, 'scheduler.crt'), ''),
      rows: ['control-plane certificate content'],
    },
    {
      name: 'garbage',
      change: (dir) => writeFileSync(join(dir, CONTROL, 'scheduler.key'), 'garbage'),
      rows: ['control-plane key content'],
    },
    {
      name: 'a key that others can read',
      change: (dir) => chmodSync(join(dir, CONTROL, 'scheduler.key'), 0o644),
      rows: ['control-plane key mode'],
    },
    {
      name: 'a certificate that others can write',
      change: (dir) => chmodSync(join(dir, CONTROL, 'scheduler.crt'), 0o666),
      rows: ['control-plane certificate mode'],
    },
    {
      name: 'another certificate’s key',
      change: (dir) => copyFileSync(join(dir, 'pki/admin.key'), join(dir, CONTROL, 'scheduler.key')),
      rows: ['control-plane key copy', 'control-plane key key'],
    },
    {
      name: 'key and certificate switched',
      change: (dir) => {
        copyFileSync(join(dir, 'pki/scheduler.key'), join(dir, CONTROL, 'scheduler.crt'));
        copyFileSync(join(dir, 'pki/scheduler.crt'), join(dir, CONTROL, 'scheduler.key'));
      },
      rows: [
        'control-plane certificate content',
        'control-plane certificate name',
        'control-plane key content',
        'control-plane key name',
      ],
    },
    {
      name: 'a private key under a public name',
      change: (dir) => copyFileSync(join(dir, 'pki/admin.key'), join(dir, CONTROL, 'backup.pem')),
      rows: ['control-plane key name'],
    },
    {
      name: 'a public certificate named as a key',
      change: (dir) => copyFileSync(join(dir, 'pki/admin.crt'), join(dir, 'pki/old.key')),
      rows: ['desk certificate name'],
    },
    {
      name: 'the CA’s key, under any name',
      change: (dir) => {
        mkdirSync(join(dir, CONTROL), { recursive: true });
        writeFileSync(join(dir, CONTROL, 'spare.key'), readFileSync(join(dir, 'pki/ca.key')), {
          mode: 0o600,
        });
      },
      rows: ['control-plane key ca-key'],
    },
    {
      name: 'an additional CA in the trust store',
      change: (dir) =>
        writeFileSync(
          join(dir, CONTROL, 'ca.crt'),
          `${readFileSync(join(dir, 'pki/ca.crt'))}${readFileSync(join(dir, 'pki/ca.crt'))}`,
        ),
      rows: ['control-plane certificate copy'],
    },
  ];
  test.for(cases)('$name', async ({ change, rows }) => {
    const dir = await temporaryLab();
    change(dir);
    const found = wrongRows(dir);
    expect(short(found)).toEqual(rows);
    for (const row of found) {
      expect(row.sentence).toMatch(/^(hosts|pki)\//);
      expect(row.fix).not.toBe('');
    }
  });
});

test('each host is judged at its own time', async () => {
  const dir = await temporaryLab();
  const { choices } = readDirectory(dir);
  const later = new Date(Date.now() + 400 * 86_400_000);
  const rows = deviations(
    expectedVersusFound(dir, choices, { now: (place) => (place === 'laptop' ? later : new Date()) }),
  );
  expect(rows.map(({ place, identity, code }) => `${place} ${identity} ${code}`)).toEqual([
    'laptop admin CERT_EXPIRED',
  ]);
});

test('a desk without its CA still gives rows, and says what could not be checked', async () => {
  const dir = await temporaryLab();
  const { choices } = readDirectory(dir);
  const ca = findIdentity(choices, 'ca');
  rmSync(deskFiles(dir, ca).cert);
  const rows = expectedVersusFound(dir, choices, { now: () => new Date() });
  expect(deviations(rows).map(({ place, aspect }) => `${place} ${aspect}`)).toEqual(['desk file']);
  expect(rows.some(({ found }) => found.startsWith('not checked'))).toBe(true);
  expect(() => openSigner(dir, choices, findIdentity(choices, 'scheduler'))).toThrowError(
    expect.objectContaining({ code: 'FILE_MISSING' }),
  );
});
