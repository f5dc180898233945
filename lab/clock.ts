/**
 * Set, show and take back the time of the cluster or of one host: small files, written atomically.
 *
 * Certificate decisions of the lab's own components use this time; real kubectl, openssl and curl live in real
 * time and do not care.
 */
import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseClock, readClockShift } from '../certs/clock.ts';
import { LabError } from '../certs/errors.ts';
import { nearest } from '../certs/nearest.ts';

/** Said with every clock output. */
export const REAL_TIME_NOTE = 'Real kubectl, openssl and curl live in real time: they do not see this clock.';

/** One clock. */
export interface ClockState {
  /** `cluster` for the one that all share, else the host's name. */
  readonly name: string;
  /** What its file says; null when it has none. */
  readonly setting: string | null;
  /** Milliseconds ahead of real time. */
  readonly shiftMs: number;
  /** Its time now, RFC 3339. */
  readonly now: string;
  /** Why its file cannot be used; it then keeps the last good time. */
  readonly problem: string | null;
}

/**
 * All clocks: the cluster's, then every host with one of its own.
 * @param hosts  names of the folders under hosts/
 */
export function readClocks(dir: string, hosts: readonly string[]): ClockState[] {
  const cluster = readClock('cluster', [clockFile(dir)]);
  const own = hosts
    .filter((host) => statSync(clockFile(dir, host), { throwIfNoEntry: false }) !== undefined)
    .map((host) => readClock(host, [clockFile(dir, host)]));
  return [cluster, ...own];
}

/**
 * Set a clock.
 * @param text  `+90d`, `-2h`, an RFC 3339 instant, or `reset` for real time
 * @param host  one host only; the cluster's when absent
 * @throws      LabError CLOCK_INVALID, NAME_UNKNOWN for a host that is not there
 */
export function setClock(dir: string, hosts: readonly string[], text: string, host?: string): ClockState {
  if (host !== undefined && !hosts.includes(host)) {
    const near = nearest(host, hosts);
    throw new LabError('NAME_UNKNOWN', {
      what: `there is no host "${host}"; there are ${hosts.join(', ')}`,
      fix: near === undefined ? `--host ${hosts[0] ?? 'control-plane'}` : `did you mean ${near}?`,
    });
  }
  const file = clockFile(dir, host);
  const name = host ?? 'cluster';
  if (text === 'reset') {
    rmSync(file, { force: true });
    return readClock(name, host === undefined ? [file] : [file, clockFile(dir)]);
  }
  parseClock(text, Date.now());
  const draft = `${file}.${process.pid}`;
  try {
    writeFileSync(draft, `${text.trim()}\n`);
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new LabError('DIR_UNWRITABLE', { what: `${file} cannot be written`, cause: error });
  }
  return readClock(name, [file]);
}

function readClock(name: string, files: readonly string[]): ClockState {
  const setting = files.map(readSetting).find((text) => text !== null) ?? null;
  try {
    const shiftMs = readClockShift(files);
    return { name, setting, shiftMs, now: new Date(Date.now() + shiftMs).toISOString(), problem: null };
  } catch (error) {
    const problem = error instanceof LabError ? error.what : String(error);
    return { name, setting, shiftMs: 0, now: new Date().toISOString(), problem };
  }
}

function readSetting(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null;
  }
}

function clockFile(dir: string, host?: string): string {
  return host === undefined ? join(dir, 'clock') : join(dir, 'hosts', host, 'clock');
}
