/** `fix`: issue anew and distribute what is broken, or put the old files back. */
import { join, relative } from 'node:path';
import { identities } from '../../certs/identities.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { type LabDirectory, readDirectory } from '../directory.ts';
import { fixEverything, fixTarget, type Repair, standingFaults, undoFault } from '../faults/engine.ts';
import { type Invocation, switchOption } from './command.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { dir, json, terminal, positionals } = invocation;
  const directory = readDirectory(dir);
  const undo = switchOption(invocation, 'undo');
  const repairs: Repair[] = [];
  if (positionals.length === 0 && !undo) repairs.push(...(await fixEverything(directory)));
  const standing = [...new Set(standingFaults(dir).map(({ target }) => target))];
  const targets = positionals.map((name) => findBroken(name, standing, directory));
  for (const target of positionals.length > 0 ? targets : undo ? standing.toReversed() : []) {
    repairs.push(undo ? undoFault(directory, target) : await fixTarget(directory, target));
  }
  if (json) {
    const done = repairs.map(({ target, way, copied, restored }) => ({
      target,
      way,
      files: [...restored.map((path) => join(dir, path)), ...copied.map(({ to }) => to)],
    }));
    terminal.print(JSON.stringify({ ok: true, repairs: done }));
    return 0;
  }
  if (repairs.length === 0) terminal.print('Nothing to mend.');
  for (const { target, way, copied, restored } of repairs) {
    terminal.print(`${target}: ${way === 'restored' ? 'old files put back' : way}`);
    for (const path of restored) terminal.print(`  restored ${relative(process.cwd(), join(dir, path))}`);
    for (const { from, to } of copied) {
      terminal.print(`  cp ${relative(process.cwd(), from)} ${relative(process.cwd(), to)}`);
    }
  }
  return 0;
}

export async function complete(dir: string): Promise<readonly string[]> {
  return identities(readDirectory(dir).choices).map(({ id }) => id);
}

/** What a name means to `fix`: the target of a fault that stands, or a certificate. */
function findBroken(name: string, standing: readonly string[], { choices }: LabDirectory): string {
  return standing.includes(name) ? name : findIdentity(choices, name).id;
}
