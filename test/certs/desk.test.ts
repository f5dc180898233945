import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createDesk, deskFiles, issueOnDesk } from '../../certs/desk.ts';
import { deviations, expectedVersusFound } from '../../certs/expected.ts';
import { distribute, plannedCopies, undistributed } from '../../certs/hosts.ts';
import { type Choices, DEFAULT_CHOICES, identities } from '../../certs/identities.ts';
import { readPem } from '../../certs/pem.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { readCertificate } from '../../certs/x509.ts';
import { readDirectory } from '../../lab/directory.ts';
import { emptyFolder, filesUnder, temporaryLab } from '../support/lab-directory.ts';
import { requireTool } from '../support/tools.ts';

const CHOICES: Choices = { ...DEFAULT_CHOICES, key: 'ecdsa-p256' };
const now = () => new Date();
const read = (file: string) => readFileSync(file, 'utf8');
const certificateOf = (file: string) => readCertificate(readPem(read(file))[0]?.bytes ?? new Uint8Array());

test('a desk holds key, request and certificate of every identity, and nothing half-written', async () => {
  const dir = emptyFolder();
  await createDesk(dir, CHOICES, now());
  const wanted = identities(CHOICES).flatMap((identity) =>
    Object.values(deskFiles(dir, identity)).filter((file) => file !== null),
  );
  expect(filesUnder(join(dir, 'pki')).map((file) => join(dir, 'pki', file))).toEqual(wanted.sort());
});

test('a desk is never overwritten, not even a half-filled one', async () => {
  const dir = emptyFolder();
  mkdirSync(join(dir, 'pki'));
  writeFileSync(join(dir, 'pki/ca.key'), 'precious');
  await expect(createDesk(dir, CHOICES, now())).rejects.toMatchObject({ code: 'DESK_EXISTS' });
  expect(filesUnder(dir)).toEqual(['pki/ca.key']);
  expect(read(join(dir, 'pki/ca.key'))).toBe('precious');
});

test('the desk’s clock dates what it issues', async () => {
  const dir = emptyFolder();
  await createDesk(dir, CHOICES, new Date('2030-01-01T00:00:00Z'));
  const file = deskFiles(dir, findIdentity(CHOICES, 'scheduler')).cert;
  expect(certificateOf(file).notAfter.text).toBe('2031-01-01T00:00:00Z');
});

describe('renewing', () => {
  test('makes a new key, serial number and dates; hosts keep the old until it is distributed', async () => {
    const dir = await temporaryLab();
    const { choices } = readDirectory(dir);
    const scheduler = findIdentity(choices, 'scheduler');
    const files = deskFiles(dir, scheduler);
    const before = { cert: certificateOf(files.cert), key: read(files.key) };
    await issueOnDesk(dir, choices, [scheduler], new Date(Date.now() + 86_400_000));
    expect(read(files.key)).not.toBe(before.key);
    expect(certificateOf(files.cert).serialHex).not.toBe(before.cert.serialHex);
    expect(certificateOf(files.cert).notAfter.ms).toBeGreaterThan(before.cert.notAfter.ms);
    const waiting = undistributed(dir, choices);
    expect(waiting.map(({ identity, host, what }) => `${identity.id} ${host} ${what}`)).toEqual([
      'scheduler control-plane key',
      'scheduler control-plane cert',
    ]);
    expect(distribute(dir, choices).map(({ to }) => to)).toEqual(waiting.map(({ to }) => to));
    expect(undistributed(dir, choices)).toEqual([]);
  });

  test('can keep the key', async () => {
    const dir = await temporaryLab();
    const { choices } = readDirectory(dir);
    const { key } = deskFiles(dir, findIdentity(choices, 'scheduler'));
    const before = read(key);
    await issueOnDesk(dir, choices, [findIdentity(choices, 'scheduler')], now(), { keys: 'keep' });
    expect(read(key)).toBe(before);
    expect(
      deviations(expectedVersusFound(dir, choices, { now })).every(({ aspect }) => aspect === 'copy'),
    ).toBe(true);
  });

  test('refuses a CA, with the reason', async () => {
    const dir = await temporaryLab();
    const { choices } = readDirectory(dir);
    await expect(issueOnDesk(dir, choices, [findIdentity(choices, 'ca')], now())).rejects.toMatchObject({
      code: 'CHOICE_REFUSED',
      why: expect.stringContaining('trust store'),
    });
  });

  test.for([
    { name: 'missing', change: (file: string) => rmSync(file), code: 'FILE_MISSING' },
    { name: 'garbage', change: (file: string) => writeFileSync(file, 'garbage'), code: 'KEY_INVALID' },
  ])('says so when the CA’s key is $name', async ({ change, code }) => {
    const dir = await temporaryLab();
    const { choices } = readDirectory(dir);
    change(join(dir, 'pki/ca.key'));
    await expect(
      issueOnDesk(dir, choices, [findIdentity(choices, 'scheduler')], now()),
    ).rejects.toMatchObject({ code, what: expect.stringContaining('ca.key') });
  });
});

test('keys are distributed before certificates', () => {
  const order = plannedCopies('/lab', identities({ ...CHOICES, workers: 2 })).map(({ what }) => what);
  expect(order.lastIndexOf('key')).toBeLessThan(order.indexOf('cert'));
});

test('by hand: openssl makes a key and a request, the CA signs it, and the lab agrees', async (context) => {
  const openssl = requireTool(context, 'openssl');
  const { signRequest } = await import('../../certs/sign-request.ts');
  const dir = await temporaryLab();
  const { choices } = readDirectory(dir);
  const scheduler = findIdentity(choices, 'scheduler');
  const files = deskFiles(dir, scheduler);
  execFileSync(
    openssl,
    [
      'req',
      '-new',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-keyout',
      files.key,
      '-subj',
      '/CN=system:kube-scheduler',
      '-out',
      files.csr ?? '',
    ],
    { stdio: 'ignore' },
  );
  const report = signRequest(dir, choices, files.csr ?? '', { as: scheduler }, now());
  expect(report).toMatchObject({ out: files.cert, signer: 'ca', usages: ['clientAuth'], notes: [] });
  distribute(dir, choices);
  expect(deviations(expectedVersusFound(dir, choices, { now })).map(({ sentence }) => sentence)).toEqual([]);
  expect(existsSync(files.cert)).toBe(true);
});
