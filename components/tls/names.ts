/**
 * Names in certificates and CertificateRequests, in words: `CN=system:node:worker-1,O=system:nodes`.
 *
 * The same few certificates come back for ever, so what was read is kept, bounded, by the SHA-256 of the DER.
 */
import { createHash, X509Certificate } from 'node:crypto';
import { contentOf, enter, isEmpty, openDer, readAny, readOid, TAG } from '../../certs/der.ts';
import { messageOf } from '../../certs/errors.ts';

/** Subject and issuer of a certificate. */
export interface CertificateWords {
  readonly subject: string;
  readonly issuer: string;
  /** How the two read together: `CN=a, issued by CN=b`. */
  readonly text: string;
}

/** Short names of attributes as Go prints them (src/crypto/x509/pkix/pkix.go, `attributeTypeNames`). */
const ATTRIBUTES = {
  '2.5.4.3': 'CN',
  '2.5.4.5': 'SERIALNUMBER',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'STREET',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.17': 'POSTALCODE',
} as const satisfies Record<string, string>;

const MAX_KEPT = 256;
const kept = new Map<string, CertificateWords>();

/**
 * A distinguished name in words, last attribute first, as Go prints it.
 * @param der  a Name; anything else gives a sentence that says so
 */
export function nameInWords(der: Uint8Array): string {
  try {
    const parts: string[] = [];
    const name = enter(openDer(der), TAG.SEQUENCE, 'malformed name');
    while (!isEmpty(name)) {
      const set = enter(name, TAG.SET, 'malformed name');
      const attributes: string[] = [];
      while (!isEmpty(set)) {
        const pair = enter(set, TAG.SEQUENCE, 'malformed name');
        const oid = readOid(pair, 'malformed name');
        const element = readAny(pair, 'malformed name');
        attributes.push(`${attributeName(oid)}=${printable(contentOf(pair, element), element.tag)}`);
      }
      parts.unshift(attributes.join('+'));
    }
    return parts.length === 0 ? 'an empty name' : parts.join(',');
  } catch (error) {
    return `a name that cannot be read (${messageOf(error)})`;
  }
}

/** Subject and issuer of a certificate. Never throws: a malformed one gives a sentence that says so. */
export function certificateInWords(der: Uint8Array): CertificateWords {
  const key = createHash('sha256').update(der).digest('base64');
  const known = kept.get(key);
  if (known !== undefined) return known;
  const words = readCertificate(der);
  if (kept.size >= MAX_KEPT) kept.clear();
  kept.set(key, words);
  return words;
}

function readCertificate(der: Uint8Array): CertificateWords {
  try {
    const { subject, issuer } = new X509Certificate(der);
    const names = { subject: oneLine(subject), issuer: oneLine(issuer) };
    return { ...names, text: `${names.subject}, issued by ${names.issuer}` };
  } catch (error) {
    const text = `a certificate that cannot be read (${messageOf(error)})`;
    return { subject: text, issuer: text, text };
  }
}

/** Node gives one attribute a line, first attribute first. */
function oneLine(name: string | undefined): string {
  return name === undefined || name === '' ? 'an empty name' : name.split('\n').reverse().join(',');
}

function attributeName(oid: string): string {
  return Object.hasOwn(ATTRIBUTES, oid) ? ATTRIBUTES[oid as keyof typeof ATTRIBUTES] : oid;
}

function printable(content: Uint8Array, tag: number): string {
  const bytes = Buffer.from(content);
  const text = tag === TAG_BMP_STRING ? bytes.swap16().toString('utf16le') : bytes.toString('utf8');
  return text.replace(/[\x00-\x1f\x7f\u2028\u2029]/g, '\ufffd').slice(0, 200);
}

const TAG_BMP_STRING = 0x1e;
