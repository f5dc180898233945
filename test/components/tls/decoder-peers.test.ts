/** The decoder against clients that the lab did not write: curl, OpenSSL and Go. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeRecording, shorthand } from '../../support/decode-recording.ts';
import { type RecordOptions, recordClient, testPki } from '../../support/handshake-recorder.ts';
import { requireKubectl, requireTool } from '../../support/tools.ts';

let folder = '';
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mtls-lab-peers-'));
  const pki = testPki();
  writeFileSync(file('ca.crt'), pki.ca.cert);
  writeFileSync(file('other.crt'), testPki('rsa').ca.cert);
  writeFileSync(file('client.crt'), pki.client.cert);
  writeFileSync(file('client.key'), pki.client.key);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Run a program to its end; `answer` may write to it when it has said something. */
function run(
  program: string,
  args: readonly string[],
  answer: (said: string, write: (text: string) => void) => void = () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'], HOME: folder };
    const child = spawn(program, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    const listen = (chunk: Buffer): void => {
      said += chunk.toString();
      answer(said, (text) => child.stdin.write(text));
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', listen);
    child.stdin.on('error', () => undefined);
    child.once('error', reject);
    child.once('close', () => resolve());
  });
}

async function decoded(options: RecordOptions, client: (port: number) => Promise<void>) {
  const result = decodeRecording(await recordClient(options, client));
  expect(result.messages.filter(({ finding }) => finding !== undefined)).toEqual([]);
  return result;
}

const curl = (program: string, port: number, ...args: string[]) =>
  run(program, [
    ...['-sS', '--max-time', '10', '--cert', file('client.crt'), '--key', file('client.key')],
    ...args,
    `https://localhost:${port}/`,
  ]);

test('reads a whole request of curl', async (context) => {
  const program = requireTool(context, 'curl');
  const { messages, decoder } = await decoded({}, (port) => curl(program, port, '--cacert', file('ca.crt')));
  expect(messages[0]?.summary).toMatch(
    /^SNI localhost, offers TLS 1.3, 1.2.*, \d+ cipher suites, ALPN h2 or http\/1.1$/,
  );
  expect(decoder).toMatchObject({ clientFinished: true, serverFinished: true });
  expect(
    Buffer.from(messages.find(({ type }) => type === 'application_data')?.bytes ?? []).toString(),
  ).toMatch(/^GET \/ HTTP\/1.1\r\nHost: localhost/);
});

test("reads curl's alert, which lies bare where TLS 1.3 encrypts", async (context) => {
  const program = requireTool(context, 'curl');
  const { messages, decoder } = await decoded({}, (port) =>
    curl(program, port, '--cacert', file('other.crt')),
  );
  expect(shorthand(messages).slice(-2)).toEqual(['S finished*', 'C alert']);
  expect(decoder.lastAlert.client).toEqual({ number: 48, name: 'unknown_ca', from: 'client' });
});

test('reads the alert of curl in TLS 1.2', async (context) => {
  const program = requireTool(context, 'curl');
  const { messages } = await decoded({ server: { maxVersion: 'TLSv1.2' } }, (port) =>
    curl(program, port, '--cacert', file('other.crt')),
  );
  expect(shorthand(messages).slice(-2)).toEqual(['S server_hello_done', 'C alert']);
});

const SUITES = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];

test.for(SUITES)('follows the KeyUpdates of openssl s_client with %s', async (suite, context) => {
  const program = requireTool(context, 'openssl');
  const { messages } = await decoded({}, (port) => {
    let step = 0;
    const args = [
      's_client',
      '-connect',
      `127.0.0.1:${port}`,
      '-CAfile',
      file('ca.crt'),
      '-ciphersuites',
      suite,
    ];
    const pair = ['-cert', file('client.crt'), '-key', file('client.key')];
    return run(program, [...args, ...pair], (said, write) => {
      // It reads commands a line at a time, once the handshake is over.
      if (step === 0 && said.includes('Verify return code')) {
        step = 1;
        write('K\n');
      } else if (step === 1 && said.includes('KEYUPDATE')) {
        step = 2;
        write('ping\n');
      }
    });
  });
  const all = shorthand(messages);
  expect(all).toContain('C key_update*');
  expect(all.slice(all.indexOf('C key_update*'))).toEqual(
    expect.arrayContaining(['S key_update*', 'C application_data*', 'S application_data*']),
  );
});

test("reads Go's hello and its sealed alert", async (context) => {
  const program = requireKubectl(context);
  const { messages, decoder } = await decoded({}, (port) =>
    run(program, [
      ...['get', '--raw', '/', '--server', `https://localhost:${port}`, '--certificate-authority'],
      ...[file('other.crt'), '--client-certificate', file('client.crt'), '--client-key', file('client.key')],
    ]),
  );
  expect(messages[0]?.type).toBe('client_hello');
  expect(shorthand(messages).slice(0, 9).at(-1)).toBe('C change_cipher_spec');
  expect(decoder.lastAlert.client).toEqual({ number: 42, name: 'bad_certificate', from: 'client' });
});
