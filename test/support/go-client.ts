/**
 * What Go really says about a chain: real kubectl, shown any bytes as a server's certificates.
 *
 * In TLS 1.2 the server's certificates are plain and Go verifies them before it asks for any proof of the key, so
 * a few bytes are enough of a server: ServerHello, Certificate, ServerHelloDone. A client that accepted them misses
 * the key exchange, and says so.
 */
import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What to show to whom. */
export interface GoQuestion {
  /** Leaf first; any bytes. */
  readonly chain: readonly Uint8Array[];
  readonly roots: readonly Uint8Array[];
  /** The name that the client wants. */
  readonly name: string;
}

/** Go's answer: null when it accepted, else its text from `x509: ` on. */
export type GoAnswer = string | null;

const ACCEPTED = 'missing ServerKeyExchange message';

/** Ask one kubectl. */
export async function askGo(kubectl: string, question: GoQuestion): Promise<GoAnswer> {
  const folder = mkdtempSync(join(tmpdir(), 'mtls-lab-go-'));
  const bytes = serverFlight(question.chain);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(bytes));
  });
  try {
    const roots = join(folder, 'ca.crt');
    writeFileSync(roots, question.roots.map(toPem).join(''));
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : 0);
      });
    });
    const output = await run(kubectl, [
      'get',
      '--raw=/',
      `--server=https://127.0.0.1:${port}`,
      `--certificate-authority=${roots}`,
      `--tls-server-name=${question.name}`,
      '--kubeconfig=/dev/null',
      '--token=none',
      '--request-timeout=5s',
    ]);
    return readAnswer(output);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function readAnswer(output: string): GoAnswer {
  if (output.includes(ACCEPTED)) return null;
  const text =
    /(?:tls: failed to verify certificate: |tls: failed to parse certificate from server: |failed to parse certificate: )(.*)/s.exec(
      output,
    )?.[1];
  if (text === undefined) throw new Error(`kubectl said something else: ${output}`);
  return text.trimEnd();
}

function run(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(
      program,
      args,
      {
        timeout: 20_000,
        maxBuffer: 16 * 1024 * 1024,
        env: { PATH: process.env['PATH'], HOME: tmpdir(), TZ: 'UTC' },
      },
      (_error, stdout, stderr) => resolve(stdout + stderr),
    );
  });
}

function toPem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

/** ServerHello (TLS 1.2, ECDHE-ECDSA), Certificate, ServerHelloDone. */
function serverFlight(chain: readonly Uint8Array[]): Buffer {
  const hello = Buffer.concat([
    Buffer.from('0303', 'hex'),
    Buffer.alloc(32, 0x11),
    Buffer.from('00c02b00', 'hex'),
  ]);
  const list = Buffer.concat(chain.map((der) => Buffer.concat([uint24(der.length), der])));
  const certificate = Buffer.concat([uint24(list.length), list]);
  const messages = Buffer.concat([
    Buffer.concat([Buffer.from([2]), uint24(hello.length), hello]),
    Buffer.concat([Buffer.from([11]), uint24(certificate.length), certificate]),
    Buffer.concat([Buffer.from([14]), uint24(0)]),
  ]);
  return Buffer.concat(records(22, messages));
}

function records(type: number, bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += 16_384) {
    const part = bytes.subarray(at, at + 16_384);
    found.push(Buffer.concat([Buffer.from([type, 3, 3, part.length >> 8, part.length & 0xff]), part]));
  }
  return found;
}

function uint24(value: number): Buffer {
  return Buffer.from([value >> 16, (value >> 8) & 0xff, value & 0xff]);
}
