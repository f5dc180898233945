/** Words of the glossary inside sentences: a card on hover and focus, the whole glossary on click. */
import { Fragment, type JSX } from 'preact';
import { useEffect, useId, useState } from 'preact/hooks';
import type { Word } from '../../glossary-word.ts';
import { ask } from './ask.ts';
import { addressOf } from './store.ts';

/** Words that everybody uses without thinking are not marked in sentences. */
const PLAIN = /^(client|server|key|certificate|leaf|chain|critical|bundle|control plane|public key)$/;

let loaded: readonly Word[] = [];
let loading: Promise<readonly Word[]> | undefined;

/** The glossary, asked for once. */
export function useGlossary(): readonly Word[] {
  const [words, setWords] = useState(loaded);
  useEffect(() => {
    if (words.length > 0) return;
    loading ??= ask<readonly Word[]>('GET /glossary');
    loading
      .then((all) => {
        loaded = all;
        setWords(all);
      })
      .catch(() => {
        loading = undefined;
      });
  }, [words]);
  return words;
}

/** A sentence in which each known word is marked once. */
export function Terms({ text }: { text: string }): JSX.Element {
  const words = useGlossary();
  return (
    <>
      {pieces(text, words).map((piece, at) =>
        typeof piece === 'string' ? (
          piece
        ) : (
          <Fragment key={at}>
            <Term word={piece.word} text={piece.text} />
          </Fragment>
        ),
      )}
    </>
  );
}

/** One word with its card. */
export function Term({ word, text }: { word: Word; text?: string }): JSX.Element {
  const id = useId();
  const [away, setAway] = useState(false);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape puts the card away, as a tooltip should
    <span
      class={away ? 'term away' : 'term'}
      onMouseLeave={() => setAway(false)}
      onKeyDown={(event) => event.key === 'Escape' && setAway(true)}
    >
      <a href={addressOf('glossary', word.word)} aria-describedby={id} onBlur={() => setAway(false)}>
        {text ?? word.word}
      </a>
      <span role="tooltip" id={id} class="tip">
        <b>{word.word}</b> {word.means} <span class="soft">{word.use}</span>
      </span>
    </span>
  );
}

function pieces(text: string, words: readonly Word[]): (string | { word: Word; text: string })[] {
  const known = new Map<string, Word>();
  for (const word of words) {
    for (const spelling of [word.word, ...word.also]) {
      const special = /[A-Z0-9:]/.test(spelling) && spelling.length > 1;
      if (!PLAIN.test(word.word) && (special || spelling === word.word)) known.set(spelling, word);
    }
  }
  if (known.size === 0) return [text];
  const spellings = [...known.keys()].sort((one, other) => other.length - one.length);
  const any = new RegExp(`(?<![\\w.:/-])(${spellings.map(quoted).join('|')})(?![\\w:/-]|\\.\\w)`, 'g');
  const found: (string | { word: Word; text: string })[] = [];
  const seen = new Set<string>();
  let from = 0;
  for (const match of text.matchAll(any)) {
    const word = known.get(match[0]);
    if (!word || seen.has(word.word)) continue;
    seen.add(word.word);
    found.push(text.slice(from, match.index), { word, text: match[0] });
    from = match.index + match[0].length;
  }
  return [...found, text.slice(from)];
}

function quoted(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
