/**
 * The report of `status` and `up --once`: every channel, what suffers, and where the directory differs from what
 * it should be.
 */
import { join } from 'node:path';
import { readClockShift } from '../certs/clock.ts';
import type { Code } from '../certs/codes.ts';
import type { ClientAuth } from '../components/component.ts';
import type { ChannelState } from './channel.ts';
import { type ClockState, readClocks } from './clock.ts';
import type { Cluster } from './cluster.ts';
import { sufferingOf } from './consequences.ts';
import { type LabDirectory, readDirectory, settingsOf } from './directory.ts';
import { readHidden, revealBreak, standsFor } from './faults/hidden.ts';
import { standingFaults } from './faults/records.ts';
import type { Recovery } from './recovery.ts';
import type { InstanceState } from './supervisor.ts';

/** One file that is not as it should be. */
export interface Deviation {
  readonly identity: string;
  /** `desk`, or the host's name. */
  readonly place: string;
  readonly code: Code | null;
  readonly sentence: string;
  readonly fix: string;
  /** Of a setting: which one, in which file (relative to DIR), and both values; null: it is, or should be, not there. */
  readonly setting?: {
    readonly name: string;
    readonly file: string;
    readonly expected: string | null;
    readonly found: string | null;
  };
}

/** What `status --json` prints. Fields may be added, none renamed. */
export interface StatusReport {
  readonly ok: boolean;
  readonly running: boolean;
  readonly clientAuth: ClientAuth;
  readonly channels: readonly ChannelState[];
  readonly components: readonly InstanceState[];
  readonly consequences: readonly string[];
  /** What suffered some minutes ago and does no more. */
  readonly recovered: readonly Recovery[];
  /** Where files differ from what the table of certificates says, and settings from those of `init`. */
  readonly deviations: readonly Deviation[];
  readonly clocks: readonly ClockState[];
  /** A hidden break stands, and the deviations are covered; `solved` once, when everything is as it should be again. */
  readonly hidden: { readonly since: string; readonly solved: string | null } | null;
}

/** The report about a running cluster. */
export async function reportStatus({ dir }: LabDirectory, cluster: Cluster): Promise<StatusReport> {
  const directory = readDirectory(dir);
  const { consequences, recovered } = await sufferingOf(cluster);
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
    recovered,
    ...cover(directory, ok, await readDeviations(directory)),
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
    recovered: [],
    ...cover(directory, true, await readDeviations(directory)),
    clocks: clocksOf(directory),
  };
}

/** While a hidden break stands the differences stay covered; it is over when there are none and nothing fails. */
function cover(
  { dir }: LabDirectory,
  ok: boolean,
  found: readonly Deviation[],
): Pick<StatusReport, 'deviations' | 'hidden'> {
  const hidden = readHidden(dir);
  if (hidden === undefined) return { deviations: found, hidden: null };
  const stands = standingFaults(dir).some(
    ({ fault, target }) => fault === hidden.fault && target === hidden.target,
  );
  if (!ok || stands || found.length > 0)
    return { deviations: [], hidden: { since: hidden.at, solved: null } };
  revealBreak(dir);
  const solved = `solved in ${standsFor(hidden)}; it was ${hidden.fault} on ${hidden.target}`;
  return { deviations: [], hidden: { since: hidden.at, solved } };
}

/** The clocks of a directory. */
export function clocksOf({ dir, hosts }: LabDirectory): ClockState[] {
  return readClocks(
    dir,
    hosts.map(({ name }) => name),
  );
}

/** Sentences with both values, and how to mend each: certificates and keys first, then settings. */
async function readDeviations(directory: LabDirectory): Promise<Deviation[]> {
  const { dir, choices } = directory;
  const { deviations, expectedVersusFound } = await import('../certs/expected.ts');
  const { inDirectory, sentenceOf, wayBack } = await import('./deviations/row.ts');
  const { settingRows } = await import('./deviations/settings.ts');
  const rows = deviations(expectedVersusFound(dir, choices, { now: (place) => timeAt(dir, place) }));
  const told = new Set(rows.map(({ path }) => path));
  const settings = settingRows(directory).filter(({ file }) => !told.has(file));
  return [
    ...rows.map(({ identity, place, code, sentence, fix }) => ({
      identity,
      place,
      code,
      sentence,
      fix,
    })),
    ...settings.map((row) => ({
      identity: row.instance,
      place: row.place,
      code: null,
      sentence: sentenceOf(row, dir),
      fix: wayBack(row),
      setting: {
        name: row.setting,
        file: inDirectory(row.file, dir),
        expected: row.expected,
        found: row.found,
      },
    })),
  ];
}

/** The time by which certificates at a place are judged: a host's own, or the desk's. Bad clock files count as none. */
export function timeAt(dir: string, place: string): Date {
  const files = [...(place === 'desk' ? [] : [join(dir, 'hosts', place, 'clock')]), join(dir, 'clock')];
  try {
    return new Date(Date.now() + readClockShift(files));
  } catch {
    return new Date();
  }
}
