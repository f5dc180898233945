/**
 * Key pairs: made by node:crypto on the thread pool, written as kubeadm writes them.
 *
 * The first step of every certificate, and the only slow one. Little is imported here, so that keys can be on
 * their way while the rest of the program still loads.
 */
import { createHash, createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { LabError } from './errors.ts';

const generate = promisify(generateKeyPair);

/** What can be made. RSA-1024 and Ed25519 are for experiments only. */
export type KeyAlgorithm = 'rsa-2048' | 'rsa-1024' | 'rsa-4096' | 'ecdsa-p256' | 'ecdsa-p384' | 'ed25519';

/** A private key and its public half. */
export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

/** Make one key pair. Call it many times at once: each runs on the thread pool. */
export function generateKeys(algorithm: KeyAlgorithm): Promise<KeyPair> {
  switch (algorithm) {
    case 'ecdsa-p256':
      return generate('ec', { namedCurve: 'prime256v1' });
    case 'ecdsa-p384':
      return generate('ec', { namedCurve: 'secp384r1' });
    case 'ed25519':
      return generate('ed25519');
    default:
      return generate('rsa', { modulusLength: Number(algorithm.slice(4)) });
  }
}

/** Key pairs on their way, by identity. */
export type PendingKeys = ReadonlyMap<string, Promise<KeyPair>>;

/** Begin making keys, all at once and in this order, and return without waiting. */
export function startKeys(ids: readonly string[], algorithm: KeyAlgorithm): PendingKeys {
  return new Map(
    ids.map((id) => {
      const keys = generateKeys(algorithm);
      // A failure is seen where the pair is awaited; until then it must not count as unhandled.
      keys.catch(() => undefined);
      return [id, keys];
    }),
  );
}

/**
 * A private key as PEM: `RSA PRIVATE KEY` and `EC PRIVATE KEY` as kubeadm writes them, else `PRIVATE KEY`.
 * @see client-go util/keyutil/key.go, MarshalPrivateKeyToPEM
 */
export function writePrivateKey(key: KeyObject): string {
  const type = key.asymmetricKeyType === 'rsa' ? 'pkcs1' : key.asymmetricKeyType === 'ec' ? 'sec1' : 'pkcs8';
  return key.export({ type, format: 'pem' }).toString();
}

/**
 * Read a private key from PEM.
 * @param file  for messages
 * @throws      LabError KEY_INVALID
 */
export function readPrivateKey(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    const encrypted = /ENCRYPTED/.test(pem);
    throw new LabError('KEY_INVALID', {
      what: encrypted
        ? `${file}: the private key is encrypted with a passphrase`
        : `${file} holds no private key that can be read`,
      fix: encrypted
        ? `take the passphrase off: openssl pkey -in ${file} -out ${file}.plain, then put it in its place`
        : `put the key back into ${file}`,
      cause: error,
    });
  }
}

/** Public halves kept by the hash of the private key's text: reading a key costs a millisecond. */
const HALVES_SIZE = 8192;
const halves = new Map<string, Uint8Array>();

/**
 * The public half of a private key, SubjectPublicKeyInfo.
 * @param pem   PEM text that holds the key
 * @param file  for messages
 * @throws      LabError KEY_INVALID
 */
export function publicHalf(pem: string, file: string): Uint8Array {
  const id = createHash('sha256').update(pem).digest('base64');
  const known = halves.get(id);
  if (known) return known;
  const half = publicKeyInfo(createPublicKey(readPrivateKey(pem, file)));
  if (halves.size >= HALVES_SIZE) halves.clear();
  halves.set(id, half);
  return half;
}

/** The DER of a SubjectPublicKeyInfo. */
export function publicKeyInfo(key: KeyObject): Uint8Array {
  return key.export({ type: 'spki', format: 'der' });
}
