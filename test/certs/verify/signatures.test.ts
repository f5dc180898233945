/** Signatures over anything: what a CSR needs, and what certificates' vectors do not reach. */
import { createPublicKey, sign } from 'node:crypto';
import { expect, test } from 'vitest';
import { openDer } from '../../../certs/der.ts';
import { signatureFault, verifyWith } from '../../../certs/verify/signatures.ts';
import { signatureAlgorithmOf } from '../../../certs/x509/algorithms.ts';
import { readPublicKey } from '../../../certs/x509/public-key.ts';
import { readCertificate } from '../../../certs/x509.ts';
import { ca, keyNamed, mint, mintCa, notCa } from '../../support/mint.ts';

const key = keyNamed('signer');
const publicKey = readPublicKey(openDer(createPublicKey(key).export({ type: 'spki', format: 'der' })));
const bytes = Buffer.from('signed');
const none = new Uint8Array(0);
const sha1 = signatureAlgorithmOf({ oid: '1.2.840.10045.4.1', parameters: none });
const sha256 = signatureAlgorithmOf({ oid: '1.2.840.10045.4.3.2', parameters: none });

test('SHA-1 is refused on certificates and taken on requests, as Go does', () => {
  const signature = sign('sha1', bytes, key);
  expect(verifyWith(sha1, bytes, signature, publicKey)).toEqual({
    text: 'x509: cannot verify signature: insecure algorithm ECDSA-SHA1',
    code: 'CERT_INSECURE_SIGNATURE',
  });
  expect(verifyWith(sha1, bytes, signature, publicKey, true)).toBeNull();
});

test('other bytes do not verify', () => {
  const signature = sign('sha256', bytes, key);
  expect(verifyWith(sha256, bytes, signature, publicKey)).toBeNull();
  expect(verifyWith(sha256, Buffer.from('Signed'), signature, publicKey)?.text).toBe(
    'x509: ECDSA verification failure',
  );
});

test('the answer for a pair is kept, and another key has its own', () => {
  const issuer = mintCa('pair');
  const child = readCertificate(mint({ by: issuer }).der);
  const right = readCertificate(issuer.der);
  const wrong = readCertificate(mintCa('pair', { key: keyNamed('pair-impostor') }).der);
  for (let i = 0; i < 2; i += 1) {
    expect(signatureFault(child, right)).toBeNull();
    expect(signatureFault(child, wrong)?.code).toBe('CERT_UNKNOWN_AUTHORITY');
  }
});

test('an issuer that may not sign is refused before its signature is looked at', () => {
  const issuer = mintCa('no-ca', { extensions: [notCa()] });
  const fault = signatureFault(
    readCertificate(mint({ by: issuer, tampered: true }).der),
    readCertificate(issuer.der),
  );
  expect(fault?.code).toBe('CERT_ISSUER_NOT_CA');
  const good = mintCa('no-ca', { extensions: [ca()] });
  expect(
    signatureFault(readCertificate(mint({ by: good, tampered: true }).der), readCertificate(good.der))?.code,
  ).toBe('CERT_UNKNOWN_AUTHORITY');
});
