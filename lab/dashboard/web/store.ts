/** The page's one state, fed by the server's messages; reconnects by itself. The address's hash says what is open. */
import type { ChannelState } from '../../channel.ts';
import type { ClusterNews, PageMessage, Snapshot } from '../events.ts';
import type { StepState } from '../stepper.ts';

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
  readonly ends: Snapshot['ends'];
  readonly cluster: ClusterNews;
  /** Handshakes of each channel since the page opened. */
  readonly pulses: Readonly<Record<string, number>>;
  /** Rises when files or outcomes may have changed. */
  readonly revision: number;
}

/** Everything that is drawn. */
export interface State extends Live {
  readonly place: Place;
  /** Channels whose handshake is held in step mode. */
  readonly held: readonly string[];
  /** Channels that the picked fault is predicted to concern. */
  readonly predicted: readonly string[];
  /** The handshake in step mode, or the last one that was. */
  readonly step: StepState | null;
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
  ends: [],
  cluster: {
    kind: 'cluster',
    clientAuth: 'require',
    consequences: [],
    badges: [],
    clocks: [],
    standing: [],
    hidden: null,
    solved: null,
  },
  pulses: {},
  revision: 0,
};
let state: State = {
  ...live,
  place: placeOf(location.hash),
  held: [],
  predicted: [],
  step: null,
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

function tell(change: Partial<Live>): void {
  live = { ...live, ...change };
  update(state.frozen === null ? live : { connected: live.connected });
}

function receive(message: PageMessage): void {
  switch (message.kind) {
    case 'snapshot': {
      const { channels, hosts, dirOption, ends, cluster } = message;
      tell({ connected: true, channels, hosts, dirOption, ends, cluster, revision: live.revision + 1 });
      askForStep().catch(() => undefined);
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
      tell({
        channels: live.channels.map((one) => changed.get(one.id) ?? one),
        pulses,
        revision: live.revision + (turned ? 1 : 0),
      });
      if (state.frozen) update({ frozen: { ...state.frozen, missed: state.frozen.missed + count } });
      return;
    }
    case 'cluster':
      tell({ cluster: message, revision: live.revision + 1 });
      return;
    case 'step':
      follows(message.state);
  }
}

function follows(step: StepState | null): void {
  update({ step, held: step?.phase === 'held' ? [step.channel] : [] });
}

/** A page that comes late, or comes back, asks what is held. */
async function askForStep(): Promise<void> {
  const response = await fetch('/step');
  if (response.ok) follows((await response.json()) as StepState | null);
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
  update({ place, done: null, ...(place.view === 'break' ? {} : { predicted: [] }) });
}

/** The address of a view. */
export function addressOf(view: string, rest = ''): string {
  return rest === '' ? `#/${view}` : `#/${view}/${encodeURIComponent(rest)}`;
}

/** Open a connection's card; the address then leads to it. */
export function openCard(channel: string): void {
  location.hash = addressOf('connection', channel);
}

/** `10:02:31`. */
export function timeText(at: Date): string {
  return at.toLocaleTimeString('en-GB');
}
