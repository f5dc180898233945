/** The same with openssl and an editor: the page follows as the files change. */
import type { JSX } from 'preact';
import type { Prediction } from '../breaking.ts';
import { Command } from './command.tsx';

interface ByHandProps {
  readonly prediction: Prediction;
}

/** Commands for a second terminal, closed at first. */
export function ByHandLines({ prediction }: ByHandProps): JSX.Element {
  const { byHand, mendReal } = prediction;
  return (
    <details>
      <summary>By hand with openssl, and on a real cluster</summary>
      {byHand && (
        <>
          {byHand.breaks && (
            <>
              <h4>Break it</h4>
              <Command text={byHand.breaks} label="the lines that break it" />
            </>
          )}
          <h4>Mend it: key, request, the CA’s signature, copies</h4>
          <Command text={byHand.mends} label="the lines that mend it" />
          <p class="soft">The page follows as the files change, whoever changes them.</p>
        </>
      )}
      <p>
        On a real cluster, mend it so: <code>{mendReal}</code>
      </p>
    </details>
  );
}
