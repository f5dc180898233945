/** What a connection went through: runs of handshakes that came out alike, each to be opened and compared. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { RecentRun } from '../card.ts';
import { type Asked, useAnswer } from './ask.ts';
import { lookOf, timeOf } from './states.ts';
import { addressOf, type State } from './store.ts';

const SLOW_MS = 1000;

/** The runs of a connection, asked for again at most once a second while handshakes come. */
export function useRecent(channel: string, state: State): Asked<readonly RecentRun[]> {
  const pulses = state.pulses[channel] ?? 0;
  const [slow, setSlow] = useState(pulses);
  useEffect(() => {
    if (slow === pulses) return undefined;
    const timer = setTimeout(() => setSlow(pulses), SLOW_MS);
    return () => clearTimeout(timer);
  }, [slow, pulses]);
  return useAnswer(channel === '' ? '' : `GET /recent?channel=${encodeURIComponent(channel)}`, slow);
}

/** How many came after a handshake, and whether they came out otherwise; null while it is not known. */
export function newerThan(
  runs: readonly RecentRun[],
  trace: string,
): { count: number; isOther: boolean } | null {
  const at = runs.findIndex(({ traces }) => traces.some(({ id }) => id === trace));
  const run = runs[at];
  if (!run) return null;
  const within = run.traces.find(({ id }) => id === trace)?.newer ?? 0;
  return { count: runs.slice(0, at).reduce((sum, one) => sum + one.count, within), isOther: at > 0 };
}

/** What a handshake is best compared with: the last one before it that came out otherwise, else the first after. */
export function otherOutcome(runs: readonly RecentRun[], trace: string): RecentRun | undefined {
  const at = runs.findIndex(({ traces }) => traces.some(({ id }) => id === trace));
  return at < 0 ? undefined : (runs[at + 1] ?? runs[at - 1]);
}

/** Older first, as people say before and after. */
export function comparison(runs: readonly RecentRun[], one: string, other: string): string {
  const all = runs.flatMap(({ traces }) => traces);
  const at = (id: string): string => all.find((each) => each.id === id)?.at ?? '';
  return addressOf('compare', at(one) <= at(other) ? `${one}~${other}` : `${other}~${one}`);
}

interface RecentProps {
  readonly title: string;
  readonly runs: readonly RecentRun[];
  readonly open: string;
  readonly isCovered: boolean;
}

/** The list on a card. */
export function Recent({ title, runs, open, isCovered }: RecentProps): JSX.Element | null {
  if (runs.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul class="recent">
        {runs.map((run) => (
          <li key={run.traces.at(-1)?.id} class={lookOf(run.state).name}>
            <p>
              <span class="mark">{lookOf(run.state).mark}</span> {lookOf(run.state).text}
              {!isCovered && run.state.code && run.state.layer !== 'ok' && <small> {run.state.code}</small>}
              {run.count > 1 && <b> ×{run.count}</b>}
            </p>
            <p class="times">
              {run.traces.map(({ id, at }) =>
                id === open ? (
                  <span key={id} class="this">
                    {timeOf(at)} (this one)
                  </span>
                ) : (
                  <span key={id}>
                    <a href={addressOf('trace', id)}>{timeOf(at)}</a>{' '}
                    {!isCovered && (
                      <a href={comparison(runs, open, id)} aria-label={`Compare with ${timeOf(at)}`}>
                        ⇄
                      </a>
                    )}
                  </span>
                ),
              )}
            </p>
          </li>
        ))}
      </ul>
    </section>
  );
}
