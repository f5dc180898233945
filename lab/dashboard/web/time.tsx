/** Time as a slider over two years: the ends of certificates are marks on it, and each host may have its own clock. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Ends } from '../time.ts';
import { act, useAnswer } from './ask.ts';
import { Command, labCommand } from './command.tsx';
import type { State } from './store.ts';

const DAY_MS = 86_400_000;
/** Days before and after the real day. */
const FIRST_DAY = -30;
const LAST_DAY = 700;
const SKEWS = ['-400d', '-1d', '-1h', '-10m', '+10m', '+1h', '+1d', '+400d'] as const;

/** The panel under the map. */
export function TimeView({ state }: { state: State }): JSX.Element {
  const { answer } = useAnswer<Ends>('GET /ends', state.revision);
  const [cluster, ...own] = state.cluster.clocks;
  const shift = (cluster?.shiftMs ?? 0) / DAY_MS;
  const [chosen, setChosen] = useState<number | null>(null);
  useEffect(() => setChosen(null), [shift]);
  const day = Math.round(Math.min(LAST_DAY, Math.max(FIRST_DAY, chosen ?? shift)));
  const now = Date.now();
  const at = new Date(now + day * DAY_MS);
  const marks = marksOf(answer?.ends ?? [], now);
  const next = marks.find(({ first }) => first > day);
  const over = (answer?.ends ?? []).filter(({ notAfter }) => Date.parse(notAfter) < at.getTime());
  const set = (time: string, host?: string): void => void setClock(state, time, host);
  return (
    <div class="time-panel">
      <h2>Time</h2>
      <div class="slider">
        <label for="day">
          The cluster’s clock: <b>{at.toISOString().slice(0, 10)}</b>{' '}
          {day === 0 ? 'today' : `${day > 0 ? '+' : ''}${day} days`}
        </label>
        <input
          id="day"
          type="range"
          min={FIRST_DAY}
          max={LAST_DAY}
          step={1}
          value={day}
          aria-valuetext={`${at.toISOString().slice(0, 10)}, ${over.length} certificates are over`}
          onInput={(event) => setChosen(event.currentTarget.valueAsNumber)}
          onChange={(event) => set(timeOf(event.currentTarget.valueAsNumber))}
        />
        <svg viewBox="0 0 1000 40" preserveAspectRatio="none" aria-hidden="true">
          {marks.map(({ part }) => (
            <path
              key={part}
              d={`M${part * 1000},0 v16`}
              class={part * 1000 < partOf(day) * 1000 ? 'past' : ''}
            />
          ))}
          <path d={`M${partOf(0) * 1000},0 v16`} class="today" />
        </svg>
        <div class="marks">
          <span style={`left:${partOf(0) * 100}%`}>today</span>
          {marks.map(({ part, ids }) => (
            <span key={part} style={`left:${part * 100}%`} title={ids.join(', ')}>
              {ids.length === 1 ? ids[0] : `${ids.length} certificates`} end
            </span>
          ))}
        </div>
      </div>
      <p class="line">
        <button type="button" onClick={() => set(timeOf(day - 30))}>
          −30 days
        </button>
        <button type="button" onClick={() => set(timeOf(day + 30))}>
          +30 days
        </button>
        {next && (
          <button type="button" onClick={() => set(timeOf(next.first))}>
            To the day after the next end
          </button>
        )}
        <button type="button" disabled={shift === 0} onClick={() => set('reset')}>
          Back to real time
        </button>
        <Command text={labCommand(state, `clock ${day === 0 ? 'reset' : timeOf(day)}`)} />
      </p>
      <p>
        {over.length === 0
          ? 'At this time nothing is over.'
          : `At this time ${over.length} certificates are over: ${over
              .map(({ id }) => id)
              .slice(0, 8)
              .join(
                ', ',
              )}${over.length > 8 ? ' …' : ''}. Connections that are open stay open; new ones are refused.`}
      </p>
      <fieldset>
        <legend>One machine with a wrong clock</legend>
        {state.hosts.slice(0, 8).map((host) => {
          const clock = own.find(({ name }) => name === host);
          return (
            <label key={host}>
              {host}{' '}
              <select
                value={clock?.setting ?? ''}
                onChange={(event) => set(event.currentTarget.value || 'reset', host)}
              >
                <option value="">with the cluster</option>
                {[...new Set([...SKEWS, ...(clock?.setting ? [clock.setting] : [])])].map((skew) => (
                  <option key={skew} value={skew}>
                    {skew}
                  </option>
                ))}
              </select>
            </label>
          );
        })}
      </fieldset>
      <p class="soft">
        {answer?.note} A moved clock is a file: <code>clock</code> for the cluster,{' '}
        <code>hosts/HOST/clock</code> for one machine.
      </p>
    </div>
  );
}

async function setClock(state: State, time: string, host?: string): Promise<void> {
  const where = host === undefined ? 'The cluster' : host;
  await act({
    route: 'POST /clock',
    body: host === undefined ? { time } : { time, host },
    text: time === 'reset' ? `${where} is back at the usual time.` : `${where} now lives at ${time}.`,
    command: labCommand(state, `clock ${time}${host === undefined ? '' : ` --host ${host}`}`),
  });
}

function timeOf(day: number): string {
  return day === 0 ? 'reset' : `${day > 0 ? '+' : '-'}${Math.abs(day)}d`;
}

function partOf(day: number): number {
  return (day - FIRST_DAY) / (LAST_DAY - FIRST_DAY);
}

/** Ends within the slider, those of one day together. */
function marksOf(ends: Ends['ends'], now: number): { part: number; ids: string[]; first: number }[] {
  const days = new Map<number, string[]>();
  for (const { id, notAfter } of ends) {
    const day = Math.floor((Date.parse(notAfter) - now) / DAY_MS);
    if (day < FIRST_DAY || day > LAST_DAY) continue;
    days.set(day, [...(days.get(day) ?? []), id]);
  }
  return [...days]
    .sort(([one], [other]) => one - other)
    .map(([day, ids]) => ({ part: partOf(day), ids, first: day + 1 }));
}
