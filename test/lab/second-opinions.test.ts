/** OpenSSL's own word beside the verdict of a real handshake. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { writePem } from '../../certs/pem.ts';
import { askOpenssl } from '../../certs/verify/openssl.ts';
import { withSecondOpinions } from '../../lab/second-opinions.ts';
import { eku, keyNamed, mint, mintCa, name } from '../support/mint.ts';
import { CA, clientLeaf, OTHER_CA, openBench, serverLeaf } from '../support/tls-bench.ts';

const bench = openBench();
afterAll(() => bench.close());
beforeEach(() => {
  bench.put('server', serverLeaf());
  bench.put('client', clientLeaf());
});

test('both sides are asked about, and agree about a healthy connection', async () => {
  const { joined } = await bench.shake(await bench.serve());
  expect(joined.client?.secondOpinion).toBeNull();
  const told = await withSecondOpinions(joined);
  const agreed = { accepts: true, text: 'OpenSSL (Node) accepts it too.' };
  expect(told.client?.secondOpinion).toEqual(agreed);
  expect(told.server?.secondOpinion).toEqual(agreed);
});

test('it stands beside the verdict with the reason where they differ', async () => {
  const legacy = mint({
    subject: name('CN=localhost'),
    key: keyNamed('server'),
    by: CA,
    extensions: [eku('serverAuth')],
  });
  bench.put('server', legacy);
  const server = await bench.serve();
  const { joined } = await bench.shake(server, { url: `https://localhost:${server.port}` });
  expect(joined.outcome.code).toBe('CERT_NO_SANS');
  const told = await withSecondOpinions(joined);
  expect(told.client?.secondOpinion).toEqual({
    accepts: true,
    text: 'OpenSSL (Node) accepts it, Go does not. OpenSSL still takes the Common Name when there is no SAN; Go has not since 1.17.',
  });
  expect(told.server?.secondOpinion).toBeNull();
});

test('a refused client is asked about by name of the error', async () => {
  bench.put('client', clientLeaf({ by: OTHER_CA }));
  const { joined } = await bench.shake(await bench.serve());
  const told = await withSecondOpinions(joined);
  expect(told.server?.secondOpinion).toEqual({
    accepts: false,
    text: expect.stringMatching(/^OpenSSL \(Node\) refuses it too: UNABLE_TO_VERIFY_LEAF_SIGNATURE/),
  });
});

test('on a shifted clock dates are left out, and it says so', async () => {
  const future = openBench();
  future.write('/clock', '+36500d');
  const { joined } = await future.shake(await future.serve());
  await future.close();
  expect(joined.outcome.code).toBe('CERT_EXPIRED');
  const told = await withSecondOpinions(joined);
  expect(told.client?.secondOpinion).toMatchObject({
    accepts: true,
    text: expect.stringContaining('Dates are left out: the clock is shifted.'),
  });
});

test('nobody is asked where nothing was verified', async () => {
  bench.put('server', serverLeaf({ by: OTHER_CA }));
  const { joined } = await bench.shake(await bench.serve(), { insecure: true });
  expect((await withSecondOpinions(joined)).client?.secondOpinion).toBeNull();
});

test('asking about forged chains disturbs no connection of this process', async () => {
  const issuing = mintCa('issuing', { by: CA });
  const forged = serverLeaf({ by: issuing, tampered: true });
  const own = serverLeaf();
  const https = createServer(
    { cert: writePem('CERTIFICATE', own.der), key: own.key.export({ type: 'pkcs8', format: 'pem' }) },
    (_request, response) => void response.end('fine'),
  );
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve));
  const { port } = https.address() as AddressInfo;
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false }, connections: 1 });
  const input = { roots: [CA.der], name: null, time: new Date() };
  for (let round = 0; round < 20; round += 1) {
    const asked = (['serverAuth', 'clientAuth'] as const).map((purpose) =>
      askOpenssl({ ...input, purpose, chain: [forged.der, issuing.der] }),
    );
    const answer = await request(`https://127.0.0.1:${port}`, { dispatcher });
    expect(await answer.body.text()).toBe('fine');
    for (const { code } of await Promise.all(asked)) expect(code).not.toBeNull();
  }
  await dispatcher.close();
  await new Promise((resolve) => https.close(resolve));
});
