/** The story of one connection: the sentence first, then ladder, checks, mend and logs. */
import type { JSX } from 'preact';
import type { Finding } from '../../../certs/errors.ts';
import type { CardStory } from '../events.ts';
import { lookOf } from './states.ts';
import { closeCard, openCard, shakeHands } from './store.ts';

/** One handshake, in the order in which a class reads it. */
export function Card({ card, newer }: { card: CardStory; newer: number }): JSX.Element {
  const { state, story, rungs, checks } = card;
  const look = lookOf(state);
  return (
    <article class={`card ${look.name}`} aria-label="The story of one connection">
      <p class="ends">
        <span class="mark">{look.mark}</span> {state.client} → {state.server} <b>{look.text}</b>
        {state.alert && (
          <span>
            {' '}
            · alert {state.alert.number} {state.alert.name}, sent by the {state.alert.from}
          </span>
        )}
      </p>
      <h2>{story.headline}</h2>
      <p class="tools">
        <button type="button" onClick={closeCard}>
          All connections
        </button>
        <button type="button" onClick={() => shakeHands(state.id)}>
          Shake hands now
        </button>
        {newer > 0 && (
          <button type="button" onClick={() => openCard(state.id)}>
            {newer} newer: show the latest
          </button>
        )}
      </p>
      {story.realCluster && (
        <p class="real">
          <b>On a real cluster</b> {story.realCluster}
        </p>
      )}
      <h3>Messages</h3>
      <ol class="ladder">
        {rungs.map((rung, at) => (
          <li
            key={`${at}-${rung.atUs}`}
            class={`from-${rung.from}${rung.refusedBy || rung.isAlert ? ' failing' : ''}`}
          >
            <span class="time">{(rung.atUs / 1000).toFixed(1)} ms</span>
            <span class="arrow">
              {rung.encrypted && <Lock />}
              {rung.parts.join(', ')} {rung.from === 'client' ? '→' : '←'}
            </span>
            {[
              ...rung.notes.client.map((note) => `client: ${note}`),
              ...rung.notes.server.map((note) => `server: ${note}`),
            ].map((note) => (
              <span key={note} class="note">
                {note}
              </span>
            ))}
          </li>
        ))}
      </ol>
      <Checks title={`${state.client} checked`} findings={checks.client} />
      <Checks title={`${state.server} checked`} findings={checks.server} />
      {story.mend.length > 0 && <h3>Mend</h3>}
      {story.mend.map(({ where, text }) => (
        <p key={text}>
          {where}: <code>{text}</code>
        </p>
      ))}
      {story.logs.length > 0 && <h3>What the programs print</h3>}
      {story.logs.map(({ component, text }) => (
        <p key={component + text}>
          {component}: <code>{text}</code>
        </p>
      ))}
      <p class="command">
        In the terminal:{' '}
        <code>
          npx mtls-lab handshake {state.client} {state.server}
        </code>
      </p>
    </article>
  );
}

function Lock(): JSX.Element {
  return (
    <svg class="lock" viewBox="0 0 12 14" role="img" aria-label="encrypted">
      <rect x="1" y="6" width="10" height="7" rx="1.5" />
      <path d="M3.5,6 V4 a2.5,2.5 0 0 1 5,0 V6" />
    </svg>
  );
}

function Checks({ title, findings }: { title: string; findings: readonly Finding[] }): JSX.Element | null {
  if (findings.length === 0) return null;
  return (
    <section>
      <h3>{title}</h3>
      <ul class="checks">
        {findings.map(({ code, passed, what, why, fix }) => (
          <li key={code + what} class={passed ? 'passed' : 'failed'}>
            {passed ? '✓' : '✗'} {what}
            {!passed && (
              <span class="note">
                {why} {fix}
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}
