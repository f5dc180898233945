/** What the server tells the page: one closed union over the WebSocket, and the story that the page asks for. */
import type { Finding } from '../../certs/errors.ts';
import type { ClientAuth } from '../../components/component.ts';
import type { ChannelState } from '../channel.ts';
import type { Story } from '../explain.ts';
import type { Rung } from '../rungs.ts';

/** Everything that the first screen shows. */
export interface Snapshot {
  readonly kind: 'snapshot';
  readonly clientAuth: ClientAuth;
  readonly channels: readonly ChannelState[];
  readonly consequences: readonly string[];
}

/** What changed within one batch; `pulses` counts the handshakes of each channel. */
export interface Batch {
  readonly kind: 'batch';
  readonly channels: readonly ChannelState[];
  readonly pulses: Readonly<Record<string, number>>;
}

/** What suffers now. */
export interface Suffering {
  readonly kind: 'consequences';
  readonly consequences: readonly string[];
}

/** All that comes over the WebSocket. */
export type PageMessage = Snapshot | Batch | Suffering;

/** One handshake in full; only on request. */
export interface CardStory {
  readonly state: ChannelState;
  readonly story: Story;
  readonly rungs: readonly Rung[];
  readonly checks: { readonly client: readonly Finding[]; readonly server: readonly Finding[] };
}
