/** The live map: machines as boxes, programs in them, one line per connection. */
import type { JSX } from 'preact';
import type { ChannelState } from '../../channel.ts';
import { fileName, lookOf } from './states.ts';
import { openCard, type State } from './store.ts';

interface Point {
  readonly x: number;
  readonly y: number;
}

const FIXED: Readonly<Record<string, Point>> = {
  kubectl: { x: 110, y: 250 },
  'kube-scheduler': { x: 330, y: 80 },
  'kube-controller-manager': { x: 520, y: 80 },
  'kube-apiserver': { x: 425, y: 250 },
  etcd: { x: 425, y: 430 },
};
const WORKER_HEIGHT = 250;
const HALF = { width: 88, height: 24 };

function placeOf(id: string, workers: readonly string[]): Point {
  const fixed = FIXED[id];
  if (fixed) return fixed;
  const [name, host = ''] = id.split('@');
  const top = 20 + workers.indexOf(host) * WORKER_HEIGHT;
  return { x: 760, y: top + (name === 'kubelet' ? 180 : 80) };
}

/** Bend to the right of the direction, so that two that dial each other have two curves. */
function pathOf(from: Point, to: Point): { d: string; middle: Point } {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const bend = { x: (-(to.y - from.y) / length) * 26, y: ((to.x - from.x) / length) * 26 };
  const control = { x: (from.x + to.x) / 2 + bend.x, y: (from.y + to.y) / 2 + bend.y };
  const start = edgeOf(from, control);
  const end = edgeOf(to, control);
  const middle = { x: (start.x + 2 * control.x + end.x) / 4, y: (start.y + 2 * control.y + end.y) / 4 };
  return { d: `M${start.x},${start.y} Q${control.x},${control.y} ${end.x},${end.y}`, middle };
}

/** Where a line from the middle of a program's box towards a point leaves the box. */
function edgeOf(box: Point, towards: Point): Point {
  const dx = towards.x - box.x;
  const dy = towards.y - box.y;
  const part = Math.min(1, (HALF.width + 4) / Math.abs(dx || 1e-6), (HALF.height + 4) / Math.abs(dy || 1e-6));
  return { x: box.x + dx * part, y: box.y + dy * part };
}

/** The map of all connections. */
export function ClusterMap({ state }: { state: State }): JSX.Element {
  const ids = [...new Set(state.channels.flatMap(({ client, server }) => [client, server]))];
  const workers = [...new Set(ids.flatMap((id) => id.split('@')[1] ?? []))];
  const height = Math.max(500, 20 + workers.length * WORKER_HEIGHT);
  return (
    // biome-ignore lint/a11y/useSemanticElements: a drawing is no HTML fieldset
    <svg class="map" viewBox={`0 0 880 ${height}`} role="group" aria-label="Map of the cluster">
      <defs>
        <marker
          id="arrow"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerWidth="8"
          markerHeight="8"
          orient="auto"
          markerUnits="userSpaceOnUse"
        >
          <path d="M0,0 L8,4 L0,8 z" class="head" />
        </marker>
      </defs>
      <Machine name="laptop" x={10} y={190} width={200} height={100} />
      <Machine name="control plane" x={228} y={20} width={396} height={460} />
      {workers.map((name, at) => (
        <Machine key={name} name={name} x={660} y={20 + at * WORKER_HEIGHT} width={210} height={220} />
      ))}
      {state.channels.map((channel) => (
        <Edge key={channel.id} channel={channel} workers={workers} pulses={state.pulses[channel.id] ?? 0} />
      ))}
      {ids.map((id) => {
        const { x, y } = placeOf(id, workers);
        return (
          <g key={id} class="program">
            <rect
              x={x - HALF.width}
              y={y - HALF.height}
              width={2 * HALF.width}
              height={2 * HALF.height}
              rx="8"
            />
            <text x={x} y={y + 5}>
              {id.split('@')[0]}
            </text>
          </g>
        );
      })}
    </svg>
  );
}

function Machine(box: { name: string; x: number; y: number; width: number; height: number }): JSX.Element {
  const { name, ...size } = box;
  return (
    <g class="machine">
      <rect {...size} rx="14" />
      <text x={box.x + 14} y={box.y + 24}>
        {name}
      </text>
    </g>
  );
}

function Edge(props: { channel: ChannelState; workers: readonly string[]; pulses: number }): JSX.Element {
  const { channel, workers, pulses } = props;
  const look = lookOf(channel);
  const { d, middle } = pathOf(placeOf(channel.client, workers), placeOf(channel.server, workers));
  const label = `${channel.client} dials ${channel.server}: ${look.text}. ${fileName(channel.clientFile)} meets ${fileName(channel.serverFile)}.`;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a line of a drawing cannot be an HTML button
    <g
      class={`edge ${look.name}`}
      role="button"
      tabindex={0}
      aria-label={label}
      onClick={() => openCard(channel.id)}
      onKeyDown={(event) => {
        if (event.key === 'Enter' || event.key === ' ') openCard(channel.id);
      }}
    >
      <title>{label}</title>
      <path class="touch" d={d} />
      <path class="line" d={d} marker-end="url(#arrow)" />
      <path key={pulses} class={pulses > 0 ? 'pulse' : 'quiet'} d={d} pathLength={100} />
      <rect class="lozenge" x={middle.x - 17} y={middle.y - 12} width="34" height="24" rx="12" />
      <text x={middle.x} y={middle.y + 5}>
        {look.mark}
      </text>
    </g>
  );
}
