/**
 * A peer that shows a certificate whose key it does not hold, and one whose certificate cannot be read: code, alert
 * and text at both ends.
 */
import { createPrivateKey, type KeyObject } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect as connectTcp, createServer as createTcpServer } from 'node:net';
import { connect as connectTls, createServer as createTlsServer } from 'node:tls';
import { afterAll, expect, test } from 'vitest';
import { writePem } from '../../../certs/pem.ts';
import { dial, HandshakeError } from '../../../components/tls/client.ts';
import { hex, keyNamed, type Minted, type MintOptions, tlv } from '../../support/mint.ts';
import { CA, clientLeaf, openBench, SETTINGS, serverLeaf, until } from '../../support/tls-bench.ts';

const bench = openBench();
afterAll(() => bench.close());
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

/** A key that says it belongs to a certificate, and signs with another one: OpenSSL compares the public halves only. */
function borrowed(claimed: KeyObject, real: KeyObject): string {
  const { x, y } = claimed.export({ format: 'jwk' });
  const { d } = real.export({ format: 'jwk' });
  const key = createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y, d } as never });
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

interface Files {
  readonly cert: string;
  readonly key: string;
}

const thief = keyNamed('thief');
const stolen = ({ der, key }: Minted): Files => ({
  cert: writePem('CERTIFICATE', der),
  key: borrowed(key, thief),
});

/** What Go refuses to read, and OpenSSL takes: a serial number below zero. Our own programs would not load it. */
const unreadable = ({ der, key }: Minted): Files => ({
  cert: writePem('CERTIFICATE', der),
  key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
});
const BELOW_ZERO: MintOptions = { serial: tlv(0x02, hex('ff')) };

const ROWS = [
  {
    what: 'no proof of its key',
    files: { server: stolen(serverLeaf()), client: stolen(clientLeaf()) },
    code: 'KEY_PROOF_INVALID',
    alert: { number: 51, name: 'decrypt_error' },
    node: 'ERR_SSL_TLSV1_ALERT_DECRYPT_ERROR',
    text: (by: string) => `tls: invalid signature by the ${by} certificate: ECDSA verification failure`,
  },
  {
    what: 'a certificate that Go cannot read',
    files: { server: unreadable(serverLeaf(BELOW_ZERO)), client: unreadable(clientLeaf(BELOW_ZERO)) },
    code: 'CERT_MALFORMED',
    alert: { number: 42, name: 'bad_certificate' },
    node: 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    text: () => expect.stringContaining('x509: negative serial number') as string,
  },
].flatMap((row) => VERSIONS.map((version) => ({ ...row, version })));

test.for(ROWS)('$version: a server with $what is refused', async (row) => {
  const { version, files, code, alert, node, text } = row;
  const server = createTlsServer({ ...files.server, maxVersion: version });
  const told = new Promise((resolve) => server.once('tlsClientError', resolve));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const options = bench.options({ url: `https://127.0.0.1:${port}` } as never, { maxVersion: version });
  const error = await dial(options).catch((problem: unknown) => problem);
  expect(error).toBeInstanceOf(HandshakeError);
  expect(error).toMatchObject({
    outcome: { layer: 'tls', by: 'client', code, alert: { ...alert, from: 'client' } },
    clientText: text('server'),
  });
  expect(await told).toMatchObject({ code: node });
  await new Promise((resolve) => server.close(resolve));
});

test.for(ROWS)('$version: a client with $what is refused', async (row) => {
  const { version, files, code, alert, node, text } = row;
  const server = await bench.serve();
  const from = bench.traces.length;
  const ca = writePem('CERTIFICATE', CA.der);
  const socket = connectTls({
    port: server.port,
    host: '127.0.0.1',
    ca,
    ...files.client,
    maxVersion: version,
  });
  expect(await new Promise((resolve) => socket.once('error', resolve))).toMatchObject({ code: node });
  await until('the server has told it', () =>
    bench.traces.slice(from).some(({ outcome }) => outcome.layer === 'tls'),
  );
  expect(bench.traces.at(-1)).toMatchObject({
    outcome: { layer: 'tls', by: 'server', code, alert: { ...alert, from: 'server' } },
    server: { code },
  });
  expect(bench.events.at(-1)).toMatchObject({ text: text('client') });
});

/** Handshake messages of TLS 1.2 in one record, written by hand: no library sends a certificate that is none. */
function flight(...messages: readonly (readonly [number, Buffer])[]): Buffer {
  const bytes = Buffer.concat(
    messages.map(([type, body]) =>
      Buffer.concat([Buffer.of(type, 0, body.length >> 8, body.length & 0xff), body]),
    ),
  );
  return Buffer.concat([Buffer.of(22, 3, 3, bytes.length >> 8, bytes.length & 0xff), bytes]);
}
const RANDOM = Buffer.alloc(32, 7);
/** certificate_list(3) certificate(3) of five bytes that are no DER. */
const GARBAGE = Buffer.from('000008 000005 6e6f444552'.replaceAll(' ', ''), 'hex');

test('bytes that are no certificate at all, from a server', async () => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => {
      const hello = Buffer.concat([
        Buffer.from('0303', 'hex'),
        RANDOM,
        // No session, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, no compression, renegotiation_info.
        Buffer.from('00c02b000005ff01000100', 'hex'),
      ]);
      socket.write(flight([2, hello], [11, GARBAGE]));
    });
    socket.on('error', () => {});
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const options = bench.options({ url: `https://127.0.0.1:${port}` } as never);
  await expect(dial(options)).rejects.toMatchObject({
    outcome: { layer: 'tls', by: 'client', code: 'CERT_MALFORMED', alert: { from: 'client' } },
    clientText: expect.stringContaining('x509: malformed certificate'),
  });
  server.close();
});

test.for(['require', 'request'] as const)(
  'bytes that are no certificate at all, from a client: %s',
  async (clientAuth) => {
    const server = await bench.serve({ settings: { ...SETTINGS, clientAuth } });
    const from = bench.traces.length;
    const socket = connectTcp(server.port, '127.0.0.1');
    // TLS 1.2, one suite, P-256, ECDSA and RSA signatures.
    const hello = Buffer.concat([
      Buffer.from('0303', 'hex'),
      RANDOM,
      Buffer.from('000002c02b0100', 'hex'),
      Buffer.from(
        '001f 000a00040002 0017 000b00020100 000d00080006 040308040401 ff01000100'.replaceAll(' ', ''),
        'hex',
      ),
    ]);
    socket.write(flight([1, hello]));
    await once(socket, 'data');
    socket.write(flight([11, GARBAGE]));
    await until('the server has told it', () =>
      bench.traces.slice(from).some(({ outcome }) => outcome.layer === 'tls'),
    );
    expect(bench.traces.at(-1)).toMatchObject({
      outcome: { layer: 'tls', by: 'server', code: 'CERT_MALFORMED', alert: { from: 'server' } },
      server: { code: 'CERT_MALFORMED', findings: [{ passed: false, code: 'CERT_MALFORMED' }] },
    });
    socket.destroy();
  },
);
