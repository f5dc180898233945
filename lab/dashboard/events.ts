/** What the server tells the page: one closed union over the WebSocket, and the story that the page asks for. */
import type { Finding } from '../../certs/errors.ts';
import type { ClientAuth } from '../../components/component.ts';
import type { ChannelState } from '../channel.ts';
import type { ClockState } from '../clock.ts';
import type { Badge } from '../consequences.ts';
import type { Story } from '../explain.ts';
import type { Rung } from '../rungs.ts';

/** What the cluster makes of it, beside the connections: told when it changes and every few seconds. */
export interface ClusterNews {
  readonly kind: 'cluster';
  readonly clientAuth: ClientAuth;
  readonly consequences: readonly string[];
  readonly badges: readonly Badge[];
  /** The cluster's clock first, then hosts with one of their own. */
  readonly clocks: readonly ClockState[];
  /** Faults that stand, by certificate or program; empty while one is hidden. */
  readonly standing: readonly Standing[];
}

/** A fault that `break` put somewhere and nobody has mended. */
export interface Standing {
  readonly fault: string;
  readonly target: string;
}

/** Everything that a page needs at the beginning, and after it was slow. */
export interface Snapshot {
  readonly kind: 'snapshot';
  readonly channels: readonly ChannelState[];
  readonly hosts: readonly string[];
  /** What stands behind every command of the terminal: ` --dir DIR`, or nothing for the usual place. */
  readonly dirOption: string;
  readonly cluster: ClusterNews;
}

/** What changed within one batch; `pulses` counts the handshakes of each channel. */
export interface Batch {
  readonly kind: 'batch';
  readonly channels: readonly ChannelState[];
  readonly pulses: Readonly<Record<string, number>>;
}

/** All that comes over the WebSocket. */
export type PageMessage = Snapshot | Batch | ClusterNews;

/** One handshake in full; only on request. */
export interface CardStory {
  readonly state: ChannelState;
  readonly story: Story;
  readonly rungs: readonly Rung[];
  readonly checks: { readonly client: readonly Finding[]; readonly server: readonly Finding[] };
}
