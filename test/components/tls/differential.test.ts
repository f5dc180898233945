/**
 * Chains gone wrong at random, through real handshakes between two ends and through Node's own verifier: the
 * verdict, the wire and the trace agree every time, and where Node differs the difference is a listed one.
 *
 * The verdict is asked for here afresh, from the chain as minted: the ends know it from the wire alone.
 */
import fc from 'fast-check';
import { afterAll, beforeEach, expect, test } from 'vitest';
import type { Code } from '../../../certs/codes.ts';
import { writePem } from '../../../certs/pem.ts';
import { askOpenssl } from '../../../certs/verify/openssl.ts';
import { differenceReason } from '../../../certs/verify/second-opinion.ts';
import { type Decision, decide, type VerifyInput } from '../../../certs/verify/verify.ts';
import type { TlsServer } from '../../../components/tls/server.ts';
import type { Trace } from '../../../components/tls/trace.ts';
import { type ChainFlaws, chainFlaws, type FlawedChain, mintFlawed } from '../../support/mutate.ts';
import { openBench, type Shaken } from '../../support/tls-bench.ts';

/** Who shows the flawed chain. */
type Role = 'client' | 'server';

interface Case {
  readonly flaws: ChainFlaws;
  /** The name that the client asks for; of no matter when the client shows the chain. */
  readonly host: 'localhost' | '127.0.0.1' | 'other';
}

const CASES = Number(process.env['MTLS_LAB_CASES'] ?? 2_000);
const SEED = 20_261_124;
const ROLES = ['server', 'client'] as const;
const PROTOCOLS = ['TLSv1.2', 'TLSv1.3'] as const;
const GROUPS = ROLES.flatMap((role) => PROTOCOLS.map((protocol) => ({ role, protocol })));
const PER_GROUP = Math.ceil(CASES / GROUPS.length);
const LIMIT_MS = 240_000;

const cases: fc.Arbitrary<Case> = fc.record({
  flaws: chainFlaws,
  host: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('localhost' as const, '127.0.0.1' as const) },
    { weight: 1, arbitrary: fc.constant('other' as const) },
  ),
});

const bench = openBench();
afterAll(() => bench.close());
beforeEach(() => {
  bench.traces.length = 0;
});

const TITLE = `${PER_GROUP} chains of a $role over $protocol: verdict, wire, trace and Node agree`;

test.for(GROUPS)(TITLE, { timeout: LIMIT_MS }, async ({ role, protocol }) => {
  const codes = new Map<Code | 'accepted', number>();
  await fc.assert(
    fc.asyncProperty(cases, async ({ flaws, host }) => {
      const minted = mintFlawed({ ...flaws, usage: usageFor(role, flaws.usage) });
      const input = inputOf(role, minted, host);
      const verdict = decide(input);
      const shaken = await shake(role, protocol, minted, host);
      if (neverShown(role, protocol, flaws)) endsBeforeCertificates(shaken);
      else holds(role, protocol, minted, verdict, shaken);
      const { code } = await askOpenssl(input);
      if ((code === null) !== verdict.accepted) {
        expect(differenceReason(code, verdict.code), `Node: ${code}, Go: ${verdict.text}`).not.toBe('');
      }
      const seen = verdict.code ?? 'accepted';
      codes.set(seen, (codes.get(seen) ?? 0) + 1);
      bench.traces.length = 0;
    }),
    { numRuns: PER_GROUP, seed: SEED },
  );
  // Both endings, and many reasons, must be among them, or the flaws are too weak or too strong.
  expect(codes.get('accepted')).toBeGreaterThan(PER_GROUP / 20);
  expect(codes.get('accepted')).toBeLessThan(PER_GROUP / 2);
  expect([...codes.keys()]).toEqual(expect.arrayContaining([...REASONS[role]]));
});

const ALWAYS: readonly Code[] = [
  'CERT_EXPIRED',
  'CERT_NOT_YET_VALID',
  'CERT_UNKNOWN_AUTHORITY',
  'CERT_WRONG_USAGE',
];
/** What must be met. */
const REASONS: Readonly<Record<Role, readonly Code[]>> = {
  client: ALWAYS,
  server: [...ALWAYS, 'CERT_NAME_MISMATCH'],
};

/** The good usage of the flaws is a server's; a client's is the other one. */
function usageFor(role: Role, usage: ChainFlaws['usage']): ChainFlaws['usage'] {
  if (role === 'server' || (usage !== 'server' && usage !== 'client')) return usage;
  return usage === 'server' ? 'client' : 'server';
}

function inputOf(role: Role, { chain, roots }: FlawedChain, host: Case['host']): VerifyInput {
  const time = bench.host.now();
  return role === 'server'
    ? {
        chain,
        roots,
        purpose: 'serverAuth',
        name: { kind: host === '127.0.0.1' ? 'ip' : 'dns', value: host },
        time,
      }
    : { chain, roots, purpose: 'clientAuth', name: null, time };
}

/** One connection. The other end's certificate and bundle are in order. */
async function shake(
  role: Role,
  protocol: (typeof PROTOCOLS)[number],
  { chain, roots, key }: FlawedChain,
  host: Case['host'],
): Promise<Shaken> {
  keyFile ??= written('/flawed/leaf.key', key.export({ type: 'pkcs8', format: 'pem' }).toString());
  const ca = bundleFile(roots);
  if (role === 'client') {
    const cert = { pem: pem(chain), from: 'client-certificate-data' };
    return bench.shake(await serverTrusting(ca), { maxVersion: protocol, cert, key: { file: keyFile } });
  }
  bench.write('/flawed/leaf.crt', pem(chain));
  const server = await bench.serve({ certFile: '/flawed/leaf.crt', keyFile });
  try {
    return await bench.shake(server, { maxVersion: protocol, serverName: host, ca: { file: ca } });
  } finally {
    await server.close();
  }
}

/** The one key of all flawed leaves. */
let keyFile: string | undefined;
const bundles = new Map<string, string>();
const trusting = new Map<string, Promise<TlsServer>>();

/** A file with these roots; one for each bundle, for there are few. */
function bundleFile(roots: readonly Uint8Array[]): string {
  const content = pem(roots);
  const known = bundles.get(content) ?? written(`/pki/roots-${bundles.size}.crt`, content);
  bundles.set(content, known);
  return known;
}

/** A server in order that trusts a bundle. It stays up: what it thinks of one client is nothing to the next. */
function serverTrusting(ca: string): Promise<TlsServer> {
  const known = trusting.get(ca) ?? bench.serve({ clientCaFile: ca });
  trusting.set(ca, known);
  return known;
}

function written(path: string, content: string): string {
  bench.write(path, content);
  return path;
}

const pem = (ders: readonly Uint8Array[]): string => ders.map((der) => writePem('CERTIFICATE', der)).join('');

/**
 * The one chain that never gets to be judged: in TLS 1.2 the OpenSSL below a server has no cipher for an ECDSA
 * certificate whose key usage forbids signatures. Go would serve it. @see OpenSSL ssl/ssl_lib.c ssl_set_masks
 */
function neverShown(role: Role, protocol: string, { leafKeyUsage }: ChainFlaws): boolean {
  return role === 'server' && protocol === 'TLSv1.2' && leafKeyUsage === 'nothing-useful';
}

function endsBeforeCertificates({ joined, error }: Shaken): void {
  const outcome = { layer: 'tls', by: 'server', alert: { number: 40, from: 'server' } };
  expect(joined.outcome).toMatchObject(outcome);
  expect(error?.outcome).toMatchObject(outcome);
  expect(joined.server?.presented).toEqual([]);
  expect(joined.client).toMatchObject({ findings: [], verdictText: null });
}

/** The verdict is what happened on the wire, and what both halves and the whole tell. */
function holds(
  role: Role,
  protocol: string,
  { chain }: FlawedChain,
  verdict: Decision,
  { joined, client, server, error, status }: Shaken,
): void {
  const judge = role === 'server' ? 'client' : 'server';
  const [judging, told] = judge === 'client' ? [client, server] : [server, client];
  expect(joined.protocol).toBe(protocol);
  expect(joined[role]?.presented.map(hexOf)).toEqual(chain.map(hexOf));
  expect(joined[judge]?.code).toBe(verdict.code);
  expect(timeless(joined[judge]?.verdictText)).toBe(timeless(verdict.text));
  const firstFailed = joined[judge]?.findings.find(({ passed }) => !passed);
  expect(firstFailed?.code ?? null).toBe(verdict.code);
  if (verdict.accepted) {
    expect({ error, status, fatal: fatalAlerts(joined) }).toEqual({ error: null, status: 200, fatal: 0 });
    expect(joined.outcome).toEqual({ layer: 'ok', by: null, code: null, alert: null });
    return;
  }
  const alert = { number: alertOf(judge, verdict.text ?? ''), from: judge };
  expect(status).toBeNull();
  expect(joined.outcome).toMatchObject({ layer: 'tls', by: judge, code: verdict.code, alert });
  // Either end alone saw who refused, and the same alert: one sent it, the other read it off the wire.
  expect(judging?.outcome).toMatchObject({ by: judge, code: verdict.code, alert });
  expect(told?.outcome).toMatchObject({ layer: 'tls', by: judge, alert });
  expect(error?.outcome).toMatchObject({ layer: 'tls', by: judge, alert });
  expect(fatalAlerts(joined)).toBe(1);
}

/** The clock ticks between the two verdicts. */
const timeless = (text: string | null | undefined): string | undefined =>
  text?.replace(/current time \S+/, 'current time');

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function fatalAlerts({ messages }: Trace): number {
  return messages.filter(({ type }) => type === 'alert').length;
}

/** @see Go src/crypto/tls/handshake_server.go processCertsFromClient; handshake_client.go verifyServerCertificate */
function alertOf(judge: Role, text: string): number {
  if (judge === 'client') return 42;
  if (text.startsWith('x509: certificate signed by unknown authority')) return 48;
  return text.startsWith('x509: certificate has expired or is not yet valid') ? 45 : 42;
}
