/**
 * Encryption at rest: --encryption-provider-config, so that secrets lie in etcd as ciphertext.
 *
 * The stored value begins with `k8s:enc:<provider>:v1:<key name>:`, as in a real cluster. The first provider writes,
 * all of them read.
 *
 * @see apiserver pkg/server/options/encryptionconfig, pkg/storage/value/encrypt/{aes,secretbox,identity}
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { LabError, messageOf } from '../../certs/errors.ts';
import { at, isObject, listAt, textAt, textsAt } from '../api/object.ts';
import { RESOURCES } from '../api/resources.ts';
import type { Host } from '../host.ts';
import { openSecretbox, SECRETBOX_KEY_BYTES, SECRETBOX_NONCE_BYTES, sealSecretbox } from './secretbox.ts';
import type { Codec } from './store.ts';

const AES_KEY_BYTES: readonly number[] = [16, 24, 32];
const IV_BYTES = 16;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** One way to keep a value. */
interface Provider {
  /** `k8s:enc:aescbc:v1:key1:`; empty for identity. */
  readonly prefix: string;
  seal(plain: Buffer, key: string): Buffer;
  open(sealed: Buffer, key: string): Buffer;
}

/** The providers of a set of resources. */
interface Rule {
  readonly folders: readonly string[];
  readonly providers: readonly Provider[];
}

const IDENTITY: Provider = { prefix: '', seal: (plain) => plain, open: (sealed) => sealed };

/** How a provider seals, given its key, and how long that may be. */
interface Maker {
  readonly keyBytes: readonly number[];
  make(secret: Buffer): Omit<Provider, 'prefix'>;
}

/** Only GCM binds a value to its key in etcd, as in reality. */
const MAKERS: Readonly<Record<string, Maker>> = {
  aescbc: {
    keyBytes: AES_KEY_BYTES,
    make: (secret) => ({
      seal(plain) {
        const iv = randomBytes(IV_BYTES);
        const cipher = createCipheriv(`aes-${secret.length * 8}-cbc` as 'aes-256-cbc', secret, iv);
        return Buffer.concat([iv, cipher.update(plain), cipher.final()]);
      },
      open(sealed) {
        const cipher = createDecipheriv(
          `aes-${secret.length * 8}-cbc` as 'aes-256-cbc',
          secret,
          sealed.subarray(0, IV_BYTES),
        );
        return Buffer.concat([cipher.update(sealed.subarray(IV_BYTES)), cipher.final()]);
      },
    }),
  },
  aesgcm: {
    keyBytes: AES_KEY_BYTES,
    make: (secret) => ({
      seal(plain, key) {
        const nonce = randomBytes(NONCE_BYTES);
        const cipher = createCipheriv(`aes-${secret.length * 8}-gcm` as 'aes-256-gcm', secret, nonce);
        cipher.setAAD(Buffer.from(key, 'utf8'));
        return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
      },
      open(sealed, key) {
        const end = sealed.length - TAG_BYTES;
        const nonce = sealed.subarray(0, NONCE_BYTES);
        const cipher = createDecipheriv(`aes-${secret.length * 8}-gcm` as 'aes-256-gcm', secret, nonce);
        cipher.setAAD(Buffer.from(key, 'utf8'));
        cipher.setAuthTag(sealed.subarray(end));
        return Buffer.concat([cipher.update(sealed.subarray(NONCE_BYTES, end)), cipher.final()]);
      },
    }),
  },
  secretbox: {
    keyBytes: [SECRETBOX_KEY_BYTES],
    make: (secret) => ({
      seal(plain) {
        const nonce = randomBytes(SECRETBOX_NONCE_BYTES);
        return Buffer.concat([nonce, sealSecretbox(plain, nonce, secret)]);
      },
      open(sealed) {
        const nonce = sealed.subarray(0, SECRETBOX_NONCE_BYTES);
        const plain = openSecretbox(sealed.subarray(SECRETBOX_NONCE_BYTES), nonce, secret);
        if (!plain) throw new Error('the stored data is damaged, or was sealed with another key');
        return plain;
      },
    }),
  },
};

/**
 * Read an EncryptionConfiguration.
 * @param path  host path of the file
 * @throws      LabError MANIFEST_INVALID or FILE_MISSING, naming the file
 */
export function openEncryption(host: Host, path: string): Codec {
  const refuse = (what: string, cause?: unknown): LabError =>
    new LabError(
      cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
        ? 'FILE_MISSING'
        : 'MANIFEST_INVALID',
      {
        what: `--encryption-provider-config=${path}: ${what}`,
        fix: 'write an EncryptionConfiguration (apiserver.config.k8s.io/v1), or remove the flag',
        cause,
      },
    );
  let config: unknown;
  try {
    config = parse(readFileSync(host.path(path), 'utf8'));
  } catch (error) {
    throw refuse(messageOf(error), error);
  }
  if (textAt(config, 'kind') !== 'EncryptionConfiguration')
    throw refuse('kind must be EncryptionConfiguration');
  const rules = listAt(config, 'resources').map(
    (entry): Rule => ({
      folders: textsAt(entry, 'resources').flatMap(foldersOf),
      providers: listAt(entry, 'providers').flatMap((one) => providersOf(one, refuse)),
    }),
  );
  const ruleFor = (key: string): Rule | undefined =>
    rules.find((rule) => rule.folders.some((folder) => key.startsWith(folder)));
  return {
    encode(key, json) {
      const provider = ruleFor(key)?.providers[0] ?? IDENTITY;
      return Buffer.concat([
        Buffer.from(provider.prefix, 'utf8'),
        provider.seal(Buffer.from(json, 'utf8'), key),
      ]);
    },
    decode(key, value) {
      if (!value.subarray(0, 8).equals(Buffer.from('k8s:enc:'))) return value.toString('utf8');
      for (const provider of ruleFor(key)?.providers ?? []) {
        const prefix = Buffer.from(provider.prefix, 'utf8');
        if (prefix.length === 0 || !value.subarray(0, prefix.length).equals(prefix)) continue;
        return provider.open(value.subarray(prefix.length), key).toString('utf8');
      }
      throw new Error('no matching prefix found');
    },
  };
}

/** `secrets`, `deployments.apps`, `*.*` -> folders in etcd. */
function foldersOf(name: string): string[] {
  if (name === '*.*') return ['/registry/'];
  const [plural = '', ...group] = name.split('.');
  const found = RESOURCES.find((one) => one.plural === plural && one.group === group.join('.'));
  return [`/registry/${found?.etcd ?? plural}/`];
}

function providersOf(entry: unknown, refuse: (what: string) => LabError): Provider[] {
  if (!isObject(entry)) return [];
  const [[kind, settings] = ['', undefined]] = Object.entries(entry);
  if (kind === 'identity') return [IDENTITY];
  const maker = MAKERS[kind];
  if (!maker) throw refuse(`provider ${kind} is not known here; use secretbox, aescbc, aesgcm or identity`);
  return listAt(settings, 'keys').map((key) => {
    const secret = Buffer.from(String(at(key, 'secret') ?? ''), 'base64');
    const name = textAt(key, 'name');
    if (!maker.keyBytes.includes(secret.length)) {
      throw refuse(
        `secret of key ${JSON.stringify(name)} has ${secret.length} bytes, wanted ${maker.keyBytes.join(', ').replace(/, (\d+)$/, ' or $1')} (head -c 32 /dev/urandom | base64)`,
      );
    }
    return { prefix: `k8s:enc:${kind}:v1:${name}:`, ...maker.make(secret) };
  });
}
