/** The map for a projector: the drawing, one key sentence, and keys that open a connection. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CardStory } from '../card.ts';
import { useAnswer } from './ask.ts';
import { useKeys } from './keys.ts';
import { ClusterMap } from './map.tsx';
import { dated } from './prose.tsx';
import { Hints } from './slide.tsx';
import { lookOf } from './states.ts';
import { freeze, openCard, type State, update } from './store.ts';

/** The stage. */
export function Stage({ state }: { state: State }): JSX.Element {
  const [blank, setBlank] = useState(false);
  const sorted = [...state.channels].sort((one, other) => lookOf(one).rank - lookOf(other).rank);
  const [worst] = sorted;
  const broken = worst !== undefined && lookOf(worst).rank < 4 ? worst : undefined;
  const { answer } = useAnswer<CardStory>(
    broken ? `GET /story?channel=${encodeURIComponent(broken.id)}` : '',
    state.revision,
  );
  const open = (at: number): void => {
    const channel = sorted[at];
    if (channel) openCard(channel.id);
  };
  useKeys({
    b: () => setBlank(!blank),
    ...Object.fromEntries(Array.from({ length: 9 }, (_, at) => [String(at + 1), () => open(at)])),
  });
  return (
    <section class="stage" aria-label="Map, large">
      <ClusterMap state={state} />
      <p class="key-sentence" role="status">
        {blank ? (
          <span class="cover">covered</span>
        ) : (
          <Sentence state={state} story={answer} isBroken={!!broken} />
        )}
      </p>
      <Hints
        hints={[
          ...(broken ? ([['1', 'its story', () => open(0)]] as const) : []),
          ['b', blank ? 'uncover' : 'cover the answer', () => setBlank(!blank)],
          ['f', state.frozen ? 'go on' : 'freeze', freeze],
          ['l', 'leave', () => update({ presenting: false })],
        ]}
      />
    </section>
  );
}

function Sentence(props: { state: State; story: CardStory | null; isBroken: boolean }): JSX.Element {
  const { state, story, isBroken } = props;
  if (state.cluster.hidden) return <>Something is broken. What, and who noticed?</>;
  if (!isBroken) {
    const good = state.channels.filter((one) => lookOf(one).rank === 5).length;
    return (
      <span class="all-good">
        {state.cluster.solved ? `${state.cluster.solved.text} ` : ''}
        {good} of {state.channels.length} connections, each accepted by both sides.
      </span>
    );
  }
  return <>{story ? dated(story.story.headline) : ''}</>;
}
