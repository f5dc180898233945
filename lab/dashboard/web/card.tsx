/** The story of one connection, in the order in which a class reads it: sentence, cost, ladder, checks, mend, rest. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CardStory, RecentRun } from '../card.ts';
import { Certificates } from './certificates-card.tsx';
import { Checks } from './checks.tsx';
import { Command, labCommand } from './command.tsx';
import { Ladder } from './ladder.tsx';
import { Message, Messages } from './messages.tsx';
import { dated, Prose } from './prose.tsx';
import { newerThan, Recent, useRecent } from './recent.tsx';
import type { Replay } from './replay.ts';
import { lookOf, timeOf } from './states.ts';
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
  // While somebody is to find out what is broken, the evidence stays and the answers are covered.
  const isCovered = state.cluster.hidden !== null && card.state.layer !== 'ok';
  return (
    <article class={`card ${look.name}`} aria-label="The story of one connection">
      <Banner card={card} runs={runs} />
      <h2>{isCovered ? coveredHeadline(card) : dated(card.story.headline)}</h2>
      <Costs card={card} state={state} />
      {!isCovered && card.story.realCluster && (
        <p class="real">
          <b>A real cluster differs</b> <Prose text={card.story.realCluster} />{' '}
          <span class="soft">Here: strict (lab).</span>
        </p>
      )}
      <Tools {...props} />
      {depth === 1 ? (
        <Story key={card.state.trace} {...props} />
      ) : (
        <Messages card={card} withBytes={depth === 3} />
      )}
      <Checks card={card} isCovered={isCovered} />
      {!isCovered && card.story.mend.length > 0 && <Mend card={card} state={state} />}
      <Certificates card={card} isCovered={isCovered} />
      <Recent
        title="Handshakes of this connection, newest first"
        runs={runs}
        open={card.state.trace ?? ''}
        isCovered={isCovered}
      />
      <Outside card={card} state={state} isCovered={isCovered} />
      <Rest card={card} state={state} isCovered={isCovered} />
    </article>
  );
}

function coveredHeadline({ state, client, server }: CardStory): string {
  const by = state.by === null ? null : state.by === 'client' ? client.name : server.name;
  return by === null ? 'This connection fails. Why?' : `${by} does not accept the other side. Why?`;
}

function Banner({ card, runs }: { card: CardStory; runs: readonly RecentRun[] }): JSX.Element {
  const { state, client, server } = card;
  const look = lookOf(state);
  const run = runs.find(({ traces }) => traces.some(({ id }) => id === state.trace));
  const newer = newerThan(runs, state.trace ?? '');
  const newest = runs[0]?.traces[0];
  const by = state.layer === 'tls' && state.by !== null ? ` by ${card[state.by].name}` : '';
  return (
    <>
      <p class="back">
        <a href="#/">← All connections</a>
        {newer && newer.count > 0 && newest && (
          <span>
            {newer.count} newer, {newer.isOther ? 'the newest came out otherwise' : 'same outcome'}.{' '}
            <a href={addressOf('trace', newest.id)}>Show the newest</a>
          </span>
        )}
      </p>
      <p class="ends">
        <span class="mark">{look.mark}</span> {client.name}{' '}
        <span class="cut-arrow" aria-hidden="true">
          {state.layer === 'tls' && state.by === 'client' ? '✂─▶' : state.layer === 'tls' ? '─✂▶' : '──▶'}
        </span>{' '}
        {server.name} <b>{look.text + by}</b>
        <span class="when">
          {dated(card.clusterTime)}
          {run && run.count > 1 && ` (×${run.count})`}
        </span>
      </p>
      {state.alert && (
        <p class="alert">
          alert {state.alert.number} <b>{state.alert.name}</b>, sent by the {state.alert.from}
        </p>
      )}
    </>
  );
}

/** What it costs, and what goes on all the same. Both are about now: a story of the past says so. */
function Costs({ card, state }: { card: CardStory; state: State }): JSX.Element | null {
  const now = state.channels.find(({ id }) => id === card.state.id);
  if (card.costs.length === 0) return null;
  const isOver = now?.layer === 'ok';
  const others = state.channels.filter(({ id }) => id !== card.state.id);
  const good = others.filter(({ layer }) => layer === 'ok').length;
  const harm = state.cluster.consequences
    .filter((text) => !card.costs.includes(text))
    .filter((text) => /^(pod|node|deployment) /.test(text) || text.startsWith(card.state.client))
    .slice(0, 3);
  return (
    <dl class="costs">
      <div>
        <dt>Costs</dt>
        <dd>
          {card.costs.join('; ')}
          {isOver ? '. That is over: the connection works again.' : '.'}
          {!isOver &&
            harm.map((text) => (
              <span key={text} class="suffer">
                {text}
              </span>
            ))}
        </dd>
      </div>
      <div>
        <dt>Goes on</dt>
        <dd>
          {good === others.length
            ? `the ${good} other connections`
            : `${good} of the ${others.length} other connections`}
        </dd>
      </div>
    </dl>
  );
}

function Tools({ card, state, depth, setDepth, replay, compareTo, onShake }: CardProps): JSX.Element {
  const isOurs = card.state.client !== '?';
  return (
    <div class="tools" role="toolbar" aria-label="The card">
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
      {isOurs && (
        <>
          <a class="button" href={addressOf('step', card.state.id)}>
            Step by step <kbd>s</kbd>
          </a>
          <button type="button" onClick={onShake}>
            Shake hands now
          </button>
        </>
      )}
    </div>
  );
}

/** Depth 1: the rungs; the failing one is open. */
function Story({ card, replay }: CardProps): JSX.Element {
  const failing = card.rungs.findIndex(({ refusedBy }) => refusedBy !== null);
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
    </section>
  );
}

/** Programs outside the lab that dialled the same server: the student's own kubectl, curl, etcdctl. */
function Outside({ card, state, isCovered }: RestProps): JSX.Element | null {
  const channel = `?->${card.state.server}`;
  const { answer } = useRecent(card.state.client === '?' ? '' : channel, state);
  return (
    <Recent
      title={`Programs outside the lab that dialled ${card.state.server}: your kubectl, curl …`}
      runs={answer ?? []}
      open={card.state.trace ?? ''}
      isCovered={isCovered}
    />
  );
}

interface RestProps {
  readonly card: CardStory;
  readonly state: State;
  readonly isCovered: boolean;
}

/** Closed at first. */
function Rest({ card, state, isCovered }: RestProps): JSX.Element {
  const { story, client, server } = card;
  const trace = encodeURIComponent(card.state.trace ?? '');
  return (
    <section class="rest">
      {story.logs.length > 0 && (
        <details>
          <summary>What the programs print ({story.logs.length})</summary>
          {story.logs.map(({ component, text, level }) => (
            <div key={component + text} class="log">
              <p>
                <b>{component}</b> <small>prints it at: {level}</small>
              </p>
              <Command text={text} label={`the log line of ${component}`} />
            </div>
          ))}
        </details>
      )}
      <details>
        <summary>Who would accept this? Go and OpenSSL</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">The certificate of</th>
              <th scope="col">Go (all of Kubernetes)</th>
              <th scope="col">OpenSSL (curl, Node)</th>
            </tr>
          </thead>
          <tbody>
            <Opinions judged={client.name} judge={server} />
            <Opinions judged={server.name} judge={client} />
          </tbody>
        </table>
      </details>
      {!isCovered && (
        <details>
          <summary>Take it away</summary>
          <p class="tools">
            <a class="button" href={`/export/pcapng?trace=${trace}`} download>
              For Wireshark (.pcapng, with its secrets)
            </a>
            <a class="button" href={`/export/json?trace=${trace}`} download>
              JSON
            </a>
            <a class="button" href={`/export/html?trace=${trace}`} download>
              HTML to hand in
            </a>
          </p>
          <p>
            <a href={addressOf('trace', card.state.trace ?? '')}>Link to this handshake</a>, as long as the
            lab runs
          </p>
        </details>
      )}
      {card.state.client !== '?' && (
        <p class="in-terminal">
          <span class="soft">In the terminal</span>{' '}
          <Command text={labCommand(state, `handshake ${card.state.client} ${card.state.server}`)} />
        </p>
      )}
      {card.state.at && <p class="soft">Dialled at {timeOf(card.state.at)}, this computer’s time.</p>}
    </section>
  );
}

function Opinions({ judged, judge }: { judged: string; judge: CardStory['client'] }): JSX.Element {
  const isJudged = judge.checks.length > 0;
  return (
    <tr>
      <th scope="row">{judged}</th>
      <td>
        {!isJudged ? '– not asked' : judge.verdictText === null ? '✓ accepts' : `✗ ${judge.verdictText}`}
      </td>
      <td>
        {judge.openssl === null ? '– not asked' : `${opinion(judge.openssl.accepts)} ${judge.openssl.text}`}
      </td>
    </tr>
  );
}

function opinion(accepts: boolean | null): string {
  return accepts === null ? '–' : accepts ? '✓' : '✗';
}
