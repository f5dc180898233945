/** `doctor`: one line per check; exit 1 when one fails. */
import { type Check, examine } from '../doctor.ts';
import type { Invocation } from './command.ts';
import { table } from './render.ts';

const MARKS = { ok: ['✓', 'teal'], warn: ['!', 'yellow'], fail: ['✗', 'red'] } as const;

export async function run({ dir, json, terminal }: Invocation): Promise<number> {
  const checks = await examine(dir, process.env);
  const ok = checks.every(({ result }) => result !== 'fail');
  if (json) terminal.print(JSON.stringify({ ok, checks }));
  else {
    const rows = checks.map(({ name, result, what, fix }: Check) => {
      const [mark, colour] = MARKS[result];
      return [terminal.paint(colour, mark), name, fix === '' ? what : `${what}   (${fix})`];
    });
    terminal.print(table(rows));
  }
  return ok ? 0 : 1;
}
