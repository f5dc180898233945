/**
 * A process that breaks or mends, and is killed (SIGKILL, by itself) when it is about to touch a file for the Nth time.
 * Arguments: DIR, break | fix | undo, FAULT, TARGET, N. Exit code 0: it was done before that.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [dir = '', what, fault = '', target = '', last = '0'] = process.argv.slice(2);
const { readDirectory } = await import('../../../lab/directory.ts');
const { findFault } = await import('../../../lab/faults/catalogue.ts');
const { applyFault, fixTarget, undoFault } = await import('../../../lab/faults/engine.ts');

let touched = 0;
const counted =
  <Arguments extends unknown[], Result>(work: (...given: Arguments) => Result) =>
  (...given: Arguments): Result => {
    touched += 1;
    if (touched === Number(last)) process.kill(process.pid, 'SIGKILL');
    return work(...given);
  };
fs.writeFileSync = counted(fs.writeFileSync);
fs.renameSync = counted(fs.renameSync);
fs.rmSync = counted(fs.rmSync);
syncBuiltinESMExports();

const directory = readDirectory(dir);
if (what === 'break') await applyFault(directory, findFault(fault), target);
else if (what === 'fix') await fixTarget(directory, target);
else await undoFault(directory, target);
