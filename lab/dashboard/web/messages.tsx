/** Depths 2 and 3 of a card: every message on the wire, what it is for, its fields and its bytes. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { CardMessage, CardStory, MessageBytes } from '../card.ts';
import { useAnswer } from './ask.ts';
import { MessageFields } from './fields.tsx';
import { Lock, milliseconds } from './ladder.tsx';
import { Prose } from './prose.tsx';

/** All messages in wire order. @param withBytes  all are open */
export function Messages({ card, withBytes }: { card: CardStory; withBytes: boolean }): JSX.Element {
  const [open, setOpen] = useState<ReadonlySet<number>>(new Set());
  const toggle = (place: number): void => {
    const next = new Set(open);
    if (!next.delete(place)) next.add(place);
    setOpen(next);
  };
  return (
    <ol class="messages">
      {card.messages.map((message, place) => {
        const isOpen = withBytes || open.has(place);
        return (
          <li key={place} class={`from-${message.from}`}>
            <button
              type="button"
              class="message"
              aria-expanded={isOpen}
              disabled={withBytes}
              onClick={() => toggle(place)}
            >
              <Head message={message} card={card} />
            </button>
            <p class="purpose">
              <Prose text={message.why} />
            </p>
            {isOpen && <Message card={card} place={place} />}
          </li>
        );
      })}
    </ol>
  );
}

function Head({ message, card }: { message: CardMessage; card: CardStory }): JSX.Element {
  const { from, title, atUs, encrypted, lengthBytes, summary } = message;
  const to = from === 'client' ? 'server' : 'client';
  return (
    <>
      <span class="time">{milliseconds(atUs)}</span>
      <span class="way">
        {card[from].name} → {card[to].name}
      </span>{' '}
      {encrypted && <Lock />}
      <b>{title}</b> <span class="soft">{lengthBytes} bytes</span>
      <span class="summary">{summary}</span>
    </>
  );
}

/** One message's fields and bytes; asked for when it is first opened, for all messages at once. */
export function Message({ card, place }: { card: CardStory; place: number }): JSX.Element {
  const { answer, problem } = useAnswer<readonly MessageBytes[]>(
    `GET /messages?trace=${encodeURIComponent(card.state.trace ?? '')}`,
    0,
  );
  const message = answer?.[place];
  if (problem) return <p class="failed">{problem}</p>;
  if (!message) return <p class="soft">Its bytes are on their way.</p>;
  return <MessageFields key={place} message={message} title={card.messages[place]?.title ?? ''} />;
}
