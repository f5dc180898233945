/**
 * An interactive shell: reads keys, echoes them on a terminal, and runs each finished line.
 */
import type { ByteQueue } from './byte-queue.ts';
import type { CommandContext } from './call.ts';
import { openSession } from './shell.ts';

const CTRL_C = 3;
const CTRL_D = 4;
/** 128 and the signal's number. */
const INTERRUPTED = 130;
const BACKSPACES = [8, 127];

/**
 * Run an interactive shell until `exit` or the end of its input.
 * @param keys  what is typed; ended by this function when the shell is left
 * @param tty   echo what is typed, show a prompt
 * @returns     the exit code
 */
export async function runTerminal(context: CommandContext, keys: ByteQueue, tty: boolean): Promise<number> {
  const session = openSession({ ...context, stdin: null });
  let line = '';
  let code = 0;
  let left = false;
  let interrupt = new AbortController();
  /** Lines run one after the other, while keys go on being read: Ctrl-C must get through. */
  let tail: Promise<void> = Promise.resolve();
  let busy = 0;

  const prompt = (): void => {
    if (tty && !left) context.stdout(`${session.cwd()} # `);
  };
  const submit = (text: string): void => {
    busy += 1;
    // Ctrl-C stops what was typed before it, begun or not.
    const { signal: stopped } = interrupt;
    tail = tail.then(async () => {
      if (stopped.aborted) code = INTERRUPTED;
      else if (!left) {
        const signal = AbortSignal.any([context.signal, stopped]);
        const outcome = await session.run(text, { signal });
        code = outcome.code;
        left = outcome.left;
      }
      busy -= 1;
      if (left) keys.end();
      prompt();
    });
  };
  const press = (byte: number): void => {
    if (byte === 13 || byte === 10) {
      if (tty) context.stdout('\r\n');
      submit(line);
      line = '';
    } else if (tty && byte === CTRL_C) {
      context.stdout('^C\r\n');
      line = '';
      if (busy === 0) prompt();
      interrupt.abort();
      interrupt = new AbortController();
    } else if (tty && byte === CTRL_D) {
      if (line === '') keys.end();
    } else if (tty && BACKSPACES.includes(byte)) {
      if (line !== '') context.stdout('\b \b');
      line = line.slice(0, -1);
    } else {
      const key = String.fromCharCode(byte);
      line += key;
      if (tty) context.stdout(key);
    }
  };

  prompt();
  for await (const chunk of keys) for (const byte of chunk) press(byte);
  if (!tty && line !== '') submit(line);
  await tail;
  return code;
}
