/**
 * Who refuses whom, with which alert, at which message: every flaw x TLS version x policy, over real sockets.
 */
import { afterAll, expect, test } from 'vitest';
import type { Code } from '../../../certs/codes.ts';
import type { Trace } from '../../../components/tls/trace.ts';
import type { Minted } from '../../support/mint.ts';
import {
  clientLeaf,
  OTHER_CA,
  openBench,
  SAME_NAME_CA,
  SETTINGS,
  serverLeaf,
} from '../../support/tls-bench.ts';

const PAST = '2024-01-01';
const FUTURE = '2048-01-01';

interface ClientRow {
  readonly flaw: string;
  /** null: none is shown. */
  readonly client: Minted | null;
  readonly code: Code;
  readonly alert: number | { readonly 'TLSv1.2': number; readonly 'TLSv1.3': number };
  readonly name: string;
}

const CLIENT_FLAWS: readonly ClientRow[] = [
  {
    flaw: 'no client certificate',
    client: null,
    code: 'CERT_MISSING',
    alert: { 'TLSv1.2': 40, 'TLSv1.3': 116 },
    name: 'certificate_required',
  },
  {
    flaw: 'a client certificate of an unknown CA',
    client: clientLeaf({ by: OTHER_CA }),
    code: 'CERT_UNKNOWN_AUTHORITY',
    alert: 48,
    name: 'unknown_ca',
  },
  {
    flaw: 'a client certificate of a CA of the same name',
    client: clientLeaf({ by: SAME_NAME_CA }),
    code: 'CERT_UNKNOWN_AUTHORITY',
    alert: 48,
    name: 'unknown_ca',
  },
  {
    flaw: 'an expired client certificate',
    client: clientLeaf({ notAfter: PAST }),
    code: 'CERT_EXPIRED',
    alert: 45,
    name: 'certificate_expired',
  },
  {
    flaw: 'a client certificate from the future',
    client: clientLeaf({ notBefore: FUTURE }),
    code: 'CERT_NOT_YET_VALID',
    alert: 45,
    name: 'certificate_expired',
  },
  {
    flaw: 'a client certificate for serverAuth only',
    client: clientLeaf({}, 'serverAuth'),
    code: 'CERT_WRONG_USAGE',
    alert: 42,
    name: 'bad_certificate',
  },
];

/** What a client can tell from the alert. */
const TOLD: Readonly<Record<number, Code>> = {
  40: 'HANDSHAKE_FAILURE',
  42: 'HANDSHAKE_FAILURE',
  45: 'CERT_EXPIRED',
  48: 'CERT_UNKNOWN_AUTHORITY',
  116: 'CERT_MISSING',
};

const SERVER_FLAWS: readonly { readonly flaw: string; readonly server: Minted; readonly code: Code }[] = [
  {
    flaw: 'a server certificate of an unknown CA',
    server: serverLeaf({ by: OTHER_CA }),
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  {
    flaw: 'a server certificate of a CA of the same name',
    server: serverLeaf({ by: SAME_NAME_CA }),
    code: 'CERT_UNKNOWN_AUTHORITY',
  },
  { flaw: 'an expired server certificate', server: serverLeaf({ notAfter: PAST }), code: 'CERT_EXPIRED' },
  {
    flaw: 'a server certificate from the future',
    server: serverLeaf({ notBefore: FUTURE }),
    code: 'CERT_NOT_YET_VALID',
  },
  {
    flaw: 'a server certificate for other names',
    server: serverLeaf({}, 'serverAuth', ['dns:example.com', 'ip:0a600001']),
    code: 'CERT_NAME_MISMATCH',
  },
  {
    flaw: 'a server certificate for clientAuth only',
    server: serverLeaf({}, 'clientAuth'),
    code: 'CERT_WRONG_USAGE',
  },
];

const PROTOCOLS = ['TLSv1.2', 'TLSv1.3'] as const;
const POLICIES = ['require', 'request'] as const;

const bench = openBench();
afterAll(() => bench.close());

const steps = (trace: Trace): string[] => trace.messages.map(({ from, type }) => `${from[0]}:${type}`);
const refusals = CLIENT_FLAWS.flatMap((row) =>
  PROTOCOLS.flatMap((protocol) => POLICIES.map((policy) => ({ ...row, protocol, policy }))),
);

test.for(refusals)('$protocol $policy: $flaw', async ({ client, code, alert, protocol, policy }) => {
  if (client) bench.put('flawed', client);
  const server = await bench.serve({ settings: { ...SETTINGS, clientAuth: policy } });
  const { error, status, joined } = await bench.shake(server, {
    maxVersion: protocol,
    ...(client ? { cert: { file: '/pki/flawed.crt' }, key: { file: '/pki/flawed.key' } } : {}),
    ...(client ? {} : NO_CERTIFICATE),
  });
  await server.close();
  expect(joined.protocol).toBe(protocol);
  expect(joined.server?.code).toBe(policy === 'request' && !client ? null : code);
  if (policy === 'request') {
    expect({ error, status, layer: joined.outcome.layer }).toEqual({
      error: null,
      status: client ? 401 : 403,
      layer: client ? '401' : '403',
    });
    return;
  }
  const number = typeof alert === 'number' ? alert : alert[protocol];
  expect(joined.outcome).toMatchObject({
    layer: 'tls',
    by: 'server',
    code,
    alert: { number, from: 'server' },
  });
  expect(error?.outcome).toMatchObject({ layer: 'tls', by: 'server', alert: { number, from: 'server' } });
  expect(error?.outcome.code).toBe(TOLD[number]);
  expect(error?.clientText).toMatch(/^remote error: tls: /);
  const said = steps(joined);
  const end = said.indexOf('s:alert');
  expect(said.filter((step) => step === 's:alert')).toHaveLength(1);
  expect(said.slice(0, end)).toContain('c:finished');
  expect(said).not.toContain('s:new_session_ticket');
  if (protocol === 'TLSv1.2') expect(said).not.toContain('s:finished');
});

const NO_CERTIFICATE = { cert: undefined, key: undefined } as unknown as Record<string, never>;

const doubts = SERVER_FLAWS.flatMap((row) =>
  PROTOCOLS.flatMap((protocol) => POLICIES.map((policy) => ({ ...row, protocol, policy }))),
);

test.for(doubts)('$protocol $policy: $flaw', async ({ server: leaf, code, protocol, policy }) => {
  bench.put('odd', leaf);
  const server = await bench.serve({
    certFile: '/pki/odd.crt',
    keyFile: '/pki/odd.key',
    settings: { ...SETTINGS, clientAuth: policy },
  });
  const { error, joined } = await bench.shake(server, { maxVersion: protocol });
  await server.close();
  const outcome = { layer: 'tls', by: 'client', code, alert: { number: 42, from: 'client' } };
  expect(error?.outcome).toMatchObject(outcome);
  expect(joined.outcome).toMatchObject(outcome);
  expect(joined.client?.code).toBe(code);
  expect(joined.server?.code).toBe('HANDSHAKE_FAILURE');
  expect(error?.clientText).toMatch(/^tls: failed to verify certificate: x509: /);
  const said = steps(joined);
  // The client's certificate and key never get to a server that it does not trust.
  expect(said).not.toContain('c:certificate');
  expect(said.at(-1)).toBe('c:alert');
  if (protocol === 'TLSv1.3') expect(said.at(-2)).toBe('c:change_cipher_spec');
  expect(bench.events.at(-1)).toMatchObject({
    kind: 'handshake-error',
    text: 'remote error: tls: bad certificate',
  });
});
