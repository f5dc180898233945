/**
 * The second opinion, "OpenSSL (Node)": what OpenSSL itself says about a chain, asked in this process.
 *
 * In TLS 1.2 certificates are plain and are verified before anybody proves a key. So a TLS socket over memory is
 * shown a few bytes that end in a message out of order: OpenSSL has judged the chain by then, and no key is needed.
 */
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { Duplex } from 'node:stream';
import {
  checkServerIdentity,
  connect,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  TLSSocket,
} from 'node:tls';
import { issueCertificate } from '../certificate.ts';
import { writePem } from '../pem.ts';
import type { VerifyInput } from './verify.ts';

/** What OpenSSL answered. */
export interface OpensslAnswer {
  /** Node's name of OpenSSL's error: `CERT_HAS_EXPIRED`; null when it accepts. */
  readonly code: string | null;
  /** OpenSSL's text; empty when it accepts. */
  readonly text: string;
}

/**
 * What OpenSSL says to a message out of order: by then it has judged the chain. After any other error there is no
 * peer certificate, and Node's verifyError would read a null pointer.
 */
const JUDGED = 'ERR_SSL_UNEXPECTED_MESSAGE';

/**
 * Ask OpenSSL about a chain. It reads the real clock only, whatever `input.time` says.
 * Role: a server's certificates are judged by a client, a client's by a server. `any` is judged as a server's.
 */
export async function askOpenssl(input: VerifyInput): Promise<OpensslAnswer> {
  const [leaf] = input.chain;
  if (leaf === undefined) return { code: 'UNABLE_TO_GET_ISSUER_CERT', text: 'no certificate was shown' };
  const isServer = input.purpose !== 'clientAuth';
  const roots = input.roots.map((der) => writePem('CERTIFICATE', der));
  const bytes = isServer ? serverFlight(input.chain) : clientFlight(input.chain);
  const answer = await judge(
    (channel) => (isServer ? openClient(channel, roots) : openServer(channel, roots)),
    bytes,
  );
  if (answer.code !== null || !isServer || input.name === null) return answer;
  return judgeName(leaf, input.name.value);
}

function judgeName(leaf: Uint8Array, host: string): OpensslAnswer {
  // The legacy object is what Node's own client hands to this function.
  const error = checkServerIdentity(host, new X509Certificate(leaf).toLegacyObject());
  return error === undefined
    ? { code: null, text: '' }
    : { code: 'ERR_TLS_CERT_ALTNAME_INVALID', text: error.message.slice(0, 500) };
}

function judge(open: (channel: Duplex) => TLSSocket, bytes: Uint8Array): Promise<OpensslAnswer> {
  return new Promise((resolve) => {
    const channel = new Duplex({
      read() {},
      write: (_chunk, _encoding, done) => done(),
    });
    let socket: TLSSocket;
    let isDone = false;
    const finish = (error: unknown) => {
      if (isDone) return;
      isDone = true;
      resolve(answerOf(socket, error));
      // Not at once: OpenSSL is still on the stack, and its memory must outlive this call.
      setImmediate(() => {
        socket.destroy();
        channel.destroy();
      });
    };
    try {
      socket = open(channel);
    } catch (error) {
      // A CA file that OpenSSL cannot load.
      resolve({ code: 'CA_NOT_LOADED', text: error instanceof Error ? error.message : String(error) });
      return;
    }
    socket.on('error', finish);
    socket.once('_tlsError', finish);
    socket.once('close', () => finish(undefined));
    channel.push(bytes);
  });
}

/** Node's own handle; its `verifyError` is what `authorizationError` is made of after a whole handshake. */
interface Handle {
  verifyError(): (Error & { readonly code?: string }) | null;
}

function answerOf(socket: TLSSocket, error: unknown): OpensslAnswer {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const handle = (socket as unknown as { readonly _handle?: Handle | null })._handle;
  if (code === JUDGED && socket.getPeerX509Certificate() !== undefined && handle) {
    const verdict = handle.verifyError();
    return verdict === null
      ? { code: null, text: '' }
      : { code: verdict.code ?? 'UNSPECIFIED', text: verdict.message };
  }
  return {
    code: code || 'CLOSED',
    text: error instanceof Error ? error.message : 'the connection was closed before the chain was judged',
  };
}

function openClient(channel: Duplex, ca: string[]): TLSSocket {
  const secureContext = keptContext('client', ca, {});
  return connect({ socket: channel, secureContext, rejectUnauthorized: false });
}

function openServer(channel: Duplex, ca: string[]): TLSSocket {
  // The server needs a certificate of its own to get as far as the client's; nobody looks at it.
  throwaway ??= makeThrowaway();
  return new TLSSocket(channel, {
    isServer: true,
    secureContext: keptContext('server', ca, throwaway),
    requestCert: true,
    rejectUnauthorized: false,
  });
}

let throwaway: { readonly key: string; readonly cert: string } | undefined;

/** A context costs more than the rest of the question, and the same few bundles come back. */
const CONTEXTS_KEPT = 64;
const contexts = new Map<string, SecureContext>();

function keptContext(role: 'client' | 'server', ca: string[], own: SecureContextOptions): SecureContext {
  const key = `${role} ${ca.join('')}`;
  const context = contexts.get(key) ?? createSecureContext({ ...own, ca, maxVersion: 'TLSv1.2' });
  contexts.set(key, context);
  const [oldest] = contexts.keys();
  if (contexts.size > CONTEXTS_KEPT && oldest !== undefined) contexts.delete(oldest);
  return context;
}

function makeThrowaway(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const subject = { commonName: 'second-opinion' };
  const der = issueCertificate(
    {
      subject,
      publicKey,
      notBefore: new Date(0),
      notAfter: new Date('2049-01-01'),
      isCa: null,
      keyUsages: [],
      extendedKeyUsages: [],
      sans: [],
    },
    { subject, privateKey },
  );
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: writePem('CERTIFICATE', der),
  };
}

/** Handshake message types. RFC 5246 section 7.4. */
const TYPE = { clientHello: 1, serverHello: 2, certificate: 11, serverHelloDone: 14 } as const;
const RANDOM = Buffer.alloc(32, 0x11);

/** ServerHello (a suite that fits the key, renegotiation_info), Certificate, ServerHelloDone too early. */
function serverFlight(chain: readonly Uint8Array[]): Buffer {
  const suite = keyTypeOf(chain[0]) === 'rsa' ? 'c02f' : 'c02b';
  const hello = Buffer.concat([
    Buffer.from('0303', 'hex'),
    RANDOM,
    Buffer.from(`00${suite}000005ff01000100`, 'hex'),
  ]);
  return records([
    message(TYPE.serverHello, hello),
    message(TYPE.certificate, certificateList(chain)),
    message(TYPE.serverHelloDone, Buffer.alloc(0)),
  ]);
}

function keyTypeOf(leaf: Uint8Array | undefined): string | undefined {
  try {
    return leaf === undefined ? undefined : new X509Certificate(leaf).publicKey.asymmetricKeyType;
  } catch {
    return undefined;
  }
}

/** ClientHello (P-256, ECDSA and RSA signatures), Certificate, and a message that no client sends. */
function clientFlight(chain: readonly Uint8Array[]): Buffer {
  const extensions = Buffer.from(
    '000a000400020017' + '000b00020100' + '000d000e000c040308040401050308050501' + 'ff01000100',
    'hex',
  );
  const hello = Buffer.concat([
    Buffer.from('0303', 'hex'),
    RANDOM,
    Buffer.from('00' + '0004c02bc02f' + '0100', 'hex'),
    Buffer.from([extensions.length >> 8, extensions.length & 0xff]),
    extensions,
  ]);
  return records([
    message(TYPE.clientHello, hello),
    message(TYPE.certificate, certificateList(chain)),
    message(TYPE.serverHelloDone, Buffer.alloc(0)),
  ]);
}

function certificateList(chain: readonly Uint8Array[]): Buffer {
  const list = Buffer.concat(chain.map((der) => Buffer.concat([uint24(der.length), der])));
  return Buffer.concat([uint24(list.length), list]);
}

function message(type: number, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from([type]), uint24(body.length), body]);
}

function records(messages: readonly Buffer[]): Buffer {
  const bytes = Buffer.concat(messages);
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16_384) {
    const part = bytes.subarray(at, at + 16_384);
    parts.push(Buffer.from([22, 3, 3, part.length >> 8, part.length & 0xff]), part);
  }
  return Buffer.concat(parts);
}

function uint24(value: number): Buffer {
  return Buffer.from([(value >> 16) & 0xff, (value >> 8) & 0xff, value & 0xff]);
}
