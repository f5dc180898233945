/** All words, each with its use in Kubernetes; the address names one. */
import type { JSX } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Command, labCommand } from './command.tsx';
import type { State } from './store.ts';
import { useGlossary } from './terms.tsx';

/** The glossary. */
export function GlossaryView({ state }: { state: State }): JSX.Element {
  const words = useGlossary();
  const [wanted, setWanted] = useState('');
  const { rest } = state.place;
  const open = useRef<HTMLDivElement>(null);
  useEffect(() => open.current?.scrollIntoView({ block: 'center' }), [rest, words.length]);
  const plain = wanted.trim().toLowerCase();
  const shown = words.filter(({ word, also }) =>
    [word, ...also].some((spelling) => spelling.toLowerCase().includes(plain)),
  );
  return (
    <>
      <h2>Words</h2>
      <p class="line">
        <label>
          Find{' '}
          <input type="search" value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
        </label>
        <Command text={labCommand(state, `explain ${rest === '' ? 'SAN' : quoted(rest)}`)} />
      </p>
      {shown.length === 0 && words.length > 0 && <p>No word here is spelled like that.</p>}
      <dl class="words">
        {shown.map(({ word, also, means, use }) => (
          <div key={word} class={word === rest ? 'chosen' : ''} ref={word === rest ? open : null}>
            <dt>
              {word} {also.length > 0 && <small>{also.join(', ')}</small>}
            </dt>
            <dd>
              {means} <span class="soft">{use}</span>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function quoted(word: string): string {
  return /^[\w:.-]+$/.test(word) ? word : `"${word}"`;
}
