/**
 * Columns as Go's text/tabwriter aligns them: a cell ends at a tab, a column is a run of lines that have that cell.
 * kubectl's tables and descriptions are made of nothing else.
 *
 * Source: golang/go src/text/tabwriter/tabwriter.go, Writer.format (left aligned, blanks as padding).
 */

/** Least width of a cell, and blanks after the widest one. */
export interface TabStops {
  readonly minWidth: number;
  readonly padding: number;
}

/** kubectl get: k8s.io/cli-runtime pkg/printers/tabwriter.go. */
export const TABLE_STOPS: TabStops = { minWidth: 6, padding: 3 };
/** kubectl describe: k8s.io/kubectl pkg/describe/describe.go, tabbedString. */
export const DESCRIBE_STOPS: TabStops = { minWidth: 0, padding: 2 };

/** Align a text; the text after a line's last tab is never padded. */
export function alignTabs(text: string, { minWidth, padding }: TabStops): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const written: string[] = [];
  const widths: number[] = [];

  const write = (from: number, to: number): void => {
    for (const cells of lines.slice(from, to)) {
      written.push(cells.map((cell, at) => cell.padEnd(at < widths.length ? (widths[at] ?? 0) : 0)).join(''));
    }
  };
  const has = (line: number, column: number): boolean => column < (lines[line]?.length ?? 0) - 1;

  const format = (first: number, end: number): void => {
    const column = widths.length;
    let from = first;
    for (let line = first; line < end; line++) {
      if (!has(line, column)) continue;
      write(from, line);
      from = line;
      let width = minWidth;
      for (; line < end && has(line, column); line++) {
        width = Math.max(width, (lines[line]?.[column]?.length ?? 0) + padding);
      }
      widths.push(width);
      format(from, line);
      widths.pop();
      from = line;
    }
    write(from, end);
  };

  format(0, lines.length);
  return written.join('\n');
}
