/**
 * How large the terminal of an exec session is: the client tells it at the start and after every change, and the
 * programs that ask get the newest answer.
 */

/** The terminal of a session. */
export interface Terminal {
  columns: number;
  rows: number;
}

/** A terminal of which nothing is known yet: 0 x 0, as the kernel begins. */
export function newTerminal(): Terminal {
  return { columns: 0, rows: 0 };
}

/** What a terminal makes of a program's output: every line end moves to the left margin, too. */
export function onTerminal(print: (data: string | Uint8Array) => void): (data: string | Uint8Array) => void {
  return (data) => {
    const text = typeof data === 'string' ? data : Buffer.from(data).toString('latin1');
    const shown = text.replace(/\r?\n/g, '\r\n');
    print(typeof data === 'string' ? shown : Buffer.from(shown, 'latin1'));
  };
}

const SIZE = /\{"Width":(\d{1,5}),"Height":(\d{1,5})\}/g;

/**
 * Take over what came on the resize channel: one or more JSON objects; anything else is not looked at.
 * @see client-go tools/remotecommand/resize.go, TerminalSize
 */
export function resizeTerminal(terminal: Terminal | null, bytes: Uint8Array): void {
  for (const [, width, height] of Buffer.from(bytes).toString('latin1').matchAll(SIZE)) {
    if (!terminal) return;
    terminal.columns = Number(width);
    terminal.rows = Number(height);
  }
}
