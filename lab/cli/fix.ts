/** `fix`: issue anew and distribute what is broken, or put the old files back; each step beside the line that does it. */
import { join, relative } from 'node:path';
import { identities } from '../../certs/identities.ts';
import { copyLines, issueLines } from '../../certs/openssl-lines.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { type LabDirectory, readDirectory } from '../directory.ts';
import { meantAmong } from '../faults/catalogue.ts';
import {
  brokenTargets,
  fixEverything,
  fixTarget,
  type Repair,
  standingFaults,
  undoFault,
} from '../faults/engine.ts';
import { revealBreak, standsFor } from '../faults/hidden.ts';
import { type Invocation, switchOption } from './command.ts';
import type { Terminal } from './terminal.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { dir, json, terminal, positionals } = invocation;
  const directory = readDirectory(dir);
  const undo = switchOption(invocation, 'undo');
  const repairs: Repair[] = [];
  if (positionals.length === 0 && !undo) repairs.push(...(await fixEverything(directory)));
  const standing = [...new Set(standingFaults(dir).map(({ target }) => target))];
  const targets = positionals.map((name) => findBroken(name, standing, directory));
  for (const target of positionals.length > 0 ? targets : undo ? standing.toReversed() : []) {
    repairs.push(undo ? await undoFault(directory, target) : await fixTarget(directory, target));
  }
  // What was mended for you is no search any more.
  const spoilt = positionals.length === 0 ? revealBreak(dir) : undefined;
  if (json) {
    const done = repairs.map(({ target, way, copied, restored }) => ({
      target,
      way,
      files: [...restored.map((path) => join(dir, path)), ...copied.map(({ to }) => to)],
    }));
    terminal.print(JSON.stringify({ ok: true, repairs: done }));
    return 0;
  }
  if (spoilt) terminal.print(`It was ${spoilt.fault} on ${spoilt.target}, hidden for ${standsFor(spoilt)}.`);
  if (repairs.length === 0) terminal.print('Nothing to mend.');
  for (const repair of repairs) printRepair(repair, directory, terminal);
  return 0;
}

export async function complete(dir: string): Promise<readonly string[]> {
  const directory = readDirectory(dir);
  const standing = standingFaults(dir).map(({ target }) => target);
  return [...new Set([...standing, ...identities(directory.choices).map(({ id }) => id)])];
}

const WAYS = {
  issued: 'issued anew and copied to where it belongs',
  distributed: 'copied anew to where it belongs',
  restored: 'old files put back',
  settings: 'settings put right',
} as const satisfies Record<Repair['way'], string>;

function printRepair(
  { target, way, issued, copied, restored }: Repair,
  { dir, choices }: LabDirectory,
  terminal: Terminal,
): void {
  const here = process.cwd();
  terminal.print(`${target}: ${WAYS[way]}`);
  for (const path of restored) terminal.print(`  restored ${relative(here, join(dir, path))}`);
  const lines = [
    ...identities(choices)
      .filter(({ id }) => issued.includes(id))
      .flatMap((identity) => issueLines(dir, choices, identity, here)),
    ...copyLines(copied, here),
  ];
  if (lines.length === 0) return;
  terminal.print('  the same by hand (bash):');
  for (const line of lines) terminal.print(terminal.paint('grey', `    ${line}`));
}

/** What a name means to `fix`: the target of a fault that stands, a program or host whose settings differ, or a certificate. */
function findBroken(name: string, standing: readonly string[], directory: LabDirectory): string {
  return (
    meantAmong(name, standing, directory) ??
    meantAmong(name, brokenTargets(directory), directory) ??
    findIdentity(directory.choices, name).id
  );
}
