/** The live map: machines as boxes, programs in them, one line per connection; many workers fold into one group. */
import type { JSX } from 'preact';
import type { ChannelState } from '../../channel.ts';
import { Edge, Mark } from './edge.tsx';
import { type Box, type Layout, layoutOf, WIDTH } from './geometry.ts';
import { lookOf, markOf } from './states.ts';
import { addressOf, type State } from './store.ts';

/** The map of all connections. */
export function ClusterMap({ state }: { state: State }): JSX.Element {
  const layout = layoutOf(workersOf(state), state.presenting ? 470 : 700);
  const chosen = state.place.view === 'connection' ? state.place.rest : '';
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing is no HTML fieldset
    <svg
      class={workersOf(state).length > 1 ? 'map crowded' : 'map'}
      viewBox={`0 0 ${WIDTH} ${layout.height}`}
      role="group"
      aria-label="Map of the cluster: each line is a connection and opens its story"
    >
      <defs>
        <marker
          id="arrow"
          viewBox="0 0 10 10"
          refX="9"
          refY="5"
          markerWidth="12"
          markerHeight="12"
          orient="auto"
          markerUnits="userSpaceOnUse"
        >
          <path d="M0,0 L10,5 L0,10 z" class="head" />
        </marker>
      </defs>
      {layout.machines.map(({ name, box }) => (
        <g key={name} class="machine">
          <rect {...box} rx="14" />
          <text x={box.x + 14} y={box.y + 24}>
            {name}
          </text>
        </g>
      ))}
      {layout.machines.flatMap(({ programs }) =>
        programs.map(({ id, box }) => <Program key={id} id={id} box={box} state={state} />),
      )}
      {layout.folded && <Folded layout={layout} state={state} />}
      {state.channels.map((channel) => {
        const line = layout.line(channel.client, channel.server);
        return (
          line && (
            <Edge
              key={channel.id}
              channel={channel}
              line={line}
              pulses={state.pulses[channel.id] ?? 0}
              held={state.held}
              chosen={channel.id === chosen || state.predicted.includes(channel.id)}
            />
          )
        );
      })}
    </svg>
  );
}

/** Workers with a broken connection first, then by name as the lab counts them. */
export function workersOf({ channels, hosts, held }: State): readonly string[] {
  const workers = hosts.filter((name) => name !== 'laptop' && name !== 'control-plane');
  if (workers.length <= 3) return workers;
  const worst = new Map<string, number>();
  for (const channel of channels) {
    const worker = workerOf(channel);
    if (worker === undefined) continue;
    const rank = Math.min(lookOf(channel, held).rank, 4);
    worst.set(worker, Math.min(worst.get(worker) ?? 4, rank));
  }
  return [...workers].sort((one, other) => (worst.get(one) ?? 4) - (worst.get(other) ?? 4));
}

function workerOf({ client, server }: ChannelState): string | undefined {
  return client.split('@')[1] ?? server.split('@')[1];
}

function Program({ id, box, state }: { id: string; box: Box; state: State }): JSX.Element {
  const [name = id] = id.split('@');
  const badges = state.cluster.badges.filter(({ component }) => component === id);
  const tall = box.height > 120;
  const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  return (
    <g class="program">
      <rect {...box} rx="8" />
      <text x={middle.x} y={middle.y + (badges.length > 0 && tall ? -2 : 5)}>
        <tspan class="long">{name}</tspan>
        <tspan class="short">{name.replace(/^kube-(scheduler|controller)/, '$1')}</tspan>
      </text>
      {badges.map(({ text }, at) => {
        const width = text.length * 8 + 18;
        const x = box.x + box.width - width + 10 - at * (width + 4);
        return (
          <g key={text} class="suffers">
            <rect x={x} y={box.y - 11} width={width} height="22" rx="11" />
            <text x={x + width / 2} y={box.y + 5}>
              {text}
            </text>
          </g>
        );
      })}
    </g>
  );
}

/** All workers that are not drawn, as one stack with one line: it shows the worst of them. */
function Folded({ layout, state }: { layout: Layout; state: State }): JSX.Element | null {
  const { folded, foldedLine } = layout;
  if (!folded || !foldedLine) return null;
  const inside = new Set(folded.workers);
  const channels = state.channels.filter((channel) => inside.has(workerOf(channel) ?? ''));
  const [worst] = [...channels].sort(
    (one, other) => lookOf(one, state.held).rank - lookOf(other, state.held).rank,
  );
  if (!worst) return null;
  const look = lookOf(worst, state.held);
  const same = channels.filter((channel) => lookOf(channel, state.held) === look).length;
  const { box } = folded;
  const text = `${folded.workers.length} more workers`;
  const counts = `${same} of ${channels.length} connections: ${look.text}`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a group of a drawing cannot be an HTML link
    <g
      class={`folded ${look.name}`}
      role="link"
      tabindex={0}
      aria-label={`${text} open the list. ${counts}.`}
      onClick={openWorkers}
      onKeyDown={(event) => event.key === 'Enter' && openWorkers()}
    >
      <rect x={box.x + 8} y={box.y + 8} width={box.width} height={box.height} rx="14" />
      <rect {...box} rx="14" />
      <text x={box.x + box.width / 2} y={box.y + box.height / 2 - 6}>
        {text}
      </text>
      <text class="file" x={box.x + box.width / 2} y={box.y + box.height / 2 + 16}>
        open the list
      </text>
      <path class="bundle" d={foldedLine.d} />
      <path class="bundle inner" d={foldedLine.d} />
      <Mark look={look} text={markOf(worst, look)} at={foldedLine.at(0.5)} />
    </g>
  );
}

function openWorkers(): void {
  location.hash = addressOf('workers');
}
