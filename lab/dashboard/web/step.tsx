/** Step mode: a handshake that is held, let go message by message, each explained as it goes. */
import type { JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { act, ask } from './ask.ts';
import { labCommand } from './command.tsx';
import { useKeys } from './keys.ts';
import { Ladder, Lock } from './ladder.tsx';
import { addressOf, type State } from './store.ts';

/** `#/step/CHANNEL`. */
export function Step({ state }: { state: State }): JSX.Element {
  const channel = state.place.rest;
  const [client = '', server = ''] = channel.split('->');
  const step = state.step?.channel === channel ? state.step : null;
  const [open, setOpen] = useState<number | null>(null);
  const newest = (step?.rungs.length ?? 0) - 1;
  // What came last is explained.
  useEffect(() => setOpen(newest), [newest]);
  const hold = (): void => {
    void act({
      route: 'POST /step',
      body: { channel },
      text: `The next handshake of ${client} with ${server} is held.`,
      command: labCommand(state, `handshake ${client} ${server} --step`),
    });
  };
  const on = (action: 'release' | 'stay' | 'go'): void => {
    ask('POST /step/on', { action }).catch(() => undefined);
  };
  const isOn = step !== null && step.phase !== 'over';
  useKeys({
    Escape: () => location.assign(addressOf('connection', channel)),
    n: () => (isOn ? on('release') : hold()),
    g: () => isOn && on('go'),
    h: () => isOn && on('stay'),
  });
  const [next] = step?.waiting ?? [];
  return (
    <article class="card stepping held" aria-label="Step mode">
      <p class="ends">
        <Paused /> {client} → {server} <b>step by step</b>
      </p>
      <div role="status">
        <h2>{sentence(step, next?.from === 'client' ? client : server)}</h2>
      </div>
      <p class="tools">
        {isOn ? (
          <>
            <button type="button" class="primary" disabled={!next} onClick={() => on('release')}>
              Next message <kbd>n</kbd>
            </button>
            <button type="button" disabled={step.idleMs === null} onClick={() => on('stay')}>
              Hold as long as I need <kbd>h</kbd>
            </button>
            <button type="button" onClick={() => on('go')}>
              Let it go <kbd>g</kbd>
            </button>
          </>
        ) : (
          <button type="button" class="primary" onClick={hold}>
            Hold the next handshake <kbd>n</kbd>
          </button>
        )}
        {step?.phase === 'over' && step.trace && (
          <a class="button" href={addressOf('trace', step.trace)}>
            The whole story
          </a>
        )}
        <a class="button" href={addressOf('connection', channel)}>
          Back to the connection
        </a>
      </p>
      {isOn && (
        <Patience
          idleMs={step.idleMs}
          isLimited={step.isLimited}
          key={step.rungs.length + step.waiting.length}
        />
      )}
      {step && step.rungs.length > 0 && (
        <Ladder
          client={client}
          server={server}
          serverAddress={null}
          rungs={step.rungs}
          upTo={step.rungs.length}
          open={open}
          onOpen={setOpen}
        />
      )}
      {isOn && next && (
        <p class="waits">
          <Paused /> {step.waiting.length} {step.waiting.length === 1 ? 'record waits' : 'records wait'}; the
          next one: {next.lengthBytes} bytes from {next.from === 'client' ? client : server}
          {step.rungs.length > 1 && (
            <>
              {' '}
              <Lock /> nobody on the wire can read it
            </>
          )}
        </p>
      )}
    </article>
  );
}

type StepState = NonNullable<State['step']>;

function sentence(step: StepState | null, sender: string): string {
  if (step === null) return 'Nothing is held. The next handshake can be stopped at every message.';
  if (step.phase === 'over') return `${step.over ?? 'It is over.'} Both sides have decided.`;
  if (step.over !== null) return step.over;
  if (step.phase === 'armed') return 'The client is asked to dial now.';
  return step.waiting.length > 0
    ? `${sender} has sent its next message; it has not arrived yet.`
    : 'Nothing waits: the next message is being made.';
}

/** Two bars; the character for it is in few typefaces. */
function Paused(): JSX.Element {
  return (
    <svg class="paused" viewBox="0 0 14 14" aria-hidden="true">
      <path d="M2,1 H5.5 V13 H2 z M8.5,1 H12 V13 H8.5 z" />
    </svg>
  );
}

/** How long it holds, counted down. */
function Patience({ idleMs, isLimited }: { idleMs: number | null; isLimited: boolean }): JSX.Element {
  const [left, setLeft] = useState(idleMs);
  useEffect(() => {
    setLeft(idleMs);
    if (idleMs === null) return undefined;
    const timer = setInterval(() => setLeft((before) => Math.max(0, (before ?? 0) - 1000)), 1000);
    return () => clearInterval(timer);
  }, [idleMs]);
  return (
    <p class="soft">
      {left === null
        ? 'It holds as long as you need.'
        : `It goes on by itself in ${Math.ceil(left / 1000)} s.`}
      {isLimited && ' A program outside the lab takes part: it waits 8 s in all.'}
    </p>
  );
}
