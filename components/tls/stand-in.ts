/**
 * Stand-ins for trust anchors: same Subject, another key, no right to sign.
 *
 * Given the real CA, OpenSSL appends it to the certificate that it sends, which hides a missing intermediate and
 * puts bytes on the wire that are in no file. A stand-in lets the CertificateRequest announce the CA's name and can
 * never be taken for anybody's issuer: its key is of a kind that signed nothing here, and it may not sign.
 */
import { createHash, generateKeyPairSync, sign } from 'node:crypto';
import { contentOf, inside, openDer, rawOf, readAny, TAG } from '../../certs/der.ts';
import { writePem } from '../../certs/pem.ts';

/** AlgorithmIdentifier of Ed25519. RFC 8410 section 3. */
const ED25519 = Buffer.from('300506032b6570', 'hex');
/** Validity 2000-01-01 to 2049-12-31, as UTCTime. */
const VALIDITY = der(
  TAG.SEQUENCE,
  der(TAG.UTC_TIME, Buffer.from('000101000000Z')),
  der(TAG.UTC_TIME, Buffer.from('491231235959Z')),
);
/** keyUsage, critical, digitalSignature only. RFC 5280 section 4.2.1.3. */
const KEY_USAGE = Buffer.from('300e0603551d0f0101ff040403020780', 'hex');
const VERSION_3 = Buffer.from('a003020102', 'hex');

let keys: { readonly spki: Buffer; readonly privateKey: Parameters<typeof sign>[2] } | undefined;

/**
 * A certificate to give to OpenSSL in place of a CA.
 * @param ca  DER of the real one
 * @returns   PEM; undefined when the Subject cannot be read
 */
export function standInFor(ca: Uint8Array): string | undefined {
  const subject = subjectOf(ca);
  if (subject === undefined) return undefined;
  if (keys === undefined) {
    const pair = generateKeyPairSync('ed25519');
    keys = { spki: pair.publicKey.export({ type: 'spki', format: 'der' }), privateKey: pair.privateKey };
  }
  const serial = createHash('sha256').update(subject).digest().subarray(0, 8);
  const tbs = der(
    TAG.SEQUENCE,
    VERSION_3,
    der(TAG.INTEGER, Buffer.concat([Buffer.of(1), serial])),
    ED25519,
    subject,
    VALIDITY,
    subject,
    keys.spki,
    der(0xa3, der(TAG.SEQUENCE, KEY_USAGE)),
  );
  const signature = sign(null, tbs, keys.privateKey);
  return writePem(
    'CERTIFICATE',
    der(TAG.SEQUENCE, tbs, ED25519, der(TAG.BIT_STRING, Buffer.concat([Buffer.of(0), signature]))),
  );
}

/** DER of a certificate's Subject; undefined when it is not there. @see RFC 5280 section 4.1 */
export function subjectOf(certificate: Uint8Array): Uint8Array | undefined {
  try {
    const outer = openDer(certificate);
    const body = inside(outer, readAny(outer, ''));
    const tbs = inside(body, readAny(body, ''));
    const first = readAny(tbs, '');
    // version is optional; then serialNumber, signature, issuer, validity come before the Subject.
    for (let skip = first.tag === 0xa0 ? 4 : 3; skip > 0; skip--) readAny(tbs, '');
    const subject = readAny(tbs, '');
    return subject.tag === TAG.SEQUENCE && contentOf(tbs, subject).length > 0
      ? rawOf(tbs, subject)
      : undefined;
  } catch {
    return undefined;
  }
}

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x10000
          ? [tag, 0x82, length >> 8, length & 0xff]
          : [tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}
