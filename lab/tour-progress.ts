/** How far somebody is in the tour of a directory: `run/tour.json`, so that it goes on where it was left. */
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { deskFiles } from '../certs/desk.ts';
import { MODES, readTextIfAny, writeAtomic } from '../certs/files.ts';
import { findIdentity } from '../certs/resolve.ts';
import type { LabDirectory } from './directory.ts';
import type { StatusReport } from './status.ts';
import { TOUR, TOUR_TARGET, type TourFacts } from './tour.ts';

/** Where somebody is. */
export interface TourProgress {
  /** Steps that are behind; as many as there are: the end. */
  readonly done: number;
  /** SHA-256 (hex) of the certificate in pki/ when it was broken; null before. */
  readonly broken: string | null;
}

const START: TourProgress = { done: 0, broken: null };

/** Read it; the beginning when there is none, or it makes no sense. */
export function readTourProgress(dir: string): TourProgress {
  try {
    const value: unknown = JSON.parse(readTextIfAny(file(dir)) ?? 'null');
    if (typeof value !== 'object' || value === null) return START;
    const { done, broken } = value as Record<string, unknown>;
    if (!Number.isInteger(done) || Number(done) < 0 || Number(done) > TOUR.length) return START;
    return { done: Number(done), broken: typeof broken === 'string' ? broken : null };
  } catch {
    return START;
  }
}

/**
 * One more step is behind.
 * @throws LabError DIR_UNWRITABLE
 */
export function advanceTour(directory: LabDirectory): TourProgress {
  const { done, broken } = readTourProgress(directory.dir);
  const next: TourProgress = {
    done: Math.min(done + 1, TOUR.length),
    broken: TOUR[done]?.id === 'break' ? deskHash(directory) : broken,
  };
  writeAtomic(file(directory.dir), `${JSON.stringify(next)}\n`, MODES.key);
  return next;
}

/** Begin anew. */
export function restartTour(dir: string): void {
  rmSync(file(dir), { force: true });
}

/** What the steps look at. */
export function tourFacts(directory: LabDirectory, report: StatusReport): TourFacts {
  const { broken } = readTourProgress(directory.dir);
  return { report, isSignedAnew: broken !== null && deskHash(directory) !== broken };
}

/** The scheduler's certificate in pki/; null when it cannot be read. */
function deskHash({ dir, choices }: LabDirectory): string | null {
  try {
    const { cert } = deskFiles(dir, findIdentity(choices, TOUR_TARGET));
    return createHash('sha256').update(readFileSync(cert)).digest('hex');
  } catch {
    return null;
  }
}

function file(dir: string): string {
  return join(dir, 'run', 'tour.json');
}
