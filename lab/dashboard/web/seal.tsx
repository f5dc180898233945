/** A CA's seal drawn: the shape and four hex digits of its key, so that two CAs of one name look different. */
import type { JSX } from 'preact';

/** Outlines in a box of 16 by 16, by the shape's character. */
const OUTLINES: Readonly<Record<string, string>> = {
  '⬢': '8,1 14.1,4.5 14.1,11.5 8,15 1.9,11.5 1.9,4.5',
  '▲': '8,1 15,14 1,14',
  '■': '2,2 14,2 14,14 2,14',
  '◆': '8,0.5 15.5,8 8,15.5 0.5,8',
  '★': '8,0.5 10.3,5.6 15.7,6.1 11.6,9.8 12.8,15.2 8,12.4 3.2,15.2 4.4,9.8 0.3,6.1 5.7,5.6',
  '✚': '5.5,1 10.5,1 10.5,5.5 15,5.5 15,10.5 10.5,10.5 10.5,15 5.5,15 5.5,10.5 1,10.5 1,5.5 5.5,5.5',
  '⬟': '8,0.8 15.2,6 12.5,14.5 3.5,14.5 0.8,6',
};

/** @param text  as `formatSeal` gives it: `⬢3fa1` */
export function Seal({ text }: { text: string }): JSX.Element {
  const [shape = ''] = [...text];
  const digits = text.slice(shape.length);
  const outline = OUTLINES[shape];
  return (
    <span class="seal" title={`Seal of a CA: the first digits of the SHA-256 of its key, ${digits}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        {outline ? <polygon points={outline} /> : <circle cx="8" cy="8" r="7" />}
      </svg>
      <code>{digits}</code>
    </span>
  );
}

/** A text with the seals in it drawn. */
export function WithSeals({ text }: { text: string }): JSX.Element {
  const parts = text.split(/([⬢●▲■◆★✚⬟][0-9a-f]{4})/);
  return (
    <>
      {parts.map((part, at) =>
        at % 2 === 1 ? <Seal key={`${at}${part}`} text={part} /> : <span key={`${at}${part}`}>{part}</span>,
      )}
    </>
  );
}
