/** `clock`: show or move the cluster's time. */
import { LabError } from '../../certs/errors.ts';
import { type ClockState, REAL_TIME_NOTE, setClock } from '../clock.ts';
import { readDirectory } from '../directory.ts';
import { clocksOf } from '../status.ts';
import { type Invocation, textOption } from './command.ts';
import { table } from './render.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { dir, json, terminal, positionals } = invocation;
  const directory = readDirectory(dir);
  const host = textOption(invocation, 'host');
  const [text] = positionals;
  if (text === undefined && host !== undefined) {
    throw new LabError('USAGE', { what: 'clock: --host needs a time', fix: `clock +90d --host ${host}` });
  }
  if (text !== undefined) {
    setClock(
      dir,
      directory.hosts.map(({ name }) => name),
      text,
      host,
    );
  }
  const clocks = clocksOf(directory);
  const problem = clocks.some((clock) => clock.problem !== null);
  if (json) terminal.print(JSON.stringify({ ok: !problem, clocks, note: REAL_TIME_NOTE }));
  else {
    terminal.print(table([['', 'time now', 'setting'], ...clocks.map(row)]));
    terminal.print(REAL_TIME_NOTE);
  }
  return problem ? 1 : 0;
}

function row({ name, now, setting, problem }: ClockState): string[] {
  return [name, now, problem ?? setting ?? 'real time'];
}
