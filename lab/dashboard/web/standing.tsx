/** What stands broken now, each with its ways back. */
import type { JSX } from 'preact';
import type { Offers } from '../breaking.ts';
import { act } from './ask.ts';
import { labCommand } from './command.tsx';
import { type State, update } from './store.ts';

/** The list of faults that stand; nothing when none does. */
export function Standing({ state, offers }: { state: State; offers: Offers }): JSX.Element | null {
  const { standing } = state.cluster;
  if (standing.length === 0) return null;
  return (
    <section class="standing">
      <h3>{standing.length === 1 ? 'Broken now' : `${standing.length} things broken now`}</h3>
      <ul>
        {standing.map(({ fault, target }) => (
          <li key={fault + target}>
            <span>
              <b>{target}</b>: {offers.faults.find(({ id }) => id === fault)?.title ?? fault}
            </span>
            <span class="ways">
              <button type="button" onClick={() => void mend(state, target, false)}>
                Fix
              </button>
              <button type="button" onClick={() => void mend(state, target, true)}>
                Undo
              </button>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

async function mend(state: State, target: string, undo: boolean): Promise<void> {
  const done = await act({
    route: 'POST /fix',
    body: undo ? { target, undo: 'yes' } : { target },
    text: undo
      ? `${target}: the old files are back.`
      : `${target} is mended: the right files are issued and distributed.`,
    command: labCommand(state, `fix ${target}${undo ? ' --undo' : ''}`),
  });
  if (done) update({ predicted: [] });
}
