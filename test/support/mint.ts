/**
 * Certificates for tests, byte by byte: whatever can be written can be minted, right or wrong.
 *
 * A writer of its own, so that the reader under test is never its own witness. Keys are made once per name.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** One element: tag, length in its shortest form, contents. */
export function tlv(tag: number, ...contents: readonly Uint8Array[]): Uint8Array {
  const content = Buffer.concat(contents);
  const { length } = content;
  const header =
    length < 0x80
      ? [tag, length]
      : length < 0x100
        ? [tag, 0x81, length]
        : length < 0x10000
          ? [tag, 0x82, length >> 8, length & 0xff]
          : [tag, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff];
  return Buffer.concat([Uint8Array.from(header), content]);
}

export const hex = (text: string): Uint8Array =>
  Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));
export const ascii = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));
export const seq = (...contents: readonly Uint8Array[]): Uint8Array => tlv(0x30, ...contents);
export const bool = (value: boolean): Uint8Array => tlv(0x01, hex(value ? 'ff' : '00'));
export const int = (value: number): Uint8Array => {
  const digits = value.toString(16);
  const even = digits.length % 2 === 0 ? digits : `0${digits}`;
  return tlv(0x02, hex(Number.parseInt(even.slice(0, 2), 16) >= 0x80 ? `00${even}` : even));
};

/** An OBJECT IDENTIFIER from dotted text. */
export function oid(text: string): Uint8Array {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  const base128 = (value: number): number[] =>
    value < 128 ? [value] : [...base128(Math.floor(value / 128)).map((byte) => byte | 0x80), value % 128];
  return tlv(0x06, Uint8Array.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** A Name: `name('CN=kubernetes', 'O=x')`, UTF8String unless another tag is given. */
export function name(...parts: readonly string[]): Uint8Array {
  const types: Record<string, string> = { CN: '2.5.4.3', O: '2.5.4.10', OU: '2.5.4.11', C: '2.5.4.6' };
  return seq(
    ...parts.map((part) => {
      const at = part.indexOf('=');
      const type = types[part.slice(0, at)] ?? part.slice(0, at);
      return tlv(0x31, seq(oid(type), tlv(0x0c, Buffer.from(part.slice(at + 1), 'utf8'))));
    }),
  );
}

/** Dates: `YYYY-MM-DD` or RFC 3339; UTCTime below 2050. */
export function time(text: string): Uint8Array {
  const digits = new Date(text).toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return Number(digits.slice(0, 4)) < 2050 ? tlv(0x17, ascii(digits.slice(2))) : tlv(0x18, ascii(digits));
}

/** One extension. */
export function extension(id: string, value: Uint8Array, critical = false): Uint8Array {
  return seq(oid(id), ...(critical ? [bool(true)] : []), tlv(0x04, value));
}

export const ca = (pathLength?: number, critical = true): Uint8Array =>
  extension('2.5.29.19', seq(bool(true), ...(pathLength === undefined ? [] : [int(pathLength)])), critical);
export const notCa = (): Uint8Array => extension('2.5.29.19', seq(), true);
export const keyUsage = (bits: string): Uint8Array => extension('2.5.29.15', tlv(0x03, hex(bits)), true);
export const CERT_SIGN = '0106'; // one byte, one unused bit: keyCertSign and cRLSign
const EKUS: Record<string, string> = {
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  codeSigning: '1.3.6.1.5.5.7.3.3',
  any: '2.5.29.37.0',
};
export const eku = (...usages: readonly string[]): Uint8Array =>
  extension('2.5.29.37', seq(...usages.map((usage) => oid(EKUS[usage] ?? usage))));
export const skid = (id: string): Uint8Array => extension('2.5.29.14', tlv(0x04, hex(id)));
export const akid = (id: string): Uint8Array => extension('2.5.29.35', seq(tlv(0x80, hex(id))));

/** A GeneralName: `dns:a.b`, `ip:7f000001` (hex), `email:`, `uri:`. */
export function generalName(text: string): Uint8Array {
  const at = text.indexOf(':');
  const [kind, value] = [text.slice(0, at), text.slice(at + 1)];
  const tags: Record<string, number> = { email: 0x81, dns: 0x82, uri: 0x86, ip: 0x87, rid: 0x88 };
  if (kind === 'dir') return tlv(0xa4, name(value));
  return tlv(tags[kind] ?? 0x80, kind === 'ip' || kind === 'rid' ? hex(value) : Buffer.from(value, 'utf8'));
}

export const san = (names: readonly string[], critical = false): Uint8Array =>
  extension('2.5.29.17', seq(...names.map(generalName)), critical);

/** Name constraints; IP networks as `ip:` + address and mask in hex. */
export function constraints(
  permitted: readonly string[],
  excluded: readonly string[] = [],
  critical = true,
): Uint8Array {
  const subtrees = (tag: number, names: readonly string[]) =>
    names.length === 0 ? [] : [tlv(tag, ...names.map((text) => seq(generalName(text))))];
  return extension('2.5.29.30', seq(...subtrees(0xa0, permitted), ...subtrees(0xa1, excluded)), critical);
}

/** Kinds of keys for tests. */
export type KeyKind = 'P-224' | 'P-256' | 'P-384' | 'P-521' | 'Ed25519' | 'RSA' | 'RSA-1024' | 'RSA-768';

const keys = new Map<string, KeyObject>();

/** A private key by name, made once. */
export function keyNamed(label: string, kind: KeyKind = 'P-256'): KeyObject {
  const id = `${kind}/${label}`;
  const known = keys.get(id);
  if (known !== undefined) return known;
  const made = makeKey(kind);
  keys.set(id, made);
  return made;
}

function makeKey(kind: KeyKind): KeyObject {
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519').privateKey;
  if (kind.startsWith('RSA'))
    return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4) || 2048) }).privateKey;
  return generateKeyPairSync('ec', { namedCurve: kind === 'P-224' ? 'secp224r1' : kind }).privateKey;
}

/** Signature algorithms for tests: AlgorithmIdentifier and how to sign. */
const pss = (hash: string, salt: number): Uint8Array => {
  const digest = seq(oid(hash), hex('0500'));
  return seq(
    oid('1.2.840.113549.1.1.10'),
    seq(tlv(0xa0, digest), tlv(0xa1, seq(oid('1.2.840.113549.1.1.8'), digest)), tlv(0xa2, int(salt))),
  );
};
const plain = (id: string): Uint8Array => seq(oid(id));
const withNull = (id: string): Uint8Array => seq(oid(id), hex('0500'));
export const ALGORITHMS = {
  'ECDSA-SHA1': { id: plain('1.2.840.10045.4.1'), hash: 'sha1' },
  'ECDSA-SHA256': { id: plain('1.2.840.10045.4.3.2'), hash: 'sha256' },
  'ECDSA-SHA384': { id: plain('1.2.840.10045.4.3.3'), hash: 'sha384' },
  'ECDSA-SHA512': { id: plain('1.2.840.10045.4.3.4'), hash: 'sha512' },
  'MD5-RSA': { id: withNull('1.2.840.113549.1.1.4'), hash: 'md5' },
  'SHA1-RSA': { id: withNull('1.2.840.113549.1.1.5'), hash: 'sha1' },
  'SHA256-RSA': { id: withNull('1.2.840.113549.1.1.11'), hash: 'sha256' },
  'SHA512-RSA': { id: withNull('1.2.840.113549.1.1.13'), hash: 'sha512' },
  'SHA256-RSAPSS': { id: pss('2.16.840.1.101.3.4.2.1', 32), hash: 'sha256', pss: 32 },
  'SHA384-RSAPSS': { id: pss('2.16.840.1.101.3.4.2.2', 48), hash: 'sha384', pss: 48 },
  Ed25519: { id: plain('1.3.101.112'), hash: null },
} as const satisfies Record<string, { id: Uint8Array; hash: string | null; pss?: number }>;

/** What to mint. Everything has a default; `Uint8Array` fields are written as they are. */
export interface MintOptions {
  readonly subject?: Uint8Array;
  /** The issuer; absent: self-signed. */
  readonly by?: Minted;
  /** Overrides the issuer's name. */
  readonly issuer?: Uint8Array;
  readonly key?: KeyObject;
  readonly signKey?: KeyObject;
  readonly algorithm?: keyof typeof ALGORITHMS;
  readonly algorithmId?: Uint8Array;
  readonly innerAlgorithmId?: Uint8Array;
  readonly version?: Uint8Array;
  readonly serial?: Uint8Array;
  readonly validity?: Uint8Array;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly spki?: Uint8Array;
  /** Elements of the extensions list; null leaves the field out. */
  readonly extensions?: readonly Uint8Array[] | null;
  /** Bytes behind the extensions, inside the TBSCertificate. */
  readonly tbsTail?: Uint8Array;
  readonly signature?: Uint8Array;
  /** Flips one bit of the signature. */
  readonly tampered?: boolean;
}

/** A certificate, and what is needed to sign the next with it. */
export interface Minted {
  readonly der: Uint8Array;
  readonly key: KeyObject;
  readonly subject: Uint8Array;
}

let serials = 0x1000;

/** Mint a certificate: version 3, valid 2020 to 2049, P-256, no extension, self-signed unless told otherwise. */
export function mint(options: MintOptions = {}): Minted {
  const key = options.key ?? keyNamed('leaf');
  const subject = options.subject ?? name('CN=leaf');
  const signKey = options.signKey ?? options.by?.key ?? key;
  const algorithm = ALGORITHMS[options.algorithm ?? defaultAlgorithm(signKey)];
  const algorithmId = options.algorithmId ?? algorithm.id;
  serials += 1;
  const tbs = seq(
    options.version ?? hex('a003020102'),
    options.serial ?? int(serials),
    options.innerAlgorithmId ?? algorithmId,
    options.issuer ?? options.by?.subject ?? subject,
    options.validity ??
      seq(time(options.notBefore ?? '2020-01-01'), time(options.notAfter ?? '2049-12-31T23:59:59Z')),
    subject,
    options.spki ?? spkiOf(key),
    ...(options.extensions === null ? [] : [tlv(0xa3, seq(...(options.extensions ?? [])))]),
    ...(options.tbsTail === undefined ? [] : [options.tbsTail]),
  );
  const signature = options.signature ?? signWith(algorithm, tbs, signKey);
  if (options.tampered) signature[signature.length - 1] = (signature.at(-1) ?? 0) ^ 1;
  return { der: seq(tbs, algorithmId, tlv(0x03, hex('00'), signature)), key, subject };
}

const spkis = new WeakMap<KeyObject, Uint8Array>();

/** SubjectPublicKeyInfo, DER, written once per key. */
function spkiOf(key: KeyObject): Uint8Array {
  const spki = spkis.get(key) ?? createPublicKey(key).export({ type: 'spki', format: 'der' });
  spkis.set(key, spki);
  return spki;
}

function defaultAlgorithm(key: KeyObject): keyof typeof ALGORITHMS {
  if (key.asymmetricKeyType === 'rsa') return 'SHA256-RSA';
  return key.asymmetricKeyType === 'ed25519' ? 'Ed25519' : 'ECDSA-SHA256';
}

function signWith(
  algorithm: { readonly hash: string | null; readonly pss?: number },
  tbs: Uint8Array,
  key: KeyObject,
): Uint8Array {
  // RSA_PKCS1_PSS_PADDING is 6.
  const padding = algorithm.pss === undefined ? {} : { padding: 6, saltLength: algorithm.pss };
  const hash = key.asymmetricKeyType === 'ed25519' ? null : (algorithm.hash ?? 'sha256');
  return Uint8Array.from(sign(hash, tbs, { key, ...padding }));
}

/** A root CA as kubeadm makes it: CN kubernetes, CA:TRUE, keyCertSign. */
export function mintCa(label = 'kubernetes', options: MintOptions = {}): Minted {
  return mint({
    subject: name(`CN=${label}`),
    key: keyNamed(`ca/${label}`),
    extensions: [keyUsage(CERT_SIGN), ca()],
    ...options,
  });
}
