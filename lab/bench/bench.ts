/**
 * `npm run bench`: measures the lab's own code paths against the bare way, in one run, and prints ratios.
 */
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { GROUP_IDS, type Group, measureGroup } from './groups.ts';
import type { Measurement } from './measure.ts';

/** Above this load the machine measures itself, not the lab. */
const QUIET_LOAD = 2;
const DEFAULT_ROUNDS = 9;

const HELP = `npm run bench -- [--json] [--rounds N] [--scale X] [${GROUP_IDS.join(' | ')}]
  --rounds N  interleaved rounds, default ${DEFAULT_ROUNDS}; the median counts
  --scale X   times the usual number of operations, default 1`;

/**
 * Run what the arguments ask for.
 * @param print  takes one line, or several
 * @returns      an exit code: 0, or 2 for arguments that mean nothing
 */
export async function bench(argv: readonly string[], print: (text: string) => void): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      rounds: { type: 'string' },
      scale: { type: 'string' },
      help: { type: 'boolean' },
    },
  });
  const rounds = Number(values.rounds ?? DEFAULT_ROUNDS);
  const scale = Number(values.scale ?? 1);
  const unknown = positionals.filter((id) => !GROUP_IDS.includes(id));
  const wrong = unknown.length > 0 || !Number.isInteger(rounds) || rounds < 1 || !(scale > 0);
  if (values.help || wrong) {
    print(HELP);
    return wrong ? 2 : 0;
  }
  const load = loadavg()[0] ?? 0;
  const machine = { node: process.version, cpus: cpus().length, load: Number(load.toFixed(1)) };
  const groups: Group[] = [];
  if (!values.json) print(header(machine));
  for (const id of positionals.length > 0 ? positionals : GROUP_IDS) {
    const group = await measureGroup(id, { rounds, count: scale });
    groups.push(group);
    if (!values.json) print(groupText(group));
  }
  if (values.json) print(JSON.stringify({ ...machine, rounds, groups }, null, 2));
  return 0;
}

function header({ node, cpus: count, load }: { node: string; cpus: number; load: number }): string {
  const busy = load > QUIET_LOAD ? ' The machine is busy: no bar can be judged in this run.' : '';
  return `Node ${node}, ${count} CPUs, load ${load}. Medians of interleaved rounds; trust the ratios.${busy}\n`;
}

/** One group as a table. */
export function groupText(group: Group): string {
  const width = Math.max(...group.rows.map(({ name }) => name.length));
  const lines = group.rows.map((row, index) => rowText(group, row, index, width));
  return [`${group.title}  (${group.id})`, ...lines, ''].join('\n');
}

function rowText(group: Group, row: Measurement, index: number, width: number): string {
  const time = `${amount(row.cpuUs)} CPU  ${amount(row.wallUs)} wall`;
  if (index === 0) return `  ${row.name.padEnd(width)}  ${time}`;
  const ratio = group.by === 'cpu' ? row.cpuRatio : row.wallRatio;
  const verdict = group.bar === null ? '' : `  bar ${group.bar}: ${ratio <= group.bar ? 'met' : 'missed'}`;
  return `  ${row.name.padEnd(width)}  ${time}  ${ratio.toFixed(2)}x${verdict}`;
}

function amount(microseconds: number): string {
  const text =
    microseconds < 10_000 ? `${microseconds.toFixed(0)} us` : `${(microseconds / 1000).toFixed(0)} ms`;
  return text.padStart(8);
}
