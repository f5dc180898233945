/**
 * Opening records: what the keys of secrets.ts are for. One opener per direction and epoch.
 *
 * TLS 1.3 hides type and length inside; TLS 1.2 has three forms: AES-GCM and CCM with an explicit nonce,
 * ChaCha20-Poly1305 without, and CBC with a MAC before or after encryption.
 */

import { createDecipheriv, createHmac, type DecipherGCM, timingSafeEqual } from 'node:crypto';
import { latin1 } from '../../certs/der.ts';
import type { CipherSuite, Protection } from './cipher-suites.ts';
import type { TlsRecord } from './record.ts';
import { prf12, recordNonce, type TrafficKeys, trafficKeys } from './secrets.ts';

/** What was inside a record. */
export interface Opened {
  readonly type: number;
  readonly content: Uint8Array;
}

/** Opens the records of one direction and epoch; null when a record does not open with these keys. */
export type RecordOpener = (record: TlsRecord, sequence: number) => Opened | null;

/** Openers of both directions of a TLS 1.2 connection. */
export interface Openers12 {
  readonly client: RecordOpener;
  readonly server: RecordOpener;
}

/** What TLS 1.2's keys come from. */
export interface Secrets12 {
  /** 48 bytes, from the key log's CLIENT_RANDOM line. */
  readonly masterSecret: Uint8Array;
  readonly clientRandom: Uint8Array;
  readonly serverRandom: Uint8Array;
  /** RFC 7366 was agreed: CBC suites carry their MAC outside. */
  readonly encryptThenMac: boolean;
}

/**
 * Both ends of a connection live in this process and see the same records: the second end finds keys and contents
 * here. Bounded; what falls out is computed again.
 */
const MAX_OPENERS = 64;
const MAX_REMEMBERED_RECORDS = 16;
const openers = new Map<string, RecordOpener>();

/**
 * An opener for one TLS 1.3 traffic secret.
 * @returns null when this project does not know the suite's cipher
 * @see     RFC 8446 section 5.2
 */
export function opener13(suite: CipherSuite, secret: Uint8Array): RecordOpener | null {
  const { protection } = suite;
  if (protection?.kind !== 'aead') return null;
  const name = `${suite.number} ${latin1(secret)}`;
  const known = openers.get(name);
  if (known !== undefined) return known;
  const keys = trafficKeys(suite, secret);
  const opener = remembering((record, sequence) => {
    const inner = openAead(protection, keys, recordNonce(keys.iv, sequence), record.header, record.fragment);
    return inner === null ? null : withoutPadding(inner);
  });
  const [oldest] = openers.keys();
  if (openers.size >= MAX_OPENERS && oldest !== undefined) openers.delete(oldest);
  openers.set(name, opener);
  return opener;
}

/** Opens each of the latest records once: the same bytes under the same number have the same content. */
function remembering(open: RecordOpener): RecordOpener {
  const latest = new Map<number, { readonly fragment: Uint8Array; readonly opened: Opened }>();
  return (record, sequence) => {
    const known = latest.get(sequence);
    if (known !== undefined && Buffer.compare(known.fragment, record.fragment) === 0) return known.opened;
    const opened = open(record, sequence);
    if (opened !== null && sequence < MAX_REMEMBERED_RECORDS) {
      latest.set(sequence, { fragment: Buffer.from(record.fragment), opened });
    }
    return opened;
  };
}

/** The content ends before the last byte that is not zero; that byte is the content's type. */
function withoutPadding(inner: Uint8Array): Opened | null {
  let end = inner.length - 1;
  while (end >= 0 && inner[end] === 0) end--;
  const type = inner[end];
  return type === undefined ? null : { type, content: inner.subarray(0, end) };
}

/**
 * Openers for both directions of TLS 1.2.
 * @returns null when this project does not know the suite's cipher
 * @see     RFC 5246 section 6.3
 */
export function openers12(suite: CipherSuite, secrets: Secrets12): Openers12 | null {
  const { protection } = suite;
  if (protection === null) return null;
  const seed = Buffer.concat([secrets.serverRandom, secrets.clientRandom]);
  const macBytes = protection.kind === 'cbc' ? MAC_BYTES[protection.mac] : 0;
  const ivBytes = protection.kind === 'cbc' ? 0 : protection.cipher === 'chacha20-poly1305' ? 12 : 4;
  const { keyBytes } = protection;
  const block = prf12(
    suite.hash,
    secrets.masterSecret,
    'key expansion',
    seed,
    2 * (macBytes + keyBytes + ivBytes),
  );
  let at = 0;
  const cut = (length: number): Uint8Array => {
    at += length;
    return block.subarray(at - length, at);
  };
  const clientMac = cut(macBytes);
  const serverMac = cut(macBytes);
  const clientKey = cut(keyBytes);
  const serverKey = cut(keyBytes);
  const clientIv = cut(ivBytes);
  const serverIv = cut(ivBytes);
  if (protection.kind === 'cbc') {
    const { encryptThenMac } = secrets;
    return {
      client: openerCbc(protection, clientKey, clientMac, encryptThenMac),
      server: openerCbc(protection, serverKey, serverMac, encryptThenMac),
    };
  }
  return {
    client: openerAead12(protection, { key: clientKey, iv: clientIv }),
    server: openerAead12(protection, { key: serverKey, iv: serverIv }),
  };
}

const MAC_BYTES = { sha1: 20, sha256: 32, sha384: 48 } as const;

function openerAead12(protection: Protection & { kind: 'aead' }, keys: TrafficKeys): RecordOpener {
  const explicitBytes = protection.cipher === 'chacha20-poly1305' ? 0 : 8;
  return (record, sequence) => {
    const { fragment } = record;
    const length = fragment.length - explicitBytes - protection.tagBytes;
    if (length < 0) return null;
    const nonce =
      explicitBytes === 0
        ? recordNonce(keys.iv, sequence)
        : Buffer.concat([keys.iv, fragment.subarray(0, explicitBytes)]);
    const content = openAead(
      protection,
      keys,
      nonce,
      macHeader(record, sequence, length),
      fragment.subarray(explicitBytes),
    );
    return content === null ? null : { type: record.type, content };
  };
}

/** sequence(8) type(1) version(2) length(2): what TLS 1.2 authenticates beside the content. */
function macHeader(record: TlsRecord, sequence: number, length: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeBigUInt64BE(BigInt(sequence), 0);
  header[8] = record.type;
  header.writeUInt16BE(record.version, 9);
  header.writeUInt16BE(length, 11);
  return header;
}

function openAead(
  protection: Protection & { kind: 'aead' },
  keys: TrafficKeys,
  nonce: Uint8Array,
  additional: Uint8Array,
  sealed: Uint8Array,
): Uint8Array | null {
  const length = sealed.length - protection.tagBytes;
  if (length < 0) return null;
  // The types of node:crypto know modes by literal names; all AEAD modes share GCM's interface.
  const decipher = createDecipheriv(protection.cipher as 'aes-128-gcm', keys.key, nonce, {
    authTagLength: protection.tagBytes,
  } as { authTagLength: number }) as DecipherGCM;
  try {
    decipher.setAuthTag(sealed.subarray(length));
    decipher.setAAD(additional, { plaintextLength: length });
    const content = decipher.update(sealed.subarray(0, length));
    const rest = decipher.final();
    return rest.length === 0 ? content : Buffer.concat([content, rest]);
  } catch {
    return null;
  }
}

/** @see RFC 5246 section 6.2.3.2 and RFC 7366 section 3 */
function openerCbc(
  protection: Protection & { kind: 'cbc' },
  key: Uint8Array,
  macKey: Uint8Array,
  encryptThenMac: boolean,
): RecordOpener {
  const macBytes = MAC_BYTES[protection.mac];
  const macOf = (record: TlsRecord, sequence: number, content: Uint8Array): Uint8Array =>
    createHmac(protection.mac, macKey)
      .update(macHeader(record, sequence, content.length))
      .update(content)
      .digest();
  return (record, sequence) => {
    let body = record.fragment;
    if (encryptThenMac) {
      const mac = body.subarray(Math.max(0, body.length - macBytes));
      body = body.subarray(0, Math.max(0, body.length - macBytes));
      if (mac.length !== macBytes || !timingSafeEqual(mac, macOf(record, sequence, body))) return null;
    }
    if (body.length < 32 || body.length % 16 !== 0) return null;
    const decipher = createDecipheriv(protection.cipher, key, body.subarray(0, 16));
    decipher.setAutoPadding(false);
    const padded = Buffer.concat([decipher.update(body.subarray(16)), decipher.final()]);
    const unpadded = padded.subarray(0, Math.max(0, padded.length - 1 - (padded.at(-1) ?? 0)));
    if (encryptThenMac) return { type: record.type, content: unpadded };
    if (unpadded.length < macBytes) return null;
    const content = unpadded.subarray(0, unpadded.length - macBytes);
    const mac = unpadded.subarray(unpadded.length - macBytes);
    return timingSafeEqual(mac, macOf(record, sequence, content)) ? { type: record.type, content } : null;
  };
}
