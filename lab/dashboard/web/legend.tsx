/** What the lines mean; the same closed set as everywhere. */
import type { JSX } from 'preact';
import { Mark } from './edge.tsx';
import { LOOKS, type Look } from './states.ts';

/** All states with their shapes, and the clock of an old connection. */
export function Legend(): JSX.Element {
  return (
    <details class="legend">
      <summary>What the lines mean</summary>
      <ul>
        {[...Object.values(LOOKS)]
          .sort((one, other) => other.rank - one.rank)
          .map((look) => (
            <li key={look.name}>
              <Sample look={look} /> {look.text}
            </li>
          ))}
        <li>
          <svg viewBox="0 0 74 28" aria-hidden="true" class="sample ok">
            <path class="line" d="M2,14 H72" />
            <g class="old">
              <circle cx="37" cy="14" r="9" />
              <path d="M37,9 v5 l4,2" />
            </g>
          </svg>{' '}
          an old connection, still open: not checked again
        </li>
      </ul>
      <p>
        An arrow shows who dials. At its beginning stands the certificate that the client shows, at its end
        the server’s.
      </p>
    </details>
  );
}

function Sample({ look }: { look: Look }): JSX.Element {
  const cut = look.name === 'tls';
  return (
    <svg viewBox="0 0 74 28" aria-hidden="true" class={`sample ${look.name}`}>
      <path
        class="line"
        d="M2,14 H72"
        pathLength={100}
        {...(cut ? { 'stroke-dasharray': '62 30 8 0' } : {})}
      />
      {look.name === 'unsafe' && <path class="core" d="M2,14 H72" pathLength={100} />}
      <Mark look={look} text={look.mark} at={{ x: cut ? 57 : 37, y: 14 }} />
    </svg>
  );
}
