/**
 * Certificates gone wrong at random: bytes for parsers, and whole chains for handshakes. Seeded, so that a failure
 * can be seen again.
 */
import fc from 'fast-check';
import {
  CERT_SIGN,
  ca,
  eku,
  keyNamed,
  keyUsage,
  type Minted,
  type MintOptions,
  mint,
  mintCa,
  name,
  notCa,
  san,
} from './mint.ts';

/** A small, fast, seeded source of numbers (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One to four changes of a certificate's bytes: flipped, set, cut, doubled, or a length made wrong. */
export function mutateBytes(der: Uint8Array, random: () => number): Uint8Array {
  let bytes = Buffer.from(der);
  const at = () => Math.floor(random() * Math.max(bytes.length, 1));
  const changes: readonly (() => void)[] = [
    () =>
      void (bytes.length > 0 && bytes.writeUInt8((bytes[at()] ?? 0) ^ (1 << Math.floor(random() * 8)), at())),
    () => void (bytes.length > 0 && bytes.writeUInt8(Math.floor(random() * 256), at())),
    () => {
      bytes = bytes.subarray(0, at());
    },
    () => {
      const [from, to] = [at(), at()].sort((a, b) => a - b);
      bytes = Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
    },
    () => {
      const [from, to] = [at(), at()].sort((a, b) => a - b);
      bytes = Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    },
    () => {
      const place = bytes.indexOf(0x30, at());
      if (place >= 0 && place + 1 < bytes.length)
        bytes.writeUInt8(0x80 + Math.floor(random() * 6), place + 1);
    },
  ];
  const count = 1 + Math.floor(random() * 4);
  for (let i = 0; i < count; i += 1) changes[Math.floor(random() * changes.length)]?.();
  return Uint8Array.from(bytes);
}

/** What is wrong with a chain; everything left out is right. */
export interface ChainFlaws {
  readonly dates: 'good' | 'expired' | 'early';
  readonly usage: 'server' | 'client' | 'both' | 'none' | 'any';
  readonly names: readonly string[];
  readonly commonName: string;
  readonly signer: 'root' | 'intermediate' | 'impostor' | 'other' | 'leaf';
  readonly authority:
    | 'good'
    | 'not-ca'
    | 'no-constraints'
    | 'no-cert-sign'
    | 'path-length-0'
    | 'expired'
    | 'client-only';
  readonly leafKeyUsage: 'absent' | 'signature' | 'nothing-useful';
  readonly algorithm: 'ECDSA-SHA256' | 'ECDSA-SHA384' | 'ECDSA-SHA1';
  readonly order: 'right' | 'reversed' | 'doubled' | 'without-intermediate';
  readonly tampered: boolean;
}

/** All combinations of flaws, the good value of each the most likely. */
export const chainFlaws: fc.Arbitrary<ChainFlaws> = fc.record({
  dates: mostly('good', 'expired', 'early'),
  usage: mostly('server', 'client', 'both', 'none', 'any'),
  names: fc.oneof(
    { weight: 4, arbitrary: fc.constant(['dns:localhost', 'ip:7f000001']) },
    {
      weight: 1,
      arbitrary: fc.constantFrom<string[]>(
        [],
        ['dns:other'],
        ['dns:*.example.com'],
        ['dns:LOCALHOST'],
        ['ip:7f000001'],
      ),
    },
  ),
  commonName: mostly('kube-apiserver', 'localhost', ''),
  signer: mostly('root', 'intermediate', 'impostor', 'other', 'leaf'),
  authority: mostly(
    'good',
    'not-ca',
    'no-constraints',
    'no-cert-sign',
    'path-length-0',
    'expired',
    'client-only',
  ),
  leafKeyUsage: mostly('absent', 'signature', 'nothing-useful'),
  algorithm: mostly('ECDSA-SHA256', 'ECDSA-SHA384', 'ECDSA-SHA1'),
  order: mostly('right', 'reversed', 'doubled', 'without-intermediate'),
  tampered: fc.oneof(
    { weight: 9, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
});

function mostly<T>(good: T, ...others: readonly T[]): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: 6, arbitrary: fc.constant(good) },
    { weight: 2, arbitrary: fc.constantFrom(...others) },
  );
}

/** A chain to present, its key, and what the verifier trusts. */
export interface FlawedChain {
  /** DER, in the order to present. */
  readonly chain: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
  /** The leaf's private key. */
  readonly key: Minted['key'];
}

const DATES = {
  good: {},
  expired: { notAfter: '2021-01-01' },
  early: { notBefore: '2045-01-01' },
} as const satisfies Record<ChainFlaws['dates'], MintOptions>;

const USAGES: Readonly<Record<ChainFlaws['usage'], readonly string[]>> = {
  server: ['serverAuth'],
  client: ['clientAuth'],
  both: ['serverAuth', 'clientAuth'],
  none: [],
  any: ['any'],
};

const AUTHORITIES: Readonly<Record<ChainFlaws['authority'], MintOptions>> = {
  good: { extensions: [keyUsage(CERT_SIGN), ca()] },
  'not-ca': { extensions: [keyUsage(CERT_SIGN), notCa()] },
  'no-constraints': { extensions: [keyUsage(CERT_SIGN)] },
  'no-cert-sign': { extensions: [keyUsage('0780'), ca()] },
  'path-length-0': { extensions: [keyUsage(CERT_SIGN), ca(0)] },
  expired: { extensions: [keyUsage(CERT_SIGN), ca()], notAfter: '2021-01-01' },
  'client-only': { extensions: [keyUsage(CERT_SIGN), ca(), eku('clientAuth')] },
};

/** Mint a chain with these flaws. The flaw of the authority befalls whoever signs the leaf. */
export function mintFlawed(flaws: ChainFlaws): FlawedChain {
  const viaIntermediate = flaws.signer === 'intermediate';
  const root = once(`root ${viaIntermediate ? 'good' : flaws.authority}`, () =>
    mintCa('kubernetes', viaIntermediate ? {} : AUTHORITIES[flaws.authority]),
  );
  const issuer = issuerOf(flaws, root);
  const key = keyNamed('flawed-leaf');
  const leaf = mint({
    by: issuer,
    key,
    subject: name(...(flaws.commonName === '' ? ['O=nobody'] : [`CN=${flaws.commonName}`])),
    algorithm: flaws.algorithm,
    tampered: flaws.tampered,
    ...DATES[flaws.dates],
    extensions: [
      ...(flaws.names.length > 0 ? [san(flaws.names)] : []),
      ...(USAGES[flaws.usage].length > 0 ? [eku(...USAGES[flaws.usage])] : []),
      ...(flaws.leafKeyUsage === 'absent'
        ? []
        : [keyUsage(flaws.leafKeyUsage === 'signature' ? '0780' : '0102')]),
    ],
  });
  const others = viaIntermediate || flaws.signer === 'leaf' ? [issuer.der] : [];
  return { chain: ordered([leaf.der, ...others], flaws.order), roots: [root.der], key };
}

function issuerOf(flaws: ChainFlaws, root: Minted): Minted {
  if (flaws.signer === 'root') return root;
  return once(`${flaws.signer} ${flaws.authority}`, () => mintIssuer(flaws, root));
}

function mintIssuer(flaws: ChainFlaws, root: Minted): Minted {
  switch (flaws.signer) {
    case 'root':
      return root;
    case 'intermediate':
      return mintCa('issuing', { by: root, ...AUTHORITIES[flaws.authority] });
    case 'impostor':
      return mintCa('kubernetes', { key: keyNamed('impostor') });
    case 'other':
      return mintCa('other-ca');
    case 'leaf':
      return mint({
        by: root,
        subject: name('CN=signing-leaf'),
        key: keyNamed('signing-leaf'),
        extensions: [eku('serverAuth')],
      });
  }
}

const authorities = new Map<string, Minted>();

/** There are few authorities and thousands of leaves: an authority is minted once. */
function once(id: string, make: () => Minted): Minted {
  const known = authorities.get(id) ?? make();
  authorities.set(id, known);
  return known;
}

function ordered(chain: readonly Uint8Array[], order: ChainFlaws['order']): readonly Uint8Array[] {
  const [leaf, ...others] = chain;
  if (leaf === undefined) return chain;
  switch (order) {
    case 'right':
      return chain;
    case 'reversed':
      return [leaf, ...others.toReversed()];
    case 'doubled':
      return [leaf, ...others, ...others];
    case 'without-intermediate':
      return [leaf];
  }
}
