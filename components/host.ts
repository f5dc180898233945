/**
 * A host is a folder: one machine of the cluster, with its own file system, clock and observers.
 *
 * Components are given a host and nothing else of the lab: absolute paths in flags and config files are
 * resolved inside the folder, time comes from the host's clock, and finished handshakes are told to whoever
 * listens. A component never knows whether anybody does.
 */
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join, resolve, sep } from 'node:path';
import { readClockShift } from '../certs/clock.ts';
import { LabError } from '../certs/errors.ts';
import type { Trace } from './tls/trace.ts';

const CLOCK_CACHE_MS = 100;

/** One machine of the cluster. */
export interface Host {
  /** `laptop`, `control-plane`, `worker-1` … */
  readonly name: string;
  /** Absolute path of the folder. */
  readonly root: string;
  /**
   * Where a path of a flag or config file lies on this computer.
   * @param path  absolute inside the host (`/etc/kubernetes/pki/ca.crt`), or relative to `from`
   * @param from  absolute folder inside the host for relative paths, default `/`
   * @throws      LabError PATH_ESCAPES when it leaves the folder, symlinks included
   */
  path(path: string, from?: string): string;
  /** The host's time. All certificate decisions use it. */
  now(): Date;
  /** Milliseconds between real time and the host's time. */
  shiftMs(): number;
  /** Tell the observers of a handshake that began or changed (see `Trace.state`). */
  tell(trace: Trace): void;
}

/** What `openHost` needs beyond the folder. */
export interface HostOptions {
  readonly name?: string;
  /** Clock files, most specific first; default `<root>/clock`, then `<root>/../../clock`. */
  readonly clockFiles?: readonly string[];
  readonly onTrace?: (trace: Trace) => void;
}

/**
 * Open a host's folder.
 * @param root  the folder, made by `init`
 */
export function openHost(root: string, options: HostOptions = {}): Host {
  const absolute = resolve(root);
  const clockFiles = options.clockFiles ?? [join(absolute, 'clock'), join(absolute, '..', '..', 'clock')];
  let shift = 0;
  let readAt = Number.NEGATIVE_INFINITY;
  let knownRoot: string | undefined;
  /** Looked up once it exists: every dial resolves three paths. */
  const realRoot = (): string => {
    if (knownRoot !== undefined) return knownRoot;
    const real = realAncestor(absolute);
    if (existsSync(absolute)) knownRoot = real;
    return real;
  };
  const shiftMs = (): number => {
    const tick = performance.now();
    if (tick - readAt > CLOCK_CACHE_MS) {
      readAt = tick;
      try {
        shift = readClockShift(clockFiles);
      } catch {
        // A clock file that cannot be understood keeps the last good time; `status` and `clock` report it.
      }
    }
    return shift;
  };
  return {
    name: options.name ?? basename(absolute),
    root: absolute,
    path: (path, from = '/') => inside(absolute, realRoot(), resolve('/', from, path)),
    now: () => new Date(Date.now() + shiftMs()),
    shiftMs,
    tell: (trace) => options.onTrace?.(trace),
  };
}

function inside(root: string, realRoot: string, path: string): string {
  const target = join(root, path);
  const real = realAncestor(target);
  if (real !== realRoot && !real.startsWith(realRoot + sep)) {
    throw new LabError('PATH_ESCAPES', {
      what: `${path} leads out of the host's folder ${root} (to ${real})`,
      fix: `replace the link by a file inside ${root}`,
    });
  }
  return target;
}

/** The real path of the nearest existing ancestor, with the rest appended. */
function realAncestor(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(realAncestor(parent), basename(path));
  }
}
