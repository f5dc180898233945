/** `reveal`: what a hidden break is. It stays broken until it is mended. */
import { readDirectory } from '../directory.ts';
import { findFault } from '../faults/catalogue.ts';
import { revealBreak, standsFor } from '../faults/hidden.ts';
import type { Invocation } from './command.ts';

export async function run({ dir, json, terminal }: Invocation): Promise<number> {
  const directory = readDirectory(dir);
  const hidden = revealBreak(directory.dir);
  if (json) {
    terminal.print(JSON.stringify({ ok: true, hidden: hidden ?? null }));
    return 0;
  }
  if (hidden === undefined) {
    terminal.print('Nothing is hidden. npx mtls-lab break --random --hide   hides something.');
    return 0;
  }
  terminal.print(
    `After ${standsFor(hidden)}: ${hidden.fault} on ${hidden.target}, ${findFault(hidden.fault).title}`,
  );
  terminal.print(
    `Read about it: npx mtls-lab faults ${hidden.fault}     Mend: npx mtls-lab fix ${hidden.target}`,
  );
  return 0;
}
