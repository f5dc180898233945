/** `faults`: the catalogue by family, or one fault in full. */
import { DEFAULT_CHOICES, workerNames } from '../../certs/identities.ts';
import { wrap } from '../columns.ts';
import { faults, findFault } from '../faults/catalogue.ts';
import { FAMILIES, type Fault, type FaultFamily, type Scope } from '../faults/fault.ts';
import { byMode, faultPage } from '../faults/page.ts';
import type { Invocation } from './command.ts';
import type { Terminal } from './terminal.ts';

/** A cluster as `init` makes it; faults apply to others in the same way. */
const SCOPE: Scope = { choices: DEFAULT_CHOICES, workers: workerNames(DEFAULT_CHOICES), settings: {} };

export async function run({ json, terminal, positionals }: Invocation): Promise<number> {
  const [name] = positionals;
  if (json) {
    const chosen = name === undefined ? faults : [findFault(name)];
    terminal.print(JSON.stringify(chosen.map(toJson)));
  } else if (name === undefined) {
    printCatalogue(terminal);
  } else terminal.print(faultPage(findFault(name), SCOPE, Math.min(terminal.columns, 100)));
  return 0;
}

export async function complete(): Promise<readonly string[]> {
  return faults.map(({ id }) => id);
}

/** Every fault, by family. */
export function printCatalogue(terminal: Terminal): void {
  const widest = Math.max(...faults.map(({ id }) => id.length));
  for (const [family, about] of Object.entries(FAMILIES)) {
    const own = faults.filter((fault) => fault.family === (family as FaultFamily));
    if (own.length === 0) continue;
    terminal.print(`${family}: ${about}`);
    for (const { id, title } of own) terminal.print(entry(id, title, widest, terminal.columns));
  }
}

/** An id and its title, wrapped beside it. */
function entry(id: string, title: string, widest: number, columns: number): string {
  const [first = '', ...rest] = wrap(title, Math.max(20, Math.min(columns, 100) - widest - 4));
  return [`  ${id.padEnd(widest + 2)}${first}`, ...rest.map((line) => ' '.repeat(widest + 4) + line)].join(
    '\n',
  );
}

function toJson(fault: Fault): unknown {
  const appliesTo = fault.targets(SCOPE);
  return {
    id: fault.id,
    title: fault.title,
    family: fault.family,
    appliesTo,
    chain: fault.chain,
    rule: fault.rule,
    harm: fault.harm,
    realWorld: fault.realWorld,
    outcomes: Object.fromEntries(appliesTo.map((target) => [target, byMode(fault, target, SCOPE)])),
  };
}
