/** The story of one connection, in the order in which a class reads it: sentence, cost, ladder, checks, mend, rest. */
import type { JSX } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CardStory, RecentRun } from '../card.ts';
import { Banner, Costs, coveredHeadline } from './card-head.tsx';
import { Outside, Rest } from './card-rest.tsx';
import { Certificates } from './certificates-card.tsx';
import { Checks } from './checks.tsx';
import { Command, labCommand } from './command.tsx';
import { Ladder } from './ladder.tsx';
import { Message, Messages } from './messages.tsx';
import { dated, Prose } from './prose.tsx';
import { Recent } from './recent.tsx';
import type { Replay } from './replay.ts';
import { lookOf } from './states.ts';
import { addressOf, type State } from './store.ts';

/** 1 story, 2 messages, 3 bytes. */
export type Depth = 1 | 2 | 3;

/** What a card is drawn from. */
export interface CardProps {
  readonly card: CardStory;
  readonly state: State;
  readonly depth: Depth;
  readonly setDepth: (depth: Depth) => void;
  readonly replay: Replay;
  readonly runs: readonly RecentRun[];
  /** Address of the comparison with the last handshake that came out otherwise; null when there is none. */
  readonly compareTo: string | null;
  readonly onShake: () => void;
}

const DEPTHS = [
  { depth: 1, name: 'Story' },
  { depth: 2, name: 'Messages' },
  { depth: 3, name: 'Bytes' },
] as const satisfies readonly { depth: Depth; name: string }[];

/** One handshake. */
export function Card(props: CardProps): JSX.Element {
  const { card, state, depth, runs } = props;
  const look = lookOf(card.state);
  const article = useRef<HTMLElement>(null);
  // Another handshake is read from its beginning, by eyes and by screen readers.
  useEffect(() => {
    article.current?.closest('aside')?.scrollTo(0, 0);
    article.current?.focus({ preventScroll: true });
  }, [card.state.trace]);
  const isSaid = card.messages.length > 0;
  // While somebody is to find out what is broken, the evidence stays and the answers are covered.
  const isCovered = state.cluster.hidden !== null && card.state.layer !== 'ok';
  // The map goes on by the second; what is recorded does not change, and is long at depth 3.
  const { upTo, isPlaying } = props.replay;
  const said = useMemo(() => saidBy(props), [card, depth, upTo, isPlaying]);
  const judged = useMemo(() => isSaid && <Checks card={card} isCovered={isCovered} />, [card, isCovered]);
  const met = useMemo(() => isSaid && <Certificates card={card} isCovered={isCovered} />, [card, isCovered]);
  return (
    <article class={`card ${look.name}`} aria-label="The story of one connection" ref={article} tabIndex={-1}>
      <Banner card={card} runs={runs} />
      <h2>{isCovered ? coveredHeadline(card) : dated(card.story.headline)}</h2>
      <Costs card={card} state={state} />
      {!isCovered && card.story.realCluster && (
        <p class="real">
          <b>A real cluster differs</b> <Prose text={card.story.realCluster} />{' '}
          <span class="soft">Here: strict (lab). The switch at the top shows the other.</span>
        </p>
      )}
      <Tools {...props} />
      {said}
      {judged}
      {!isCovered && card.story.mend.length > 0 && <Mend card={card} state={state} />}
      {met}
      <Recent
        title="Handshakes of this connection, newest first"
        runs={runs}
        open={card.state.trace ?? ''}
        isCovered={isCovered}
      />
      {card.state.client !== '?' && (
        <button type="button" onClick={props.onShake}>
          Shake hands now
        </button>
      )}
      <Outside card={card} state={state} isCovered={isCovered} />
      <Rest card={card} state={state} isCovered={isCovered} />
    </article>
  );
}

/** The ladder, or every message. */
function saidBy(props: CardProps): JSX.Element {
  const { card, depth } = props;
  if (card.messages.length === 0)
    return <p class="soft">Not one message was exchanged: there is nothing to look at.</p>;
  return depth === 1 ? (
    <Story key={card.state.trace} {...props} />
  ) : (
    <Messages card={card} withBytes={depth === 3} />
  );
}

function Tools({ card, state, depth, setDepth, replay, compareTo }: CardProps): JSX.Element {
  return (
    <div class="tools">
      <span class="depths">
        {DEPTHS.map((one) => (
          <button
            key={one.depth}
            type="button"
            aria-pressed={depth === one.depth}
            onClick={() => setDepth(one.depth)}
          >
            {one.name} <kbd>{one.depth}</kbd>
          </button>
        ))}
      </span>
      {replay.upTo === null ? (
        <button type="button" disabled={card.rungs.length === 0} onClick={replay.play}>
          ▷ Slow motion <kbd>r</kbd>
        </button>
      ) : (
        <span class="depths">
          <button type="button" onClick={replay.back} aria-label="Previous rung">
            ◁ <kbd>p</kbd>
          </button>
          <button type="button" onClick={replay.isPlaying ? replay.pause : replay.play}>
            {replay.isPlaying ? 'Pause' : 'Play'}
          </button>
          <button type="button" onClick={replay.next} aria-label="Next rung">
            ▷ <kbd>n</kbd>
          </button>
          <button type="button" onClick={replay.showAll}>
            All <kbd>a</kbd>
          </button>
        </span>
      )}
      {compareTo && state.cluster.hidden === null && (
        <a class="button" href={compareTo}>
          Before / after <kbd>c</kbd>
        </a>
      )}
      {card.state.client !== '?' && (
        <a class="button" href={addressOf('step', card.state.id)}>
          Step by step <kbd>s</kbd>
        </a>
      )}
    </div>
  );
}

/** Where it went wrong: where a side stops, or where the answer over a good handshake says no. -1: nowhere. */
function failingRung({ rungs, state }: CardStory): number {
  const stops = rungs.findIndex(({ refusedBy }) => refusedBy !== null);
  if (stops >= 0 || state.layer === 'ok') return stops;
  return rungs.findIndex(({ parts }) => parts.some((part) => part.startsWith('answer: HTTP')));
}

/** Depth 1: the rungs; the failing one is open. */
function Story({ card, replay }: CardProps): JSX.Element {
  const failing = failingRung(card);
  const [picked, setPicked] = useState<{ readonly rung: number | null } | null>(null);
  const [message, setMessage] = useState<number | null>(null);
  // In slow motion what came last is explained.
  const open = replay.upTo !== null ? replay.upTo - 1 : picked ? picked.rung : failing < 0 ? null : failing;
  return (
    <Ladder
      client={card.client.name}
      server={card.server.name}
      serverAddress={card.server.address}
      rungs={card.rungs}
      upTo={replay.upTo}
      open={open}
      onOpen={(rung) => {
        setPicked({ rung });
        if (replay.upTo !== null) replay.pause();
      }}
      inside={(rung) => (
        <>
          <p class="tools">
            {rung.messages.map((place) => (
              <button
                key={place}
                type="button"
                class="small"
                aria-expanded={message === place}
                onClick={() => setMessage(message === place ? null : place)}
              >
                {card.messages[place]?.title}: fields and bytes
              </button>
            ))}
          </p>
          {message !== null && rung.messages.includes(message) && <Message card={card} place={message} />}
        </>
      )}
    />
  );
}

function Mend({ card, state }: { card: CardStory; state: State }): JSX.Element {
  return (
    <section>
      <h3>Mend</h3>
      <ul class="mends">
        {card.story.mend.map(({ where, text }) => (
          <li key={text}>
            <span class="soft">{where === 'lab' ? 'In the lab' : 'On a real cluster'}</span>{' '}
            {text.startsWith('npx mtls-lab ') ? (
              <Command text={labCommand(state, text.slice('npx mtls-lab '.length))} />
            ) : (
              <Prose text={text} />
            )}
          </li>
        ))}
      </ul>
      {card.byHand && (
        <details>
          <summary>By hand with openssl</summary>
          <Command text={card.byHand} label="the lines of openssl" />
          <p class="soft">The page follows as the files change.</p>
        </details>
      )}
    </section>
  );
}
