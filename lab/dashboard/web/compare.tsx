/** Two handshakes side by side, before and after: first what differs, then both ladders. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CardStory } from '../card.ts';
import { useAnswer } from './ask.ts';
import { useKeys } from './keys.ts';
import { Ladder } from './ladder.tsx';
import { dated } from './prose.tsx';
import { WithSeals } from './seal.tsx';
import { lookOf } from './states.ts';
import { addressOf, type State } from './store.ts';

/** `#/compare/ID~ID`: older first. */
export function Compare({ state }: { state: State }): JSX.Element {
  const [one = '', other = ''] = state.place.rest.split('~');
  const before = useAnswer<CardStory>(`GET /story?trace=${encodeURIComponent(one)}`, 0);
  const after = useAnswer<CardStory>(`GET /story?trace=${encodeURIComponent(other)}`, 0);
  const problem = before.problem ?? after.problem;
  if (problem) return <p>{problem}</p>;
  if (!before.answer || !after.answer) return <p class="soft">Both handshakes are on their way.</p>;
  return <Both before={before.answer} after={after.answer} />;
}

function Both({ before, after }: { before: CardStory; after: CardStory }): JSX.Element {
  const [all, setAll] = useState(false);
  const rows = before.facts.map(({ label, value }, at) => ({
    label,
    before: value,
    after: after.facts[at]?.value ?? '–',
  }));
  const back = (): void => location.assign(addressOf('trace', after.state.trace ?? ''));
  useKeys({ c: back, Escape: back });
  const different = rows.filter((row) => row.before !== row.after);
  return (
    <article class="compare" aria-label="Two handshakes side by side">
      <p class="tools">
        <a class="button" href={addressOf('trace', after.state.trace ?? '')}>
          ← Back to the card <kbd>c</kbd>
        </a>
        <button type="button" aria-pressed={all} onClick={() => setAll(!all)}>
          Show also what is the same
        </button>
      </p>
      <h2>
        {different.length === 0
          ? 'Nothing differs but the time and the keys.'
          : headline(different.map(({ label }) => label))}
      </h2>
      <table>
        <thead>
          <tr>
            <th scope="col">What differs</th>
            <th scope="col">
              <Head card={before} word="Before" />
            </th>
            <th scope="col">
              <Head card={after} word="After" />
            </th>
          </tr>
        </thead>
        <tbody>
          {(all ? rows : different).map((row) => (
            <tr key={row.label} class={row.before === row.after ? 'same' : 'different'}>
              <th scope="row">{row.label}</th>
              <td>
                <WithSeals text={dated(row.before)} />
              </td>
              <td>
                <WithSeals text={dated(row.after)} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <div class="chains">
        <Side card={before} word="Before" />
        <Side card={after} word="After" />
      </div>
    </article>
  );
}

function headline(labels: readonly string[]): string {
  const causes = labels.filter(
    (label) => /^(The|What|Mode|Certificates)/.test(label) && !label.includes('objects'),
  );
  const shown = causes.length > 0 ? causes : labels;
  return `What changed: ${shown
    .slice(0, 4)
    .map((label) => label.charAt(0).toLowerCase() + label.slice(1))
    .join(', ')}.`;
}

function Head({ card, word }: { card: CardStory; word: string }): JSX.Element {
  const look = lookOf(card.state);
  return (
    <span class={look.name}>
      {word}, {dated(card.clusterTime)} <span class="mark">{look.mark}</span> {look.text}
    </span>
  );
}

function Side({ card, word }: { card: CardStory; word: string }): JSX.Element {
  const [open, setOpen] = useState<number | null>(null);
  return (
    <section class="card">
      <h3>
        {word}: {dated(card.story.headline)}
      </h3>
      <Ladder
        client={card.client.name}
        server={card.server.name}
        serverAddress={card.server.address}
        rungs={card.rungs}
        upTo={null}
        open={open}
        onOpen={setOpen}
      />
    </section>
  );
}
