/**
 * The versions that a ClientHello offers, as Go prints them: `[302 301]`.
 */
import type { TraceMessage } from './trace.ts';

/** Versions that Go knows, newest first. */
const KNOWN = [0x0304, 0x0303, 0x0302, 0x0301] as const;
const SUPPORTED_VERSIONS = 43;

/**
 * Hex of the offered versions, in the order offered; without the extension, all that Go knows up to the legacy one.
 * @param messages  of a trace
 * @see             RFC 8446 section 4.2.1; Go src/crypto/tls/common.go, supportedVersionsFromMax
 */
export function offeredVersions(messages: readonly TraceMessage[]): readonly string[] {
  const hello = messages.find((message) => message.type === 'client_hello')?.bytes;
  if (!hello) return [];
  const view = Buffer.from(hello.buffer, hello.byteOffset, hello.byteLength);
  try {
    return read(view).map((version) => version.toString(16));
  } catch {
    return [];
  }
}

/** header(4) version(2) random(32) session_id<1> cipher_suites<2> compression<1> extensions<2>. */
function read(hello: Buffer): readonly number[] {
  const legacy = hello.readUInt16BE(4);
  let at = 38;
  at += 1 + hello.readUInt8(at);
  at += 2 + hello.readUInt16BE(at);
  at += 1 + hello.readUInt8(at);
  if (at + 2 <= hello.length) {
    const end = at + 2 + hello.readUInt16BE(at);
    for (at += 2; at + 4 <= end; ) {
      const type = hello.readUInt16BE(at);
      const length = hello.readUInt16BE(at + 2);
      if (type === SUPPORTED_VERSIONS) {
        const count = hello.readUInt8(at + 4) / 2;
        return Array.from({ length: count }, (_, i) => hello.readUInt16BE(at + 5 + 2 * i));
      }
      at += 4 + length;
    }
  }
  return KNOWN.filter((version) => version <= legacy);
}
