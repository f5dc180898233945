/** Six steps of one sentence and one action, beside the map; each looks itself whether it was done. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { TourLook } from '../../tour.ts';
import type { TourState } from '../tour.ts';
import { act, ask, useAnswer } from './ask.ts';
import { Command, labCommand } from './command.tsx';
import { addressOf, type State } from './store.ts';
import { mendAll } from './strip.tsx';
import { Terms } from './terms.tsx';

const SCHEDULER = 'kube-scheduler->kube-apiserver';

/** Where on the page a step is done. */
const PLACES: Readonly<Record<string, { readonly text: string; readonly href: string }>> = {
  read: { text: 'Open the scheduler’s certificate', href: addressOf('certificates', 'scheduler') },
  break: { text: 'Guess, and let it end', href: addressOf('break', 'expired/scheduler') },
  who: { text: 'Open the handshake', href: addressOf('connection', SCHEDULER) },
  modes: { text: 'Break it again', href: addressOf('break', 'expired/scheduler') },
};

/** The tour. */
export function TourView({ state }: { state: State }): JSX.Element {
  const [asked, setAsked] = useState(0);
  const { answer, problem } = useAnswer<TourState>('GET /tour', state.revision + asked * 1e6);
  if (problem) return <p class="failed">{problem}</p>;
  if (!answer) return <p>The tour is on its way.</p>;
  const again = (): void => setAsked(asked + 1);
  return (
    <div class="tour">
      <h2>
        Tour{' '}
        <small>
          {Math.min(answer.done + 1, answer.titles.length)} of {answer.titles.length}
        </small>
      </h2>
      <ol class="steps">
        {answer.titles.map((title, at) => (
          <li
            key={title}
            class={at < answer.done ? 'all-good' : ''}
            {...(at === answer.done ? { 'aria-current': 'step' as const } : {})}
          >
            {at < answer.done ? '✓' : at + 1} {title}
          </li>
        ))}
      </ol>
      {answer.step ? (
        <Step key={answer.step.id} tour={answer} step={answer.step} state={state} again={again} />
      ) : (
        <End state={state} after={answer.after} again={again} />
      )}
    </div>
  );
}

interface StepProps {
  readonly tour: TourState;
  readonly step: NonNullable<TourState['step']>;
  readonly state: State;
  readonly again: () => void;
}

function Step({ tour, step, state, again }: StepProps): JSX.Element {
  const [typed, setTyped] = useState('');
  const [told, setTold] = useState<TourLook | null>(null);
  const place = PLACES[step.id];
  const look = told ?? tour.look;
  const send = (go: 'yes' | 'no'): void => {
    ask<TourLook>('POST /tour/look', { answer: typed, go })
      .then((found) => {
        setTold(found);
        if (found.done && go === 'yes') again();
      })
      .catch(() => undefined);
  };
  return (
    <section>
      <h3>{step.title}</h3>
      <p class="big">
        <Terms text={step.sentence} />
      </p>
      {step.id === 'modes' && state.cluster.clientAuth === 'require' && (
        <p>
          <button
            type="button"
            onClick={() =>
              void act({
                route: 'POST /mode',
                body: { clientAuth: 'request' },
                text: 'As Kubernetes does: TLS succeeds now, and a bad client gets 401 or 403.',
                command: labCommand(state, 'up --client-auth request'),
              })
            }
          >
            Switch to “as Kubernetes does”
          </button>
        </p>
      )}
      {place && (
        <p>
          <a class="button primary" href={place.href}>
            {place.text}
          </a>
        </p>
      )}
      {tour.lines.length > 0 && (
        <div>
          <p>In a second terminal, in bash:</p>
          <Command text={tour.lines.join('\n')} label="the openssl lines" />
        </div>
      )}
      {step.commands.map((command) => (
        <p key={command}>
          <Command text={labCommand(state, command)} />
        </p>
      ))}
      {step.question && !look?.done && (
        <p>
          <label>
            {step.question}{' '}
            <input
              value={typed}
              onInput={(event) => setTyped(event.currentTarget.value)}
              onKeyDown={(event) => event.key === 'Enter' && send('no')}
            />
          </label>{' '}
          <button type="button" onClick={() => send('no')}>
            Answer
          </button>
        </p>
      )}
      {look && look.says !== '' && (
        <p role="status" class={look.done ? 'all-good' : 'soft'}>
          {look.done ? '✓ ' : '… '}
          {look.says}
        </p>
      )}
      <p class="line">
        {look?.done && (
          <button type="button" class="primary" onClick={() => send('yes')}>
            Next
          </button>
        )}
        <button type="button" onClick={() => void skip(again)}>
          Skip
        </button>
        <button type="button" onClick={() => void restart(again)} disabled={tour.done === 0}>
          Begin anew
        </button>
      </p>
    </section>
  );
}

function End(props: { state: State; after: readonly string[]; again: () => void }): JSX.Element {
  const { state, after, again } = props;
  return (
    <section>
      <h3>That was the tour</h3>
      <p>Put everything back as it was:</p>
      <p class="line">
        <button type="button" onClick={() => void mendAll(state)}>
          Mend everything
        </button>
        {state.cluster.clientAuth === 'request' && <span>and choose “strict (lab)” in the bar above.</span>}
      </p>
      {after.map((command) => (
        <p key={command}>
          <Command text={labCommand(state, command)} />
        </p>
      ))}
      <p>
        <button type="button" onClick={() => void restart(again)}>
          Begin anew
        </button>
      </p>
    </section>
  );
}

async function skip(again: () => void): Promise<void> {
  await ask('POST /tour/skip', {});
  again();
}

async function restart(again: () => void): Promise<void> {
  await ask('POST /tour/restart', {});
  again();
}
