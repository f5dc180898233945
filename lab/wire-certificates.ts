/** The certificates that a side showed, as they stand in the decoded Certificate message of a trace. */
import type { Field, Side, Trace } from '../components/tls/trace.ts';

/** RFC 8446 section 4.4.2: cert_data has a length of three bytes, and the field's range begins with it. */
const VECTOR_LENGTH_BYTES = 3;
/** Its handshake type. What a CompressedCertificate unpacks to has no bytes on the wire. */
const CERTIFICATE = 11;

/**
 * What a side showed on the wire: known before its own half of the trace says so, and for peers that are not the
 * lab's.
 * @returns DER, leaf first; undefined when no Certificate message was seen
 */
export function certificatesOnWire(trace: Trace, side: Side): readonly Uint8Array[] | undefined {
  const message = trace.messages.find(({ from, type }) => from === side && type === 'certificate');
  if (message?.bytes[0] !== CERTIFICATE) return undefined;
  return certificateFields(message.fields).map((field) =>
    message.bytes.subarray(field.start + VECTOR_LENGTH_BYTES, field.end),
  );
}

function certificateFields(fields: readonly Field[]): Field[] {
  return fields.flatMap((field) =>
    field.name === 'cert_data' ? [field] : certificateFields(field.children ?? []),
  );
}
