/**
 * Hostile certificates: whatever the bytes are, verify answers, and soon. Bounds are generous for a busy computer;
 * what was measured stands beside them.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type VerifyInput, verify } from '../../../certs/verify/verify.ts';
import {
  ca,
  constraints,
  eku,
  hex,
  int,
  keyNamed,
  type Minted,
  mint,
  mintCa,
  name,
  san,
  seq,
  tlv,
} from '../../support/mint.ts';
import { chainFlaws, mintFlawed, randomFrom } from '../../support/mutate.ts';
import { checkMutations } from './mutations.ts';

const NOW = new Date('2026-11-24T08:00:00Z');
const root = mintCa();
const issuing = mintCa('issuing', { by: root });
const leaf = mint({
  by: issuing,
  subject: name('CN=leaf'),
  extensions: [san(['dns:localhost', 'ip:7f000001', 'email:a@b', 'uri:https://c/']), eku('serverAuth')],
});

const input = (chain: readonly Uint8Array[], roots: readonly Uint8Array[] = [root.der]): VerifyInput => {
  return { chain, roots, purpose: 'serverAuth', name: { kind: 'dns', value: 'localhost' }, time: NOW };
};

/** Run, and give milliseconds. */
function timed<T>(run: () => T): { readonly result: T; readonly ms: number } {
  const start = performance.now();
  const result = run();
  return { result, ms: performance.now() - start };
}

test('10,000 mutated certificates are read or refused, and nothing else happens', () => {
  const readable = checkMutations(20_261_124, 10_000);
  // Both kinds must be among them, or the mutations are too weak or too strong.
  expect(readable).toBeGreaterThan(100);
  expect(readable).toBeLessThan(9_900);
}, 120_000);

test('random flaws of a chain: one verdict, a first finding that is it, and the same when asked again', () => {
  fc.assert(
    fc.property(chainFlaws, (flaws) => {
      const { chain, roots } = mintFlawed(flaws);
      const verdict = verify(input(chain, roots));
      const first = verdict.findings.find(({ passed }) => !passed);
      expect(first?.code ?? null).toBe(verdict.code);
      expect(verify(input(chain, roots))).toEqual(verdict);
    }),
    { numRuns: 500, seed: 20_261_124 },
  );
});

describe('large and deep', () => {
  // Measured: 10,000 names 102 ms, against 10,000 constraints 189 ms, chain of 100 33 ms, 300 same-named CAs 30 ms,
  // a serial number of 1 MiB 61 ms, 1 MiB of zeros 5 ms.
  test('a certificate with 10,000 names', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `dns:name-${i}.example.com`);
    const big = mint({ by: root, extensions: [san(names)] });
    const { result, ms } = timed(() => verify(input([big.der])));
    expect(result.code).toBe('CERT_NAME_MISMATCH');
    expect(result.text).toBe('x509: certificate is valid for 10000 names, but none matched localhost');
    expect(Math.max(...result.findings.map(({ what }) => what.length))).toBeLessThan(2_000);
    expect(ms).toBeLessThan(2_000);
  });

  test('10,000 names against 10,000 constraints stop at Go’s budget', () => {
    const names = Array.from({ length: 10_000 }, (_, i) => `dns:n${i}.example.com`);
    const strict = mintCa('strict', {
      extensions: [
        ca(),
        constraints(
          [],
          Array.from({ length: 10_000 }, (_, i) => `dns:x${i}.test`),
        ),
      ],
    });
    const big = mint({ by: strict, extensions: [san(['dns:localhost', ...names])] });
    const { result, ms } = timed(() => verify(input([big.der], [strict.der])));
    expect(result).toMatchObject({ code: 'CERT_NAME_CONSTRAINT', text: 'x509: unknown error' });
    expect(ms).toBeLessThan(5_000);
  });

  test('a chain of 100', () => {
    const chain: Minted[] = [];
    let by = root;
    for (let i = 0; i < 99; i += 1) {
      by = mintCa(`deep-${i}`, { by, key: keyNamed(`deep-${i % 4}`) });
      chain.unshift(by);
    }
    const bottom = mint({ by, extensions: [san(['dns:localhost'])] });
    const { result, ms } = timed(() => verify(input([bottom.der, ...chain.map(({ der }) => der)])));
    // The 100th signature is the root's: within Go's budget.
    expect(result.accepted).toBe(true);
    expect(ms).toBeLessThan(5_000);
  });

  test('a chain of 101 is beyond Go’s budget of signatures', () => {
    const chain: Minted[] = [];
    let by = root;
    for (let i = 0; i < 100; i += 1) {
      by = mintCa(`deeper-${i}`, { by, key: keyNamed(`deep-${i % 4}`) });
      chain.unshift(by);
    }
    const bottom = mint({ by, extensions: [san(['dns:localhost'])] });
    const verdict = verify(input([bottom.der, ...chain.map(({ der }) => der)]));
    expect(verdict.text).toBe(
      'x509: signature check attempts limit reached while verifying certificate chain',
    );
  });

  test('300 CAs of one name, none of them right', () => {
    const fakes = Array.from({ length: 300 }, (_, i) =>
      mintCa('issuing', { key: keyNamed(`fake-${i % 4}`), serial: int(9_000 + i) }),
    );
    const { result, ms } = timed(() => verify(input([leaf.der, ...fakes.map(({ der }) => der)])));
    expect(result).toMatchObject({ accepted: false, code: 'CERT_UNKNOWN_AUTHORITY' });
    expect(ms).toBeLessThan(5_000);
  });

  test('CAs that sign each other in every direction', () => {
    const labels = Array.from({ length: 12 }, (_, i) => `mesh-${i}`);
    const mesh = labels.flatMap((label) =>
      labels.map((other) => mintCa(label, { issuer: name(`CN=${other}`), signKey: keyNamed(`ca/${other}`) })),
    );
    const bottom = mint({
      issuer: name('CN=mesh-0'),
      signKey: keyNamed('ca/mesh-0'),
      extensions: [san(['dns:localhost'])],
    });
    const { result, ms } = timed(() => verify(input([bottom.der, ...mesh.map(({ der }) => der)])));
    expect(result.accepted).toBe(false);
    expect(ms).toBeLessThan(5_000);
  });

  test.for([
    { name: 'ASN.1 nested 100,000 deep', bytes: () => nested(100_000) },
    { name: '1 MiB of zeros', bytes: () => new Uint8Array(2 ** 20) },
    { name: '1 MiB of noise', bytes: () => noise(2 ** 20) },
    { name: '1 MiB of noise in a sequence', bytes: () => tlv(0x30, noise(2 ** 20)) },
    {
      name: 'a serial number of 1 MiB',
      bytes: () => mint({ by: root, serial: tlv(2, Buffer.alloc(2 ** 20, 1)) }).der,
    },
    {
      name: '20,000 extensions',
      bytes: () =>
        mint({
          extensions: Array.from({ length: 20_000 }, (_, i) =>
            seq(tlv(6, hex(`2a${(0x808000 + i).toString(16)}`)), tlv(4)),
          ),
        }).der,
    },
    {
      name: '20,000 attributes in the Subject',
      bytes: () => mint({ subject: name(...Array.from({ length: 20_000 }, () => 'OU=x')) }).der,
    },
  ])('$name ends in a verdict', ({ bytes }) => {
    const der = bytes();
    const { result, ms } = timed(() => verify(input([der])));
    expect(result.accepted).toBe(false);
    expect(result.findings.length).toBeGreaterThan(0);
    expect(Math.max(...result.findings.map(({ what }) => what.length))).toBeLessThan(5_000);
    expect(ms).toBeLessThan(5_000);
  });
});

function nested(depth: number): Uint8Array {
  // From the inside out, by header only: building it with tlv() would copy it 100,000 times.
  const headers: Buffer[] = [];
  let length = 0;
  for (let i = 0; i < depth; i += 1) {
    const header =
      length < 0x80
        ? Buffer.from([0x30, length])
        : length < 0x100
          ? Buffer.from([0x30, 0x81, length])
          : length < 0x10000
            ? Buffer.from([0x30, 0x82, length >> 8, length & 0xff])
            : Buffer.from([0x30, 0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]);
    headers.push(header);
    length += header.length;
  }
  return Buffer.concat(headers.reverse());
}

function noise(length: number): Uint8Array {
  const random = randomFrom(7);
  return Uint8Array.from({ length }, () => Math.floor(random() * 256));
}
