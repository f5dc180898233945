/** `verify` on files and in batches. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { writePem } from '../../certs/pem.ts';
import {
  answerLine,
  parsePurpose,
  verdictLines,
  verifyBatch,
  verifyFiles,
  wantedName,
} from '../../lab/verify-command.ts';
import { eku, mint, mintCa, name, san } from '../support/mint.ts';

const root = mintCa();
const issuing = mintCa('issuing', { by: root });
const leaf = mint({
  by: issuing,
  subject: name('CN=kube-apiserver'),
  extensions: [san(['dns:localhost', 'ip:7f000001']), eku('serverAuth')],
});
const pem = ({ der }: { readonly der: Uint8Array }) => writePem('CERTIFICATE', der);
const question = {
  id: 7,
  chain: [pem(leaf), pem(issuing)],
  roots: [pem(root)],
  purpose: 'serverAuth',
  name: { kind: 'dns', value: 'localhost' },
  time: '2026-11-24T08:00:00Z',
};
const ask = (changes: object) => answerLine(JSON.stringify({ ...question, ...changes })).answer;

describe('one line', () => {
  test.for([
    { title: 'a good chain', changes: {}, answer: { id: 7, verdict: 'accept', code: null, text: null } },
    {
      title: 'a chain in one PEM text',
      changes: { chain: [pem(leaf) + pem(issuing)] },
      answer: { verdict: 'accept' },
    },
    {
      title: 'text around the PEM',
      changes: { roots: [`subject=x\n${pem(root)}more`] },
      answer: { verdict: 'accept' },
    },
    { title: 'no name', changes: { name: null }, answer: { verdict: 'accept' } },
    {
      title: 'an IP address',
      changes: { name: { kind: 'ip', value: '127.0.0.1' } },
      answer: { verdict: 'accept' },
    },
    { title: 'any purpose', changes: { purpose: 'any' }, answer: { verdict: 'accept' } },
    {
      title: 'an id that is text',
      changes: { id: 'webpki::x' },
      answer: { id: 'webpki::x', verdict: 'accept' },
    },
    {
      title: 'a wrong name',
      changes: { name: { kind: 'dns', value: 'other' } },
      answer: {
        verdict: 'reject',
        code: 'CERT_NAME_MISMATCH',
        text: 'x509: certificate is valid for localhost, not other',
      },
    },
    {
      title: 'another purpose',
      changes: { purpose: 'clientAuth' },
      answer: {
        verdict: 'reject',
        code: 'CERT_WRONG_USAGE',
        text: 'x509: certificate specifies an incompatible key usage',
      },
    },
    {
      title: 'no roots',
      changes: { roots: [] },
      answer: {
        verdict: 'reject',
        code: 'CERT_UNKNOWN_AUTHORITY',
        text: 'x509: certificate signed by unknown authority',
      },
    },
    {
      title: 'a time beyond the end, with its offset',
      changes: { time: '2050-06-01T02:00:00+02:00' },
      answer: {
        verdict: 'reject',
        code: 'CERT_EXPIRED',
        text: 'x509: certificate has expired or is not yet valid: current time 2050-06-01T02:00:00+02:00 is after 2049-12-31T23:59:59Z',
      },
    },
    { title: 'an empty chain', changes: { chain: [] }, answer: { verdict: 'reject', code: 'CERT_MISSING' } },
    {
      title: 'a leaf that is no certificate',
      changes: { chain: [writePem('CERTIFICATE', Uint8Array.of(0x30, 0))] },
      answer: { verdict: 'reject', code: 'CERT_MALFORMED', text: 'x509: malformed tbs certificate' },
    },
  ])('$title: $answer.verdict', ({ changes, answer }) => {
    expect(ask(changes)).toMatchObject(answer);
    expect(Object.keys(ask(changes))).toEqual(['id', 'verdict', 'code', 'text']);
  });

  test.for([
    { title: 'no JSON', line: '{"id":1', id: null },
    { title: 'a JSON list', line: '[]', id: null },
    { title: 'null', line: 'null', id: null },
    { title: 'no chain', line: '{"id":1}', id: 1 },
    { title: 'a chain of numbers', line: JSON.stringify({ ...question, chain: [1] }), id: 7 },
    { title: 'no PEM in the chain', line: JSON.stringify({ ...question, chain: ['garbage'] }), id: 7 },
    { title: 'an unknown purpose', line: JSON.stringify({ ...question, purpose: 'server' }), id: 7 },
    {
      title: 'an unknown kind of name',
      line: JSON.stringify({ ...question, name: { kind: 'email', value: 'x' } }),
      id: 7,
    },
    { title: 'a time that is none', line: JSON.stringify({ ...question, time: 'yesterday' }), id: 7 },
    { title: 'the 31st of June', line: JSON.stringify({ ...question, time: '2026-13-31T00:00:00Z' }), id: 7 },
  ])('$title is answered with an error', ({ line, id }) => {
    const { answer, isValid } = answerLine(line);
    expect(isValid).toBe(false);
    expect(answer).toMatchObject({ id, verdict: 'reject', code: 'USAGE', text: expect.stringMatching(/\S/) });
  });
});

describe('a batch', () => {
  async function batch(
    chunks: readonly (string | Uint8Array)[],
  ): Promise<{ lines: unknown[]; summary: object }> {
    const lines: unknown[] = [];
    async function* feed() {
      yield* chunks;
    }
    const summary = await verifyBatch(feed(), (line) => {
      expect(line.endsWith('\n')).toBe(true);
      lines.push(JSON.parse(line));
    });
    return { lines, summary };
  }

  test('answers in order, bad lines among good ones, the last without a newline', async () => {
    const text = [question, 'nonsense', { ...question, id: 'é', purpose: 'clientAuth' }]
      .map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
      .join('\n\n');
    const { lines, summary } = await batch([text]);
    expect(lines).toMatchObject([
      { id: 7, verdict: 'accept' },
      { id: null, code: 'USAGE' },
      { id: 'é', verdict: 'reject' },
    ]);
    expect(summary).toEqual({ accepted: 1, rejected: 2, invalid: 1 });
  });

  test('does not care where the pieces are cut, not even inside a letter', async () => {
    const bytes = Buffer.from(`${JSON.stringify({ ...question, id: 'größe' })}\n`.repeat(3));
    for (const size of [1_000, 7, bytes.length]) {
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) =>
        bytes.subarray(i * size, (i + 1) * size),
      );
      expect((await batch(chunks)).lines).toMatchObject([
        { id: 'größe', verdict: 'accept' },
        { id: 'größe' },
        { id: 'größe' },
      ]);
    }
  });

  test('answers while it reads: the first answer comes before the second question', async () => {
    const seen: string[] = [];
    async function* feed() {
      seen.push('question 1');
      yield `${JSON.stringify(question)}\n`;
      seen.push('question 2');
      yield `${JSON.stringify(question)}\n`;
    }
    await verifyBatch(feed(), () => void seen.push('answer'));
    expect(seen).toEqual(['question 1', 'answer', 'question 2', 'answer']);
  });

  test('nothing in, nothing out', async () => {
    expect(await batch([])).toEqual({ lines: [], summary: { accepted: 0, rejected: 0, invalid: 0 } });
  });
});

describe('files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mtls-lab-verify-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const file = (label: string, text: string) => {
    const path = join(folder, label);
    writeFileSync(path, text);
    return path;
  };
  const chain = file('server.crt', pem(leaf) + pem(issuing));
  const ca = file('ca.crt', pem(root));
  const time = new Date('2026-11-24T08:00:00Z');

  test('a chain file against a CA file', async () => {
    const verdict = await verifyFiles({
      certFile: chain,
      caFile: ca,
      purpose: 'serverAuth',
      name: '127.0.0.1',
      time,
    });
    expect(verdict.accepted).toBe(true);
    expect(verdictLines(verdict)[0]).toBe('accepted');
  });

  test('a refusal prints the text, every check, and how to mend it', async () => {
    const verdict = await verifyFiles({ certFile: chain, caFile: ca, purpose: 'clientAuth', time });
    const lines = verdictLines(verdict);
    expect(lines[0]).toBe('refused: x509: certificate specifies an incompatible key usage');
    expect(lines).toContain(
      '  ✗ "kube-apiserver" may be used for serverAuth; wanted is clientAuth (CERT_WRONG_USAGE)',
    );
    expect(lines.at(-2)).toMatch(/^fix {5}\S/);
    expect(lines.at(-1)).toMatch(
      /^second {2}OpenSSL \(Node\) refuses it too: INVALID_PURPOSE .* Dates are left out/,
    );
  });

  test.for([
    {
      title: 'a CA file without certificates',
      certFile: 'server.crt',
      caFile: 'empty.pem',
      code: 'CA_BUNDLE_EMPTY',
    },
    {
      title: 'a certificate file without certificates',
      certFile: 'empty.pem',
      caFile: 'ca.crt',
      code: 'PEM_INVALID',
    },
    {
      title: 'a key in place of the certificate',
      certFile: 'server.key',
      caFile: 'ca.crt',
      code: 'CERT_KEY_SWAPPED',
    },
    { title: 'a file that is not there', certFile: 'missing.crt', caFile: 'ca.crt', code: 'FILE_MISSING' },
  ])('$title: $code', async ({ certFile, caFile, code }) => {
    file('empty.pem', '\n');
    file('server.key', leaf.key.export({ type: 'pkcs8', format: 'pem' }).toString());
    const asked = verifyFiles({
      certFile: join(folder, certFile),
      caFile: join(folder, caFile),
      purpose: 'any',
      time,
    });
    await expect(asked).rejects.toMatchObject({ code });
  });

  test('names and purposes as they are typed', () => {
    expect(wantedName('[::1]')).toEqual({ kind: 'ip', value: '[::1]' });
    expect(wantedName('worker-1')).toEqual({ kind: 'dns', value: 'worker-1' });
    expect(parsePurpose('server')).toBe('serverAuth');
    expect(parsePurpose('client')).toBe('clientAuth');
    expect(() => parsePurpose('both')).toThrow(expect.objectContaining({ code: 'FLAG_INVALID' }));
    expect(() => parsePurpose('constructor')).toThrow(expect.objectContaining({ code: 'FLAG_INVALID' }));
  });
});
