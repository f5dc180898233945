/**
 * What `verify` does: a chain from files against trusted CAs, and `--batch`, JSON lines in and out.
 *
 * The verdict itself is certs/verify; here are files, words and lines. Nothing of a line's content can stop the
 * batch: a line that is no question gets an answer that says so.
 */
import { LabError, messageOf } from '../certs/errors.ts';
import { readText } from '../certs/files.ts';
import { readPem } from '../certs/pem.ts';
import { type SecondOpinion, secondOpinion } from '../certs/verify/second-opinion.ts';
import {
  decide,
  type Purpose,
  type Verdict,
  type VerifyInput,
  verify,
  type WantedName,
} from '../certs/verify/verify.ts';
import { parseIp } from '../certs/x509/ip.ts';

/** What `verify` was asked on the command line. */
export interface VerifyQuestion {
  /** Paths; the certificate file holds the chain, leaf first. */
  readonly certFile: string;
  readonly caFile: string;
  readonly purpose: Purpose;
  /** A DNS name or an IP address; absent: no name is checked. */
  readonly name?: string;
  readonly time: Date;
}

/** A verdict, and what OpenSSL says beside it. */
export interface VerifiedFiles extends Verdict {
  readonly secondOpinion: SecondOpinion;
}

/** Decide about a certificate file. @throws LabError FILE_MISSING, FILE_UNREADABLE, PEM_INVALID, CERT_KEY_SWAPPED, CA_BUNDLE_EMPTY */
export async function verifyFiles(question: VerifyQuestion): Promise<VerifiedFiles> {
  const chain = certificatesOf(question.certFile, 'PEM_INVALID');
  const roots = certificatesOf(question.caFile, 'CA_BUNDLE_EMPTY');
  const { purpose, time, name } = question;
  const wanted = name === undefined ? null : wantedName(name);
  const input: VerifyInput = { chain, roots, purpose, time, name: wanted };
  const verdict = verify(input);
  return { ...verdict, secondOpinion: await secondOpinion(input, verdict) };
}

/** `server` and `client` as the command line has them, or the names of the usages. */
export function parsePurpose(text: string): Purpose {
  const purpose = Object.hasOwn(PURPOSES, text) ? PURPOSES[text] : undefined;
  if (purpose === undefined) {
    throw new LabError('FLAG_INVALID', {
      what: `--purpose ${JSON.stringify(text.slice(0, 40))} is none`,
      fix: 'use server, client or any',
    });
  }
  return purpose;
}

const PURPOSES: Readonly<Record<string, Purpose>> = {
  server: 'serverAuth',
  serverAuth: 'serverAuth',
  client: 'clientAuth',
  clientAuth: 'clientAuth',
  any: 'any',
};

/** An IP address is one when it can be read as one, in brackets or not. */
export function wantedName(value: string): WantedName {
  const isIp = parseIp(value.replace(/^\[(.*)\]$/, '$1')) !== undefined;
  return { kind: isIp ? 'ip' : 'dns', value };
}

function certificatesOf(file: string, whenNone: 'PEM_INVALID' | 'CA_BUNDLE_EMPTY'): Uint8Array[] {
  const blocks = readPem(readText(file));
  const found = blocks.filter(({ label }) => label === 'CERTIFICATE').map(({ bytes }) => bytes);
  if (found.length > 0) return found;
  const key = blocks.find(({ label }) => label.endsWith('PRIVATE KEY'));
  if (key !== undefined)
    throw new LabError('CERT_KEY_SWAPPED', { what: `${file} holds a private key, not a certificate` });
  throw new LabError(whenNone, { what: `${file} holds no certificate` });
}

/** A verdict as lines of text: what was decided, every check, how to mend the first failure, the second opinion. */
export function verdictLines(verdict: VerifiedFiles): string[] {
  const failed = verdict.findings.filter(({ passed }) => !passed);
  const [first] = failed;
  return [
    verdict.accepted ? 'accepted' : `refused: ${verdict.text ?? ''}`,
    ...verdict.findings.map(
      ({ passed, what, code }) => `  ${passed ? '✓' : '✗'} ${what}${passed ? '' : ` (${code})`}`,
    ),
    ...(first === undefined
      ? []
      : [`why     ${first.why}`, `source  ${first.source}`, `fix     ${first.fix}`]),
    `second  ${verdict.secondOpinion.text}`,
  ];
}

/** One answer of the batch. */
export interface BatchAnswer {
  readonly id: unknown;
  readonly verdict: 'accept' | 'reject';
  readonly code: Verdict['code'];
  readonly text: string | null;
}

/** What a batch amounted to. */
export interface BatchSummary {
  readonly accepted: number;
  readonly rejected: number;
  /** Lines that were no question; they are answered, and counted among the rejected too. */
  readonly invalid: number;
}

/** Longer lines are answered with an error: no chain needs them. */
const MAX_LINE_BYTES = 64 * 1024 * 1024;

/**
 * Answer JSON lines, one each, in their order. Empty lines are skipped.
 * @param input   bytes or text in pieces of any size
 * @param write   is given each answer with its newline; awaited, so that a slow reader slows the batch
 */
export async function verifyBatch(
  input: AsyncIterable<Uint8Array | string>,
  write: (line: string) => Promise<void> | void,
): Promise<BatchSummary> {
  const summary = { accepted: 0, rejected: 0, invalid: 0 };
  for await (const line of linesOf(input)) {
    if (line.trim() === '') continue;
    const { answer, isValid } = answerLine(line);
    if (answer.verdict === 'accept') summary.accepted += 1;
    else summary.rejected += 1;
    if (!isValid) summary.invalid += 1;
    await write(`${JSON.stringify(answer)}\n`);
  }
  return summary;
}

async function* linesOf(input: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let pieces: string[] = [];
  let length = 0;
  for await (const chunk of input) {
    const text = typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true });
    const parts = text.split('\n');
    for (const part of parts.slice(0, -1)) {
      yield length > MAX_LINE_BYTES ? '[]' : [...pieces, part].join('');
      pieces = [];
      length = 0;
    }
    const rest = parts.at(-1) ?? '';
    length += rest.length;
    if (length <= MAX_LINE_BYTES) pieces.push(rest);
    else pieces = [];
  }
  const last = length > MAX_LINE_BYTES ? '[]' : pieces.join('') + decoder.decode();
  if (last !== '') yield last;
}

/** Answer one line. Never throws. */
export function answerLine(line: string): { readonly answer: BatchAnswer; readonly isValid: boolean } {
  let id: unknown = null;
  try {
    const question: unknown = JSON.parse(line);
    if (!isRecord(question)) throw new LabError('USAGE', { what: 'the line is no JSON object' });
    id = question['id'] ?? null;
    const verdict = decide(readQuestion(question));
    return {
      answer: { id, verdict: verdict.accepted ? 'accept' : 'reject', code: verdict.code, text: verdict.text },
      isValid: true,
    };
  } catch (error) {
    const code = error instanceof LabError ? error.code : 'USAGE';
    const text = error instanceof LabError ? error.what : `the line is no JSON: ${messageOf(error)}`;
    return { answer: { id, verdict: 'reject', code, text }, isValid: false };
  }
}

function readQuestion(question: Readonly<Record<string, unknown>>): Parameters<typeof verify>[0] {
  const chain = pemList(question, 'chain');
  if (chain.length > 0 && chain.every(({ length }) => length === 0))
    throw invalid('chain', 'PEM certificates');
  const time = readTime(question['time']);
  return {
    chain: chain.flat(),
    roots: pemList(question, 'roots').flat(),
    purpose: readPurpose(question['purpose']),
    name: readName(question['name']),
    ...time,
  };
}

function pemList(question: Readonly<Record<string, unknown>>, field: string): Uint8Array[][] {
  const list = question[field];
  if (!Array.isArray(list)) throw invalid(field, 'a list of PEM texts');
  return list.map((pem: unknown) => {
    if (typeof pem !== 'string') throw invalid(field, 'a list of PEM texts');
    return readPem(pem)
      .filter(({ label }) => label === 'CERTIFICATE')
      .map(({ bytes }) => bytes);
  });
}

function readPurpose(value: unknown): Purpose {
  if (value === 'serverAuth' || value === 'clientAuth' || value === 'any') return value;
  throw invalid('purpose', 'serverAuth, clientAuth or any');
}

function readName(value: unknown): WantedName | null {
  if (value === null || value === undefined) return null;
  const { kind, value: text } = isRecord(value) ? value : {};
  if ((kind !== 'dns' && kind !== 'ip') || typeof text !== 'string')
    throw invalid('name', 'null or {"kind":"dns"|"ip","value"}');
  return { kind, value: text };
}

/** RFC 3339; the offset is kept, because Go prints the current time in it. */
function readTime(value: unknown): { readonly time: Date; readonly zoneMinutes: number } {
  const parts =
    typeof value === 'string'
      ? /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/.exec(value)
      : null;
  const time = new Date(String(value));
  if (parts === null || Number.isNaN(time.getTime())) throw invalid('time', 'an RFC 3339 instant');
  const minutes = Number(parts[2] ?? 0) * 60 + Number(parts[3] ?? 0);
  return { time, zoneMinutes: parts[1] === '-' ? -minutes : minutes };
}

function invalid(field: string, wanted: string): LabError {
  return new LabError('USAGE', { what: `"${field}" is not ${wanted}` });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
