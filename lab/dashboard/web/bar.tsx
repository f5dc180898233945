/** The top bar: views, mode, the cluster's clock, how many connections are accepted, and what a class needs. */
import type { JSX } from 'preact';
import { act } from './ask.ts';
import { labCommand } from './command.tsx';
import { lookOf } from './states.ts';
import { addressOf, freeze, type State, update } from './store.ts';

/** What the bar lists as views. */
export interface BarLink {
  readonly view: string;
  readonly title: string;
}

/** The bar. */
export function TopBar({ state, links }: { state: State; links: readonly BarLink[] }): JSX.Element {
  const good = state.channels.filter(({ layer }) => layer === 'ok').length;
  const unsafe = state.channels.filter((one) => lookOf(one).name === 'unsafe').length;
  return (
    <header>
      <h1>mTLS Lab</h1>
      <nav aria-label="Views">
        {links.map(({ view, title }) => (
          <a
            key={view}
            href={addressOf(view)}
            {...(isOpen(state, view) ? { 'aria-current': 'page' as const } : {})}
          >
            {title}
          </a>
        ))}
      </nav>
      <Mode state={state} />
      <a
        class="clock"
        href="#/time"
        title="The cluster’s clock, UTC. Click to move it."
        aria-label={`The cluster’s clock: ${clockText(state)} UTC. Move it.`}
      >
        {clockText(state)}
      </a>
      <strong
        role="status"
        class={good === state.channels.length && unsafe === 0 && state.connected ? 'all-good' : 'not-good'}
      >
        {state.connected
          ? `${good} of ${state.channels.length} accepted${unsafe > 0 ? `, ${unsafe} unsafe` : ''}`
          : 'The lab does not answer; trying again'}
      </strong>
    </header>
  );
}

/** Freeze the picture, and large type for a class. */
export function Keys({ state }: { state: State }): JSX.Element {
  return (
    <span class="keys">
      <button type="button" aria-pressed={state.frozen !== null} onClick={freeze} title="Key: f">
        {state.frozen === null ? 'Freeze' : 'Go on'}
      </button>
      <button
        type="button"
        aria-pressed={state.presenting}
        onClick={() => update({ presenting: !state.presenting })}
        title="Large type for a projector. Key: l"
      >
        Present
      </button>
    </span>
  );
}

function isOpen({ place: { view } }: State, link: string): boolean {
  return view === link || (link === '' && (view === 'connection' || view === 'trace' || view === 'workers'));
}

const MODES = [
  {
    value: 'require',
    short: 'strict (lab)',
    title: 'Strict (lab): a server refuses a bad client in TLS',
  },
  {
    value: 'request',
    short: 'as Kubernetes does',
    title: 'As Kubernetes does: TLS succeeds, then the API server and kubelets answer 401 or 403',
  },
] as const;

function Mode({ state }: { state: State }): JSX.Element {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset would be a box of its own in a line of text
    <span class="mode" role="group" aria-label="Mode of the servers">
      {MODES.map(({ value, short, title }) => (
        <button
          key={value}
          type="button"
          title={title}
          aria-pressed={state.cluster.clientAuth === value}
          onClick={() => void choose(state, value)}
        >
          {short}
        </button>
      ))}
    </span>
  );
}

async function choose(state: State, clientAuth: (typeof MODES)[number]['value']): Promise<void> {
  if (state.cluster.clientAuth === clientAuth) return;
  await act({
    route: 'POST /mode',
    body: { clientAuth },
    text:
      clientAuth === 'require'
        ? 'Strict: the API server and kubelets now refuse a bad client in TLS. lab.yaml says so, and they were restarted.'
        : 'As Kubernetes does: TLS succeeds now, and a bad client gets 401 or 403. lab.yaml says so, and they were restarted.',
    command: labCommand(state, `up --client-auth ${clientAuth}`),
  });
}

function clockText({ cluster: { clocks } }: State): string {
  const [cluster, ...own] = clocks;
  if (!cluster) return '';
  const text = `${cluster.now.slice(0, 10)} ${cluster.now.slice(11, 16)}`;
  const shift = cluster.setting === null ? '' : ` (${cluster.setting})`;
  return `${text}${shift}${own.length > 0 ? `, ${own.length} host${own.length > 1 ? 's' : ''} apart` : ''}`;
}
