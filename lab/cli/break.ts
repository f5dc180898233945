/**
 * `break`: put a fault somewhere, after one guess, and show what came of it. Works whether or not a lab runs.
 */
import { randomBytes } from 'node:crypto';
import { LabError } from '../../certs/errors.ts';
import { type LabDirectory, readDirectory } from '../directory.ts';
import { faults, findFault, findFaultTarget } from '../faults/catalogue.ts';
import { applyFault } from '../faults/engine.ts';
import { expectedOutcomes } from '../faults/expect.ts';
import { type Letter, letterOf, type Question, questionOf } from '../faults/guess.ts';
import { hideBreak, readHidden } from '../faults/hidden.ts';
import { MENU } from '../faults/menu.ts';
import { type Picked, pickFault } from '../faults/pick.ts';
import { ask, canAsk } from './ask.ts';
import { readBefore, reportBreak } from './break-report.ts';
import { type Invocation, switchOption, textOption } from './command.ts';
import { printCatalogue } from './faults.ts';
import { table } from './render.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { json, terminal } = invocation;
  const directory = readDirectory(invocation.dir);
  const hides = switchOption(invocation, 'hide');
  const picked = await pick(invocation, directory);
  if (picked === undefined) return 0;
  const { fault, target } = picked;
  refuseHidden(invocation);
  const expected = expectedOutcomes(fault, target, directory);
  const question = questionOf(`${fault.id} on ${target}`, expected);
  const guess = hides || !canAsk(invocation) ? undefined : await askGuess(invocation, question);
  const before = await readBefore(invocation);
  const record = await applyFault(directory, fault, target);
  if (hides) {
    hideBreak(directory.dir, fault.id, target);
    if (json) terminal.print(JSON.stringify({ ok: true, hidden: true }));
    else terminal.print(HIDDEN);
    return 0;
  }
  return reportBreak({ invocation, directory, fault, target, record, expected, question, guess, before });
}

export async function complete(): Promise<readonly string[]> {
  return faults.map(({ id }) => id);
}

const HIDDEN = `Something is broken now. What, and where?
Look      status     handshake CLIENT SERVER     inspect     kubectl, openssl, the logs
Mend      by hand, or fix CERTIFICATE; when all is green again, status says how long it took
Give up   reveal`;

/** What the command line asks for; undefined when somebody only looked at the menu. */
async function pick(invocation: Invocation, directory: LabDirectory): Promise<Picked | undefined> {
  const { positionals } = invocation;
  const [name] = positionals;
  if (switchOption(invocation, 'random')) {
    if (name !== undefined) {
      throw new LabError('USAGE', {
        what: `break --random picks the fault itself, and ${name} was named`,
        fix: 'npx mtls-lab break --random',
      });
    }
    return pickFault(textOption(invocation, 'seed') ?? randomBytes(8).toString('hex'), directory);
  }
  if (name === undefined) return pickFromMenu(invocation, directory);
  const fault = findFault(name);
  const on = textOption(invocation, 'on') ?? positionals[1];
  if (on === undefined) {
    const targets = fault.targets(directory);
    throw new LabError('USAGE', {
      what: `break ${fault.id}: on what? ${targets.join(', ')}`,
      fix: `npx mtls-lab break ${fault.id} --on ${targets[0] ?? 'apiserver'}`,
    });
  }
  return { fault, target: findFaultTarget(fault, on, directory) };
}

/** Six to begin with; `m` shows them all. */
async function pickFromMenu(invocation: Invocation, directory: LabDirectory): Promise<Picked | undefined> {
  const { json, terminal } = invocation;
  // A lab without dedicated client certificates has no such target.
  const rows = MENU.filter(({ fault, target }) => findFault(fault).targets(directory).includes(target));
  if (json) {
    terminal.print(JSON.stringify(rows));
    return undefined;
  }
  terminal.print(
    table(
      rows.map(({ fault, target, says }, at) => [String(at + 1), `break ${fault} ${target}`, says]),
      2,
    ),
  );
  if (!canAsk(invocation)) {
    terminal.print(
      `\n${faults.length} in all: npx mtls-lab faults     by chance: npx mtls-lab break --random --hide`,
    );
    return undefined;
  }
  const typed = (
    await ask(invocation, `1-${rows.length}, m for all ${faults.length}, Enter for none > `)
  ).trim();
  if (typed === 'm') printCatalogue(terminal);
  const row = rows[Number(typed) - 1];
  return row && { fault: findFault(row.fault), target: row.target };
}

async function askGuess(invocation: Invocation, { answers }: Question): Promise<Letter | undefined> {
  const choices = Object.entries(answers).map(([letter, text]) => `  ${letter}) ${text}`);
  invocation.terminal.print(`Guess first: what stops?\n${choices.join('\n')}`);
  return letterOf(await ask(invocation, '(Enter skips) > '));
}

function refuseHidden({ dir }: Invocation): void {
  if (readHidden(dir) === undefined) return;
  throw new LabError('FAULT_STANDS', {
    what: 'a hidden break stands: another one would spoil the search',
    fix: 'npx mtls-lab reveal   tells what it is; npx mtls-lab fix mends it',
  });
}
