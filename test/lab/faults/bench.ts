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
const SEEN_MS = 60_000;
const LOOK_MS = 150;
/** Shorter than in a lab for people, so that what is remembered for a round is soon forgotten. */
const ROUND_MS = 4000;

export type Bench = TestLab;

/** A lab with one worker, all green. */
export async function openBench(options: InitOptions, prepare?: (dir: string) => void): Promise<Bench> {
  const bench = await openTestLab(options, { roundMs: ROUND_MS, ...(prepare ? { prepare } : {}) });
  try {
    await becomes(bench, []);
  } catch (error) {
    await bench.close();
    throw error;
  }
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
  // An etcd that was restarted has forgotten everything: the nodes must have come back for good.
  if (restarts.includes('etcd')) await becomes(bench, []);
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
 * Wait until every connection that is stated has twice been dialled afresh and is as stated, and all others are ok.
 * `http` may come and go: what the API server knows by heart it still answers.
 */
export async function becomes(
  bench: Bench,
  stated: readonly Stated[],
  restarted: readonly string[] = [],
): Promise<void> {
  const { cluster } = bench.lab;
  const since = Date.now();
  const dialling = new Set<string>();
  const good = new Map<string, Set<string>>();
  for (;;) {
    for (const { id, client } of cluster.topology) {
      if (dialling.has(client) || isGood(good, id)) continue;
      dialling.add(client);
      const dialled = cluster.supervisor(client)?.dialNow() ?? Promise.resolve();
      void dialled.catch(() => undefined).then(() => dialling.delete(client));
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const states = cluster.channels();
    const wrong = states.flatMap((state) => judge(state, stated, since, good));
    if (states.every(({ id }) => isGood(good, id))) return;
    if (Date.now() - since > SEEN_MS) throw new Error([...wrong, ...troubles(bench)].join('\n'));
    if (wrong.length > 0) for (const id of restarted) cluster.supervisor(id)?.nudge();
  }
}

/** Count a connection that is as it should be; what is wrong about it, else. */
function judge(
  state: ChannelState,
  stated: readonly Stated[],
  since: number,
  good: Map<string, Set<string>>,
): string[] {
  const wanted = stated.find(({ channel }) => channel === state.id);
  const seen = good.get(state.id) ?? new Set();
  good.set(state.id, seen);
  // One that nobody dials has no trace: looked at twice.
  const never = state.at === null && wanted?.layer === 'untried';
  const fresh = never || (state.at !== null && Date.parse(state.at) >= since);
  const lines = fresh ? differences(state, stated) : [`${state.id}: ${state.layer}, not dialled since`];
  if (lines.length === 0) seen.add(never ? `look ${seen.size}` : (state.trace ?? ''));
  else if (fresh && wanted?.layer !== 'http') {
    // The server's half of the story may come a moment later: wrong is what stays wrong.
    const doubt = `doubt ${state.trace}`;
    if (seen.has(doubt)) seen.clear();
    else for (const one of [...seen].filter((each) => each.startsWith('doubt'))) seen.delete(one);
    seen.add(doubt);
  }
  return isGood(good, state.id) ? [] : lines.length > 0 ? lines : [`${state.id}: seen once`];
}

function isGood(good: ReadonlyMap<string, ReadonlySet<string>>, id: string): boolean {
  return [...(good.get(id) ?? [])].filter((one) => !one.startsWith('doubt')).length >= 2;
}

function troubles({ lab }: Bench): string[] {
  return lab.cluster
    .states()
    .filter(({ phase, problem }) => phase !== 'running' || problem !== null)
    .map(({ id, phase, problem }) => `${id} ${phase} ${problem?.what ?? ''}`);
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
