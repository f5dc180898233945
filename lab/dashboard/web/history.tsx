/** Looking back: one strip per connection, a tick per handshake, and where it turned. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ChronicleTable } from '../chronicle.ts';
import { useAnswer } from './ask.ts';
import { LOOKS } from './states.ts';
import { addressOf, type State } from './store.ts';

const SPANS = [
  { minutes: 2, title: '2 minutes' },
  { minutes: 10, title: '10 minutes' },
  { minutes: 60, title: 'an hour' },
  { minutes: 1440, title: 'a day' },
] as const;

/** Columns of a strip: ticks that fall into one are drawn once. */
const COLUMNS = 600;
/** Connections that are drawn; those that broke come first. */
const MOST = 24;
/** Turns that are told per connection. */
const TURNS = 4;

interface Tick {
  readonly at: number;
  readonly state: string;
  readonly trace: string;
}

/** Handshakes of one kind, one after the other. */
interface Turn {
  readonly state: string;
  readonly count: number;
  readonly first: Tick;
}

/** All connections over some minutes. */
export function HistoryView({ state }: { state: State }): JSX.Element {
  const [minutes, setMinutes] = useState<number>(10);
  const { answer, problem } = useAnswer<ChronicleTable>('GET /chronicle', state.revision);
  if (problem) return <p class="failed">{problem}</p>;
  if (!answer) return <p>What happened is being read.</p>;
  const until = Date.now();
  const from = until - minutes * 60_000;
  const rows = rowsOf(answer, from);
  return (
    <>
      <h2>
        History{' '}
        <small>
          {answer.at.length.toLocaleString('en')} handshakes remembered; a high mark is a refusal, a low one
          was accepted
        </small>
      </h2>
      <p class="line">
        {SPANS.map((span) => (
          <button
            key={span.minutes}
            type="button"
            aria-pressed={span.minutes === minutes}
            onClick={() => setMinutes(span.minutes)}
          >
            {span.title}
          </button>
        ))}
      </p>
      <ul class="history">
        <li class="soft" aria-hidden="true">
          <span />
          <span class="axis">
            <span>{new Date(from).toLocaleTimeString('en-GB')}</span>
            <span>now</span>
          </span>
          <span>where it turned</span>
        </li>
        {rows.slice(0, MOST).map(({ channel, ticks }) => (
          <Strip key={channel} channel={channel} ticks={ticks} from={from} until={until} />
        ))}
      </ul>
      {rows.length > MOST && <p class="soft">and {rows.length - MOST} more connections</p>}
    </>
  );
}

function rowsOf(table: ChronicleTable, from: number): { channel: string; ticks: Tick[] }[] {
  const rows = table.channels.map((channel): { channel: string; ticks: Tick[] } => ({ channel, ticks: [] }));
  for (let at = 0; at < table.at.length; at++) {
    const time = table.at[at] ?? 0;
    if (time < from) continue;
    rows[table.channel[at] ?? 0]?.ticks.push({
      at: time,
      state: table.state[at] ?? 'ok',
      trace: table.trace[at] ?? '',
    });
  }
  const bad = (ticks: readonly Tick[]): number => (ticks.some(({ state }) => state !== 'ok') ? 0 : 1);
  return rows.filter(({ ticks }) => ticks.length > 0).sort((one, other) => bad(one.ticks) - bad(other.ticks));
}

interface StripProps {
  readonly channel: string;
  readonly ticks: readonly Tick[];
  readonly from: number;
  readonly until: number;
}

function Strip({ channel, ticks, from, until }: StripProps): JSX.Element {
  const turns = turnsOf(ticks);
  const shown = turns.slice(-TURNS);
  return (
    <li>
      <a href={addressOf('connection', channel)}>{channel.replace('->', ' → ')}</a>
      <svg viewBox={`0 0 ${COLUMNS} 30`} preserveAspectRatio="none" aria-hidden="true">
        {[...pathsOf(ticks, from, until)].map(([state, d]) => (
          <path key={state} class={looksOf(state).name} d={d} />
        ))}
      </svg>
      <span class="turns">
        {turns.length > shown.length && <span class="soft">… </span>}
        {shown.map(({ state, count, first }) => (
          <a key={first.trace} class={looksOf(state).name} href={addressOf('trace', first.trace)}>
            <span class="mark">{looksOf(state).mark}</span> {count} from{' '}
            {new Date(first.at).toLocaleTimeString('en-GB')}
          </a>
        ))}
      </span>
    </li>
  );
}

/** One path per state, in columns: refusals are higher, so that they are seen without colour. */
function pathsOf(ticks: readonly Tick[], from: number, until: number): Map<string, string> {
  const seen = new Set<string>();
  const paths = new Map<string, string>();
  for (const { at, state } of ticks) {
    const column = Math.floor(((at - from) / (until - from)) * COLUMNS);
    const key = `${column} ${state}`;
    if (seen.has(key)) continue;
    seen.add(key);
    const height = state === 'ok' ? 10 : state === 'tls' ? 30 : 20;
    paths.set(state, `${paths.get(state) ?? ''}M${column},30v-${height}`);
  }
  return paths;
}

function turnsOf(ticks: readonly Tick[]): Turn[] {
  const turns: Turn[] = [];
  for (const tick of ticks) {
    const last = turns.at(-1);
    if (last?.state === tick.state) turns[turns.length - 1] = { ...last, count: last.count + 1 };
    else turns.push({ state: tick.state, count: 1, first: tick });
  }
  return turns;
}

function looksOf(state: string): (typeof LOOKS)[keyof typeof LOOKS] {
  return Object.hasOwn(LOOKS, state) ? LOOKS[state as keyof typeof LOOKS] : LOOKS.untried;
}
