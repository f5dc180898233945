/**
 * Text in columns: how wide it is on a terminal, and how it is wrapped, padded and set side by side.
 */

/** Two columns wide on every terminal that draws them: emoji and CJK. */
const WIDE = /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\uff00-\uff60]/u;
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g;

/** How many columns a line takes. */
export function widthOf(text: string): number {
  let width = 0;
  for (const character of text) width += WIDE.test(character) ? 2 : 1;
  return width;
}

/** Text from a stranger's certificate or log, made safe for a terminal: control characters become `\ufffd`. */
export function safe(text: string): string {
  return text.replace(CONTROL, '\ufffd');
}

/** Filled with spaces on the right; longer text stays as it is. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - widthOf(text)));
}

/** Cut to a width, with an ellipsis. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let out = '';
  for (const character of text) {
    if (widthOf(out + character) > width - 1) break;
    out += character;
  }
  return `${out}…`;
}

/**
 * Break text at spaces into lines of at most `width` columns; a word that is longer is broken.
 * @returns at least one line
 */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of pieces(text, width)) {
    const next = line === '' ? word : `${line} ${word}`;
    if (widthOf(next) <= width) {
      line = next;
    } else {
      lines.push(line);
      line = word;
    }
  }
  return [...lines, line];
}

function pieces(text: string, width: number): string[] {
  return safe(text.replace(/[\n\t]+/g, ' '))
    .split(' ')
    .filter((word) => word !== '')
    .flatMap((word) => (widthOf(word) <= width ? [word] : chop(word, width)));
}

function chop(word: string, width: number): string[] {
  const parts: string[] = [];
  let part = '';
  for (const character of word) {
    if (widthOf(part + character) > width) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part];
}

/**
 * A label and its text: the text wrapped, following lines under its first word.
 * @param label  as wide as the indent of the text shall be
 */
export function hanging(label: string, text: string, width: number): string[] {
  const indent = widthOf(label);
  return wrap(text, width - indent).map((line, index) => (index === 0 ? label : ' '.repeat(indent)) + line);
}

/** Two lists of lines side by side, the left one `width` columns wide. */
export function sideBySide(left: readonly string[], right: readonly string[], width: number): string[] {
  const count = Math.max(left.length, right.length);
  return Array.from({ length: count }, (_, row) =>
    `${pad(left[row] ?? '', width)}  ${right[row] ?? ''}`.trimEnd(),
  );
}
