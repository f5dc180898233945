/** The page's one state, fed by the server's messages; reconnects by itself. */
import type { ChannelState } from '../../channel.ts';
import type { CardStory, PageMessage } from '../events.ts';

/** Everything that is drawn. */
export interface State {
  readonly connected: boolean;
  readonly clientAuth: string;
  readonly channels: readonly ChannelState[];
  readonly consequences: readonly string[];
  /** Handshakes of each channel since the page opened. */
  readonly pulses: Readonly<Record<string, number>>;
  readonly card: CardStory | null;
  readonly newer: number;
}

const RETRY_MS = 1000;

let state: State = {
  connected: false,
  clientAuth: '',
  channels: [],
  consequences: [],
  pulses: {},
  card: null,
  newer: 0,
};
let redraw: (state: State) => void = () => undefined;

function update(change: Partial<State>): void {
  state = { ...state, ...change };
  redraw(state);
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
    update({ connected: false });
    setTimeout(connect, RETRY_MS);
  });
}

function receive(message: PageMessage): void {
  switch (message.kind) {
    case 'snapshot': {
      const { clientAuth, channels, consequences } = message;
      update({ connected: true, clientAuth, channels, consequences });
      if (state.card === null) openFromHash();
      return;
    }
    case 'batch': {
      const changed = new Map(message.channels.map((one) => [one.id, one]));
      const pulses = { ...state.pulses };
      for (const [id, count] of Object.entries(message.pulses)) pulses[id] = (pulses[id] ?? 0) + count;
      const open = state.card?.state;
      const newest = open && changed.get(open.id);
      update({
        channels: state.channels.map((one) => changed.get(one.id) ?? one),
        pulses,
        newer: state.newer + (newest && newest.trace !== open.trace ? 1 : 0),
      });
      return;
    }
    case 'consequences':
      update({ consequences: message.consequences });
  }
}

function openFromHash(): void {
  const channel = decodeURIComponent(location.hash.slice(1));
  if (channel === '') update({ card: null });
  else load('GET', '/story', channel).catch(() => update({ card: null }));
}

async function load(method: string, path: string, channel: string): Promise<void> {
  const response = await fetch(`${path}?channel=${encodeURIComponent(channel)}`, { method });
  update({ card: response.ok ? ((await response.json()) as CardStory) : null, newer: 0 });
}

/** Open a connection's card; the address then leads to it. */
export function openCard(channel: string): void {
  if (location.hash === `#${encodeURIComponent(channel)}`) openFromHash();
  else location.hash = encodeURIComponent(channel);
}

/** Back to the list. */
export function closeCard(): void {
  location.hash = '';
}

/** Shake hands anew, and show it. */
export function shakeHands(channel: string): void {
  load('POST', '/handshake', channel).catch(() => update({ card: null }));
}
