/** `break`: put a fault on a certificate, and say what it stops. Works whether or not a lab runs. */
import { relative } from 'node:path';
import { LabError } from '../../certs/errors.ts';
import { identities } from '../../certs/identities.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { readDirectory } from '../directory.ts';
import { faults, findFault } from '../faults/catalogue.ts';
import { applies, applyFault } from '../faults/engine.ts';
import { expectedOutcomes } from '../faults/expect.ts';
import { type Invocation, textOption } from './command.ts';
import { table } from './render.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { dir, json, terminal, positionals } = invocation;
  const directory = readDirectory(dir);
  const [name] = positionals;
  if (name === undefined) {
    terminal.print(table(faults.map(({ id, title }) => [id, title])));
    terminal.print('npx mtls-lab break expired --on scheduler');
    return 0;
  }
  const fault = findFault(name);
  const on = textOption(invocation, 'on') ?? positionals[1];
  if (on === undefined) {
    const targets = identities(directory.choices).filter((one) => applies(fault, one));
    throw new LabError('USAGE', {
      what: `break ${fault.id}: on which certificate? ${targets.map(({ id }) => id).join(', ')}`,
      fix: `npx mtls-lab break ${fault.id} --on ${targets[0]?.id ?? 'apiserver'}`,
    });
  }
  const target = findIdentity(directory.choices, on);
  const written = await applyFault(directory, fault, target);
  const expected = expectedOutcomes(fault, target.id, directory);
  if (json) {
    const files = written.map(({ to }) => to);
    terminal.print(JSON.stringify({ ok: true, fault: fault.id, target: target.id, files, expected }));
    return 0;
  }
  terminal.print(`${target.id}: ${fault.title}`);
  for (const { to } of written) terminal.print(`  wrote ${relative(process.cwd(), to)}`);
  terminal.print('Refused at the next new connection (what depends on it suffers too; status shows that):');
  terminal.print(
    table(
      expected.map(({ channel, layer, by, code, alert }) => [
        channel,
        alert === null ? `TLS succeeds, then HTTP ${layer}` : `refused in TLS by the ${by}, alert ${alert}`,
        code,
      ]),
    ),
  );
  terminal.print(`Look: npx mtls-lab status     Mend: npx mtls-lab fix ${target.id}`);
  return 0;
}

export async function complete(): Promise<readonly string[]> {
  return faults.map(({ id }) => id);
}
