/**
 * What `explain WHAT` prints: a code, an alert, a word of the glossary, or a whole log line.
 */
import { CODES, type Code, isCode } from '../certs/codes.ts';
import { LabError } from '../certs/errors.ts';
import { nearest } from '../certs/nearest.ts';
import { differenceReason } from '../certs/verify/second-opinion.ts';
import { ALERTS } from '../components/tls/alerts.ts';
import { findWord, GLOSSARY, glossaryWords } from './glossary.ts';
import { type Decider, LOG_PATTERNS } from './log-patterns.ts';
import { LOG_SOURCES } from './log-sources.ts';

/** One labelled paragraph: `why`, `fix`, `source` … */
export interface Paragraph {
  readonly label: string;
  readonly text: string;
}

/** An explanation, ready to be printed. */
export interface Explanation {
  readonly kind: 'code' | 'alert' | 'word' | 'log';
  readonly title: string;
  readonly paragraphs: readonly Paragraph[];
  /** The code behind it; null where there is none. */
  readonly code: Code | null;
}

/**
 * Explain a text.
 * @param text  `CERT_EXPIRED`, `45`, `unknown_ca`, `SAN`, or a log line of any program
 * @throws      LabError NAME_UNKNOWN, with the nearest known word
 */
export function explainWhat(text: string): Explanation {
  const what = text.trim();
  // An alert's own spelling, `handshake_failure`, is the alert; HANDSHAKE_FAILURE is the code.
  const isAlertName = Object.values(ALERTS).some(({ name }) => name === what);
  const found =
    (isAlertName ? explainAlert(what) : undefined) ??
    explainCode(what) ??
    explainWord(what) ??
    explainAlert(what) ??
    explainLine(what);
  if (found !== undefined) return found;
  const known = [...Object.keys(CODES), ...glossaryWords(), ...Object.values(ALERTS).map(({ name }) => name)];
  const guess = what.length <= 40 ? nearest(what, known) : undefined;
  throw new LabError('NAME_UNKNOWN', {
    what: `nothing is known about ${JSON.stringify(what.slice(0, 120))}`,
    why: 'explain knows codes (CERT_EXPIRED), alerts (45, unknown_ca), words (SAN) and log lines of kubectl, client-go, etcd, kubelet, curl and openssl.',
    fix:
      guess === undefined
        ? 'paste the whole line, in quotes: npx mtls-lab explain "…"'
        : `did you mean ${guess}? npx mtls-lab explain ${JSON.stringify(guess)}`,
  });
}

/** Everything that `explain` without an argument offers. */
export function explainableWords(): string[] {
  return [
    ...GLOSSARY.map(({ word }) => word),
    ...Object.values(ALERTS).map(({ name }) => name),
    ...Object.keys(CODES),
  ];
}

function explainCode(text: string): Explanation | undefined {
  const code = text.toUpperCase().replaceAll(/[\s-]+/g, '_');
  return isCode(code)
    ? { kind: 'code', title: `${code}: ${CODES[code].title}`, paragraphs: codeParagraphs(code), code }
    : undefined;
}

function codeParagraphs(code: Code): Paragraph[] {
  const { why, fix, source } = CODES[code];
  const openssl = differenceReason(null, code);
  return [
    { label: 'why', text: why },
    { label: 'fix', text: fix },
    { label: 'source', text: source },
    ...(openssl === '' ? [] : [{ label: 'openssl', text: `where it accepts this all the same: ${openssl}` }]),
  ];
}

function explainWord(text: string): Explanation | undefined {
  const entry = findWord(text);
  return entry === undefined
    ? undefined
    : {
        kind: 'word',
        title: entry.also.length === 0 ? entry.word : `${entry.word} (${entry.also[0] ?? ''})`,
        paragraphs: [
          { label: 'means', text: entry.means },
          { label: 'use', text: entry.use },
        ],
        code: null,
      };
}

/** What the sender of an alert holds against the receiver. */
const ALERT_CODES: Readonly<Record<string, Code>> = {
  handshake_failure: 'HANDSHAKE_FAILURE',
  certificate_expired: 'CERT_EXPIRED',
  unknown_ca: 'CERT_UNKNOWN_AUTHORITY',
  unsupported_certificate: 'CERT_WRONG_USAGE',
  decrypt_error: 'KEY_PROOF_INVALID',
  protocol_version: 'PROTOCOL_VERSION',
  insufficient_security: 'NO_SHARED_CIPHER',
  internal_error: 'NO_SERVING_CERTIFICATE',
  certificate_required: 'CERT_MISSING',
};

const ALERT_NOTES: Readonly<Record<string, string>> = {
  bad_certificate:
    'Go clients send it for every fault of a server certificate (expired, unknown CA, wrong name); old Go servers for every fault of a client certificate; new ones for a wrong usage.',
  certificate_expired: 'Sent for a certificate that is not valid yet, too.',
  handshake_failure: 'In TLS 1.2 a server that demands a client certificate sends it when none was shown.',
  internal_error: 'From a kubelet: it has no serving certificate yet.',
  certificate_required: 'TLS 1.3 only.',
  close_notify: 'No fault: the orderly end of a connection.',
  unrecognized_name: 'The server does not serve the name in SNI.',
};

function explainAlert(text: string): Explanation | undefined {
  const bare = text.replace(/^(tls )?alert[\s(:#]*(number )?/i, '').replace(/\)$/, '');
  const wanted = bare.toLowerCase().replaceAll(/[\s-]+/g, '_');
  const row = Object.entries(ALERTS).find(
    ([number, { name, go }]) => number === bare || name === wanted || go.toLowerCase() === bare.toLowerCase(),
  );
  return row === undefined ? undefined : alertExplanation(Number(row[0]), []);
}

function alertExplanation(number: number, first: readonly Paragraph[]): Explanation {
  const entry = ALERTS[number];
  const name = entry?.name ?? 'unassigned';
  const code = ALERT_CODES[name] ?? null;
  const note = ALERT_NOTES[name];
  return {
    kind: first.length === 0 ? 'alert' : 'log',
    title: `alert ${number}, ${name}`,
    paragraphs: [
      ...first,
      {
        label: 'means',
        text: `The side that sends it breaks off. The other side reads: Go "remote error: tls: ${entry?.go ?? `alert(${number})`}"${entry?.openssl ? `, OpenSSL "${entry.openssl}"` : ''}.`,
      },
      ...(note === undefined ? [] : [{ label: 'note', text: note }]),
      { label: 'look', text: "the sender's log: only it knows the exact reason" },
      ...(code === null
        ? []
        : [
            { label: 'why', text: CODES[code].why },
            { label: 'fix', text: CODES[code].fix },
          ]),
      { label: 'source', text: 'RFC 8446 section 6.2' },
    ],
    code,
  };
}

/** The number of an alert that a line speaks of; undefined when it speaks of none. */
function alertIn(line: string): number | undefined {
  const remote = /remote error: tls: (?:alert\((\d+)\)|([a-zA-Z ]+))/.exec(line);
  if (remote?.[1] !== undefined) return Number(remote[1]);
  const rows = Object.entries(ALERTS).map(([number, entry]) => ({ number: Number(number), ...entry }));
  if (remote?.[2] !== undefined) {
    const text = remote[2];
    const matching = rows.filter(({ go }) => text.startsWith(go)).sort((a, b) => b.go.length - a.go.length);
    return matching[0]?.number;
  }
  const number = /alert number (\d+)/i.exec(line)?.[1];
  if (number !== undefined) return Number(number);
  const lower = line.toLowerCase().replaceAll('_', ' ');
  return rows.find(({ openssl }) => openssl !== '' && lower.includes(openssl))?.number;
}

const DECIDED: Readonly<Record<Decider, string>> = {
  'this side': 'the program that printed this line: it refused the other end, or its own files',
  'the other end': 'the other end; the program that printed this line was refused',
  'nobody yet': 'nobody: no side has judged a certificate',
};

function explainLine(line: string): Explanation | undefined {
  const source = LOG_SOURCES.find(({ pattern }) => pattern.test(line));
  const printed = source === undefined ? [] : [{ label: 'printed by', text: source.program }];
  const alert = alertIn(line);
  if (alert !== undefined) {
    const refused =
      source?.side === 'server'
        ? "the client refused this server's certificate, or could not agree with it"
        : 'the server refused this client';
    const text = `${DECIDED['the other end']} (${refused}): "remote" means that the alert came from over there`;
    return alertExplanation(alert, [...printed, { label: 'decided by', text }]);
  }
  const row = LOG_PATTERNS.find(({ pattern }) => pattern.test(line));
  if (row === undefined) return undefined;
  return {
    kind: 'log',
    title: `${row.code}: ${CODES[row.code].title}`,
    paragraphs: [
      ...printed,
      { label: 'means', text: row.means },
      { label: 'decided by', text: DECIDED[row.decided] },
      { label: 'look', text: row.look },
      ...codeParagraphs(row.code),
    ],
    code: row.code,
  };
}

/** An explanation as lines of at most `width` characters, labels in front. */
export function explanationLines({ title, paragraphs }: Explanation, width = 100): string[] {
  const indent = Math.max(...paragraphs.map(({ label }) => label.length)) + 2;
  return [
    title,
    ...paragraphs.flatMap(({ label, text }) =>
      wrap(text, width - indent).map((line, i) => `${(i === 0 ? label : '').padEnd(indent)}${line}`),
    ),
  ];
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width) {
      lines.push(line);
      line = word;
    } else {
      line = line === '' ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}
