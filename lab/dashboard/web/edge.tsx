/** One connection on the map: direction, state by colour and shape, the two certificates that meet, a pulse per handshake. */
import type { JSX } from 'preact';
import type { ChannelState } from '../../channel.ts';
import type { Line, Point } from './geometry.ts';
import { type Look, lookOf, markOf, metOf, stillOpenText } from './states.ts';
import { openCard } from './store.ts';

/** A refused line is cut so far from the end that refuses, and so wide: the mark stands in the gap. */
const CUT_AT = 36;
const CUT_WIDTH = 42;

interface EdgeProps {
  readonly channel: ChannelState;
  readonly line: Line;
  readonly pulses: number;
  readonly held: readonly string[];
  /** Whether this is the connection whose story is open. */
  readonly chosen: boolean;
}

/** A line that opens its story. */
export function Edge({ channel, line, pulses, held, chosen }: EdgeProps): JSX.Element {
  const look = lookOf(channel, held);
  const old = stillOpenText(channel);
  const label = `${channel.client} dials ${channel.server}: ${markOf(channel, look)} ${look.text}${refuserText(channel)}.${metText(channel)}${old ? ` An older connection is ${old}.` : ''}`;
  const cut = look.name === 'tls' ? cutOf(line, channel.by ?? 'server') : undefined;
  const open = (): void => openCard(channel.id);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the button inside is for the keyboard; this is for the words beside it
    <g class={`edge ${look.name}${chosen ? ' chosen' : ''}`} onClick={open}>
      {/* biome-ignore lint/a11y/useSemanticElements: a line of a drawing cannot be an HTML button */}
      <g
        class="grip"
        role="button"
        tabindex={0}
        aria-label={label}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' && event.key !== ' ') return;
          event.preventDefault();
          open();
        }}
      >
        <title>{label}</title>
        <path class="touch" d={line.d} />
        <path
          class="line"
          d={line.d}
          pathLength={100}
          marker-end="url(#arrow)"
          {...(cut === undefined ? {} : { 'stroke-dasharray': dashes(cut, line) })}
        />
        {look.name === 'unsafe' && <path class="core" d={line.d} pathLength={100} />}
        <path key={pulses} class={pulses > 0 ? 'pulse' : 'quiet'} d={line.d} pathLength={100} />
        {old && <Clock at={line.at(cut === undefined ? 0.28 : 0.5)} text={old} />}
        <Mark look={look} text={markOf(channel, look)} at={line.at(cut ?? 0.5)} />
      </g>
      <Files channel={channel} line={line} />
    </g>
  );
}

/** ` scheduler.crt meets apiserver.crt.`, or nothing. */
function metText(channel: ChannelState): string {
  const met = metOf(channel);
  return met ? ` ${met.client} meets ${met.server}.` : '';
}

/** Who refuses, with which alert. */
export function refuserText({ layer, by, client, server, alert }: ChannelState): string {
  if (layer !== 'tls' || by === null) return '';
  const who = by === 'client' ? client : server;
  return ` by ${who}${alert ? `, alert ${alert.number} ${alert.name}` : ''}`;
}

/** Which part of a line the cut lies at. */
function cutOf(line: Line, by: 'client' | 'server'): number {
  const part = Math.min(0.35, CUT_AT / lengthOf(line));
  return by === 'client' ? part : 1 - part;
}

/** Drawn, gap, drawn: in hundredths of the length. */
function dashes(cut: number, line: Line): string {
  const gap = Math.min(50, (CUT_WIDTH / lengthOf(line)) * 100);
  const before = cut * 100 - gap / 2;
  return `${before} ${gap} ${100 - before - gap} 0`;
}

/** Lines bend so little that the way between their ends will do. */
function lengthOf({ from, to }: Line): number {
  return Math.max(1, Math.hypot(to.x - from.x, to.y - from.y));
}

/** What stands on the line. */
export function Mark({ look, text, at }: { look: Look; text: string; at: Point }): JSX.Element {
  if (look.badge === 'padlock') return <Padlock at={at} />;
  if (look.badge === 'lozenge') {
    const { x, y } = at;
    return (
      <>
        <path class="badge-shape" d={`M${x - 28},${y} l10,-13 h36 l10,13 l-10,13 h-36 z`} />
        <text x={x} y={y + 5}>
          {text}
        </text>
      </>
    );
  }
  return (
    <>
      <circle class="badge-shape" cx={at.x} cy={at.y} r="12" />
      {look.badge === 'pause' && (
        <path class="bars" d={`M${at.x - 4},${at.y - 5} v10 M${at.x + 4},${at.y - 5} v10`} />
      )}
      {look.badge !== 'pause' && (
        <text x={at.x} y={at.y + 5}>
          {text}
        </text>
      )}
    </>
  );
}

function Padlock({ at: { x, y } }: { at: Point }): JSX.Element {
  return (
    <>
      <circle class="badge-shape" cx={x} cy={y} r="14" />
      <rect class="padlock" x={x - 6} y={y - 1} width="12" height="9" rx="1.5" />
      <path class="shackle" d={`M${x - 4},${y - 1} v-4 a3.6,3.6 0 0 1 7.2,-0.6`} />
    </>
  );
}

function Clock({ at: { x, y }, text }: { at: Point; text: string }): JSX.Element {
  return (
    <g class="old">
      <title>An older connection is {text}</title>
      <circle cx={x} cy={y} r="9" />
      <path d={`M${x},${y - 5} v5 l4,2`} />
    </g>
  );
}

/** The client's file at the client's end, the server's at the server's. */
function Files({ channel, line }: { channel: ChannelState; line: Line }): JSX.Element {
  const { from, to, vertical } = line;
  const { client, server } = metOf(channel) ?? { client: '', server: '' };
  if (vertical) {
    const below = to.y > from.y;
    return (
      <>
        <text class="file start" x={from.x + 18} y={from.y + (below ? 24 : -14)}>
          {client}
        </text>
        <text class="file start" x={to.x + 18} y={to.y + (below ? -14 : 24)}>
          {server}
        </text>
      </>
    );
  }
  const right = to.x > from.x;
  return (
    <>
      <text
        class={`file ${right ? 'start' : 'end'}${hubClass(channel, channel.client)}`}
        x={from.x + (right ? 6 : -6)}
        y={from.y - 16}
      >
        {client}
      </text>
      <text
        class={`file ${right ? 'end' : 'start'}${hubClass(channel, channel.server)}`}
        x={to.x + (right ? -12 : 12)}
        y={to.y + 27}
      >
        {server}
      </text>
    </>
  );
}

/** At the API server lines of many workers arrive side by side: its files are shown for one line at a time then. */
function hubClass({ id }: ChannelState, end: string): string {
  return end === 'kube-apiserver' && id.includes('@') ? ' hub' : '';
}
