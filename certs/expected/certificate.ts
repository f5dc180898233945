/**
 * Expected versus found for one certificate file: is it there, does it say what the table says, is it really signed?
 */
import { readFileSync } from 'node:fs';
import { CONTENTS, contentsOf, contentsText, wrongContent } from '../content.ts';
import { deskFiles } from '../desk.ts';
import { LabError, messageOf } from '../errors.ts';
import { readTextIfAny, unreadable } from '../files.ts';
import { formatSan, identities } from '../identities.ts';
import { keyText, sanText } from '../inspect-certificate.ts';
import { readPem } from '../pem.ts';
import { formatSeal, sealOf } from '../seal.ts';
import { momentText } from '../text.ts';
import { signatureFault } from '../verify/signatures.ts';
import { rfc3339 } from '../x509/times.ts';
import { type Certificate, readCertificate } from '../x509.ts';
import { type Compared, type ExpectedRow, fixCommand, modeOf, modeText, type Place, row } from './row.ts';

type Wrong = NonNullable<Compared['wrong']>;

/** All rows about a certificate file; one or two when it cannot be read. */
export function certificateRows(place: Place, now: Date): ExpectedRow[] {
  const { cert: path, identity } = place;
  const make = (compared: Omit<Compared, 'what' | 'path'>): ExpectedRow =>
    row(place, { what: 'certificate', path, ...compared });
  const certificate = load(place);
  if (certificate instanceof LabError) {
    const missing = certificate.code === 'FILE_MISSING' || certificate.code === 'FILE_UNREADABLE';
    return [
      make({
        aspect: missing ? 'file' : 'content',
        expected: missing ? 'there' : CONTENTS.certificate,
        found: missing ? certificate.what : foundIn(path),
        wrong: {
          code: certificate.code,
          fix: fixCommand(identity),
          says: withoutPath(certificate.what, path),
        },
      }),
    ];
  }
  const wrongUnless = (fine: boolean, wrong: Omit<Wrong, 'fix'>): Wrong | null =>
    fine ? null : { ...wrong, fix: fixCommand(identity) };
  const compare = (
    aspect: Compared['aspect'],
    expected: string,
    found: string,
    code: Wrong['code'],
  ): ExpectedRow => make({ aspect, expected, found, wrong: wrongUnless(expected === found, { code }) });
  const isCa = identity.kind === 'ca';
  const signer = signerOf(place, certificate);
  return [
    make({ aspect: 'file', expected: 'there', found: 'there', wrong: null }),
    compare('subject', subjectText(identity), nameOf(certificate.subject), 'CERT_NAME_MISMATCH'),
    compare('issuer', signer.name, certificate.issuer.commonName, 'CERT_UNKNOWN_AUTHORITY'),
    compare(
      'sans',
      list(identity.sans.map(formatSan)),
      list(certificate.san.map(sanText)),
      'CERT_NAME_MISMATCH',
    ),
    compare(
      'usages',
      list(identity.usages),
      list([...certificate.extKeyUsage, ...certificate.unknownExtKeyUsage]),
      'CERT_WRONG_USAGE',
    ),
    compare('ca', isCa ? 'a CA' : 'no CA', caText(certificate, isCa), 'CERT_ISSUER_NOT_CA'),
    compare('extensions', 'none', extensionsText(certificate), 'CERT_CRITICAL_EXTENSION'),
    ...algorithmRows(place, certificate, make),
    make({
      aspect: 'signature',
      expected: signer.expected,
      found: signer.found,
      wrong: wrongUnless(signer.fault === null, {
        code: signer.fault?.code ?? 'CERT_UNKNOWN_AUTHORITY',
        ...(signer.fault ? { says: signer.fault.says } : {}),
      }),
    }),
    make(datesRow(certificate, now, fixCommand(identity))),
    ...modeRows(place, make),
    ...copyRows(place, make),
  ];
}

function load(place: Place): Certificate | LabError {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(place.cert);
  } catch (error) {
    return unreadable(place.cert, error);
  }
  const wrong = wrongContent(place.identity.kind === 'ca' ? 'ca-bundle' : 'certificate', bytes, place.cert);
  if (wrong) return wrong;
  const block = readPem(Buffer.from(bytes).toString('utf8')).find(({ label }) => label === 'CERTIFICATE');
  try {
    return readCertificate(block?.bytes ?? new Uint8Array());
  } catch (error) {
    return new LabError('CERT_MALFORMED', {
      what: `${place.cert} cannot be read: ${messageOf(error)}`,
      cause: error,
    });
  }
}

/** Who should have signed, and whether that CA's key really did. */
function signerOf(place: Place, certificate: Certificate) {
  const signer = identities(place.choices).find(({ id }) => id === place.identity.signer);
  const name = signer?.commonName ?? place.identity.signer;
  const ca = signer && readDeskCa(deskFiles(place.dir, signer).cert);
  if (!ca) return { name, expected: name, found: 'not checked: the CA is not readable', fault: null };
  const seal = formatSeal(sealOf(ca.publicKey.raw));
  const expected = `${name} ${seal}`;
  const fault = signatureFault(certificate, ca);
  if (fault === null) return { name, expected, found: expected, fault: null };
  const sameName = Buffer.compare(certificate.issuer.raw, ca.subject.raw) === 0;
  const found = sameName
    ? `another key than that of ${expected}`
    : certificate.issuer.commonName || 'nobody by name';
  const insecure = fault.code === 'CERT_INSECURE_SIGNATURE';
  const says = insecure
    ? `its signature does not count: ${fault.text}`
    : `it is signed by ${found}, expected ${expected}`;
  return { name, expected, found, fault: { code: fault.code, says } };
}

function readDeskCa(path: string): Certificate | null {
  const block = readPem(readTextIfAny(path) ?? '').find(({ label }) => label === 'CERTIFICATE');
  try {
    return block ? readCertificate(block.bytes) : null;
  } catch {
    return null;
  }
}

function algorithmRows(
  { choices }: Place,
  { publicKey, signatureAlgorithm }: Certificate,
  make: (compared: Omit<Compared, 'what' | 'path'>) => ExpectedRow,
): ExpectedRow[] {
  const expected = choices.key === 'rsa-2048' ? 'RSA 2048' : 'ECDSA P-256';
  const found = keyText(publicKey);
  const weak =
    (publicKey.algorithm === 'RSA' && publicKey.bits < 2048) || /MD5|SHA1/.test(signatureAlgorithm.name);
  // Another strong key is somebody's free choice; a weak one is not.
  return [
    make({
      aspect: 'algorithm',
      expected: `${expected}, SHA-256`,
      found: `${found}, ${signatureAlgorithm.name}`,
      wrong: weak ? { code: 'CERT_INSECURE_SIGNATURE', fix: 'renew it with a strong key and SHA-256' } : null,
    }),
  ];
}

function datesRow(certificate: Certificate, now: Date, fix: string): Omit<Compared, 'what' | 'path'> {
  const { notBefore, notAfter } = certificate;
  const at = now.getTime();
  const range = `${momentText(rfc3339(notBefore.ms))} to ${momentText(rfc3339(notAfter.ms))}`;
  const expected = `valid at ${momentText(rfc3339(at))}`;
  const says = (text: string, when: number): string =>
    `${text} ${momentText(rfc3339(when))}, and it is ${momentText(rfc3339(at))}`;
  if (at < notBefore.ms)
    return {
      aspect: 'dates',
      expected,
      found: range,
      wrong: { code: 'CERT_NOT_YET_VALID', fix, says: says('it is valid only from', notBefore.ms) },
    };
  if (at > notAfter.ms)
    return {
      aspect: 'dates',
      expected,
      found: range,
      wrong: { code: 'CERT_EXPIRED', fix, says: says('it ended', notAfter.ms) },
    };
  return { aspect: 'dates', expected, found: `valid ${range}`, wrong: null };
}

/** Anybody may read a certificate; nobody but its owner may write it. */
function modeRows(
  place: Place,
  make: (compared: Omit<Compared, 'what' | 'path'>) => ExpectedRow,
): ExpectedRow[] {
  const mode = modeOf(place.cert);
  if (mode === null) return [];
  const fix = `chmod 0644 ${place.cert}`;
  const wrong =
    (mode & 0o022) === 0
      ? null
      : ({
          code: 'FILE_UNREADABLE',
          fix,
          says: `its mode is ${modeText(mode)}: others can replace it; expected 0644`,
        } as const);
  return [make({ aspect: 'mode', expected: '0644', found: modeText(mode), wrong })];
}

function copyRows(
  place: Place,
  make: (compared: Omit<Compared, 'what' | 'path'>) => ExpectedRow,
): ExpectedRow[] {
  if (place.name === 'desk') return [];
  const desk = readTextIfAny(deskFiles(place.dir, place.identity).cert);
  if (desk === null) return [];
  const same = desk === readTextIfAny(place.cert);
  return [
    make({
      aspect: 'copy',
      expected: 'the same',
      found: same ? 'the same' : 'different',
      wrong: same
        ? null
        : {
            code: null,
            fix: `npx mtls-lab certs distribute, or npx mtls-lab fix ${place.identity.id}`,
            says: 'it is not the certificate of pki/: replaced here, or not distributed yet',
          },
    }),
  ];
}

function subjectText({ commonName, organizations }: Place['identity']): string {
  return [...organizations.map((value) => `O=${value}`), `CN=${commonName}`].join(', ');
}

/** O before CN, whatever the order on the wire. */
function nameOf({ commonName, organizations, attributes }: Certificate['subject']): string {
  const others = attributes
    .filter(({ type }) => type !== 'CN' && type !== 'O')
    .map(({ type, value }) => `${type}=${value}`);
  return [...organizations.map((value) => `O=${value}`), `CN=${commonName}`, ...others].join(', ');
}

function list(values: readonly string[]): string {
  return values.length === 0 ? 'none' : [...values].sort().join(', ');
}

function caText(certificate: Certificate, wanted: boolean): string {
  const { basicConstraints, keyUsage } = certificate;
  if (!basicConstraints?.ca) return 'no CA';
  if (wanted && keyUsage !== null && !keyUsage.includes('keyCertSign'))
    return 'a CA that may not sign (no keyCertSign)';
  return wanted && basicConstraints.pathLength !== null
    ? `a CA with path length ${basicConstraints.pathLength}`
    : 'a CA';
}

function extensionsText(certificate: Certificate): string {
  const found = [
    ...certificate.unhandledCritical.map((oid) => `critical ${oid}`),
    ...(certificate.nameConstraints === null ? [] : ['name constraints']),
  ];
  return found.length === 0 ? 'none' : found.join(', ');
}

function foundIn(path: string): string {
  return contentsText(contentsOf(readFileSync(path)));
}

function withoutPath(sentence: string, path: string): string {
  return sentence.startsWith(path) ? `it ${sentence.slice(path.length + 1)}` : sentence;
}
