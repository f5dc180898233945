/**
 * One lab per directory: `run/lock` says which process it is, `run/api.json` (0600) where and with which token
 * it can be asked.
 *
 * `kill -9` leaves both files behind; a lock whose process is gone, or whose pid now belongs to another program,
 * is stale and taken over.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../certs/errors.ts';

/** Who holds the directory. */
export interface LockOwner {
  readonly pid: number;
  /** When the process began, in the kernel's own ticks; empty where the system does not tell. */
  readonly processStart: string;
  /** Real time, RFC 3339. */
  readonly since: string;
}

/** How to reach a running lab. */
export interface ApiAddress {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
  readonly token: string;
  readonly pid: number;
}

/** A lock that this process holds. */
export interface Lock {
  /** Tell other processes of this user where to ask. */
  publish(address: Omit<ApiAddress, 'pid'>): void;
  release(): void;
}

/**
 * Take the directory.
 * @param dir  the cluster directory; `run/` is made when missing (mode 0700)
 * @throws     LabError LAB_RUNNING with pid and address; DIR_UNWRITABLE
 */
export function takeLock(dir: string): Lock {
  const file = lockFile(dir);
  const own: LockOwner = {
    pid: process.pid,
    processStart: processStart(process.pid) ?? '',
    since: new Date().toISOString(),
  };
  const draft = `${file}.${process.pid}`;
  try {
    mkdirSync(join(dir, 'run'), { recursive: true, mode: 0o700 });
    writeFileSync(draft, JSON.stringify(own), { mode: 0o600 });
  } catch (error) {
    throw new LabError('DIR_UNWRITABLE', {
      what: `${join(dir, 'run')} cannot be written (${codeOf(error)})`,
      fix: `use a folder of your own: npx mtls-lab up --dir ~/mtls-lab`,
      cause: error,
    });
  }
  try {
    claim(dir, file, draft);
  } finally {
    rmSync(draft, { force: true });
  }
  rmSync(apiFile(dir), { force: true });
  return {
    publish: ({ url, token }) => writeApi(dir, { url, token, pid: process.pid }),
    release: () => {
      if (readOwner(file)?.pid !== process.pid) return;
      rmSync(apiFile(dir), { force: true });
      rmSync(file, { force: true });
    },
  };
}

/** The process that runs a lab in the directory; undefined when none does. */
export function runningLab(dir: string): LockOwner | undefined {
  const owner = readOwner(lockFile(dir));
  return owner && isAlive(owner) ? owner : undefined;
}

/** Whether a lock was left behind by a process that is gone. */
export function hasStaleLock(dir: string): boolean {
  const file = lockFile(dir);
  return statSync(file, { throwIfNoEntry: false }) !== undefined && runningLab(dir) === undefined;
}

/**
 * Where the running lab can be asked.
 * @throws  LabError LAB_NOT_RUNNING
 */
export function apiAddress(dir: string, shownDir: string): ApiAddress {
  const owner = runningLab(dir);
  const address = owner && readApi(dir);
  if (owner === undefined || address?.pid !== owner.pid) {
    throw new LabError('LAB_NOT_RUNNING', {
      what:
        owner === undefined
          ? `no lab runs in ${shownDir}`
          : `the lab in ${shownDir} (pid ${owner.pid}) is still starting`,
      fix: owner === undefined ? 'npx mtls-lab up' : 'try again in a second',
    });
  }
  return address;
}

function claim(dir: string, file: string, draft: string): void {
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      linkSync(draft, file);
      return;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
    const before = readText(file);
    const owner = runningLab(dir);
    if (owner) throw running(dir, owner);
    setAside(file, before);
  }
  throw new LabError('LAB_RUNNING', {
    what: `several labs start in ${dir} at once`,
    fix: 'start one of them again',
  });
}

/** Move a stale lock away, unless another process has replaced it in the meantime. */
function setAside(file: string, stale: string | undefined): void {
  const aside = `${file}.stale.${process.pid}`;
  try {
    renameSync(file, aside);
    if (readText(aside) !== stale) linkSync(aside, file);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' && codeOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}

function running(dir: string, owner: LockOwner): LabError {
  const address = readApi(dir);
  const where = address ? `, ${address.url}` : '';
  return new LabError('LAB_RUNNING', {
    what: `a lab runs in ${dir} already: pid ${owner.pid}${where}, since ${owner.since}`,
    fix: 'stop it there with Ctrl-C, or start this one with another --dir',
  });
}

function isAlive(owner: LockOwner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (codeOf(error) !== 'EPERM') return false;
  }
  const start = processStart(owner.pid);
  return start === undefined || owner.processStart === '' || start === owner.processStart;
}

/** Field 22 of /proc/PID/stat, which no two processes with one pid share; undefined off Linux. */
function processStart(pid: number): string | undefined {
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function readOwner(file: string): LockOwner | undefined {
  const value = readJson(file);
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, processStart: start, since } = value as Partial<LockOwner>;
  if (typeof pid !== 'number' || !Number.isInteger(pid) || pid <= 0) return undefined;
  return { pid, processStart: start ?? '', since: since ?? '' };
}

function readApi(dir: string): ApiAddress | undefined {
  const value = readJson(apiFile(dir));
  if (typeof value !== 'object' || value === null) return undefined;
  const { url, token, pid } = value as Partial<ApiAddress>;
  if (typeof url !== 'string' || typeof token !== 'string' || typeof pid !== 'number') return undefined;
  return { url, token, pid };
}

function writeApi(dir: string, address: ApiAddress): void {
  const file = apiFile(dir);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, JSON.stringify(address), { mode: 0o600 });
  renameSync(draft, file);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

function lockFile(dir: string): string {
  return join(dir, 'run', 'lock');
}

function apiFile(dir: string): string {
  return join(dir, 'run', 'api.json');
}
