/**
 * Random chains, names and constraints, and single bytes gone wrong, shown to real kubectl and to verify: both say
 * the same, letter by letter. Another seed every day; MTLS_LAB_SEED repeats one.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verify } from '../../../certs/verify/verify.ts';
import { askGo } from '../../support/go-client.ts';
import { ca, constraints, eku, keyUsage, mint, mintCa, name, san, skid } from '../../support/mint.ts';
import { chainFlaws, mintFlawed, randomFrom } from '../../support/mutate.ts';
import { requireKubectl } from '../../support/tools.ts';
import { GO_RELEASES, withoutNow } from './vectors.ts';

const SEED = Number(process.env['MTLS_LAB_SEED'] ?? Math.floor(Date.now() / 86_400_000));
const COUNT = 150;

/** One question, and words for a failure. */
interface Question {
  readonly chain: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
  readonly name: string;
  readonly words: string;
}

const DOMAINS = [
  'a.test',
  'b.a.test',
  'localhost',
  'test',
  'A.TEST',
  '.a.test',
  '*.a.test',
  'a..test',
  'a.test.',
  '',
  '.',
  'é',
  'a b',
  '1.2.3.4',
];
const MAILBOXES = [
  'me@a.test',
  '"q x"@a.test',
  'a.test',
  '@a.test',
  'me@',
  'ME@A.TEST',
  'm..e@a.test',
  'me@@a',
  '.me@a.test',
];
const URIS = [
  'https://a.test/',
  'https://b.a.test:80/x',
  'https://1.2.3.4/',
  'https://[::1]/',
  'urn:x',
  'http://a.test.',
  '//a.test/x',
  'http://a b/',
  'http://%c3%a9.test/',
  'http://a.test#x%zz',
];
const ADDRESSES = ['7f000001', '0a000001', `${'00'.repeat(15)}01`, `${'00'.repeat(10)}ffff0a000001`];
const NETWORKS = [
  '0a000000ff000000',
  '7f000001ffffffff',
  '0000000000000000',
  '00'.repeat(32),
  '0a000000ff00ff00',
  '0a0000',
];
const HOSTS = ['localhost', 'a.test', 'b.a.test', '127.0.0.1', '::1', 'A.test.', '-a.test', 'a_b.test'];

const sanName = fc.oneof(
  fc.constantFrom(...DOMAINS).map((one) => `dns:${one}`),
  fc.constantFrom(...MAILBOXES).map((one) => `email:${one}`),
  fc.constantFrom(...URIS).map((one) => `uri:${one}`),
  fc.constantFrom(...ADDRESSES).map((one) => `ip:${one}`),
);
const constraint = fc.oneof(
  fc.constantFrom(...DOMAINS).map((one) => `dns:${one}`),
  fc.constantFrom(...DOMAINS, ...MAILBOXES).map((one) => `email:${one}`),
  fc.constantFrom(...DOMAINS).map((one) => `uri:${one}`),
  fc.constantFrom(...NETWORKS).map((one) => `ip:${one}`),
);

const flawed: fc.Arbitrary<Question> = fc
  .record({ flaws: chainFlaws, host: fc.constantFrom('localhost', '127.0.0.1', 'other') })
  .map(({ flaws, host }) => {
    const { chain, roots } = mintFlawed(flaws);
    return { chain, roots, name: host, words: JSON.stringify({ flaws, host }) };
  });

const constrained: fc.Arbitrary<Question> = fc
  .record({
    permitted: fc.array(constraint, { maxLength: 2 }),
    // No excluded DNS names: patches before 1.24.11 compare wildcards with them otherwise.
    excluded: fc.array(
      constraint.filter((one) => !one.startsWith('dns:')),
      { maxLength: 2 },
    ),
    names: fc.array(sanName, { maxLength: 3 }),
    host: fc.constantFrom(...HOSTS),
    pathLength: fc.constantFrom(undefined, 0, 1),
  })
  .map((parts) => {
    const root = mintCa();
    const hasConstraints = parts.permitted.length + parts.excluded.length > 0;
    const issuing = mintCa('issuing', {
      by: root,
      extensions: [
        ca(parts.pathLength),
        ...(hasConstraints ? [constraints(parts.permitted, parts.excluded)] : []),
      ],
    });
    const leaf = mint({ by: issuing, subject: name('CN=leaf'), extensions: [san(parts.names)] });
    return {
      chain: [leaf.der, issuing.der],
      roots: [root.der],
      name: parts.host,
      words: JSON.stringify(parts),
    };
  });

const damaged: fc.Arbitrary<Question> = fc.integer().map((seed) => {
  const root = mintCa();
  const { der } = mint({
    by: root,
    subject: name('O=o', 'CN=leaf'),
    extensions: [
      san(['dns:localhost', 'ip:7f000001', 'uri:https://c/']),
      eku('serverAuth'),
      keyUsage('05a0'),
      skid('0102'),
      ca(3),
    ],
  });
  const random = randomFrom(seed);
  const bytes = Uint8Array.from(der);
  // Within what is signed, not in the signature: that would only be a wrong one.
  bytes[Math.floor(random() * (bytes.length - 75))] = Math.floor(random() * 256);
  return { chain: [bytes], roots: [root.der], name: 'localhost', words: Buffer.from(bytes).toString('hex') };
});

test.for([
  { title: 'flawed chains', questions: flawed },
  { title: 'names and constraints', questions: constrained },
  { title: 'damaged bytes', questions: damaged },
])('kubectl and verify agree about random $title', async ({ questions }, context) => {
  const kubectl = requireKubectl(context, GO_RELEASES['1.24']);
  console.log(`MTLS_LAB_SEED=${SEED}`);
  for (const { chain, roots, name: host, words } of fc.sample(questions, { numRuns: COUNT, seed: SEED })) {
    const verdict = verify({
      chain,
      roots,
      purpose: 'serverAuth',
      name: { kind: 'dns', value: host },
      time: new Date(),
    });
    expect(withoutNow(verdict.text), words).toBe(
      withoutNow(await askGo(kubectl, { chain, roots, name: host })),
    );
  }
});
