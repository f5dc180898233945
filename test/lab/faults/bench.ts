/** A lab in which faults are tried: broken, seen on every connection, held against the statement, mended. */
import { deviations, expectedVersusFound } from '../../../certs/expected.ts';
import type { ChannelState } from '../../../lab/channel.ts';
import { readDirectory } from '../../../lab/directory.ts';
import { applyFault, fixTarget } from '../../../lab/faults/engine.ts';
import { expectedOutcomes } from '../../../lab/faults/expect.ts';
import type { Fault, Stated } from '../../../lab/faults/fault.ts';
import type { InitOptions } from '../../../lab/init.ts';
import { timeAt } from '../../../lab/status.ts';
import { openTestLab, type TestLab } from '../../support/lab.ts';

/** How long a statement may take to come true, and a repair. */
const SEEN_MS = Number(process.env['SEEN_MS'] ?? 20_000);
const LOOK_MS = 100;
/** Shorter than in a lab for people, so that what is remembered for a round is soon forgotten. */
const ROUND_MS = 1500;

export type Bench = TestLab;

/** A lab with one worker, all green. */
export async function openBench(options: InitOptions): Promise<Bench> {
  const bench = await openTestLab(options, { roundMs: ROUND_MS });
  await becomes(bench, []);
  return bench;
}

/**
 * Break, hold every connection against the statement, restart what the statement says must be restarted, hold again, mend.
 * @throws Error with stated and seen side by side
 */
export async function tryFault(bench: Bench, fault: Fault, target: string): Promise<void> {
  const directory = readDirectory(bench.dir);
  const stated = expectedOutcomes(fault, target, directory);
  const restarts = restartsOf(stated);
  try {
    await applyFault(directory, fault, target);
    await becomes(
      bench,
      stated.filter(({ shows }) => !isRestart(shows)),
    );
    for (const id of restarts) await bench.lab.cluster.supervisor(id)?.restart();
    if (restarts.length > 0) await becomes(bench, afterRestart(stated));
  } finally {
    await fixTarget(readDirectory(bench.dir), target);
  }
  await becomes(bench, [], restarts);
  const rows = expectedVersusFound(bench.dir, directory.choices, {
    now: (place) => timeAt(bench.dir, place),
  });
  const left = deviations(rows).map(({ sentence }) => sentence);
  if (left.length > 0) throw new Error(`after the fix: ${left.join('; ')}`);
}

/** Which components must be restarted before the rest of a statement is seen. */
export function restartsOf(stated: readonly Stated[]): readonly string[] {
  return [
    ...new Set(
      stated.flatMap(({ shows }) => (isRestart(shows) ? [shows.slice('after a restart of '.length)] : [])),
    ),
  ];
}

function isRestart(shows: Stated['shows']): boolean {
  return shows.startsWith('after a restart of ');
}

/** What holds once restarted: what is said about that, and the rest as before. */
function afterRestart(stated: readonly Stated[]): readonly Stated[] {
  const then = stated.filter(({ shows }) => isRestart(shows));
  return [
    ...then,
    ...stated.filter(
      ({ channel, shows }) => !isRestart(shows) && !then.some((one) => one.channel === channel),
    ),
  ];
}

/**
 * Wait until, in two looks in a row, each connection dialled afresh is as stated, and all that are not stated are ok.
 * `http` may come and go: what the API server knows by heart it still answers; each must have been seen twice.
 */
export async function becomes(
  bench: Bench,
  stated: readonly Stated[],
  restarted: readonly string[] = [],
): Promise<void> {
  const since = Date.now();
  const seenTimes = new Map<string, number>();
  const waning = new Set(stated.filter(({ layer }) => layer === 'http').map(({ channel }) => channel));
  let times = 0;
  for (;;) {
    const wrong = (await dialled(bench, stated)).flatMap((state) => {
      const lines = differences(state, stated);
      if (lines.length === 0) seenTimes.set(state.id, (seenTimes.get(state.id) ?? 0) + 1);
      return waning.has(state.id) && (seenTimes.get(state.id) ?? 0) >= 2 ? [] : lines;
    });
    times = wrong.length === 0 ? times + 1 : 0;
    if (times === 2) return;
    if (Date.now() - since > SEEN_MS) {
      const phases = bench.lab.cluster
        .states()
        .filter(({ phase, problem }) => phase !== 'running' || problem !== null)
        .map(({ id, phase, problem }) => `${id} ${phase} ${problem?.what ?? ''}`);
      throw new Error(`${wrong.join('\n')}\n${phases.join('\n')}`);
    }
    if (times === 0) for (const id of restarted) bench.lab.cluster.supervisor(id)?.nudge();
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Every client dials now; the state of every connection, those that were not dialled now as they were. */
async function dialled({ lab }: Bench, stated: readonly Stated[]): Promise<ChannelState[]> {
  const since = Date.now();
  const clients = [...new Set(lab.cluster.topology.map(({ client }) => client))];
  const dials = clients.map((id) =>
    lab.cluster
      .supervisor(id)
      ?.dialNow()
      .catch(() => undefined),
  );
  const limit = new Promise((resolve) => setTimeout(resolve, 3000).unref());
  await Promise.race([Promise.all(dials), limit]);
  const untried = new Set(stated.filter(({ layer }) => layer === 'untried').map(({ channel }) => channel));
  return lab.cluster.channels().map((state) =>
    untried.has(state.id) || (state.at !== null && Date.parse(state.at) >= since)
      ? state
      : {
          ...state,
          layer: 'untried',
          code: state.code,
          clientText: `stale: ${state.layer} ${state.code} of ${state.at}`,
        },
  );
}

/** How a connection differs from what is stated about it; empty when it does not. */
function differences(state: ChannelState, stated: readonly Stated[]): string[] {
  const wanted = stated.find(({ channel }) => channel === state.id);
  const seen = [state.layer, state.by, state.code, state.alert?.number ?? null].map(String).join(' ');
  const want =
    wanted === undefined
      ? 'ok null null null'
      : [wanted.layer, wanted.by, wanted.code, wanted.alert].map(String).join(' ');
  const lines: string[] = [];
  if (seen !== want)
    lines.push(`${state.id}: stated ${want}, seen ${seen} (${state.clientText}) (${state.serverText})`);
  else if (wanted !== undefined) {
    for (const side of ['clientText', 'serverText'] as const) {
      if (!fits(state[side], wanted[side]))
        lines.push(`${state.id}: ${side} stated ${wanted[side]}, seen ${state[side]}`);
    }
    const { unsafe } = wanted;
    if (unsafe !== undefined && !state.unsafe.some((sentence) => sentence.includes(unsafe)))
      lines.push(`${state.id}: stated unsafe "${unsafe}", seen ${JSON.stringify(state.unsafe)}`);
  } else if (state.unsafe.length > 0)
    lines.push(`${state.id}: unsafe, not stated: ${state.unsafe.join('; ')}`);
  return lines;
}

function fits(seen: string | null, part: string | null): boolean {
  return part === null ? seen === null : seen?.includes(part) === true;
}
