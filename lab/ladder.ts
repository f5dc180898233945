/**
 * The card of one handshake on a terminal: the story first, then the ladder, what each side checked, how to mend it,
 * and what the real programs print. Layout only: every sentence comes from explain.ts and the trace.
 */
import type { Code } from '../certs/codes.ts';
import type { Finding } from '../certs/errors.ts';
import type { Layer, Side, Trace } from '../components/tls/trace.ts';
import { cut, hanging, pad, safe, sideBySide, widthOf, wrap } from './columns.ts';
import { nameOf, type Story } from './explain.ts';
import { messageTree, milliseconds } from './message-tree.ts';
import { type Rung, rungsOf } from './rungs.ts';

/** Colours that a card uses; the terminal knows how to paint them. */
export type LadderColour = 'bold' | 'dim' | 'teal' | 'vermilion' | 'yellow' | 'grey';

/** What a card shows. */
export interface LadderOptions {
  /** Columns; at most 100 are used. */
  readonly width?: number;
  /** Absent: no colour. */
  readonly paint?: (colour: LadderColour, text: string) => string;
  /** The words about the outcome: `explain(trace)`. */
  readonly story: Story;
  /** What the outcome costs, and what goes on all the same: sentences. */
  readonly costs?: readonly string[];
  readonly goesOn?: readonly string[];
  /** `-v`: every message with its fields. */
  readonly verbose?: boolean;
  /** `--hex`: every message with its bytes. */
  readonly hex?: boolean;
}

interface Style {
  readonly width: number;
  readonly arrowColumns: number;
  readonly paint: (colour: LadderColour, text: string) => string;
}

/** The state of a connection: mark, line and words, safe without colour. */
const STATES: Readonly<Record<Layer, { mark: string; colour: LadderColour; text: string }>> = {
  ok: { mark: '✓', colour: 'teal', text: 'CONNECTED' },
  tls: { mark: '✗', colour: 'vermilion', text: 'REFUSED IN TLS' },
  tcp: { mark: '⊘', colour: 'grey', text: 'UNREACHABLE' },
  '401': { mark: '✗', colour: 'yellow', text: 'ANSWERED 401' },
  '403': { mark: '✗', colour: 'yellow', text: 'ANSWERED 403' },
  http: { mark: '✗', colour: 'yellow', text: 'ANSWERED WITH AN ERROR' },
  untried: { mark: '·', colour: 'dim', text: 'NOT TRIED YET' },
};

/** What a check looked at, by the code that it fails with. */
const CHECK_NAMES: Readonly<Partial<Record<Code, string>>> = {
  CERT_MISSING: 'shown',
  CERT_MALFORMED: 'readable',
  CERT_EXPIRED: 'dates',
  CERT_NOT_YET_VALID: 'dates',
  CERT_UNKNOWN_AUTHORITY: 'signer',
  CERT_ISSUER_NOT_CA: 'issuer',
  CERT_INSECURE_SIGNATURE: 'signature',
  CERT_NAME_MISMATCH: 'name',
  CERT_NO_IP_SANS: 'name',
  CERT_NO_SANS: 'name',
  CERT_WRONG_USAGE: 'purpose',
  CERT_PATH_TOO_LONG: 'path',
  CERT_NAME_CONSTRAINT: 'constraints',
  CERT_CRITICAL_EXTENSION: 'extensions',
};

const MAX_WIDTH = 100;
const MIN_WIDTH = 60;
const TIME_COLUMNS = 11;
const LOCK_COLUMNS = 3;

const other = (side: Side): Side => (side === 'client' ? 'server' : 'client');

/**
 * Render a card.
 * @returns  lines of at most `width` columns, without a newline at the end
 */
export function renderLadder(trace: Trace, options: LadderOptions): string {
  const width = Math.max(MIN_WIDTH, Math.min(options.width ?? MAX_WIDTH, MAX_WIDTH));
  const style: Style = {
    width,
    arrowColumns: Math.floor(width / 5),
    paint: options.paint ?? ((_, text) => text),
  };
  const { story } = options;
  const lines = [
    banner(trace, style),
    ...hanging('  ', story.headline, width),
    ...section('COSTS', options.costs ?? [], style),
    ...section('GOES ON', options.goesOn ?? [], style),
    ...section('REAL CLUSTER DIFFERS', story.realCluster === null ? [] : [story.realCluster], style),
    ...ladder(trace, style),
    ...checks(trace, options.verbose === true, style),
    ...mend(story, style),
    ...logs(story, style),
    ...opinions(trace, options.verbose === true, style),
    ...(options.verbose === true || options.hex === true ? messages(trace, options, style) : []),
  ];
  return lines
    .map((line) => line.trimEnd())
    .filter((line, row, all) => line !== '' || (all[row - 1] !== '' && row < all.length - 1))
    .join('\n');
}

function banner(trace: Trace, { width, paint }: Style): string {
  const { mark, colour, text } = STATES[trace.outcome.layer];
  const by = trace.outcome.layer === 'tls' && trace.outcome.by !== null ? trace.outcome.by : null;
  const line = by === null ? '──────▶' : by === 'server' ? '─────✂▶' : '✂─────▶';
  const ends = `${mark} ${nameOf(trace, 'client')} ${line} ${nameOf(trace, 'server')}`;
  const words = by === null ? text : `${text} by ${nameOf(trace, by)}`;
  const when = trace.clusterTime.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
  const left = `${ends}    ${words}`;
  const gap = width - widthOf(left) - widthOf(when);
  return gap >= 2
    ? `${paint(colour, left)}${' '.repeat(gap)}${paint('dim', when)}`
    : paint(colour, cut(left, width));
}

function section(title: string, sentences: readonly string[], { width, paint }: Style): string[] {
  if (sentences.length === 0) return [];
  return hanging(`${title}  `, sentences.join(' '), width).map((line, index) =>
    index === 0 ? paint('bold', title) + line.slice(title.length) : line,
  );
}

function ladder(trace: Trace, style: Style): string[] {
  const rungs = rungsOf(trace, (side) => baseName(trace[side]?.certFile ?? null));
  if (rungs.length === 0) return [];
  const columns = style.width - TIME_COLUMNS - LOCK_COLUMNS - style.arrowColumns - 5;
  const leftColumns = Math.floor(columns * 0.46);
  const lines = ['', heads(trace, leftColumns, style)];
  for (const rung of rungs) lines.push(...rungLines(rung, leftColumns, columns - leftColumns, style));
  return [...lines, ''];
}

/** Who stands on which side of the ladder. */
function heads(trace: Trace, leftColumns: number, { width, arrowColumns }: Style): string {
  const { address, port } = trace.serverAddress;
  const where = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const right = cut(`${nameOf(trace, 'server')} (server, ${where})`, Math.floor(width / 2) - 2);
  const wanted = TIME_COLUMNS + leftColumns + LOCK_COLUMNS + arrowColumns + 3;
  const gap = Math.min(wanted, width - 2 - widthOf(right));
  return `  ${pad(cut(`${nameOf(trace, 'client')} (client)`, gap - 2), gap)}${right}`;
}

function rungLines(rung: Rung, leftColumns: number, rightColumns: number, style: Style): string[] {
  const { paint, arrowColumns } = style;
  const said = rung.parts.join(' · ');
  const texts = (side: Side): string[] => {
    const columns = side === 'client' ? leftColumns : rightColumns;
    const judged = rung.refusedBy === side ? ['✗ stops here'] : [];
    const notes = rung.notes[side].filter((note) => rung.refusedBy !== side || !note.startsWith('✗'));
    return [...(side === rung.from ? [said] : []), ...judged, ...notes].flatMap((text) =>
      wrap(text, columns),
    );
  };
  const left = texts('client');
  const right = texts('server');
  const rows = Math.max(left.length, right.length, 1);
  return Array.from({ length: rows }, (_, row) => {
    const first = row === 0;
    const time = first ? milliseconds(rung.atUs) : '';
    const arrow = pad(first ? arrowOf(rung, arrowColumns) : '', arrowColumns);
    return [
      `  ${first ? paint('dim', time) : ''}${' '.repeat(TIME_COLUMNS - widthOf(time))}`,
      emphasize(pad(left[row] ?? '', leftColumns), paint),
      ` ${pad(first && rung.encrypted ? '🔒' : '', LOCK_COLUMNS)}`,
      rung.isAlert && first ? paint('vermilion', arrow) : arrow,
      ` ${emphasize(right[row] ?? '', paint)}`,
    ].join('');
  });
}

/** Colours what a side thinks; spaces that only fill the column stay bare. */
function emphasize(text: string, paint: Style['paint']): string {
  const bare = text.trimEnd();
  const rest = text.slice(bare.length);
  if (/✗|REFUSED/.test(bare)) return paint('vermilion', bare) + rest;
  return /✓|CONNECTED/.test(bare) ? paint('teal', bare) + rest : text;
}

function arrowOf({ from, isAlert }: Rung, columns: number): string {
  const shaft = '─'.repeat(columns - 1);
  const half = Math.floor(shaft.length / 2);
  const line = isAlert ? `${shaft.slice(0, half)}✗${shaft.slice(half + 1)}` : shaft;
  return from === 'client' ? `${line}▶` : `◀${line}`;
}

function checks(trace: Trace, verbose: boolean, style: Style): string[] {
  const columns = Math.floor((style.width - 2) / 2);
  const blocks = (['server', 'client'] as const).map((side) => checkLines(trace, side, columns, verbose));
  const [first = [], second = []] = blocks;
  if (first.length === 0 && second.length === 0) return [];
  if (first.length === 0 || second.length === 0) {
    const only = first.length === 0 ? 'client' : 'server';
    return paintChecks(checkLines(trace, only, style.width, verbose), style);
  }
  return paintChecks(sideBySide(first, second, columns), style);
}

function paintChecks(lines: readonly string[], { paint }: Style): string[] {
  return lines.map((line, index) => (index === 0 ? paint('bold', line) : line));
}

function checkLines(trace: Trace, side: Side, columns: number, verbose: boolean): string[] {
  const report = trace[side];
  if (report === null) return [];
  const peer = trace[other(side)];
  const file = baseName(peer?.certFile ?? null);
  const title = `${report.component.toUpperCase()} CHECKED ${file ?? nameOf(trace, other(side))}`;
  if (report.findings.length === 0) {
    const reason = report.caFile === null ? 'does not verify the other side' : 'had nothing to check';
    return [cut(title, columns), `  – ${reason}`];
  }
  const lines = verbose ? allFindings(report.findings, columns) : shortFindings(report.findings, columns);
  return [cut(title, columns), ...lines];
}

function allFindings(findings: readonly Finding[], columns: number): string[] {
  return findings.flatMap(({ passed, what }) => hanging(passed ? '  ✓ ' : '  ✗ ', what, columns));
}

/** What failed in full; what passed in a word each. */
function shortFindings(findings: readonly Finding[], columns: number): string[] {
  const failed = findings.filter(({ passed }) => !passed);
  const spoiled = new Set(failed.map(({ code }) => checkName(code)));
  const passed = findings.filter((finding) => finding.passed).map(({ code }) => checkName(code));
  const words = [...new Set(passed)].filter((word) => !spoiled.has(word)).map((word) => `✓ ${word}`);
  return [
    ...allFindings(failed, columns),
    ...(words.length > 0 ? hanging('  ', words.join('  '), columns) : []),
  ];
}

/** What a check looked at: `dates`, `signer`, `name`. */
export function checkName(code: Code): string {
  return CHECK_NAMES[code] ?? code;
}

function mend(story: Story, { width, paint }: Style): string[] {
  return story.mend.flatMap(({ where, text }, index) => {
    const label = index === 0 ? 'MEND' : '    ';
    const prefix = where === 'lab' ? '' : 'real cluster: ';
    return hanging(`${label}  `, prefix + text, width).map((line, row) =>
      row === 0 && index === 0 ? paint('bold', label) + line.slice(label.length) : line,
    );
  });
}

function logs(story: Story, { width, paint }: Style): string[] {
  return story.logs.flatMap(({ component, text, level }, index) => {
    const label = index === 0 ? 'LOGS' : '    ';
    const who = `${component} (${level})`;
    const first = `${label}  ${who}`;
    const lines = wrap(text, width - 8).map((line) => `        ${line}`);
    return [index === 0 ? paint('bold', label) + first.slice(label.length) : first, ...lines];
  });
}

/** OpenSSL's view: always by `-v`, else only where it differs from Go's. */
function opinions(trace: Trace, verbose: boolean, { width }: Style): string[] {
  return (['client', 'server'] as const).flatMap((side) => {
    const report = trace[side];
    const opinion = report?.secondOpinion;
    if (!report || !opinion) return [];
    const differs = opinion.accepts !== null && opinion.accepts !== (report.verdictText === null);
    if (!differs && !verbose) return [];
    const shown =
      baseName(trace[other(side)]?.certFile ?? null) ?? `what ${nameOf(trace, other(side))} showed`;
    return hanging('SECOND OPINION  ', `on ${shown}: ${opinion.text}`, width);
  });
}

function messages(trace: Trace, options: LadderOptions, { width, paint }: Style): string[] {
  const tree = { width, hex: options.hex === true };
  return ['', paint('bold', 'MESSAGES'), ...trace.messages.flatMap((message) => messageTree(message, tree))];
}

function baseName(path: string | null): string | null {
  return path === null ? null : safe(path.split('/').at(-1) ?? path);
}
