/**
 * The messages about certificates: CertificateRequest, Certificate, also compressed, CertificateVerify and
 * CertificateStatus, in the forms of TLS 1.3 and of TLS 1.2.
 *
 * @see RFC 8446 sections 4.3.2, 4.4.2 and 4.4.3; RFC 5246 sections 7.4.2, 7.4.4 and 7.4.8
 */
import { brotliDecompressSync, inflateSync } from 'node:zlib';
import { read16s, readAuthorities, readExtensions } from './extensions.ts';
import { countBytes, DecodeError, FieldReader } from './field-reader.ts';
import { isTls13 } from './hello.ts';
import type { MessageContext, MessageFacts } from './message-facts.ts';
import { certificateInWords, nameInWords } from './names.ts';
import {
  CERTIFICATE_COMPRESSIONS,
  CLIENT_CERTIFICATE_TYPES,
  lookUp,
  SIGNATURE_SCHEMES,
  STATUS_TYPES,
  say8,
  say16,
} from './registries.ts';

/** Go's own limit for Certificate messages, packed or not. */
const MOST_UNPACKED_BYTES = 262_144;

/** Read a CertificateRequest's body. */
export function readCertificateRequest(
  reader: FieldReader,
  facts: MessageFacts,
  context: MessageContext,
): void {
  if (isTls13(context.version)) {
    reader.opaque('certificate_request_context', 1);
    readExtensions(reader, 'certificate_request', facts);
    return;
  }
  reader.vector('certificate_types', 1, (list) =>
    list.list(() => list.number('type', 1, (n) => say8(CLIENT_CERTIFICATE_TYPES, n))),
  );
  read16s(reader, 'supported_signature_algorithms', SIGNATURE_SCHEMES);
  readAuthorities(reader, 'certificate_request', facts);
}

/** Read a Certificate's body: each certificate is a field with its byte range, and a fact with its DER. */
export function readCertificate(reader: FieldReader, facts: MessageFacts, context: MessageContext): void {
  const certificates: Uint8Array[] = [];
  facts.certificates = certificates;
  const readOne = (from: FieldReader) => {
    certificates.push(from.opaque('cert_data', 3, (der) => certificateInWords(der)));
  };
  if (!isTls13(context.version)) {
    reader.vector('certificate_list', 3, (list) => list.list(readOne));
    return;
  }
  reader.opaque('certificate_request_context', 1);
  reader.vector('certificate_list', 3, (list) =>
    list.list(() =>
      list.group(
        'certificate_entry',
        (entry) => {
          readOne(entry);
          readExtensions(entry, 'certificate', facts);
        },
        (children) => children[0]?.value ?? '',
      ),
    ),
  );
}

/** How a CompressedCertificate is unpacked; Node 20 knows no zstd. */
const UNPACK: Readonly<Record<number, (bytes: Uint8Array, options: { maxOutputLength: number }) => Buffer>> =
  { 1: inflateSync, 2: brotliDecompressSync };

/**
 * Read a CompressedCertificate's body: a Certificate's body, packed.
 * @see RFC 8879 section 4
 */
export function readCompressedCertificate(
  reader: FieldReader,
  facts: MessageFacts,
  context: MessageContext,
): void {
  facts.compression = reader.number('algorithm', 2, (n) => say16(CERTIFICATE_COMPRESSIONS, n));
  const lengthAt = reader.offset;
  const length = reader.number('uncompressed_length', 3);
  const packedAt = reader.offset;
  const packed = reader.opaque('compressed_certificate_message', 3);
  const unpack = lookUp(UNPACK, facts.compression);
  if (unpack === undefined) return;
  if (length > MOST_UNPACKED_BYTES) {
    throw new DecodeError(lengthAt, `at most ${countBytes(MOST_UNPACKED_BYTES)}`, countBytes(length));
  }
  let body: Buffer;
  try {
    body = unpack(packed, { maxOutputLength: Math.max(1, length) });
  } catch {
    throw new DecodeError(
      packedAt,
      `${countBytes(length)} when unpacked`,
      'bytes that do not unpack to that',
    );
  }
  if (body.length !== length) {
    throw new DecodeError(packedAt, `${countBytes(length)} when unpacked`, countBytes(body.length));
  }
  const inner = new FieldReader(body, reader.quiet);
  try {
    readCertificate(inner, facts, context);
    inner.finish('the unpacked message');
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    throw new DecodeError(packedAt, `unpacked, ${error.finding.wanted}`, error.finding.had);
  } finally {
    reader.unpacked(inner.fields);
  }
}

/** Read a CertificateVerify's body. */
export function readCertificateVerify(reader: FieldReader, facts: MessageFacts): void {
  facts.scheme = reader.number('algorithm', 2, (n) => say16(SIGNATURE_SCHEMES, n));
  reader.opaque('signature', 2);
}

/**
 * Read a CertificateStatus' body: a stapled OCSP response.
 * @see RFC 6066 section 8
 */
export function readCertificateStatus(reader: FieldReader): void {
  reader.number('status_type', 1, (n) => say8(STATUS_TYPES, n));
  reader.opaque('response', 3);
}

/** `wants one signed by CN=kubernetes`. */
export function summarizeCertificateRequest(facts: MessageFacts): string {
  const names = (facts.authorities ?? []).map(nameInWords);
  if (names.length === 0) return 'wants one, names no CA';
  const said = names.slice(0, 4).join(' or ');
  const rest = names.length > 4 ? ` or ${names.length - 4} more` : '';
  return `wants one signed by ${said}${rest}`;
}

/** `CN=kube-apiserver, issued by CN=kubernetes, and 1 more certificate`. */
export function summarizeCertificate(facts: MessageFacts): string {
  const [leaf, ...others] = facts.certificates ?? [];
  if (leaf === undefined) return 'no certificate';
  const text = certificateInWords(leaf);
  if (others.length === 0) return text;
  return `${text}, and ${others.length} more certificate${others.length === 1 ? '' : 's'}`;
}

/** `CN=kube-apiserver, issued by CN=kubernetes, compressed with zlib`. */
export function summarizeCompressedCertificate(facts: MessageFacts): string {
  const how =
    lookUp<string>(CERTIFICATE_COMPRESSIONS, facts.compression ?? 0) ?? `algorithm ${facts.compression}`;
  const what = facts.certificates === undefined ? 'certificates' : summarizeCertificate(facts);
  return `${what}, compressed with ${how}`;
}

/** `proof that it holds the key, ecdsa_secp256r1_sha256`. */
export function summarizeCertificateVerify(facts: MessageFacts): string {
  return `proof that it holds the key, ${schemeName(facts.scheme)}`;
}

/** The name of a signature scheme without its number. */
export function schemeName(number: number | undefined): string {
  if (number === undefined) return 'unsigned';
  return lookUp<string>(SIGNATURE_SCHEMES, number) ?? `scheme 0x${number.toString(16)}`;
}
