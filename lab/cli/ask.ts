/** One question to whoever sits at the terminal: at the `lab>` prompt, or of a command of its own. */
import { createInterface } from 'node:readline';
import type { Invocation } from './command.ts';
import { takeLines } from './prompt.ts';

/** Whether somebody can answer. */
export function canAsk({ json, terminal }: Invocation): boolean {
  return !json && (terminal.ask !== undefined || (terminal.isTty && process.stdin.isTTY === true));
}

/**
 * Ask for one line.
 * @returns what was typed; empty for Enter, for Ctrl-C and at the end of the input
 */
export async function ask(invocation: Invocation, question: string): Promise<string> {
  return (await askUnlessLeft(invocation, question)) ?? '';
}

/**
 * Ask for one line.
 * @returns what was typed; undefined for Ctrl-C and at the end of the input
 */
export function askUnlessLeft(
  { terminal, prompt, interrupt }: Invocation,
  question: string,
): Promise<string | undefined> {
  if (terminal.ask) return terminal.ask(question);
  if (!prompt) return askAlone(question);
  if (interrupt?.aborted) return Promise.resolve(undefined);
  terminal.write(question);
  return new Promise((answer) => {
    const done = (line: string | undefined): void => {
      giveBack();
      interrupt?.removeEventListener('abort', onInterrupt);
      answer(line);
    };
    const onInterrupt = (): void => done(undefined);
    const giveBack = takeLines(done);
    interrupt?.addEventListener('abort', onInterrupt);
  });
}

function askAlone(question: string): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stdout });
  return new Promise((answer) => {
    lines.on('close', () => answer(undefined));
    lines.question(question, (line) => {
      answer(line);
      lines.close();
    });
  });
}
