/**
 * Where a command writes: standard output and error, with colour on a terminal only (NO_COLOR respected).
 */
import type { Writable } from 'node:stream';

const CODES = {
  bold: ['1', '22'],
  dim: ['2', '22'],
  red: ['31', '39'],
  green: ['32', '39'],
  yellow: ['33', '39'],
  cyan: ['36', '39'],
  teal: ['38;5;37', '39'],
  vermilion: ['38;5;202', '39'],
  grey: ['90', '39'],
} as const;

/** A name of the palette. */
export type Colour = keyof typeof CODES;

/** A place to write to. */
export interface Terminal {
  readonly isTty: boolean;
  readonly columns: number;
  /** One line or several to standard output; a newline is added. */
  print(text: string): void;
  /** The same to standard error. */
  complain(text: string): void;
  /** As it is, without a newline: cursor movement, chunks of a log. */
  write(text: string): void;
  paint(colour: Colour, text: string): string;
  /** Answers questions in place of the keyboard. */
  readonly ask?: (question: string) => Promise<string>;
}

/** What `openTerminal` looks at; the process by default. */
export interface TerminalStreams {
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** The terminal of this process. A closed pipe (`| head`) ends the output quietly. */
export function openTerminal(streams: TerminalStreams = process): Terminal {
  const { stdout, stderr, env } = streams;
  const isTty = stdout.isTTY === true;
  const noColour = env['NO_COLOR'] !== undefined && env['NO_COLOR'] !== '';
  const colour = isTty && !noColour && env['TERM'] !== 'dumb';
  let open = true;
  stdout.on('error', () => {
    open = false;
  });
  const write = (text: string): void => {
    if (open) stdout.write(text);
  };
  return {
    isTty,
    // 0 where a terminal does not say.
    columns: stdout.columns || 100,
    print: (text) => write(`${text}\n`),
    complain: (text) => void stderr.write(`${text}\n`),
    write,
    paint: (name, text) => (colour ? `\x1b[${CODES[name][0]}m${text}\x1b[${CODES[name][1]}m` : text),
  };
}

/** Take colour and cursor codes out of a text. */
export function plain(text: string): string {
  return text.replaceAll(/\x1b\[[0-9;?]*[A-Za-z]/g, '');
}
