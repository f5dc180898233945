/** The page's one state, fed by the server's messages; reconnects by itself. The address's hash says what is open. */
import type { ChannelState } from '../../channel.ts';
import type { CardStory, ClusterNews, PageMessage } from '../events.ts';

/** What the address says: `#/certificates/scheduler` is view `certificates`, rest `scheduler`. */
export interface Place {
  readonly view: string;
  readonly rest: string;
}

/** What the server told; this is what `freeze` keeps still. */
export interface Live {
  readonly connected: boolean;
  readonly channels: readonly ChannelState[];
  readonly hosts: readonly string[];
  readonly dirOption: string;
  readonly cluster: ClusterNews;
  /** Handshakes of each channel since the page opened. */
  readonly pulses: Readonly<Record<string, number>>;
  /** Rises when files or outcomes may have changed. */
  readonly revision: number;
}

/** Everything that is drawn. */
export interface State extends Live {
  readonly place: Place;
  readonly card: CardStory | null;
  readonly newer: number;
  /** Channels whose handshake is held in step mode. */
  readonly held: readonly string[];
  /** When the picture was frozen, and how many handshakes came since. */
  readonly frozen: { readonly at: Date; readonly missed: number } | null;
  readonly presenting: boolean;
  /** The last thing done on the page, and its command in the terminal. */
  readonly done: { readonly text: string; readonly command: string; readonly failed: boolean } | null;
}

const RETRY_MS = 1000;

let live: Live = {
  connected: false,
  channels: [],
  hosts: [],
  dirOption: '',
  cluster: { kind: 'cluster', clientAuth: 'require', consequences: [], badges: [], clocks: [], standing: [] },
  pulses: {},
  revision: 0,
};
let state: State = {
  ...live,
  place: placeOf(location.hash),
  card: null,
  newer: 0,
  held: [],
  frozen: null,
  presenting: false,
  done: null,
};
let redraw: (state: State) => void = () => undefined;
let waiting = false;

/** Change what is drawn. Several changes within one frame are drawn once. */
export function update(change: Partial<State>): void {
  state = { ...state, ...change };
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    redraw(state);
  });
}

/** The state as it is now, for those who act on it. */
export function current(): State {
  return state;
}

/** Draw at every change, from now on. */
export function follow(draw: (state: State) => void): void {
  redraw = draw;
  draw(state);
  connect();
  addEventListener('hashchange', openFromHash);
}

function connect(): void {
  const socket = new WebSocket(`ws://${location.host}/events`);
  socket.addEventListener('message', ({ data }) => receive(JSON.parse(String(data)) as PageMessage));
  socket.addEventListener('close', () => {
    tell({ connected: false });
    setTimeout(connect, RETRY_MS);
  });
}

function tell(change: Partial<Live>, more: Partial<State> = {}): void {
  live = { ...live, ...change };
  update(state.frozen === null ? { ...live, ...more } : { connected: live.connected });
}

function receive(message: PageMessage): void {
  switch (message.kind) {
    case 'snapshot': {
      const { channels, hosts, dirOption, cluster } = message;
      const first = !state.connected;
      tell({ connected: true, channels, hosts, dirOption, cluster, revision: live.revision + 1 });
      if (first && state.card === null) openFromHash();
      return;
    }
    case 'batch': {
      const changed = new Map(message.channels.map((one) => [one.id, one]));
      const pulses = { ...live.pulses };
      let count = 0;
      for (const [id, each] of Object.entries(message.pulses)) {
        pulses[id] = (pulses[id] ?? 0) + each;
        count += each;
      }
      const turned = live.channels.some((one) => isTurned(one, changed.get(one.id)));
      const open = state.card?.state;
      const newest = open && changed.get(open.id);
      tell(
        {
          channels: live.channels.map((one) => changed.get(one.id) ?? one),
          pulses,
          revision: live.revision + (turned ? 1 : 0),
        },
        { newer: state.newer + (newest && newest.trace !== open.trace ? 1 : 0) },
      );
      if (state.frozen) update({ frozen: { ...state.frozen, missed: state.frozen.missed + count } });
      return;
    }
    case 'cluster':
      tell({ cluster: message, revision: live.revision + 1 });
  }
}

function isTurned(before: ChannelState, after: ChannelState | undefined): boolean {
  return after !== undefined && (after.layer !== before.layer || after.code !== before.code);
}

/** Keep the picture as it is, or go on with the newest. */
export function freeze(): void {
  if (state.frozen === null) update({ frozen: { at: new Date(), missed: 0 } });
  else update({ ...live, frozen: null });
}

function placeOf(hash: string): Place {
  const [, view = '', rest = ''] = /^#\/([a-z-]*)\/?(.*)$/.exec(hash) ?? [];
  try {
    return { view, rest: decodeURIComponent(rest) };
  } catch {
    return { view, rest };
  }
}

function openFromHash(): void {
  const place = placeOf(location.hash);
  update({ place });
  if (place.view !== 'connection') update({ card: null });
  else load('GET', '/story', place.rest).catch(() => update({ card: null }));
}

async function load(method: string, path: string, channel: string): Promise<void> {
  const response = await fetch(`${path}?channel=${encodeURIComponent(channel)}`, { method });
  update({ card: response.ok ? ((await response.json()) as CardStory) : null, newer: 0 });
}

/** The address of a view. */
export function addressOf(view: string, rest = ''): string {
  return rest === '' ? `#/${view}` : `#/${view}/${encodeURIComponent(rest)}`;
}

/** Open a connection's card; the address then leads to it. */
export function openCard(channel: string): void {
  const address = addressOf('connection', channel);
  if (location.hash === address) openFromHash();
  else location.hash = address;
}

/** Back to the list. */
export function closeCard(): void {
  location.hash = '#/';
}

/** Shake hands anew, and show it. */
export function shakeHands(channel: string): void {
  load('POST', '/handshake', channel).catch(() => update({ card: null }));
}

/** `10:02:31`. */
export function timeText(at: Date): string {
  return at.toLocaleTimeString('en-GB');
}
