/** Sentences as people read them: dates in words, commands set as such. Everything else stays as it is. */
import type { JSX } from 'preact';
import { Terms } from './terms.tsx';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `2026-11-23T09:12:44Z` becomes `23 Nov 2026 09:12:44 UTC`. */
export function dated(text: string): string {
  return text.replace(
    /\b(\d{4})-(\d\d)-(\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z| UTC)/g,
    (whole, year: string, month: string, day: string, time: string) => {
      const name = MONTHS[Number(month) - 1];
      return name ? `${Number(day)} ${name} ${year} ${time} UTC` : whole;
    },
  );
}

/** A sentence of the lab: what stands between backticks is a command or a name, known words lead to the glossary. */
export function Prose({ text }: { text: string }): JSX.Element {
  return (
    <>
      {dated(text)
        .split('`')
        .map((part, at) => (at % 2 === 1 ? <code key={at}>{part}</code> : <Terms key={at} text={part} />))}
    </>
  );
}
