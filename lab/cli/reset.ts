/** `reset`: remove what the lab made, unless a lab runs there. */
import { LabError } from '../../certs/errors.ts';
import { resetDirectory } from '../init.ts';
import { runningLab } from '../lock.ts';
import type { Invocation } from './command.ts';

export async function run({ dir, shownDir, json, terminal }: Invocation): Promise<number> {
  const owner = runningLab(dir);
  if (owner) {
    throw new LabError('LAB_RUNNING', {
      what: `a lab runs in ${shownDir} (pid ${owner.pid})`,
      fix: 'stop it with Ctrl-C in its terminal, then reset',
    });
  }
  const report = await resetDirectory(dir);
  if (json) terminal.print(JSON.stringify({ ok: true, ...report }));
  else {
    terminal.print(`Removed ${report.removed.join(', ')} from ${shownDir}`);
    if (report.kept.length > 0) terminal.print(`Left alone, not the lab's: ${report.kept.join(', ')}`);
  }
  return 0;
}
