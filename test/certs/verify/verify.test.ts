/** The verdict, held against what three lines of Go answered about the same bytes. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Verdict, type VerifyInput, verify } from '../../../certs/verify/verify.ts';
import {
  ca,
  eku,
  extension,
  hex,
  keyNamed,
  type MintOptions,
  mint,
  mintCa,
  name,
  notCa,
  san,
} from '../../support/mint.ts';
import { derOf, type Vector } from './vector.ts';
import { GO_RELEASES, VECTORS, withoutNow } from './vectors.ts';

const NOW = new Date('2026-11-24T08:00:00Z');

function decide(vector: Vector, more: Partial<VerifyInput> = {}): Verdict {
  return verify({
    chain: derOf(vector.chain),
    roots: derOf(vector.roots),
    purpose: 'serverAuth',
    name: { kind: 'dns', value: vector.host ?? 'localhost' },
    time: NOW,
    ...more,
  });
}

test.for(VECTORS)('$name: $code', (vector) => {
  const verdict = decide(vector);
  expect(verdict.code).toBe(vector.code);
  expect(verdict.accepted).toBe(vector.code === null);
  const failed = verdict.findings.filter(({ passed }) => !passed);
  // The verdict is the first failed finding; an accepted chain has none.
  expect(failed[0]?.code ?? null).toBe(vector.code);
  for (const finding of verdict.findings) {
    expect(finding.what).not.toBe('');
    expect(finding.why).not.toBe('');
    expect(finding.source).not.toBe('');
    expect(finding.fix === '').toBe(finding.passed);
  }
});

test('names of vectors are unique', () => {
  expect(new Set(VECTORS.map((vector) => vector.name)).size).toBe(VECTORS.length);
});

describe.for(Object.keys(GO_RELEASES))('Go %s', (go) => {
  const answers = JSON.parse(
    readFileSync(new URL(`../../golden/go-${go}.json`, import.meta.url), 'utf8'),
  ) as Record<string, string | null>;
  const asked = VECTORS.filter(({ notAskable }) => notAskable !== true);

  test('was asked about every vector', () => {
    expect(Object.keys(answers)).toEqual(asked.map((vector) => vector.name));
  });

  test.for(asked)('says the same: $name', (vector) => {
    const reason = vector.otherwise?.[go] ?? vector.otherwise?.['*'];
    const text = withoutNow(decide(vector).text);
    // A listed difference must be one: the list does not outlive its reason.
    if (reason === undefined) expect(text).toBe(answers[vector.name]);
    else expect(text).not.toBe(answers[vector.name]);
  });
});

describe('two faults at once', () => {
  const root = mintCa();
  const other = mintCa('kubernetes', { key: keyNamed('other') });
  /** In Go's order: the earlier fault wins. */
  const faults: readonly {
    readonly title: string;
    readonly code: Vector['code'];
    readonly options: MintOptions;
    readonly extensions?: readonly Uint8Array[];
    readonly without?: string;
  }[] = [
    {
      title: 'critical extension',
      code: 'CERT_CRITICAL_EXTENSION',
      options: {},
      extensions: [extension('1.2.3.4', hex('0500'), true)],
    },
    { title: 'expired', code: 'CERT_EXPIRED', options: { notAfter: '2021-01-01' } },
    { title: 'wrong name', code: 'CERT_NAME_MISMATCH', options: {}, without: 'name' },
    { title: 'unknown CA', code: 'CERT_UNKNOWN_AUTHORITY', options: { by: other } },
    { title: 'wrong usage', code: 'CERT_WRONG_USAGE', options: {}, without: 'usage' },
  ];
  const pairs = faults.flatMap((first, i) =>
    faults.slice(i + 1).map((second) => ({ first, second, title: `${first.title} beats ${second.title}` })),
  );

  test.for(pairs)('$title', ({ first, second }) => {
    const without = [first.without, second.without];
    const leaf = mint({
      by: root,
      ...first.options,
      ...second.options,
      extensions: [
        san([without.includes('name') ? 'dns:other' : 'dns:localhost']),
        eku(without.includes('usage') ? 'clientAuth' : 'serverAuth'),
        ...(first.extensions ?? []),
        ...(second.extensions ?? []),
      ],
    });
    const verdict = verify({
      chain: [leaf.der],
      roots: [root.der],
      purpose: 'serverAuth',
      name: { kind: 'dns', value: 'localhost' },
      time: NOW,
    });
    expect(verdict.code).toBe(first.code);
    const codes = verdict.findings.filter(({ passed }) => !passed).map(({ code }) => code);
    expect(codes).toContain(second.code);
    expect(codes.indexOf(first.code ?? 'INTERNAL')).toBeLessThan(codes.indexOf(second.code ?? 'INTERNAL'));
  });
});

describe('purposes', () => {
  const root = mintCa();
  const leaf = (...usages: readonly string[]) =>
    mint({ by: root, subject: name('CN=admin'), extensions: [eku(...usages)] }).der;
  test.for([
    { title: 'a client certificate for a client', usages: ['clientAuth'], purpose: 'clientAuth', code: null },
    {
      title: 'a server certificate for a client',
      usages: ['serverAuth'],
      purpose: 'clientAuth',
      code: 'CERT_WRONG_USAGE',
    },
    { title: 'a signing certificate for anything', usages: ['codeSigning'], purpose: 'any', code: null },
  ] as const)('$title: $code', ({ usages, purpose, code }) => {
    expect(verify({ chain: [leaf(...usages)], roots: [root.der], purpose, name: null, time: NOW }).code).toBe(
      code,
    );
  });

  test('nothing shown is a missing certificate, in the words of each side', () => {
    const ask = (purpose: 'serverAuth' | 'clientAuth') =>
      verify({ chain: [], roots: [root.der], purpose, name: null, time: NOW });
    expect(ask('clientAuth')).toMatchObject({
      accepted: false,
      code: 'CERT_MISSING',
      text: "tls: client didn't provide a certificate",
    });
    expect(ask('serverAuth')).toMatchObject({
      code: 'CERT_MISSING',
      text: 'tls: received empty certificates message',
    });
    expect(ask('clientAuth').findings).toHaveLength(1);
  });
});

describe('what a verdict tells', () => {
  const root = mintCa();
  const issuing = mintCa('issuing', { by: root, extensions: [ca()] });
  const leaf = mint({
    by: issuing,
    subject: name('CN=kube-apiserver'),
    extensions: [san(['dns:kubernetes', 'ip:0a600001'])],
  });

  test('gives the path that it found, leaf first', () => {
    const verdict = verify({
      chain: [leaf.der, issuing.der],
      roots: [root.der],
      purpose: 'any',
      name: null,
      time: NOW,
    });
    expect(verdict.path?.map((der) => Buffer.from(der).toString('hex'))).toEqual(
      [leaf, issuing, root].map(({ der }) => Buffer.from(der).toString('hex')),
    );
  });

  test('names what the certificate is for and what was dialled', () => {
    const verdict = verify({
      chain: [leaf.der, issuing.der],
      roots: [root.der],
      purpose: 'any',
      name: { kind: 'ip', value: '127.0.0.1' },
      time: NOW,
    });
    expect(verdict.text).toBe('x509: certificate is valid for 10.96.0.1, not 127.0.0.1');
    expect(verdict.findings.find(({ passed }) => !passed)?.what).toBe(
      '"kube-apiserver" is for kubernetes, 10.96.0.1; the client dialled 127.0.0.1',
    );
  });

  test('prints both instants as Go does, the current one in the zone asked for', () => {
    const old = mint({ by: root, notAfter: '2026-11-23T06:18:27Z' });
    const verdict = verify({
      chain: [old.der],
      roots: [root.der],
      purpose: 'any',
      name: null,
      time: new Date('2026-11-24T06:18:29.987Z'),
      zoneMinutes: 90,
    });
    expect(verdict.text).toBe(
      'x509: certificate has expired or is not yet valid: current time 2026-11-24T07:48:29+01:30 is after 2026-11-23T06:18:27Z',
    );
  });

  test('holds on the very second of both ends, as Go does', () => {
    const short = mint({ by: root, notBefore: '2026-01-01T00:00:00Z', notAfter: '2026-01-02T00:00:00Z' });
    const at = (time: string) =>
      verify({ chain: [short.der], roots: [root.der], purpose: 'any', name: null, time: new Date(time) })
        .code;
    expect(at('2026-01-01T00:00:00Z')).toBeNull();
    expect(at('2025-12-31T23:59:59.999Z')).toBe('CERT_NOT_YET_VALID');
    expect(at('2026-01-02T00:00:00Z')).toBeNull();
    expect(at('2026-01-02T00:00:00.001Z')).toBe('CERT_EXPIRED');
  });

  test('finds the same twice, and whatever order the candidates are in', () => {
    const fake = mintCa('issuing', { key: keyNamed('fake'), by: root, extensions: [notCa()] });
    for (const chain of [
      [leaf, issuing, fake],
      [leaf, fake, issuing],
    ]) {
      const input: VerifyInput = {
        chain: chain.map(({ der }) => der),
        roots: [root.der],
        purpose: 'any',
        name: null,
        time: NOW,
      };
      expect(verify(input)).toEqual(verify(input));
      expect(verify(input).accepted).toBe(true);
    }
  });
});
