/** The command of the terminal that does the same, copyable. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { State } from './store.ts';

/** `npx mtls-lab …` for this lab, from where it was started. */
export function labCommand({ dirOption }: Pick<State, 'dirOption'>, rest: string): string {
  return `npx mtls-lab${dirOption} ${rest}`;
}

/** A command, or a text of several lines, with its button. @param label  what is copied, when not the text itself */
export function Command({ text, label = text }: { text: string; label?: string }): JSX.Element {
  const [copied, setCopied] = useState(false);
  const copy = (): void => {
    navigator.clipboard
      .writeText(text)
      .then(() => setCopied(true))
      .catch(() => setCopied(false));
  };
  return (
    <span class="command">
      <code>{text}</code>
      <button type="button" class="small" onClick={copy} aria-label={`Copy: ${label}`}>
        {copied ? 'Copied' : 'Copy'}
      </button>
    </span>
  );
}
