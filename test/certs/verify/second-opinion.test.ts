/** OpenSSL's opinion on every vector, and of the `openssl` program: agreed, or the difference is a listed one. */
import { describe, expect, test } from 'vitest';
import { askOpenssl } from '../../../certs/verify/openssl.ts';
import { compareOpinions, differenceReason, secondOpinion } from '../../../certs/verify/second-opinion.ts';
import { decide, type VerifyInput } from '../../../certs/verify/verify.ts';
import { eku, mint, mintCa, name, san } from '../../support/mint.ts';
import { requireTool } from '../../support/tools.ts';
import { acceptsVector } from './openssl-program.ts';
import { derOf, type Vector } from './vector.ts';
import { VECTORS } from './vectors.ts';
import { PAIR_VECTORS } from './vectors-pairs.ts';

function inputOf(vector: Vector): VerifyInput {
  return {
    chain: derOf(vector.chain),
    roots: derOf(vector.roots),
    purpose: 'serverAuth',
    name: { kind: 'dns', value: vector.host ?? 'localhost' },
    time: new Date(),
  };
}

/** Pairs of faults say nothing new here: checks.long.test.ts shows them to the program. */
const PAIRS = new Set<Vector>(PAIR_VECTORS);
const ASKED = VECTORS.filter((vector) => !PAIRS.has(vector));

test.for(ASKED)('OpenSSL (Node) agrees, or differs for a listed reason: $name', async (vector) => {
  const input = inputOf(vector);
  const verdict = decide(input);
  const answer = await askOpenssl(input);
  const isSame = (answer.code === null) === verdict.accepted;
  const reason = differenceReason(answer.code, verdict.code);
  if (!isSame) expect(reason, `${answer.code} beside ${verdict.code}`).not.toBe('');
  expect(compareOpinions(answer, verdict, false).accepts).toBe(answer.code === null);
});

/** Where the program `openssl verify` must agree: codes whose rules are the same on both sides. */
const SAME_RULES = [
  'an ordinary server certificate is accepted',
  'an expired leaf',
  'a leaf of the future',
  'an unknown critical extension',
  'a DNS name not listed',
  'another IP address',
  'a client certificate as server',
  'a wrong signature',
  'an intermediate',
  'the intermediate is missing',
  'intermediates in the wrong order',
  'an unknown CA',
  'a CA of the same name with another key',
  'a self-signed leaf',
  'a self-signed leaf among the roots',
  'an intermediate with CA:FALSE',
  'an intermediate without keyCertSign',
  'an expired intermediate',
  'an expired root',
  'a root with path length 0 and an intermediate',
  'a root with path length 1 and an intermediate',
  'a permitted DNS name',
  'a DNS name outside what is permitted',
  'an excluded DNS name',
  'a permitted IP address',
  'an IP address outside',
  'an RSA root',
  'RSA-PSS with SHA-256',
  'an Ed25519 root',
  'garbage',
] as const;

test.for(SAME_RULES)('openssl verify says the same: %s', (title, context) => {
  const openssl = requireTool(context, 'openssl');
  const vector = VECTORS.find((one) => one.name === title);
  if (vector === undefined) throw new Error(`no vector is called ${title}`);
  expect(acceptsVector(openssl, vector)).toBe(vector.code === null);
});

describe('client certificates', () => {
  const root = mintCa();
  const leaf = (usage: string) => mint({ by: root, subject: name('CN=admin'), extensions: [eku(usage)] });
  test.for([
    { usage: 'clientAuth', code: null },
    { usage: 'serverAuth', code: 'INVALID_PURPOSE' },
  ])('a server judges $usage: $code', async ({ usage, code }) => {
    const input: VerifyInput = {
      chain: [leaf(usage).der],
      roots: [root.der],
      purpose: 'clientAuth',
      name: null,
      time: new Date(),
    };
    expect((await askOpenssl(input)).code).toBe(code);
    expect(decide(input).accepted).toBe(code === null);
  });

  test('no certificate at all is no opinion about one', async () => {
    const input: VerifyInput = {
      chain: [],
      roots: [root.der],
      purpose: 'clientAuth',
      name: null,
      time: new Date(),
    };
    expect((await askOpenssl(input)).code).toBe('UNABLE_TO_GET_ISSUER_CERT');
  });
});

describe('sentences', () => {
  const root = mintCa();
  const input: VerifyInput = {
    chain: [mint({ by: root, subject: name('CN=localhost'), extensions: [] }).der],
    roots: [root.der],
    purpose: 'serverAuth',
    name: { kind: 'dns', value: 'localhost' },
    time: new Date(),
  };

  test('say why OpenSSL takes a certificate without SAN and Go does not', async () => {
    const opinion = await secondOpinion(input, decide(input));
    expect(opinion).toEqual({ accepts: true, text: expect.stringContaining('Common Name') });
  });

  test('leave dates out on a shifted clock', async () => {
    const old = mint({ by: root, notAfter: '2021-01-01', extensions: [san(['dns:localhost'])] });
    const then: VerifyInput = { ...input, chain: [old.der], time: new Date('2020-06-01') };
    expect(decide(then).accepted).toBe(true);
    expect(await secondOpinion(then, decide(then))).toEqual({
      accepts: null,
      text: expect.stringContaining('real clock'),
    });
    const fresh: VerifyInput = {
      ...input,
      chain: [mint({ by: root, extensions: [san(['dns:localhost'])] }).der],
      time: new Date('2020-06-01'),
    };
    expect(await secondOpinion(fresh, decide(fresh))).toEqual({
      accepts: true,
      text: expect.stringContaining('Dates are left out'),
    });
  });

  test('name both errors where both refuse', () => {
    const opinion = compareOpinions(
      { code: 'CERT_HAS_EXPIRED', text: 'certificate has expired' },
      { accepted: false, code: 'CERT_EXPIRED' },
      false,
    );
    expect(opinion.text).toBe('OpenSSL (Node) refuses it too: CERT_HAS_EXPIRED (certificate has expired).');
  });
});
