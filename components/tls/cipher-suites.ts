/**
 * Cipher suites by number, and what a suite's name says about its keys and records.
 *
 * Source: IANA, TLS Cipher Suites (registry tls-parameters), the rows that OpenSSL 3.0 or Go 1.24 can offer.
 * Date: 2026-04. A test holds the names against Wireshark's copy of the same registry.
 */

/** Number -> IANA's name. */
const CIPHER_SUITES = {
  1: 'TLS_RSA_WITH_NULL_MD5',
  2: 'TLS_RSA_WITH_NULL_SHA',
  5: 'TLS_RSA_WITH_RC4_128_SHA',
  10: 'TLS_RSA_WITH_3DES_EDE_CBC_SHA',
  22: 'TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA',
  44: 'TLS_PSK_WITH_NULL_SHA',
  45: 'TLS_DHE_PSK_WITH_NULL_SHA',
  46: 'TLS_RSA_PSK_WITH_NULL_SHA',
  47: 'TLS_RSA_WITH_AES_128_CBC_SHA',
  50: 'TLS_DHE_DSS_WITH_AES_128_CBC_SHA',
  51: 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA',
  52: 'TLS_DH_anon_WITH_AES_128_CBC_SHA',
  53: 'TLS_RSA_WITH_AES_256_CBC_SHA',
  56: 'TLS_DHE_DSS_WITH_AES_256_CBC_SHA',
  57: 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA',
  58: 'TLS_DH_anon_WITH_AES_256_CBC_SHA',
  59: 'TLS_RSA_WITH_NULL_SHA256',
  60: 'TLS_RSA_WITH_AES_128_CBC_SHA256',
  61: 'TLS_RSA_WITH_AES_256_CBC_SHA256',
  64: 'TLS_DHE_DSS_WITH_AES_128_CBC_SHA256',
  65: 'TLS_RSA_WITH_CAMELLIA_128_CBC_SHA',
  68: 'TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA',
  69: 'TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA',
  70: 'TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA',
  103: 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA256',
  106: 'TLS_DHE_DSS_WITH_AES_256_CBC_SHA256',
  107: 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256',
  108: 'TLS_DH_anon_WITH_AES_128_CBC_SHA256',
  109: 'TLS_DH_anon_WITH_AES_256_CBC_SHA256',
  132: 'TLS_RSA_WITH_CAMELLIA_256_CBC_SHA',
  135: 'TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA',
  136: 'TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA',
  137: 'TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA',
  140: 'TLS_PSK_WITH_AES_128_CBC_SHA',
  141: 'TLS_PSK_WITH_AES_256_CBC_SHA',
  144: 'TLS_DHE_PSK_WITH_AES_128_CBC_SHA',
  145: 'TLS_DHE_PSK_WITH_AES_256_CBC_SHA',
  148: 'TLS_RSA_PSK_WITH_AES_128_CBC_SHA',
  149: 'TLS_RSA_PSK_WITH_AES_256_CBC_SHA',
  156: 'TLS_RSA_WITH_AES_128_GCM_SHA256',
  157: 'TLS_RSA_WITH_AES_256_GCM_SHA384',
  158: 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256',
  159: 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384',
  162: 'TLS_DHE_DSS_WITH_AES_128_GCM_SHA256',
  163: 'TLS_DHE_DSS_WITH_AES_256_GCM_SHA384',
  166: 'TLS_DH_anon_WITH_AES_128_GCM_SHA256',
  167: 'TLS_DH_anon_WITH_AES_256_GCM_SHA384',
  168: 'TLS_PSK_WITH_AES_128_GCM_SHA256',
  169: 'TLS_PSK_WITH_AES_256_GCM_SHA384',
  170: 'TLS_DHE_PSK_WITH_AES_128_GCM_SHA256',
  171: 'TLS_DHE_PSK_WITH_AES_256_GCM_SHA384',
  172: 'TLS_RSA_PSK_WITH_AES_128_GCM_SHA256',
  173: 'TLS_RSA_PSK_WITH_AES_256_GCM_SHA384',
  174: 'TLS_PSK_WITH_AES_128_CBC_SHA256',
  175: 'TLS_PSK_WITH_AES_256_CBC_SHA384',
  176: 'TLS_PSK_WITH_NULL_SHA256',
  177: 'TLS_PSK_WITH_NULL_SHA384',
  178: 'TLS_DHE_PSK_WITH_AES_128_CBC_SHA256',
  179: 'TLS_DHE_PSK_WITH_AES_256_CBC_SHA384',
  180: 'TLS_DHE_PSK_WITH_NULL_SHA256',
  181: 'TLS_DHE_PSK_WITH_NULL_SHA384',
  182: 'TLS_RSA_PSK_WITH_AES_128_CBC_SHA256',
  183: 'TLS_RSA_PSK_WITH_AES_256_CBC_SHA384',
  184: 'TLS_RSA_PSK_WITH_NULL_SHA256',
  185: 'TLS_RSA_PSK_WITH_NULL_SHA384',
  186: 'TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256',
  189: 'TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA256',
  190: 'TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256',
  191: 'TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA256',
  192: 'TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256',
  195: 'TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA256',
  196: 'TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256',
  197: 'TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA256',
  255: 'TLS_EMPTY_RENEGOTIATION_INFO_SCSV',
  4865: 'TLS_AES_128_GCM_SHA256',
  4866: 'TLS_AES_256_GCM_SHA384',
  4867: 'TLS_CHACHA20_POLY1305_SHA256',
  4868: 'TLS_AES_128_CCM_SHA256',
  4869: 'TLS_AES_128_CCM_8_SHA256',
  22016: 'TLS_FALLBACK_SCSV',
  49158: 'TLS_ECDHE_ECDSA_WITH_NULL_SHA',
  49159: 'TLS_ECDHE_ECDSA_WITH_RC4_128_SHA',
  49160: 'TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA',
  49161: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA',
  49162: 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA',
  49168: 'TLS_ECDHE_RSA_WITH_NULL_SHA',
  49169: 'TLS_ECDHE_RSA_WITH_RC4_128_SHA',
  49170: 'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA',
  49171: 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA',
  49172: 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA',
  49173: 'TLS_ECDH_anon_WITH_NULL_SHA',
  49176: 'TLS_ECDH_anon_WITH_AES_128_CBC_SHA',
  49177: 'TLS_ECDH_anon_WITH_AES_256_CBC_SHA',
  49181: 'TLS_SRP_SHA_WITH_AES_128_CBC_SHA',
  49182: 'TLS_SRP_SHA_RSA_WITH_AES_128_CBC_SHA',
  49183: 'TLS_SRP_SHA_DSS_WITH_AES_128_CBC_SHA',
  49184: 'TLS_SRP_SHA_WITH_AES_256_CBC_SHA',
  49185: 'TLS_SRP_SHA_RSA_WITH_AES_256_CBC_SHA',
  49186: 'TLS_SRP_SHA_DSS_WITH_AES_256_CBC_SHA',
  49187: 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256',
  49188: 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384',
  49191: 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256',
  49192: 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384',
  49195: 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256',
  49196: 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384',
  49199: 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256',
  49200: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
  49205: 'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA',
  49206: 'TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA',
  49207: 'TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256',
  49208: 'TLS_ECDHE_PSK_WITH_AES_256_CBC_SHA384',
  49209: 'TLS_ECDHE_PSK_WITH_NULL_SHA',
  49210: 'TLS_ECDHE_PSK_WITH_NULL_SHA256',
  49211: 'TLS_ECDHE_PSK_WITH_NULL_SHA384',
  49232: 'TLS_RSA_WITH_ARIA_128_GCM_SHA256',
  49233: 'TLS_RSA_WITH_ARIA_256_GCM_SHA384',
  49234: 'TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256',
  49235: 'TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384',
  49238: 'TLS_DHE_DSS_WITH_ARIA_128_GCM_SHA256',
  49239: 'TLS_DHE_DSS_WITH_ARIA_256_GCM_SHA384',
  49244: 'TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256',
  49245: 'TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384',
  49248: 'TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256',
  49249: 'TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384',
  49258: 'TLS_PSK_WITH_ARIA_128_GCM_SHA256',
  49259: 'TLS_PSK_WITH_ARIA_256_GCM_SHA384',
  49260: 'TLS_DHE_PSK_WITH_ARIA_128_GCM_SHA256',
  49261: 'TLS_DHE_PSK_WITH_ARIA_256_GCM_SHA384',
  49262: 'TLS_RSA_PSK_WITH_ARIA_128_GCM_SHA256',
  49263: 'TLS_RSA_PSK_WITH_ARIA_256_GCM_SHA384',
  49266: 'TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256',
  49267: 'TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384',
  49270: 'TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256',
  49271: 'TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384',
  49300: 'TLS_PSK_WITH_CAMELLIA_128_CBC_SHA256',
  49301: 'TLS_PSK_WITH_CAMELLIA_256_CBC_SHA384',
  49302: 'TLS_DHE_PSK_WITH_CAMELLIA_128_CBC_SHA256',
  49303: 'TLS_DHE_PSK_WITH_CAMELLIA_256_CBC_SHA384',
  49304: 'TLS_RSA_PSK_WITH_CAMELLIA_128_CBC_SHA256',
  49305: 'TLS_RSA_PSK_WITH_CAMELLIA_256_CBC_SHA384',
  49306: 'TLS_ECDHE_PSK_WITH_CAMELLIA_128_CBC_SHA256',
  49307: 'TLS_ECDHE_PSK_WITH_CAMELLIA_256_CBC_SHA384',
  49308: 'TLS_RSA_WITH_AES_128_CCM',
  49309: 'TLS_RSA_WITH_AES_256_CCM',
  49310: 'TLS_DHE_RSA_WITH_AES_128_CCM',
  49311: 'TLS_DHE_RSA_WITH_AES_256_CCM',
  49312: 'TLS_RSA_WITH_AES_128_CCM_8',
  49313: 'TLS_RSA_WITH_AES_256_CCM_8',
  49314: 'TLS_DHE_RSA_WITH_AES_128_CCM_8',
  49315: 'TLS_DHE_RSA_WITH_AES_256_CCM_8',
  49316: 'TLS_PSK_WITH_AES_128_CCM',
  49317: 'TLS_PSK_WITH_AES_256_CCM',
  49318: 'TLS_DHE_PSK_WITH_AES_128_CCM',
  49319: 'TLS_DHE_PSK_WITH_AES_256_CCM',
  49320: 'TLS_PSK_WITH_AES_128_CCM_8',
  49321: 'TLS_PSK_WITH_AES_256_CCM_8',
  49322: 'TLS_PSK_DHE_WITH_AES_128_CCM_8',
  49323: 'TLS_PSK_DHE_WITH_AES_256_CCM_8',
  49324: 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM',
  49325: 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM',
  49326: 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8',
  49327: 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8',
  52392: 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  52393: 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256',
  52394: 'TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256',
  52395: 'TLS_PSK_WITH_CHACHA20_POLY1305_SHA256',
  52396: 'TLS_ECDHE_PSK_WITH_CHACHA20_POLY1305_SHA256',
  52397: 'TLS_DHE_PSK_WITH_CHACHA20_POLY1305_SHA256',
  52398: 'TLS_RSA_PSK_WITH_CHACHA20_POLY1305_SHA256',
} as const satisfies Record<number, string>;

/** How a suite's records are protected. */
export type Protection =
  | {
      readonly kind: 'aead';
      readonly cipher: AeadCipher;
      readonly keyBytes: number;
      readonly tagBytes: number;
    }
  | { readonly kind: 'cbc'; readonly cipher: CbcCipher; readonly keyBytes: number; readonly mac: MacHash };

/** AEAD ciphers as node:crypto spells them. */
export type AeadCipher = 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305' | 'aes-128-ccm' | 'aes-256-ccm';

/** CBC ciphers as node:crypto spells them. */
export type CbcCipher = 'aes-128-cbc' | 'aes-256-cbc';

/** Hashes of record MACs. */
export type MacHash = 'sha1' | 'sha256' | 'sha384';

/** What a suite decides. */
export interface CipherSuite {
  readonly number: number;
  /** IANA's name. */
  readonly name: string;
  /** How the pre-master secret is agreed: the form of the KeyExchange messages in TLS 1.2. */
  readonly keyExchange: 'tls13' | 'ecdhe' | 'dhe' | 'rsa' | 'other';
  /** True when the server signs its key exchange (TLS 1.2). */
  readonly signed: boolean;
  /** The hash of the key schedule (1.3) or of the PRF (1.2). */
  readonly hash: 'sha256' | 'sha384';
  /** How records are protected; null when this project cannot open them (3DES, RC4, ARIA, Camellia, NULL). */
  readonly protection: Protection | null;
}

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(CIPHER_SUITES).map(([number, name]) => [Number(number), name]),
);
const suites = new Map<number, CipherSuite>();

/** IANA's name of a cipher suite; undefined when the table has no such row. */
export function cipherSuiteName(number: number): string | undefined {
  return NAMES.get(number);
}

/** Every row of the table: `[number, name]`. */
export function cipherSuiteNames(): readonly (readonly [number, string])[] {
  return [...NAMES];
}

/**
 * What a suite decides, read from its name.
 * @param number  as in ServerHello
 * @returns       undefined when the table has no such row
 */
export function cipherSuite(number: number): CipherSuite | undefined {
  const known = suites.get(number);
  if (known !== undefined) return known;
  const name = NAMES.get(number);
  if (name === undefined) return undefined;
  const suite = describeSuite(number, name);
  suites.set(number, suite);
  return suite;
}

/** The suite with this IANA name; undefined when the table has no such row. */
export function cipherSuiteByName(name: string): CipherSuite | undefined {
  for (const [number, candidate] of NAMES) if (candidate === name) return cipherSuite(number);
  return undefined;
}

function describeSuite(number: number, name: string): CipherSuite {
  return {
    number,
    name,
    keyExchange: keyExchangeOf(name),
    signed: !/anon|_PSK_|TLS_RSA_WITH/.test(name),
    hash: name.endsWith('SHA384') ? 'sha384' : 'sha256',
    protection: protectionOf(name),
  };
}

function keyExchangeOf(name: string): CipherSuite['keyExchange'] {
  if (!name.includes('_WITH_')) return 'tls13';
  if (/PSK|SRP|KRB5/.test(name)) return 'other';
  if (/^TLS_ECDHE?_/.test(name)) return 'ecdhe';
  if (/^TLS_DHE?_/.test(name)) return 'dhe';
  return name.startsWith('TLS_RSA_WITH') ? 'rsa' : 'other';
}

function protectionOf(name: string): Protection | null {
  if (name.includes('CHACHA20_POLY1305'))
    return { kind: 'aead', cipher: 'chacha20-poly1305', keyBytes: 32, tagBytes: 16 };
  const [, bits, mode] = /AES_(128|256)_(GCM|CCM|CBC)/.exec(name) ?? [];
  if (bits === undefined) return null;
  const size = bits === '128' ? 128 : 256;
  const keyBytes = size / 8;
  if (mode === 'GCM') return { kind: 'aead', cipher: `aes-${size}-gcm`, keyBytes, tagBytes: 16 };
  if (mode === 'CCM') {
    const tagBytes = /CCM_8/.test(name) ? 8 : 16;
    return { kind: 'aead', cipher: `aes-${size}-ccm`, keyBytes, tagBytes };
  }
  const mac = name.endsWith('SHA384') ? 'sha384' : name.endsWith('SHA256') ? 'sha256' : 'sha1';
  return { kind: 'cbc', cipher: `aes-${size}-cbc`, keyBytes, mac };
}
