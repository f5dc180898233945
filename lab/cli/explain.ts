/** `explain WHAT`: a code, an alert, a word of the glossary, or a whole pasted log line. */
import { explainableWords, explainWhat, explanationLines } from '../explain-text.ts';
import type { Invocation } from './command.ts';
import { wordsBlock } from './render.ts';

export async function run({ json, terminal, positionals }: Invocation): Promise<number> {
  if (positionals.length === 0) {
    const words = explainableWords();
    if (json) terminal.print(JSON.stringify({ words }));
    else terminal.print(`explain one of these, or a whole log line in quotes:\n\n${wordsBlock(words, 96)}`);
    return 0;
  }
  const explanation = explainWhat(positionals.join(' '));
  if (json) terminal.print(JSON.stringify(explanation));
  else terminal.print(explanationLines(explanation, Math.min(terminal.columns, 100)).join('\n'));
  return 0;
}

export async function complete(): Promise<readonly string[]> {
  return explainableWords();
}
