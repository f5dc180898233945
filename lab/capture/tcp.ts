/**
 * A trace's bytes as the packets that would have carried them: Ethernet, IPv4 or IPv6, and TCP with right checksums,
 * sequence numbers and acknowledgements.
 *
 * The lab sees streams, not packets; everything below TLS is made up here so that Wireshark finds nothing to complain
 * of. Addresses, ports, times and payload are those of the trace.
 */
import { isIPv6 } from 'node:net';
import type { Side, Trace } from '../../components/tls/trace.ts';

/** One Ethernet frame. */
export interface Packet {
  /** Microseconds since the epoch. */
  readonly atUs: number;
  readonly bytes: Uint8Array;
  /** Shown by Wireshark beside the packet. */
  readonly comment?: string;
}

interface Endpoint {
  readonly mac: Uint8Array;
  readonly ip: Uint8Array;
  readonly port: number;
}

/** @see RFC 9293 section 3.1 */
const FLAG = { FIN: 0x01, SYN: 0x02, RST: 0x04, PSH: 0x08, ACK: 0x10 } as const;
const SEGMENT_BYTES = 1460;
const WINDOW = 65_535;
const PROTOCOL_TCP = 6;
const TTL = 64;
const ETHERTYPE = { ipv4: 0x0800, ipv6: 0x86dd } as const;
/** Locally administered addresses (IEEE 802, second-lowest bit of the first byte). */
const MAC = { client: Uint8Array.of(2, 0, 0, 0, 0, 1), server: Uint8Array.of(2, 0, 0, 0, 0, 2) } as const;

const other = (side: Side): Side => (side === 'client' ? 'server' : 'client');

/**
 * The packets of one connection, in order.
 * @param comment  goes to the first packet with data, or to the first of all
 * @param number   tells connections of one file apart, for initial sequence numbers and unknown ports
 */
export function packetsOf(trace: Trace, comment: string, number: number): readonly Packet[] {
  const ends = { client: endpoint(trace, 'client', number), server: endpoint(trace, 'server', number) };
  const sequence = { client: (number * 0x9e3779b1) >>> 0, server: (number * 0x85ebca6b + 1) >>> 0 };
  const startUs = Math.round(trace.startedAtMs) * 1000;
  const packets: { atUs: number; bytes: Uint8Array; comment?: string }[] = [];

  const send = (from: Side, atUs: number, flags: number, payload: Uint8Array = new Uint8Array(0)): void => {
    const to = other(from);
    const acknowledges = (flags & FLAG.ACK) !== 0;
    const bytes = frame(ends[from], ends[to], {
      sequence: sequence[from],
      acknowledgement: acknowledges ? sequence[to] : 0,
      flags,
      payload,
    });
    const consumed = payload.length + ((flags & (FLAG.SYN | FLAG.FIN)) !== 0 ? 1 : 0);
    sequence[from] = (sequence[from] + consumed) >>> 0;
    packets.push({ atUs: startUs + atUs, bytes });
  };

  send('client', 0, FLAG.SYN);
  const answered = trace.wire.length > 0 || trace.outcome.layer !== 'tcp';
  if (!answered) {
    if (trace.outcome.code === 'CONNECTION_REFUSED') send('server', 0, FLAG.RST | FLAG.ACK);
    return withComment(packets, 0, comment);
  }
  send('server', 0, FLAG.SYN | FLAG.ACK);
  send('client', 0, FLAG.ACK);
  const firstData = packets.length;
  let lastUs = 0;
  for (const chunk of trace.wire) {
    lastUs = Math.max(lastUs, chunk.atUs);
    for (let at = 0; at < chunk.bytes.length; at += SEGMENT_BYTES) {
      const payload = chunk.bytes.subarray(at, at + SEGMENT_BYTES);
      const last = at + SEGMENT_BYTES >= chunk.bytes.length;
      send(chunk.from, lastUs, FLAG.ACK | (last ? FLAG.PSH : 0), payload);
      send(other(chunk.from), lastUs, FLAG.ACK);
    }
  }
  if (trace.state !== 'open') {
    const first = trace.outcome.alert?.from ?? 'client';
    send(first, lastUs, FLAG.FIN | FLAG.ACK);
    send(other(first), lastUs, FLAG.FIN | FLAG.ACK);
    send(first, lastUs, FLAG.ACK);
  }
  return withComment(packets, trace.wire.length > 0 ? firstData : 0, comment);
}

function withComment(packets: readonly Packet[], at: number, comment: string): readonly Packet[] {
  return packets.map((packet, index) => (index === at ? { ...packet, comment } : packet));
}

function endpoint(trace: Trace, side: Side, number: number): Endpoint {
  const { address, port } = side === 'client' ? trace.clientAddress : trace.serverAddress;
  const unknownPort = side === 'client' ? 49_152 + (number % 16_384) : 443;
  return { mac: MAC[side], ip: ipBytes(address), port: port > 0 && port < 65_536 ? port : unknownPort };
}

/** 4 or 16 bytes of an address; an address that is none becomes 127.0.0.1. */
export function ipBytes(address: string): Uint8Array {
  if (isIPv6(address)) return ipv6Bytes(address);
  const parts = address.split('.').map(Number);
  const right =
    parts.length === 4 && parts.every((part) => Number.isInteger(part) && part >= 0 && part < 256);
  return right ? Uint8Array.from(parts) : Uint8Array.of(127, 0, 0, 1);
}

function ipv6Bytes(address: string): Uint8Array {
  // A dotted tail (::ffff:127.0.0.1) is two groups in other letters.
  const hex = address.split('%')[0]?.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...found: unknown[]) => {
    const [a, b, c, d] = found.slice(0, 4).map(Number);
    return [(a ?? 0) * 256 + (b ?? 0), (c ?? 0) * 256 + (d ?? 0)].map((n) => n.toString(16)).join(':');
  });
  const [head = '', tail] = (hex ?? '').split('::');
  const groups = (text: string | undefined): number[] =>
    text === undefined || text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const before = groups(head);
  const after = groups(tail);
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => 0);
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...before, ...zeros, ...after].slice(0, 8).entries()) {
    bytes.writeUInt16BE(group & 0xffff, index * 2);
  }
  return bytes;
}

interface Segment {
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly flags: number;
  readonly payload: Uint8Array;
}

function frame(from: Endpoint, to: Endpoint, segment: Segment): Uint8Array {
  // Mixed address families cannot meet on one wire: both become IPv6.
  const wide = from.ip.length === 16 || to.ip.length === 16;
  const source = wide ? widen(from.ip) : from.ip;
  const target = wide ? widen(to.ip) : to.ip;
  const tcp = tcpSegment(from.port, to.port, segment, source, target);
  const ip = wide ? ipv6Header(source, target, tcp.length) : ipv4Header(source, target, tcp.length);
  const ethernet = Buffer.concat([to.mac, from.mac, uint16(wide ? ETHERTYPE.ipv6 : ETHERTYPE.ipv4)]);
  return Buffer.concat([ethernet, ip, tcp]);
}

/** ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
function widen(ip: Uint8Array): Uint8Array {
  return ip.length === 16 ? ip : Buffer.concat([Buffer.alloc(10), Buffer.of(0xff, 0xff), ip]);
}

/** @see RFC 791 section 3.1 */
function ipv4Header(source: Uint8Array, target: Uint8Array, payloadBytes: number): Uint8Array {
  const header = Buffer.alloc(20);
  header[0] = 0x45;
  header.writeUInt16BE(20 + payloadBytes, 2);
  header.writeUInt16BE(0x4000, 6); // do not fragment
  header[8] = TTL;
  header[9] = PROTOCOL_TCP;
  header.set(source, 12);
  header.set(target, 16);
  header.writeUInt16BE(checksum([header]), 10);
  return header;
}

/** @see RFC 8200 section 3 */
function ipv6Header(source: Uint8Array, target: Uint8Array, payloadBytes: number): Uint8Array {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header.writeUInt16BE(payloadBytes, 4);
  header[6] = PROTOCOL_TCP;
  header[7] = TTL;
  header.set(source, 8);
  header.set(target, 24);
  return header;
}

/** @see RFC 9293 section 3.1 */
function tcpSegment(
  sourcePort: number,
  targetPort: number,
  segment: Segment,
  source: Uint8Array,
  target: Uint8Array,
): Uint8Array {
  const tcp = Buffer.alloc(20 + segment.payload.length);
  tcp.writeUInt16BE(sourcePort, 0);
  tcp.writeUInt16BE(targetPort, 2);
  tcp.writeUInt32BE(segment.sequence, 4);
  tcp.writeUInt32BE(segment.acknowledgement, 8);
  tcp[12] = 5 << 4;
  tcp[13] = segment.flags;
  tcp.writeUInt16BE(WINDOW, 14);
  tcp.set(segment.payload, 20);
  const pseudo = Buffer.concat([source, target, uint32(tcp.length), uint32(PROTOCOL_TCP)]);
  tcp.writeUInt16BE(checksum([pseudo, tcp]), 16);
  return tcp;
}

/**
 * The Internet checksum over pieces of even length (the last may be odd).
 * @see RFC 1071
 */
export function checksum(pieces: readonly Uint8Array[]): number {
  let sum = 0;
  for (const piece of pieces) {
    for (let at = 0; at < piece.length; at += 2) sum += ((piece[at] ?? 0) << 8) | (piece[at + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x1_0000);
  return ~sum & 0xffff;
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff);
}
