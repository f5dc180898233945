/** The table of connections while the cluster starts: on a terminal each line turns green as it is accepted. */
import { channelState } from '../channel.ts';
import type { LabDirectory } from '../directory.ts';
import type { Journal } from '../journal.ts';
import { topologyOf } from '../names.ts';
import { channelsOf } from '../topology.ts';
import { channelTable, expectedFiles } from './channels.ts';
import { plain, type Terminal } from './terminal.ts';

/** Longer tables would scroll away; they are shown once, at the end. */
const MOST_ROWS = 16;
const PAINT_MS = 40;

/** A table that is being painted. */
export interface LiveTable {
  /** Take the table away, so that the final one can stand in its place. */
  clear(): void;
}

/** Paint the table, and again whenever a connection changes. Paints nothing where there is no terminal. */
export function openLiveTable(terminal: Terminal, directory: LabDirectory, journal: Journal): LiveTable {
  const topology = channelsOf(topologyOf(directory));
  if (!terminal.isTty || topology.length > MOST_ROWS) return { clear: () => undefined };
  const expected = expectedFiles(directory.choices, topology);
  let painted = 0;
  let timer: NodeJS.Timeout | undefined;

  const clear = (): void => {
    if (painted > 0) terminal.write(`\x1b[${painted}A\x1b[J`);
    painted = 0;
  };
  const paint = (): void => {
    timer = undefined;
    const states = topology.map((channel) => channelState(channel, journal.latest(channel.id)));
    const text = channelTable(states, terminal, expected);
    clear();
    terminal.write(`${text}\n`);
    painted = text.split('\n').reduce((sum, line) => sum + rowsOf(line, terminal.columns), 0);
  };
  paint();
  const leave = journal.subscribe((event) => {
    if (event.kind === 'trace') timer ??= setTimeout(paint, PAINT_MS);
  });
  return {
    clear: () => {
      leave();
      clearTimeout(timer);
      clear();
    },
  };
}

/** How many rows of the screen a line takes. */
function rowsOf(line: string, columns: number): number {
  return Math.max(1, Math.ceil(plain(line).length / columns));
}
