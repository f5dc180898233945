/** The list of connections, broken first; healthy ones of many workers are folded. */
import type { JSX } from 'preact';
import { useState } from 'preact/hooks';
import type { ChannelState } from '../../channel.ts';
import { refuserText } from './edge.tsx';
import { lookOf, markOf, metOf, stillOpenText, timeOf } from './states.ts';
import { openCard, type State } from './store.ts';

/** More healthy connections than this are folded. */
const MOST = 16;

/** One list of all connections. */
export function ConnectionList({ state }: { state: State }): JSX.Element {
  const sorted = [...state.channels].sort(
    (one, other) => lookOf(one, state.held).rank - lookOf(other, state.held).rank,
  );
  const broken = sorted.filter((one) => lookOf(one, state.held).rank < 4).length;
  const first = Math.max(MOST, broken);
  const rest = sorted.slice(first);
  const [all, setAll] = useState(false);
  return (
    <>
      <h2>
        Connections{' '}
        <small>
          {broken > 0 ? 'broken ones first' : 'click one, or its line on the map, for its whole story'}
        </small>
      </h2>
      <ul class="list">
        {sorted.slice(0, first).map((channel) => (
          <Row key={channel.id} channel={channel} state={state} />
        ))}
      </ul>
      {rest.length > 0 && (
        <details open={all} onToggle={(event) => setAll(event.currentTarget.open)}>
          <summary>{rest.length} more</summary>
          {/* Thousands of rows are drawn only for who looks at them. */}
          <ul class="list">
            {all && rest.map((channel) => <Row key={channel.id} channel={channel} state={state} />)}
          </ul>
        </details>
      )}
    </>
  );
}

function Row({ channel, state }: { channel: ChannelState; state: State }): JSX.Element {
  const look = lookOf(channel, state.held);
  const old = stillOpenText(channel);
  return (
    <li>
      <button type="button" class={look.name} onClick={() => openCard(channel.id)}>
        <span class="mark">{markOf(channel, look)}</span>
        <span>
          {channel.client} → {channel.server}
          <small>
            {look.text}
            {refuserText(channel)}
            {channel.at && ` · ${timeOf(channel.at)}`}
            {whose(channel)}
          </small>
          <small>{filesText(channel)}</small>
          {channel.unsafe.map((text) => (
            <small key={text}>{text}</small>
          ))}
          {old && <small class="old-note">{old}</small>}
        </span>
      </button>
    </li>
  );
}

function filesText(channel: ChannelState): string {
  const met = metOf(channel);
  return met ? `${met.client} meets ${met.server}` : '';
}

/** The lab's kubectl dials by itself; a real one tells nothing of its own half. */
function whose({ client, trace, clientFile }: ChannelState): string {
  if (client !== 'kubectl' || trace === null) return '';
  return clientFile === null ? ' · your kubectl' : ' · heartbeat of the lab’s own kubectl';
}
