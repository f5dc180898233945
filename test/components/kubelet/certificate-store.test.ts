/** The kubelet's store of certificates, and the moment at which one is replaced. */
import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { createCa, issueIdentity } from '../../../certs/ca.ts';
import { DEFAULT_CHOICES, identities } from '../../../certs/identities.ts';
import { generateKeys, writePrivateKey } from '../../../certs/keys.ts';
import { openHost } from '../../../components/host.ts';
import { deadlineOf } from '../../../components/kubelet/certificate-manager.ts';
import {
  type CertificateStore,
  firstCertificate,
  openCertificateStore,
} from '../../../components/kubelet/certificate-store.ts';
import { emptyFolder } from '../../support/lab-directory.ts';

const FOLDER = '/var/lib/kubelet/pki';
const NOW = new Date('2026-11-24T10:00:00Z');
let certPem: string;
let keyPem: string;
beforeAll(async () => {
  const [caKeys, keys] = await Promise.all([generateKeys('ecdsa-p256'), generateKeys('ecdsa-p256')]);
  const identity = identities(DEFAULT_CHOICES).find(({ id }) => id === 'kubelet-client@worker-1');
  if (!identity) throw new Error('no such certificate');
  const ca = createCa({ commonName: 'kubernetes' }, caKeys, NOW);
  certPem = issueIdentity(identity, ca, keys, NOW).certificatePem;
  keyPem = writePrivateKey(keys.privateKey);
});

function open(): { readonly root: string; readonly store: CertificateStore } {
  const root = emptyFolder('kubelet-store');
  writeFileSync(join(root, 'clock'), '2026-11-24T10:00:00Z\n');
  const host = openHost(root, { clockFiles: [join(root, 'clock')] });
  return { root, store: openCertificateStore(host, FOLDER, 'kubelet-client') };
}

test('keeps one file per certificate, named after the host’s time, and a relative link to the newest', () => {
  const { root, store } = open();
  expect(store.current()).toBeNull();
  store.update(certPem, keyPem);
  expect(readdirSync(join(root, FOLDER)).sort()).toEqual([
    expect.stringMatching(/^kubelet-client-2026-11-24-10-00-0\d\.pem$/),
    'kubelet-client-current.pem',
  ]);
  const link = join(root, FOLDER, 'kubelet-client-current.pem');
  expect(readlinkSync(link)).toMatch(/^kubelet-client-2026-11-24-10-00-0\d\.pem$/);
  expect(readFileSync(link, 'utf8')).toBe(certPem + keyPem);
  expect(store.current()?.subject.commonName).toBe('system:node:worker-1');
});

test('points the link at a later certificate, and keeps the earlier one', () => {
  const { root, store } = open();
  store.update(certPem, keyPem);
  const first = readlinkSync(join(root, store.currentPath));
  writeFileSync(join(root, 'clock'), '2027-10-01T00:00:00Z\n');
  // The host reads its clock anew every 100 ms.
  return expect
    .poll(() => {
      store.update(certPem, keyPem);
      return readlinkSync(join(root, store.currentPath));
    })
    .toMatch(/^kubelet-client-2027-10-01/)
    .then(() => expect(readdirSync(join(root, FOLDER))).toContain(first));
});

test('takes a link that leads to garbage for no certificate', () => {
  const { root, store } = open();
  store.update(certPem, keyPem);
  writeFileSync(join(root, store.currentPath), 'garbage');
  expect(store.current()).toBeNull();
});

test.for([
  { random: 0, share: 0.7 },
  { random: 0.5, share: 0.8 },
  { random: 1, share: 0.9 },
])('replaces a certificate at $share of its life when chance says $random', ({ random, share }) => {
  const certificate = firstCertificate(certPem);
  if (!certificate) throw new Error('no certificate');
  const { notBefore, notAfter } = certificate;
  const life = notAfter.ms - notBefore.ms;
  expect((deadlineOf(certificate, random) - notBefore.ms) / life).toBeCloseTo(share, 6);
});
