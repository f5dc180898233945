/**
 * Records what crosses the wire between Node's own TLS client and server, with a TCP relay between them, and the
 * key log lines in the order in which they were told. Independent of the lab's transport.
 */
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from 'node:net';
import { type ConnectionOptions, connect, createServer as createTlsServer, type TlsOptions } from 'node:tls';
import { issueCertificate, keyId } from '../../certs/certificate.ts';
import type { Side } from '../../components/tls/trace.ts';

/** One event of a connection, in the order in which it happened. */
export type RecordedEvent =
  | { readonly kind: 'bytes'; readonly from: Side; readonly atUs: number; readonly bytes: Uint8Array }
  | { readonly kind: 'keylog'; readonly by: Side; readonly line: string };

/** A connection from SYN to FIN. */
export interface Recording {
  readonly events: readonly RecordedEvent[];
  readonly clientError: string | null;
  readonly serverError: string | null;
}

/** PEM of a pair. */
export interface Pair {
  readonly key: string;
  readonly cert: string;
}

/** Pairs for tests: a CA and two leaves of each kind of key. */
export interface TestPki {
  readonly ca: Pair;
  readonly server: Pair;
  readonly client: Pair;
}

export type KeyKind = 'ec' | 'rsa';

const made = new Map<KeyKind, TestPki>();

/** A CA, a server certificate for 127.0.0.1 and localhost, and a client certificate; made once per kind. */
export function testPki(kind: KeyKind = 'ec'): TestPki {
  const known = made.get(kind);
  if (known !== undefined) return known;
  const caKey = newKey(kind);
  const pki = {
    ca: issue(caKey, 'test-ca', caKey, 'test-ca'),
    server: issue(newKey(kind), 'server', caKey, 'test-ca'),
    client: issue(newKey(kind), 'client', caKey, 'test-ca'),
  };
  made.set(kind, pki);
  return pki;
}

function newKey(kind: KeyKind): KeyObject {
  const { privateKey } =
    kind === 'ec'
      ? generateKeyPairSync('ec', { namedCurve: 'P-256' })
      : generateKeyPairSync('rsa', { modulusLength: 2048 });
  return privateKey;
}

function issue(key: KeyObject, commonName: string, signerKey: KeyObject, signerName: string): Pair {
  const isCa = commonName === signerName;
  const publicKey = createPublicKey(key);
  const der = issueCertificate(
    {
      subject: { commonName, organizations: isCa ? [] : ['test'] },
      publicKey,
      notBefore: new Date('2020-01-01T00:00:00Z'),
      notAfter: new Date('2049-01-01T00:00:00Z'),
      isCa,
      keyUsages: isCa ? ['keyCertSign', 'cRLSign'] : ['digitalSignature', 'keyEncipherment'],
      extendedKeyUsages: isCa ? [] : [commonName === 'client' ? 'clientAuth' : 'serverAuth'],
      sans: isCa
        ? []
        : [
            { kind: 'dns', value: 'localhost' },
            { kind: 'ip', value: '127.0.0.1' },
          ],
      subjectKeyId: keyId(publicKey),
    },
    { subject: { commonName: signerName }, privateKey: signerKey },
  );
  const body = Buffer.from(der)
    .toString('base64')
    .replace(/.{64}(?=.)/g, '$&\n');
  return {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${body}\n-----END CERTIFICATE-----\n`,
  };
}

/** Options of both ends; what is absent comes from `testPki()`. */
export interface RecordOptions {
  readonly server?: TlsOptions;
  readonly client?: ConnectionOptions;
  readonly keys?: KeyKind;
  /** false: the client does not show its certificate. */
  readonly clientCertificate?: boolean;
}

/** Run one connection: handshake, `ping`, `pong`, close; or as far as it comes. */
export async function recordHandshake(options: RecordOptions = {}): Promise<Recording> {
  const pki = testPki(options.keys);
  let clientError: string | null = null;
  const recording = await recordClient(options, async (port, note) => {
    const own = options.clientCertificate === false ? {} : pki.client;
    const client = connect({
      port,
      host: '127.0.0.1',
      ca: pki.ca.cert,
      servername: 'localhost',
      ...own,
      ...options.client,
    });
    client.on('keylog', (line) => note({ kind: 'keylog', by: 'client', line: line.toString() }));
    client.on('secureConnect', () => client.write('ping'));
    client.on('data', () => undefined);
    client.on('error', (error) => {
      clientError = error.message;
    });
    await new Promise<void>((resolve) => client.once('close', () => resolve()));
  });
  return { ...recording, clientError };
}

/** Record what any client says to Node's server: `run` gets the port and resolves when the client is done. */
export async function recordClient(
  options: RecordOptions,
  run: (port: number, note: (event: RecordedEvent) => void) => Promise<void>,
): Promise<Recording> {
  const pki = testPki(options.keys);
  const events: RecordedEvent[] = [];
  const startedAt = process.hrtime.bigint();
  const note = (from: Side, bytes: Uint8Array): void => {
    const atUs = Number((process.hrtime.bigint() - startedAt) / 1000n);
    events.push({ kind: 'bytes', from, atUs, bytes: Uint8Array.from(bytes) });
  };
  let serverError: string | null = null;
  const sockets = new Set<Socket>();
  const server = createTlsServer(
    { ...pki.server, ca: pki.ca.cert, requestCert: true, rejectUnauthorized: true, ...options.server },
    (socket) => {
      socket.on('error', (error) => {
        serverError = error.message;
      });
      socket.once('data', () => socket.end('pong'));
    },
  );
  server.on('tlsClientError', (error) => {
    serverError = error.message;
  });
  server.on('keylog', (line) => events.push({ kind: 'keylog', by: 'server', line: line.toString() }));
  server.on('connection', (socket) => sockets.add(socket));
  await listening(server);
  const relay = createServer({ allowHalfOpen: true }, (inbound) => {
    const outbound = connectTcp({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true });
    sockets.add(inbound).add(outbound);
    join(inbound, outbound, (bytes) => note('client', bytes));
    join(outbound, inbound, (bytes) => note('server', bytes));
  });
  await listening(relay);
  await run(portOf(relay), (event) => events.push(event));
  for (const socket of sockets) socket.destroy();
  await Promise.all([server, relay].map((each) => new Promise((resolve) => each.close(resolve))));
  return { events, clientError: null, serverError };
}

function join(source: Socket, target: Socket, onBytes: (bytes: Uint8Array) => void): void {
  source.on('data', (bytes) => {
    onBytes(bytes);
    if (!target.destroyed) target.write(bytes);
  });
  source.on('end', () => target.end());
  source.on('error', () => target.destroy());
}

function portOf(server: { address(): AddressInfo | string | null }): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function listening(server: {
  listen(port: number, host: string, done: () => void): unknown;
}): Promise<void> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
}
