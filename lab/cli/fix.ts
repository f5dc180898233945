/** `fix`: issue anew and distribute what is broken, or put the old files back. */
import { relative } from 'node:path';
import { identities } from '../../certs/identities.ts';
import { findIdentity } from '../../certs/resolve.ts';
import { readDirectory } from '../directory.ts';
import { brokenTargets, fixTarget, type Repair, standingFaults, undoFault } from '../faults/engine.ts';
import { type Invocation, switchOption } from './command.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { dir, json, terminal, positionals } = invocation;
  const directory = readDirectory(dir);
  const undo = switchOption(invocation, 'undo');
  const standing = standingFaults(dir).map(({ target }) => target);
  const every = undo
    ? identities(directory.choices).filter(({ id }) => standing.includes(id))
    : brokenTargets(directory);
  const targets =
    positionals.length === 0 ? every : positionals.map((name) => findIdentity(directory.choices, name));
  const repairs: Repair[] = [];
  for (const target of targets) {
    repairs.push(undo ? undoFault(directory, target) : await fixTarget(directory, target));
  }
  if (json) {
    const done = repairs.map(({ target, way, copied }) => ({
      target,
      way,
      files: copied.map(({ to }) => to),
    }));
    terminal.print(JSON.stringify({ ok: true, repairs: done }));
    return 0;
  }
  if (repairs.length === 0) terminal.print('Nothing to mend.');
  for (const { target, way, copied } of repairs) {
    terminal.print(`${target}: ${way === 'restored' ? 'old files put back' : way}`);
    for (const { from, to } of copied) {
      terminal.print(`  cp ${relative(process.cwd(), from)} ${relative(process.cwd(), to)}`);
    }
  }
  return 0;
}

export async function complete(dir: string): Promise<readonly string[]> {
  return identities(readDirectory(dir).choices).map(({ id }) => id);
}
