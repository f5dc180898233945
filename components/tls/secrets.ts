/**
 * From the key log to keys: NSS key log lines, the key schedules of TLS 1.3 and 1.2, and sealing a TLS 1.3 record.
 *
 * Node's `keylog` event gives the lines; protection.ts opens records with the keys; the transport seals its alerts.
 */
import { type CipherGCM, createCipheriv, createHmac } from 'node:crypto';
import { type CipherSuite, cipherSuiteByName } from './cipher-suites.ts';

/** The labels of the NSS key log format that open records. */
export type SecretLabel =
  | 'CLIENT_RANDOM'
  | 'CLIENT_HANDSHAKE_TRAFFIC_SECRET'
  | 'SERVER_HANDSHAKE_TRAFFIC_SECRET'
  | 'CLIENT_TRAFFIC_SECRET_0'
  | 'SERVER_TRAFFIC_SECRET_0';

/** One line of a key log. */
export interface KeylogLine {
  readonly label: string;
  /** Hex, lower case. */
  readonly clientRandom: string;
  readonly secret: Uint8Array;
}

/** Key and iv of one direction and epoch. */
export interface TrafficKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
}

/** What `sealRecord13` needs. */
export interface SealOptions {
  /** IANA's name: `TLS_AES_128_GCM_SHA256`. */
  readonly cipher: string;
  /** The traffic secret of the direction and epoch. */
  readonly secret: Uint8Array;
  /** How many records were sealed with this secret before. */
  readonly sequence: number;
  /** ContentType inside: 21 for an alert. */
  readonly innerType: number;
  readonly payload: Uint8Array;
}

const KEYLOG_LINE = /^([A-Z][A-Z0-9_]{2,63}) ([0-9a-fA-F]{64}) ((?:[0-9a-fA-F]{2}){16,64})\s*$/;

/**
 * Read one line of an NSS key log: label, client random (32 bytes hex), secret (16 to 64 bytes hex).
 * @returns undefined when it is not such a line
 * @see     https://www.ietf.org/archive/id/draft-ietf-tls-keylogfile-02.html
 */
export function parseKeylogLine(line: string): KeylogLine | undefined {
  const [, label, random, secret] = KEYLOG_LINE.exec(line) ?? [];
  if (label === undefined || random === undefined || secret === undefined) return undefined;
  return { label, clientRandom: random.toLowerCase(), secret: Buffer.from(secret, 'hex') };
}

/**
 * HKDF-Expand-Label with an empty context.
 * @param label   without the `tls13 ` prefix: `key`, `iv`, `traffic upd`
 * @param length  in bytes, at most 255 hashes
 * @see           RFC 8446 section 7.1
 */
export function expandLabel(
  hash: CipherSuite['hash'],
  secret: Uint8Array,
  label: string,
  length: number,
): Uint8Array {
  const full = `tls13 ${label}`;
  const info = Buffer.alloc(2 + 1 + full.length + 1 + 1);
  info.writeUInt16BE(length, 0);
  info[2] = full.length;
  info.write(full, 3, 'latin1');
  // info ends with the empty context's length, 0, and HKDF-Expand's block counter.
  info[info.length - 1] = 1;
  let block = createHmac(hash, secret).update(info).digest();
  // Keys, ivs and secrets fit into the first block; each is made for every connection.
  if (block.length >= length) return block.subarray(0, length);
  const blocks: Uint8Array[] = [block];
  for (let counter = 2, have = block.length; have < length; counter++) {
    info[info.length - 1] = counter;
    block = createHmac(hash, secret).update(block).update(info).digest();
    blocks.push(block);
    have += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/**
 * Key and iv from a TLS 1.3 traffic secret.
 * @see RFC 8446 section 7.3
 */
export function trafficKeys(suite: CipherSuite, secret: Uint8Array): TrafficKeys {
  const keyBytes = suite.protection?.keyBytes ?? 16;
  return {
    key: expandLabel(suite.hash, secret, 'key', keyBytes),
    iv: expandLabel(suite.hash, secret, 'iv', 12),
  };
}

/**
 * The secret after a KeyUpdate.
 * @see RFC 8446 section 7.2
 */
export function nextSecret(suite: CipherSuite, secret: Uint8Array): Uint8Array {
  return expandLabel(suite.hash, secret, 'traffic upd', secret.length);
}

/**
 * TLS 1.2's pseudo-random function.
 * @param length  in bytes
 * @see           RFC 5246 section 5
 */
export function prf12(
  hash: CipherSuite['hash'],
  secret: Uint8Array,
  label: string,
  seed: Uint8Array,
  length: number,
): Uint8Array {
  const full = Buffer.concat([Buffer.from(label, 'latin1'), seed]);
  const blocks: Uint8Array[] = [];
  let a: Uint8Array = full;
  for (let have = 0; have < length; ) {
    a = createHmac(hash, secret).update(a).digest();
    const block = createHmac(hash, secret).update(a).update(full).digest();
    blocks.push(block);
    have += block.length;
  }
  return Buffer.concat(blocks).subarray(0, length);
}

/** A record's nonce in TLS 1.3 and ChaCha20 suites: the iv XOR the sequence number (RFC 8446 section 5.3). */
export function recordNonce(iv: Uint8Array, sequence: number): Uint8Array {
  const nonce = Buffer.from(iv);
  const at = nonce.length - 8;
  nonce.writeUInt32BE((nonce.readUInt32BE(at) ^ Math.floor(sequence / 0x1_0000_0000)) >>> 0, at);
  nonce.writeUInt32BE((nonce.readUInt32BE(at + 4) ^ (sequence >>> 0)) >>> 0, at + 4);
  return nonce;
}

/**
 * Seal one TLS 1.3 record.
 * @returns  the whole record: `17 03 03`, length, ciphertext with its tag
 * @throws   RangeError for a suite that is not one of TLS 1.3
 * @see      RFC 8446 section 5.2
 */
export function sealRecord13(options: SealOptions): Uint8Array {
  const suite = cipherSuiteByName(options.cipher);
  const protection = suite?.protection;
  if (suite?.keyExchange !== 'tls13' || protection?.kind !== 'aead') {
    throw new RangeError(`${options.cipher} is not a cipher suite of TLS 1.3`);
  }
  const { key, iv } = trafficKeys(suite, options.secret);
  const inner = Buffer.concat([options.payload, Uint8Array.of(options.innerType)]);
  const length = inner.length + protection.tagBytes;
  const header = Buffer.of(23, 3, 3, length >> 8, length & 0xff);
  // The types of node:crypto know modes by literal names; all AEAD modes share GCM's interface.
  const cipher = createCipheriv(protection.cipher as 'aes-128-gcm', key, recordNonce(iv, options.sequence), {
    authTagLength: protection.tagBytes,
  } as { authTagLength: number }) as CipherGCM;
  cipher.setAAD(header, { plaintextLength: inner.length });
  const sealed = Buffer.concat([cipher.update(inner), cipher.final()]);
  return Buffer.concat([header, sealed, cipher.getAuthTag()]);
}
