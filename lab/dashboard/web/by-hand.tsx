/** The same with openssl and an editor: the page follows as the files change. */
import type { JSX } from 'preact';
import type { Prediction } from '../breaking.ts';
import { Command, labCommand } from './command.tsx';
import type { State } from './store.ts';

interface ByHandProps {
  readonly prediction: Prediction;
  readonly state: State;
}

/** Commands for a second terminal, closed at first. */
export function ByHandLines({ prediction, state }: ByHandProps): JSX.Element {
  const { byHand, mendReal } = prediction;
  return (
    <details>
      <summary>By hand with openssl, and on a real cluster</summary>
      {byHand && (
        <>
          {byHand.breaks && (
            <p>
              Break it: <Command text={byHand.breaks} />
            </p>
          )}
          <p>
            Mend it, from the request in the CA’s folder: <Command text={byHand.mends} />
          </p>
          <p>
            After either, copy to the machines: <Command text={labCommand(state, 'certs distribute')} />
          </p>
          <p class="soft">The page follows as the files change, whoever changes them.</p>
        </>
      )}
      <p>
        On a real cluster, mend it so: <code>{mendReal}</code>
      </p>
    </details>
  );
}
