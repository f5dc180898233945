/** What the server tells the page: one closed union over the WebSocket. */
import type { ClientAuth } from '../../components/component.ts';
import type { ChannelState } from '../channel.ts';
import type { ClockState } from '../clock.ts';
import type { Badge } from '../consequences.ts';
import type { StepState } from './stepper.ts';

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
  /** Somebody is to find out what is broken; since when. */
  readonly hidden: { readonly at: string } | null;
  /** The last hidden break, once it is told: `Solved in 7:32; it was …`. */
  readonly solved: { readonly text: string } | null;
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
  /** Which certificate each end of a connection shows. */
  readonly ends: readonly { readonly channel: string; readonly client: string; readonly server: string }[];
  readonly cluster: ClusterNews;
}

/** What changed within one batch; `pulses` counts the handshakes of each channel. */
export interface Batch {
  readonly kind: 'batch';
  readonly channels: readonly ChannelState[];
  readonly pulses: Readonly<Record<string, number>>;
}

/** The handshake in step mode went on. */
export interface StepNews {
  readonly kind: 'step';
  readonly state: StepState;
}

/** All that comes over the WebSocket. */
export type PageMessage = Snapshot | Batch | ClusterNews | StepNews;
