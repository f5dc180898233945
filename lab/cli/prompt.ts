/** The `lab>` prompt: the same commands, with completion, in the process where the lab runs. */
import { createInterface } from 'node:readline';
import type { Invocation, Shell } from './command.ts';

/** What a command that runs at the prompt does with the lines that are typed meanwhile. */
let taker: ((line: string) => void) | undefined;

/**
 * Take the lines typed at the prompt while a command runs.
 * @returns  gives them back
 */
export function takeLines(take: (line: string) => void): () => void {
  taker = take;
  return () => {
    taker = undefined;
  };
}

const LEAVE = ['exit', 'quit', 'down'];

/** Read lines until the user leaves; resolves then. Lines are carried out one after the other. */
export function openPrompt({ dir, terminal, shell }: Invocation): Promise<void> {
  const lines = createInterface({
    input: process.stdin,
    output: process.stdout,
    prompt: 'lab> ',
    completer: (line: string, done: (error: null, result: [string[], string]) => void) => {
      completions(line, dir, shell.commands).then(
        (result) => done(null, result),
        () => done(null, [[], line]),
      );
    },
  });
  let queue: Promise<void> = Promise.resolve();
  let interrupt: AbortController | undefined;
  const carryOut = async (line: string): Promise<void> => {
    const words = splitLine(line);
    const [first = ''] = words;
    if (first === '') return;
    if (LEAVE.includes(first)) {
      lines.close();
      return;
    }
    const argv = first === 'npx' && words[1] === 'mtls-lab' ? words.slice(2) : words;
    interrupt = new AbortController();
    await shell.execute(argv, { dir, prompt: true, interrupt: interrupt.signal });
    interrupt = undefined;
  };
  return new Promise((resolve) => {
    lines.on('line', (line) => {
      if (taker) {
        taker(line);
        return;
      }
      queue = queue.then(() => carryOut(line)).then(() => lines.prompt());
    });
    // readline has the terminal in raw mode, so Ctrl-C arrives here: it ends the command, or the lab.
    lines.on('SIGINT', () => {
      if (interrupt) interrupt.abort();
      else lines.close();
    });
    lines.on('close', () => {
      terminal.write('\n');
      resolve();
    });
    lines.prompt();
  });
}

/** What could stand in place of the last word, and that word. */
export async function completions(
  line: string,
  dir: string,
  commands: Shell['commands'],
): Promise<[string[], string]> {
  const words = line.split(/\s+/);
  const last = words.at(-1) ?? '';
  const fitting = (candidates: readonly string[]): [string[], string] => [
    candidates.filter((candidate) => candidate.startsWith(last)),
    last,
  ];
  if (words.length <= 1) return fitting([...Object.keys(commands), 'help', 'exit']);
  const spec = commands[words[0] ?? ''];
  if (spec === undefined) return fitting([]);
  if (last.startsWith('-')) {
    return fitting([...Object.keys(spec.options), 'json', 'help'].map((option) => `--${option}`));
  }
  const module = await spec.load();
  return fitting((await module.complete?.(dir)) ?? []);
}

/** Words of a line; quotes hold a word together, as in a shell. */
export function splitLine(line: string): string[] {
  const words = line.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [];
  return words.map((word) =>
    word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double, single) => double ?? single),
  );
}
