/**
 * The card's place on the page: which handshake it shows, and the keys that act on it. It stays on its handshake while
 * new ones come; those are told, and a click away.
 */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CardStory } from '../card.ts';
import { ask, useAnswer } from './ask.ts';
import { Card, type Depth } from './card.tsx';
import { useKeys } from './keys.ts';
import { comparison, otherOutcome, useRecent } from './recent.tsx';
import { useReplay } from './replay.ts';
import { addressOf, type State } from './store.ts';

/** `#/connection/ID`: its newest handshake; `#/trace/ID`: that one. */
export function CardView({ state }: { state: State }): JSX.Element {
  const { view, rest } = state.place;
  const key = view === 'trace' ? 'trace' : 'channel';
  const { answer, problem } = useAnswer<CardStory>(`GET /story?${key}=${encodeURIComponent(rest)}`, 0);
  if (answer) return <Opened card={answer} state={state} />;
  return (
    <article class="card untried" aria-label="The story of one connection">
      <p class="ends">{view === 'trace' ? 'One handshake' : rest.replace('->', ' → ')}</p>
      <h2>{problem ?? 'The story is on its way.'}</h2>
      <p class="tools">
        <a class="button" href="#/">
          All connections
        </a>
        {view === 'connection' && problem && (
          <button type="button" onClick={() => shakeHands(rest)}>
            Shake hands now
          </button>
        )}
      </p>
    </article>
  );
}

function Opened({ card, state }: { card: CardStory; state: State }): JSX.Element {
  const { id, trace } = card.state;
  const [depth, setDepth] = useState<Depth>(1);
  const rungs = useReplay(card.rungs.length, trace ?? '');
  const inStory = (act: () => void) => (): void => {
    setDepth(1);
    act();
  };
  // Rungs are on the story's ladder only.
  const replay = {
    ...rungs,
    play: inStory(rungs.play),
    next: inStory(rungs.next),
    back: inStory(rungs.back),
  };
  const recent = useRecent(id, state);
  const runs = recent.answer ?? [];
  const partner = otherOutcome(runs, trace ?? '')?.traces[0];
  const compareTo = partner && trace ? comparison(runs, trace, partner.id) : null;
  useKeys({
    1: () => setDepth(1),
    2: () => setDepth(2),
    3: () => setDepth(3),
    r: replay.play,
    n: replay.next,
    p: replay.back,
    a: replay.showAll,
    c: () => compareTo && location.assign(compareTo),
    Escape: () => location.assign('#/'),
    s: () => card.state.client !== '?' && location.assign(addressOf('step', id)),
  });
  return (
    <Card
      card={card}
      state={state}
      depth={depth}
      setDepth={setDepth}
      replay={replay}
      runs={runs}
      compareTo={compareTo}
      onShake={() => shakeHands(id)}
    />
  );
}

/** Shake hands anew, and show it. */
function shakeHands(channel: string): void {
  ask<CardStory>(`POST /handshake?channel=${encodeURIComponent(channel)}`)
    .then(({ state }) => location.assign(addressOf('trace', state.trace ?? '')))
    .catch(() => undefined);
}
