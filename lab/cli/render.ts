/**
 * What the terminal shows: tables, errors, and the row of a connection. Every word about an outcome comes from
 * the data; here it is only laid out.
 */
import { isLabError, type LabError, messageOf } from '../../certs/errors.ts';
import { plain, type Terminal } from './terminal.ts';

/**
 * Columns padded to their widest cell, two spaces apart, without trailing spaces.
 * @param rows    cells; colour codes do not count for the width
 * @param indent  spaces before each line
 */
export function table(rows: readonly (readonly string[])[], indent = 0): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) {
      widths[column] = Math.max(widths[column] ?? 0, plain(cell).length);
    }
  }
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - plain(cell).length));
      return (' '.repeat(indent) + cells.join('  ')).trimEnd();
    })
    .join('\n');
}

/** The JSON of an error, for `--json`. */
export function errorJson(error: unknown): object {
  if (!isLabError(error)) return { ok: false, error: { code: 'INTERNAL', what: messageOf(error) } };
  const { code, what, why, fix, source } = error;
  return { ok: false, error: { code, what, why, fix, source } };
}

/** What a person reads of an error: the code, what happened, why, and how to mend it. Never a stack. */
export function errorText(terminal: Terminal, error: unknown): string {
  if (!isLabError(error)) {
    return [
      `${terminal.paint('red', '✗ INTERNAL')}  ${messageOf(error)}`,
      '  This is a mistake in the lab itself. MTLS_LAB_DEBUG=1 shows where.',
    ].join('\n');
  }
  return labErrorText(terminal, error);
}

function labErrorText(terminal: Terminal, error: LabError): string {
  const rows: string[] = [`${terminal.paint('red', `✗ ${error.code}`)}  ${error.what}`];
  if (error.why !== '') rows.push(`  why  ${error.why}`);
  if (error.fix !== '') rows.push(`  fix  ${error.fix}`);
  if (error.source !== '') rows.push(terminal.paint('grey', `  see  ${error.source}`));
  return rows.join('\n');
}

/** A duration for people: `0.9 s`, `14 s`, `3 min`. */
export function duration(milliseconds: number): string {
  if (milliseconds < 10_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  if (milliseconds < 120_000) return `${Math.round(milliseconds / 1000)} s`;
  return `${Math.round(milliseconds / 60_000)} min`;
}

/** Words in lines of at most `width` columns. */
export function wordsBlock(words: readonly string[], width: number): string {
  const lines: string[] = [''];
  for (const word of words) {
    const last = lines.at(-1) ?? '';
    const longer = last === '' ? word : `${last}  ${word}`;
    if (longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines.join('\n');
}
