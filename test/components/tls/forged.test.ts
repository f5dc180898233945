/**
 * A client whose chain leaves an error behind in OpenSSL is refused like any other, and ends nobody but itself. In
 * `request` mode, too, where Kubernetes would answer 401.
 */
import { afterAll, expect, test } from 'vitest';
import { mintCa } from '../../support/mint.ts';
import { CA, clientLeaf, openBench } from '../../support/tls-bench.ts';

const bench = openBench();
afterAll(() => bench.close());

const cases = (['TLSv1.2', 'TLSv1.3'] as const).flatMap((maxVersion) =>
  (['require', 'request'] as const).flatMap((clientAuth) =>
    [1, 2, 3].map((times) => ({ maxVersion, clientAuth, times })),
  ),
);

test.for(cases)(
  '$maxVersion, $clientAuth: a forged signature, its issuer shown $times times',
  async (row) => {
    const { maxVersion, clientAuth, times } = row;
    const issuing = mintCa('issuing', { by: CA });
    const issuers = Array.from({ length: times }, () => issuing);
    bench.put('forged', clientLeaf({ by: issuing, tampered: true }), ...issuers);
    const server = await bench.serve({ settings: { clientAuth, autoReload: 'all', alertProfile: 'go' } });
    const { error, status, joined } = await bench.shake(server, {
      maxVersion,
      cert: { file: '/pki/forged.crt' },
      key: { file: '/pki/forged.key' },
    });
    const outcome = { layer: 'tls', by: 'server', alert: { number: 48, from: 'server' } };
    expect(status).toBeNull();
    expect(joined.outcome).toMatchObject({ ...outcome, code: 'CERT_UNKNOWN_AUTHORITY' });
    expect(error?.outcome).toMatchObject(outcome);
    expect(joined.server?.verdictText).toMatch(/^x509: certificate signed by unknown authority/);
    expect((await bench.shake(server)).status).toBe(200);
  },
);
