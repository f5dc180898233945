/**
 * A hidden break: somebody is to find out what is wrong. What it is stands in `run/hidden.json`; while it does, the answers
 * are covered (differences, rule, fix) and the evidence stays (alerts, log lines, the certificates themselves), until it
 * is revealed or all is green again.
 */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { MODES, writeAtomic } from '../../certs/files.ts';

/** What is hidden. */
export interface HiddenBreak {
  readonly fault: string;
  readonly target: string;
  /** Real time at which it was hidden, RFC 3339. */
  readonly at: string;
}

/** The hidden break of a directory; undefined when there is none. */
export function readHidden(dir: string): HiddenBreak | undefined {
  try {
    const { fault, target, at } = JSON.parse(readFileSync(hiddenFile(dir), 'utf8')) as Partial<HiddenBreak>;
    if (typeof fault !== 'string' || typeof target !== 'string' || typeof at !== 'string') return undefined;
    return { fault, target, at };
  } catch {
    return undefined;
  }
}

/** Hide a break that was just made. */
export function hideBreak(dir: string, fault: string, target: string): HiddenBreak {
  const hidden = { fault, target, at: new Date().toISOString() };
  writeAtomic(hiddenFile(dir), JSON.stringify(hidden), MODES.key);
  return hidden;
}

/** Uncover it: from now on everything is told again. */
export function revealBreak(dir: string): HiddenBreak | undefined {
  const hidden = readHidden(dir);
  rmSync(hiddenFile(dir), { force: true });
  return hidden;
}

/** How long a hidden break has stood: `7:32`. */
export function standsFor({ at }: HiddenBreak, nowMs = Date.now()): string {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(at)) / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

function hiddenFile(dir: string): string {
  return join(dir, 'run', 'hidden.json');
}
