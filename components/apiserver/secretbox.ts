/**
 * NaCl's secretbox, XSalsa20 and Poly1305: what the secretbox provider keeps secrets with. OpenSSL has no Salsa20.
 *
 * The first 32 bytes of the key stream are Poly1305's key, the rest hides the message; the tag stands before it.
 * @see D. J. Bernstein, "Cryptography in NaCl" (sections 7 to 9), "Extending the Salsa20 nonce"; RFC 8439 section 2.5
 */
import { timingSafeEqual } from 'node:crypto';

export const SECRETBOX_KEY_BYTES = 32;
export const SECRETBOX_NONCE_BYTES = 24;
export const SECRETBOX_TAG_BYTES = 16;

/** "expand 32-byte k", as four little-endian words. */
const SIGMA = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;
const BLOCK_BYTES = 64;
const DOUBLE_ROUNDS = 10;
/** Where the four quarter-rounds of a column round and of a row round work: the columns, then the rows of a 4x4 square. */
const QUARTERS = [
  [0, 4, 8, 12],
  [5, 9, 13, 1],
  [10, 14, 2, 6],
  [15, 3, 7, 11],
  [0, 1, 2, 3],
  [5, 6, 7, 4],
  [10, 11, 8, 9],
  [15, 12, 13, 14],
] as const;
/** Each step of a quarter-round: word `to` takes the sum of two others, rotated. */
const STEPS = [
  { to: 1, from: [0, 3], by: 7 },
  { to: 2, from: [1, 0], by: 9 },
  { to: 3, from: [2, 1], by: 13 },
  { to: 0, from: [3, 2], by: 18 },
] as const;
/** The words of the square that HSalsa20 returns: those that an attacker knows, with the rounds' output in them. */
const HSALSA_WORDS = [0, 5, 10, 15, 6, 7, 8, 9] as const;
const POLY_PRIME = 2n ** 130n - 5n;
const POLY_CLAMP = 0x0ffffffc0ffffffc0ffffffc0fffffffn;

/**
 * Seal a message.
 * @param key    32 bytes
 * @param nonce  24 bytes, never twice with one key
 * @returns      tag(16) and ciphertext
 */
export function sealSecretbox(message: Uint8Array, nonce: Uint8Array, key: Uint8Array): Buffer {
  const stream = keyStream(message.length, nonce, key);
  const hidden = xor(message, stream.subarray(32));
  return Buffer.concat([poly1305(hidden, stream.subarray(0, 32)), hidden]);
}

/**
 * Open a box.
 * @returns undefined when the tag is wrong: another key, another nonce, or changed bytes
 */
export function openSecretbox(box: Uint8Array, nonce: Uint8Array, key: Uint8Array): Buffer | undefined {
  if (box.length < SECRETBOX_TAG_BYTES) return undefined;
  const hidden = box.subarray(SECRETBOX_TAG_BYTES);
  const stream = keyStream(hidden.length, nonce, key);
  const tag = poly1305(hidden, stream.subarray(0, 32));
  if (!timingSafeEqual(tag, box.subarray(0, SECRETBOX_TAG_BYTES))) return undefined;
  return xor(hidden, stream.subarray(32));
}

/** The 16-byte tag of a message under a one-time key of 32 bytes. */
export function poly1305(message: Uint8Array, key: Uint8Array): Buffer {
  const r = littleEndian(key.subarray(0, 16)) & POLY_CLAMP;
  let sum = 0n;
  for (let at = 0; at < message.length; at += 16) {
    const block = message.subarray(at, at + 16);
    // A one behind the last byte: blocks of zeros of different lengths differ.
    sum = ((sum + littleEndian(block) + (1n << BigInt(8 * block.length))) * r) % POLY_PRIME;
  }
  const tag = BigInt.asUintN(128, sum + littleEndian(key.subarray(16, 32)));
  return Buffer.from(tag.toString(16).padStart(32, '0'), 'hex').reverse();
}

/** HSalsa20: a key for Salsa20 from a key and the first 16 bytes of the long nonce. */
export function hsalsa20(prefix: Uint8Array, key: Uint8Array): Buffer {
  const words = rounds(square(key, prefix));
  const subkey = Buffer.alloc(32);
  for (const [at, word] of HSALSA_WORDS.entries()) subkey.writeUInt32LE(words[word] ?? 0, at * 4);
  return subkey;
}

/** The first 32 bytes, and so many more. */
function keyStream(lengthBytes: number, nonce: Uint8Array, key: Uint8Array): Buffer {
  const subkey = hsalsa20(nonce.subarray(0, 16), key);
  const blocks = Math.ceil((32 + lengthBytes) / BLOCK_BYTES);
  const stream = Buffer.alloc(blocks * BLOCK_BYTES);
  const input = Buffer.alloc(16);
  input.set(nonce.subarray(16, 24));
  for (let block = 0; block < blocks; block++) {
    input.writeUInt32LE(block, 8);
    const before = square(subkey, input);
    const after = rounds(before);
    for (let word = 0; word < 16; word++) {
      const sum = ((before[word] ?? 0) + (after[word] ?? 0)) >>> 0;
      stream.writeUInt32LE(sum, block * BLOCK_BYTES + word * 4);
    }
  }
  return stream;
}

/** Constants on the diagonal, the key around them, nonce and counter (or the whole long nonce) in the middle. */
function square(key: Uint8Array, input: Uint8Array): Uint32Array {
  const k = wordsOf(key);
  const n = wordsOf(input);
  const [s0, s1, s2, s3] = SIGMA;
  return Uint32Array.from([s0, ...k.slice(0, 4), s1, ...n, s2, ...k.slice(4), s3]);
}

function wordsOf(bytes: Uint8Array): number[] {
  const view = Buffer.from(bytes);
  return Array.from({ length: bytes.length / 4 }, (_, at) => view.readUInt32LE(at * 4));
}

/** Twenty rounds on a copy of the square. */
function rounds(before: Uint32Array): Uint32Array {
  const x = Uint32Array.from(before);
  for (let round = 0; round < DOUBLE_ROUNDS; round++) {
    for (const quarter of QUARTERS) {
      for (const { to, from, by } of STEPS) {
        const sum = ((x[quarter[from[0]]] ?? 0) + (x[quarter[from[1]]] ?? 0)) >>> 0;
        const at = quarter[to];
        x[at] = (x[at] ?? 0) ^ ((sum << by) | (sum >>> (32 - by)));
      }
    }
  }
  return x;
}

function xor(bytes: Uint8Array, stream: Uint8Array): Buffer {
  const out = Buffer.from(bytes);
  for (const [at, byte] of bytes.entries()) out[at] = byte ^ (stream[at] ?? 0);
  return out;
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x0${Buffer.from(bytes).reverse().toString('hex')}`);
}
