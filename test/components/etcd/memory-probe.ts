/**
 * Loaded into a process beside what it runs, with --expose-gc: answers every message over IPC with what is still
 * reachable. What the operating system has given to the process (RSS) says little: V8 and malloc keep what was freed.
 */
import { setImmediate } from 'node:timers/promises';

/** Bytes that survive a full garbage collection: on V8's heap, and outside it (buffers, TLS). */
export interface Held {
  readonly heap: number;
  readonly external: number;
}

process.on('message', () => {
  held()
    .then((answer) => process.send?.(answer))
    .catch(() => process.disconnect());
});

/** The second collection is for what the first one only marked as finished, outside the heap. */
async function held(): Promise<Held> {
  for (let round = 0; round < 2; round++) {
    globalThis.gc?.();
    await setImmediate();
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, external };
}
