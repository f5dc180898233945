/** `break`: put a fault on a certificate, and say what it stops. Works whether or not a lab runs. */
import { join, relative } from 'node:path';
import { LabError } from '../../certs/errors.ts';
import { readDirectory } from '../directory.ts';
import { faults, findFault, findFaultTarget } from '../faults/catalogue.ts';
import { applyFault } from '../faults/engine.ts';
import { expectedOutcomes, outcomeText } from '../faults/expect.ts';
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
    const targets = fault.targets(directory);
    throw new LabError('USAGE', {
      what: `break ${fault.id}: on what? ${targets.join(', ')}`,
      fix: `npx mtls-lab break ${fault.id} --on ${targets[0] ?? 'apiserver'}`,
    });
  }
  const target = findFaultTarget(fault, on, directory);
  const written = (await applyFault(directory, fault, target)).files.map(({ path }) => join(dir, path));
  const expected = expectedOutcomes(fault, target, directory);
  if (json) {
    terminal.print(JSON.stringify({ ok: true, fault: fault.id, target, files: written, expected }));
    return 0;
  }
  terminal.print(`${target}: ${fault.title}`);
  for (const file of written) terminal.print(`  changed ${relative(process.cwd(), file)}`);
  if (expected.length === 0) terminal.print('No connection is refused.');
  else {
    terminal.print('What comes of it (what depends on it suffers too; status shows that):');
    terminal.print(table(expected.map((one) => [one.channel, outcomeText(one), one.code ?? '', one.shows])));
  }
  terminal.print(`Look: npx mtls-lab status     Mend: npx mtls-lab fix ${target}`);
  return 0;
}

export async function complete(): Promise<readonly string[]> {
  return faults.map(({ id }) => id);
}
