/** The head of a card: who dialled whom and how it ended, and what that costs. */
import type { JSX } from 'preact';
import type { CardStory, RecentRun } from '../card.ts';
import { dated } from './prose.tsx';
import { newerThan } from './recent.tsx';
import { lookOf } from './states.ts';
import { addressOf, type State } from './store.ts';

/** The sentence while somebody is to find out. */
export function coveredHeadline({ state, client, server }: CardStory): string {
  const isJudged = state.by !== null && ['tls', '401', '403'].includes(state.layer);
  const by = state.by === 'client' ? client.name : server.name;
  return isJudged
    ? `${by} does not accept the other side. Why?`
    : 'Something is wrong with this connection. What?';
}

/** Ends, outcome, alert, and what came since. */
export function Banner({ card, runs }: { card: CardStory; runs: readonly RecentRun[] }): JSX.Element {
  const { state, client, server } = card;
  const look = lookOf(state);
  const run = runs.find(({ traces }) => traces.some(({ id }) => id === state.trace));
  const newer = newerThan(runs, state.trace ?? '');
  const newest = runs[0]?.traces[0];
  const by = state.layer === 'tls' && state.by !== null ? ` by ${card[state.by].name}` : '';
  const when = (
    <span class="when">
      {dated(card.clusterTime)}
      {run && run.count > 1 && ` (×${run.count})`}
    </span>
  );
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
        {!state.alert && when}
      </p>
      {state.alert && (
        <p class="second">
          <span class="alert">
            alert {state.alert.number} <b>{state.alert.name}</b>, sent by the {state.alert.from}
          </span>
          {when}
        </p>
      )}
    </>
  );
}

/** What it costs, and what goes on all the same. Both are about now: a story of the past says so. */
export function Costs({ card, state }: { card: CardStory; state: State }): JSX.Element | null {
  const now = state.channels.find(({ id }) => id === card.state.id);
  if (card.costs.length === 0) return null;
  const isOver = now?.layer === 'ok';
  const others = state.channels.filter(({ id }) => id !== card.state.id);
  const good = others.filter(({ layer }) => layer === 'ok').length;
  const harm = state.cluster.consequences
    .filter((text) => !card.costs.includes(text))
    .filter((text) => /^(pod|node|deployment) /.test(text) || text.startsWith(card.state.client))
    .slice(0, 1);
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
