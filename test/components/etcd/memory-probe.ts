/**
 * Loaded into a process beside what it runs, with --expose-gc: answers every message over IPC with what is still
 * reachable. What the operating system has given to the process (RSS) says little: V8 and malloc keep what was freed.
 */
import { setImmediate } from 'node:timers/promises';

/** One answer. */
export interface Probe {
  /** Megabytes that survive a full garbage collection: on V8's heap, and outside it (buffers, TLS). */
  readonly heldMb: number;
  /** Processor time that the process has used so far, milliseconds. */
  readonly cpuMs: number;
}

process.on('message', () => {
  probe()
    .then((answer) => process.send?.(answer))
    .catch(() => process.disconnect());
});
// Nobody listens any more: the test is gone.
process.on('disconnect', () => process.exit());

/** The second collection is for what the first one only marked as finished, outside the heap. */
async function probe(): Promise<Probe> {
  const { user, system } = process.cpuUsage();
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heldMb: (heapUsed + external) / 1e6, cpuMs: (user + system) / 1000 };
}
