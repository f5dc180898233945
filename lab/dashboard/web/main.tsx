/** The page: top bar, map, and beside it the list of connections or one connection's card. */
import { type JSX, render } from 'preact';
import { Card } from './card.tsx';
import { ClusterMap } from './map.tsx';
import { fileName, lookOf } from './states.ts';
import { follow, openCard, type State } from './store.ts';

function Page({ state }: { state: State }): JSX.Element {
  const good = state.channels.filter(({ layer }) => layer === 'ok').length;
  const mode = state.clientAuth === 'request' ? 'as Kubernetes does' : 'strict (lab)';
  return (
    <>
      <header>
        <h1>mTLS Lab</h1>
        <span>Mode: {mode}</span>
        <strong role="status">
          {state.connected
            ? `${good} of ${state.channels.length} accepted`
            : 'The lab does not answer; trying again'}
        </strong>
      </header>
      <main>
        <ClusterMap state={state} />
        <aside>{state.card ? <Card card={state.card} newer={state.newer} /> : <List state={state} />}</aside>
      </main>
      <footer>
        {state.consequences.length === 0 ? (
          <p>
            {good === state.channels.length && good > 0
              ? 'Everything is green.'
              : 'What suffers in the cluster is being looked at.'}
          </p>
        ) : (
          state.consequences.map((text) => (
            <p key={text} class="badge">
              {text}
            </p>
          ))
        )}
      </footer>
    </>
  );
}

function List({ state }: { state: State }): JSX.Element {
  const sorted = [...state.channels].sort((one, other) => lookOf(one).rank - lookOf(other).rank);
  return (
    <>
      <h2>Connections</h2>
      <ul class="list">
        {sorted.map((channel) => {
          const look = lookOf(channel);
          return (
            <li key={channel.id}>
              <button type="button" class={look.name} onClick={() => openCard(channel.id)}>
                <span class="mark">{look.mark}</span>
                <span>
                  {channel.client} → {channel.server}
                  <small>
                    {fileName(channel.clientFile)} meets {fileName(channel.serverFile)} · {look.text}
                  </small>
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </>
  );
}

const root = document.getElementById('page');
if (root) follow((state) => render(<Page state={state} />, root));
