/**
 * A live TLS server in plain words: which versions it speaks, what it shows, whether it wants a client certificate
 * and from whom. Also servers that demand one: what they say before they refuse is all that is needed.
 */
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { LabError } from '../certs/errors.ts';
import { type Verdict, verify } from '../certs/verify/verify.ts';
import type { Settings } from '../components/component.ts';
import { openHost } from '../components/host.ts';
import { dial, HandshakeError } from '../components/tls/client.ts';
import type { Alert, Field, Trace } from '../components/tls/trace.ts';

/** What looks like `HOST:PORT` is a server. */
export const SERVER_ADDRESS = /^(https:\/\/.*|\[[0-9a-f:]+\]:\d+|[\w.-]+:\d+)$/i;

const ANSWER_MS = 3000;
const SETTINGS = {
  clientAuth: 'request',
  autoReload: 'all',
  alertProfile: 'go',
} as const satisfies Settings;

/** What was found out. */
export interface ServerInspection {
  readonly address: string;
  /** Versions that it accepts, newest first. */
  readonly versions: readonly string[];
  readonly cipher: string | null;
  /** `not asked for`, `asked for`: goes on without one; `demanded`: refuses without one. */
  readonly clientCertificate: 'not asked for' | 'asked for' | 'demanded';
  readonly refusal: Alert | null;
  /** Subjects of the CAs whose client certificates it accepts; empty when it names none. */
  readonly acceptableCas: readonly string[];
  /** What it shows, PEM, leaf first. */
  readonly chain: readonly string[];
  /** Go's verdict about it under the given CAs, for the address dialled; null without CAs. */
  readonly verdict: Verdict | null;
}

/** How to look. */
export interface InspectServerOptions {
  /** DER of the CAs to verify with. */
  readonly roots: readonly Uint8Array[];
  readonly now: Date;
}

/**
 * Look at a server on this computer.
 * @param address  `127.0.0.1:6443`, `localhost:2379`, `[::1]:6443`
 * @throws         LabError USAGE for another form or a far machine, CONNECTION_REFUSED, NOT_TLS …
 */
export async function inspectServer(
  address: string,
  { roots, now }: InspectServerOptions,
): Promise<ServerInspection> {
  const url = urlOf(address);
  const looks = [await look(url, 'TLSv1.3'), await look(url, 'TLSv1.2')];
  const seen = looks.filter(({ trace }) => chainOf(trace).length > 0);
  const best = seen[0];
  if (!best) throw nothingSeen(address, looks);
  const { trace } = best;
  const chain = chainOf(trace);
  const name = url.hostname.replace(/^\[|\]$/g, '');
  const asked = seen.some(({ trace: one }) => hasMessage(one, 'certificate_request'));
  const refusal = seen.map((one) => one.refusal).find((alert) => alert !== null) ?? null;
  const verdict =
    roots.length === 0
      ? null
      : verify({
          chain,
          roots,
          purpose: 'serverAuth',
          name: { kind: isIP(name) === 0 ? 'dns' : 'ip', value: name },
          time: now,
        });
  return {
    address,
    versions: seen.map(({ trace: one }) => one.protocol ?? 'TLS'),
    cipher: trace.cipher,
    clientCertificate: !asked ? 'not asked for' : refusal ? 'demanded' : 'asked for',
    refusal,
    acceptableCas: fieldsOf(trace, 'certificate_request', 'distinguished_name').map(({ value }) => value),
    chain: chain.map((der) => new X509Certificate(der).toString()),
    verdict,
  };
}

interface Look {
  readonly trace: Trace;
  readonly refusal: Alert | null;
  readonly text: string;
}

function urlOf(address: string): URL {
  const match = /^(?:https:\/\/)?(\[::1\]|127(?:\.\d{1,3}){3}|localhost):(\d{1,5})\/?$/.exec(address);
  if (match && Number(match[2]) <= 65_535) return new URL(`https://${match[1]}:${match[2]}`);
  throw new LabError('USAGE', {
    what: `${address} is no server on this computer`,
    why: 'The lab dials nothing but loopback addresses.',
    fix: 'write 127.0.0.1:PORT, localhost:PORT or [::1]:PORT; for a far server: openssl s_client -connect HOST:PORT',
  });
}

/** One connection without a client certificate, and the server's answer to it. */
async function look(url: URL, version: 'TLSv1.2' | 'TLSv1.3'): Promise<Look> {
  try {
    const connection = await dial({
      host: openHost(process.cwd(), { name: 'inspect', clockFiles: [] }),
      component: 'inspect',
      server: url.host,
      settings: SETTINGS,
      url: url.href,
      insecure: true,
      minVersion: version,
      maxVersion: version,
    });
    const { socket } = connection;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ANSWER_MS);
      for (const event of ['data', 'end', 'error', 'close'] as const) socket.once(event, () => resolve());
      socket.once('close', () => clearTimeout(timer));
      // In TLS 1.3 a refusal comes after the client is done: an answer to a request tells the two apart.
      socket.write(`GET /healthz HTTP/1.1\r\nHost: ${url.host}\r\nConnection: close\r\n\r\n`);
    });
    socket.on('error', () => undefined);
    socket.destroy();
    const refused = connection.refused();
    const trace = connection.trace();
    return { trace, refusal: refused ? trace.outcome.alert : null, text: refused?.clientText ?? '' };
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    return { trace: error.trace, refusal: error.trace.outcome.alert, text: error.clientText };
  }
}

function nothingSeen(address: string, looks: readonly Look[]): LabError {
  const [first] = looks;
  const code = first?.trace.outcome.code ?? 'HANDSHAKE_FAILURE';
  return new LabError(code, {
    what: `${address} shows no certificate: ${first?.text || 'the handshake ended before it could'}`,
  });
}

/** The chain as it stood on the wire. */
function chainOf(trace: Trace): Uint8Array[] {
  const message = trace.messages.find(({ from, type }) => from === 'server' && type === 'certificate');
  if (!message) return [];
  // Each field begins with its length, 3 bytes.
  return walk(message.fields, 'cert_data').map(({ start, end }) => message.bytes.subarray(start + 3, end));
}

function fieldsOf(trace: Trace, type: Trace['messages'][number]['type'], name: string): Field[] {
  return trace.messages
    .filter((message) => message.type === type)
    .flatMap(({ fields }) => walk(fields, name));
}

function walk(fields: readonly Field[], name: string): Field[] {
  return fields.flatMap((field) => [
    ...(field.name === name ? [field] : []),
    ...walk(field.children ?? [], name),
  ]);
}

function hasMessage(trace: Trace, type: Trace['messages'][number]['type']): boolean {
  return trace.messages.some((message) => message.type === type);
}
