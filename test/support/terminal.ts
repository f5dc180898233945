/**
 * A program on a terminal of its own, of a size that the test changes: Node has no pseudo-terminals, Python has.
 */
import { spawn } from 'node:child_process';

/** The terminal's owner: words in hex on standard input, what the program prints on standard output. */
const OWNER = `
import fcntl, os, pty, select, struct, sys, termios
def resize(fd, rows, columns):
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack('HHHH', rows, columns, 0, 0))
pid, terminal = pty.fork()
if pid == 0:
    resize(0, int(sys.argv[1]), int(sys.argv[2]))
    os.execvp(sys.argv[3], sys.argv[3:])
orders = b''
while True:
    ready, _, _ = select.select([terminal, 0], [], [])
    if terminal in ready:
        try:
            printed = os.read(terminal, 65536)
        except OSError:
            break
        if not printed:
            break
        os.write(1, printed)
    if 0 in ready:
        read = os.read(0, 65536)
        if not read:
            os.kill(pid, 9)
            break
        *whole, orders = (orders + read).split(b'\\n')
        for word, *more in (order.split() for order in whole):
            if word == b'type':
                os.write(terminal, bytes.fromhex(more[0].decode()))
            else:
                resize(terminal, int(more[0]), int(more[1]))
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

/** A program on a terminal. */
export interface OnTerminal {
  readonly output: () => string;
  type(text: string): void;
  /** The kernel tells the program (SIGWINCH). */
  resize(rows: number, columns: number): void;
  /** Its exit code. */
  readonly ended: Promise<number | null>;
  /** End it at once, if it still runs. */
  stop(): Promise<void>;
}

/** Start a program on a terminal. @param python  path of python3 */
export function startOnTerminal(
  python: string,
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  size: { readonly rows: number; readonly columns: number },
): OnTerminal {
  const child = spawn(python, ['-c', OWNER, String(size.rows), String(size.columns), ...words], {
    env,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stdin.on('error', () => undefined);
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return {
    output: () => output,
    type: (text) => child.stdin.write(`type ${Buffer.from(text).toString('hex')}\n`),
    resize: (rows, columns) => child.stdin.write(`resize ${rows} ${columns}\n`),
    ended,
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
