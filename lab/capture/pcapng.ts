/**
 * Traces as one file for Wireshark: the secrets first, so that everything is decrypted on opening; then the packets of
 * all connections in order of time, each connection with a comment that says how it ended.
 *
 * @see https://www.ietf.org/archive/id/draft-ietf-opsawg-pcapng-02.html
 */
import type { Trace } from '../../components/tls/trace.ts';
import { keylogText } from './keylog.ts';
import { type Packet, packetsOf } from './tcp.ts';

/** Block types and the options of them that are used here. */
const BLOCK = { section: 0x0a0d0d0a, interface: 1, enhancedPacket: 6, secrets: 10 } as const;
const OPTION = { end: 0, comment: 1, interfaceName: 2, userApplication: 4 } as const;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_ETHERNET = 1;
/** "TLSK": an NSS key log. */
const SECRETS_TLS_KEY_LOG = 0x544c534b;

/** How to write a capture. */
export interface CaptureOptions {
  /** A few words about how a connection ended. */
  readonly comment: (trace: Trace) => string;
}

/**
 * Write a capture.
 * @returns  the bytes of a pcapng file, little-endian
 */
export function writePcapng(traces: readonly Trace[], options: CaptureOptions): Uint8Array {
  const packets = traces
    .flatMap((trace, index) => packetsOf(trace, options.comment(trace), index + 1))
    .sort((a, b) => a.atUs - b.atUs);
  const secrets = keylogText(traces);
  return Buffer.concat([
    sectionHeader(),
    interfaceDescription(),
    ...(secrets === '' ? [] : [secretsBlock(secrets)]),
    ...packets.map(packetBlock),
  ]);
}

function sectionHeader(): Uint8Array {
  const body = Buffer.alloc(16);
  body.writeUInt32LE(BYTE_ORDER_MAGIC, 0);
  body.writeUInt16LE(1, 4); // version 1.0
  body.fill(0xff, 8); // section length: not given
  return block(BLOCK.section, [body, option(OPTION.userApplication, 'mtls-lab'), END_OF_OPTIONS]);
}

function interfaceDescription(): Uint8Array {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(LINKTYPE_ETHERNET, 0);
  return block(BLOCK.interface, [body, option(OPTION.interfaceName, 'lab'), END_OF_OPTIONS]);
}

function secretsBlock(keylog: string): Uint8Array {
  const text = Buffer.from(keylog, 'utf8');
  const body = Buffer.alloc(8);
  body.writeUInt32LE(SECRETS_TLS_KEY_LOG, 0);
  body.writeUInt32LE(text.length, 4);
  return block(BLOCK.secrets, [body, padded(text)]);
}

function packetBlock(packet: Packet): Uint8Array {
  const body = Buffer.alloc(20);
  body.writeUInt32LE(0, 0); // interface 0
  body.writeUInt32LE(Math.floor(packet.atUs / 0x1_0000_0000), 4);
  body.writeUInt32LE(packet.atUs % 0x1_0000_0000, 8);
  body.writeUInt32LE(packet.bytes.length, 12);
  body.writeUInt32LE(packet.bytes.length, 16);
  const comment =
    packet.comment === undefined ? [] : [option(OPTION.comment, packet.comment), END_OF_OPTIONS];
  return block(BLOCK.enhancedPacket, [body, padded(packet.bytes), ...comment]);
}

/** type(4) length(4) body length(4) */
function block(type: number, parts: readonly Uint8Array[]): Uint8Array {
  const body = Buffer.concat(parts);
  const frame = Buffer.alloc(8);
  const total = Buffer.alloc(4);
  frame.writeUInt32LE(type, 0);
  frame.writeUInt32LE(body.length + 12, 4);
  total.writeUInt32LE(body.length + 12, 0);
  return Buffer.concat([frame, body, total]);
}

const END_OF_OPTIONS = Buffer.alloc(4, OPTION.end);

function option(code: number, text: string): Uint8Array {
  // The length field has two bytes; a comment of that size helps nobody.
  const value = Buffer.from(text, 'utf8').subarray(0, 4096);
  const header = Buffer.alloc(4);
  header.writeUInt16LE(code, 0);
  header.writeUInt16LE(value.length, 2);
  return Buffer.concat([header, padded(value)]);
}

/** Filled up to a multiple of four. */
function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
