/** `faults`: the catalogue, or one fault in full. */
import { CODES } from '../../certs/codes.ts';
import { DEFAULT_CHOICES, identities } from '../../certs/identities.ts';
import { faults, findFault } from '../faults/catalogue.ts';
import { applies } from '../faults/engine.ts';
import type { Fault } from '../faults/fault.ts';
import type { Invocation } from './command.ts';
import { table } from './render.ts';

export async function run({ json, terminal, positionals }: Invocation): Promise<number> {
  const [name] = positionals;
  const chosen: readonly Fault[] = name === undefined ? faults : [findFault(name)];
  if (json) {
    terminal.print(JSON.stringify(chosen.map((fault) => ({ ...fault, targets: targetsOf(fault) }))));
  } else if (name === undefined) {
    terminal.print(table(chosen.map(({ family, id, title }) => [family, id, title])));
  } else {
    for (const fault of chosen) {
      terminal.print(`${fault.id}: ${fault.title}\n\n  ${fault.chain}\n`);
      terminal.print(fault.rule);
      terminal.print(`on ${targetsOf(fault).join(', ')}`);
      terminal.print('shown by a server: the client refuses in TLS, alert 42');
      if (fault.on === 'any') {
        terminal.print(
          `shown by a client: the server refuses in TLS, alert ${fault.clientAlert}; in request mode TLS succeeds, then 401`,
        );
      }
      terminal.print(`${fault.code}: ${CODES[fault.code].title}`);
    }
  }
  return 0;
}

export async function complete(): Promise<readonly string[]> {
  return faults.map(({ id }) => id);
}

function targetsOf(fault: Fault): string[] {
  return identities(DEFAULT_CHOICES)
    .filter((identity) => applies(fault, identity))
    .map(({ id }) => id);
}
