/** A fault by chance, for self-tests and for teachers: the same seed picks the same one. */
import { createHash } from 'node:crypto';
import type { LabDirectory } from '../directory.ts';
import { faults } from './catalogue.ts';
import { expectedOutcomes } from './expect.ts';
import type { Fault } from './fault.ts';

/** What was picked. */
export interface Picked {
  readonly fault: Fault;
  readonly target: string;
}

/**
 * Pick one that stops a connection at the next dial, so that there is something to find.
 * @param seed  any text
 */
export function pickFault(seed: string, directory: LabDirectory): Picked {
  const all: readonly Picked[] = faults.flatMap((fault: Fault) =>
    fault
      .targets(directory)
      .filter((target) =>
        expectedOutcomes(fault, target, directory).some(
          ({ layer, shows }) => layer !== 'ok' && shows === 'at the next connection',
        ),
      )
      .map((target) => ({ fault, target })),
  );
  // First the fault, then its target: one with many targets is not picked more often.
  const ids = [...new Set(all.map(({ fault }) => fault.id))];
  const digest = createHash('sha256').update(seed).digest();
  const id = ids[digest.readUInt32BE(0) % ids.length];
  const own = all.filter(({ fault }) => fault.id === id);
  const picked = own[digest.readUInt32BE(4) % own.length];
  if (picked === undefined) throw new Error('the catalogue is empty');
  return picked;
}
