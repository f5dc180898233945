/** The bottom strip: what suffers, or that all is green and what to try; and the command of the last click. */
import type { JSX } from 'preact';
import { act } from './ask.ts';
import { Command, labCommand } from './command.tsx';
import { lookOf } from './states.ts';
import { addressOf, freeze, type State, timeText, update } from './store.ts';

/** More sentences than this are counted. */
const MOST = 3;

/** One line or two under everything. */
export function Strip({ state }: { state: State }): JSX.Element {
  return (
    <footer>
      {state.frozen && (
        <p class="frozen">
          ❄ Frozen at {timeText(state.frozen.at)}; {state.frozen.missed} handshakes since.{' '}
          <button type="button" onClick={freeze}>
            Go on
          </button>
        </p>
      )}
      <Now state={state} />
      {state.done && (
        <p class={state.done.failed ? 'done failed' : 'done'} role="status">
          {state.done.text}{' '}
          {state.done.command !== '' && (
            <>
              <span class="soft">The same in the terminal:</span> <Command text={state.done.command} />
            </>
          )}{' '}
          <button type="button" class="small" onClick={() => update({ done: null })} aria-label="Put away">
            ×
          </button>
        </p>
      )}
    </footer>
  );
}

function Now({ state }: { state: State }): JSX.Element {
  const { channels, cluster, connected } = state;
  const bad = channels.filter((one) => lookOf(one).rank < 4);
  const told = cluster.solved && <b class="solved">{cluster.solved.text}</b>;
  if (!connected) return <p>The lab does not answer. Is it still running in its terminal?</p>;
  if (bad.length === 0 && cluster.consequences.length === 0 && cluster.standing.length === 0) {
    return channels.length > 0 && channels.every((one) => lookOf(one).rank === 5) ? (
      <p>
        {told} <b class="all-good">Everything is green.</b>{' '}
        <a class="button" href={addressOf('break', 'expired/scheduler')}>
          Expire the scheduler’s certificate
        </a>{' '}
        <a class="button" href={addressOf('tour')}>
          Tour
        </a>
      </p>
    ) : (
      <p>The first handshakes are on their way.</p>
    );
  }
  const shown = cluster.consequences.slice(0, MOST);
  const more = cluster.consequences.length - shown.length;
  return (
    <>
      {told && <p>{told}</p>}
      {cluster.hidden && (
        <p class="frozen">Something is hidden. What is it? The evidence is open, the answers are covered.</p>
      )}
      {shown.length === 0 && <p>No harm seen in the cluster yet: what is open goes on.</p>}
      {shown.map((text) => (
        <p key={text} class="suffer">
          {text}
        </p>
      ))}
      {more > 0 && <p class="soft">and {more} more</p>}
      <p class="mend">
        <a class="button" href={addressOf('break')}>
          Break and mend
        </a>{' '}
        {cluster.hidden === null && (
          <button type="button" onClick={() => void mendAll(state)}>
            Mend everything
          </button>
        )}
      </p>
    </>
  );
}

/** Everything that stands, and everything that differs from the table of certificates. */
export async function mendAll(state: State): Promise<void> {
  await act({
    route: 'POST /fix',
    body: {},
    text: 'Mended: right certificates issued and distributed.',
    command: labCommand(state, 'fix'),
  });
}
