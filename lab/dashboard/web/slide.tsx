/**
 * One handshake for a projector: a question for a show of hands, then the ladder rung by rung, then the sentence.
 * Everything goes by keys; the list of them stands at the bottom.
 */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { CardStory, RecentRun } from '../card.ts';
import { useAnswer } from './ask.ts';
import { coveredHeadline } from './card-head.tsx';
import { useKeys } from './keys.ts';
import { dated } from './prose.tsx';
import { lookOf, markOf } from './states.ts';
import { addressOf, type State, update } from './store.ts';

const RUNG_MS = 2600;

/** The slide of the open handshake. */
export function Slide({ state }: { state: State }): JSX.Element {
  const { view, rest } = state.place;
  const key = view === 'trace' ? 'trace' : 'channel';
  const { answer, problem } = useAnswer<CardStory>(`GET /story?${key}=${encodeURIComponent(rest)}`, 0);
  return answer ? (
    <Shown
      key={answer.state.trace}
      card={answer}
      isCovered={state.cluster.hidden !== null && answer.state.layer !== 'ok'}
    />
  ) : (
    <p class="key-sentence">{problem ?? 'On its way.'}</p>
  );
}

function Shown({ card, isCovered }: { card: CardStory; isCovered: boolean }): JSX.Element {
  const { state: channel, rungs, story } = card;
  const [shown, setShown] = useState(0);
  const [blank, setBlank] = useState(false);
  const [playing, setPlaying] = useState(false);
  const { answer: runs } = useAnswer<readonly RecentRun[]>(
    `GET /recent?channel=${encodeURIComponent(channel.id)}`,
    0,
  );
  const other = otherRun(runs ?? [], channel.trace ?? '');
  const isOver = shown > rungs.length;
  useEffect(() => {
    if (!playing || isOver) return undefined;
    const timer = setTimeout(() => setShown(shown + 1), RUNG_MS);
    return () => clearTimeout(timer);
  }, [playing, shown, isOver]);
  const by = (count: number): void => {
    setPlaying(false);
    setShown((before) => Math.max(0, Math.min(rungs.length + 1, before + count)));
  };
  const replay = (): void => {
    setShown(1);
    setPlaying(true);
  };
  const next = (): void => by(1);
  const back = (): void => by(-1);
  useKeys({
    ' ': next,
    n: next,
    ArrowRight: next,
    PageDown: next,
    ArrowLeft: back,
    PageUp: back,
    b: () => setBlank(!blank),
    r: replay,
    0: () => {
      setShown(0);
      setPlaying(false);
      setBlank(false);
    },
    a: () => other && location.assign(addressOf('trace', other)),
  });
  return (
    <article class="slide" aria-label="One handshake, large">
      <h2>
        {card.client.name} → {card.server.name}
      </h2>
      {shown === 0 ? <Question card={card} /> : <Rungs card={card} shown={shown} />}
      <p class="key-sentence" role="status">
        {!isOver && <span class="soft">{shown === 0 ? 'Hands up: A, B or C?' : 'And then?'}</span>}
        {isOver && blank && <span class="cover">covered</span>}
        {isOver && !blank && (
          <span class={lookOf(channel).name}>
            <span class="mark">{markOf(channel, lookOf(channel))}</span> {answerOf(card)}{' '}
            {isCovered ? coveredHeadline(card) : dated(story.headline)}
          </span>
        )}
      </p>
      <Hints
        hints={[
          ['→', 'next rung', next],
          ['←', 'back', back],
          ['r', 'replay', replay],
          ['b', blank ? 'uncover' : 'cover the answer', () => setBlank(!blank)],
          ...(other
            ? ([['a', 'before / after', () => location.assign(addressOf('trace', other))]] as const)
            : []),
          ['0', 'reset', () => setShown(0)],
          ['l', 'leave', () => update({ presenting: false })],
        ]}
      />
    </article>
  );
}

/** The answers for a show of hands. */
function Question({ card }: { card: CardStory }): JSX.Element {
  return (
    <ol class="question" type="A">
      <li>{card.client.name} breaks off: it refuses the server</li>
      <li>{card.server.name} breaks off: it refuses the client</li>
      <li>nobody: the handshake succeeds</li>
    </ol>
  );
}

function answerOf({ state }: CardStory): string {
  if (state.layer !== 'tls') return 'C.';
  return state.by === 'client' ? 'A.' : 'B.';
}

function Rungs({ card, shown }: { card: CardStory; shown: number }): JSX.Element {
  return (
    <ol class="big-ladder">
      <li class="heads">
        <b>{card.client.name}</b>
        <b>{card.server.name}</b>
      </li>
      {card.rungs.slice(0, shown).map((rung, at) => (
        <li
          key={`${at}-${rung.atUs}`}
          class={`by-${rung.from}${rung.refusedBy || rung.isAlert ? ' failing' : ''}`}
        >
          <span class="big-notes">{rung.notes.client.join('; ')}</span>
          <span class="big-arrow">
            {rung.from === 'server' && '◀── '}
            {rung.encrypted && <Lock />}
            {rung.parts.join(', ')}
            {rung.from === 'client' && ' ──▶'}
          </span>
          <span class="big-notes">
            {[
              ...rung.notes.server,
              ...(rung.held.server === 'refused' && card.rungs[at - 1]?.held.server !== 'refused'
                ? ['✗ knows: NOT accepted']
                : []),
            ].join('; ')}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Lock(): JSX.Element {
  return (
    <svg class="big-lock" viewBox="0 0 12 14" role="img" aria-label="encrypted">
      <rect x="1" y="6" width="10" height="7" rx="1.5" />
      <path d="M3.5,6 V4 a2.5,2.5 0 0 1 5,0 V6" />
    </svg>
  );
}

/** What each key does; a mouse may click the same. */
export function Hints(props: {
  hints: readonly (readonly [key: string, does: string, act: () => unknown])[];
}): JSX.Element {
  return (
    <p class="hints">
      {props.hints.map(([key, does, act]) => (
        <button key={key} type="button" onClick={() => act()}>
          <kbd>{key}</kbd> {does}
        </button>
      ))}
    </p>
  );
}

/** The newest handshake that came out otherwise than this one. */
function otherRun(runs: readonly RecentRun[], trace: string): string | undefined {
  const own = runs.find(({ traces }) => traces.some(({ id }) => id === trace));
  const other = runs.find(
    (run) => run !== own && (run.state.layer !== own?.state.layer || run.state.code !== own?.state.code),
  );
  return other?.traces[0]?.id;
}
