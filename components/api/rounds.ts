/**
 * Rounds: the heartbeat of every client. In each round a client dials afresh, so that a broken certificate shows
 * within seconds although TLS checks only at the start of a connection.
 */

/** A round of at most this: few clients, no need to spread their start. DESIGN section 6: max(5 s, clients/50 s). */
export const QUICK_ROUND_MS = 5000;

/** A running heartbeat. */
export interface Rounds {
  /** Run one round now, after the one that may be under way. Resolves when it is over. */
  now(): Promise<void>;
  /** Stop, and wait for the round under way. */
  close(): Promise<void>;
}

/**
 * Start a heartbeat; the first round begins at once. Rounds longer than five seconds mean that very many clients
 * start together: then the first one, too, comes at a random moment of the round.
 * @param roundMs  milliseconds between two rounds; the phase is random, so that many clients spread out
 * @param work     one round; it must settle by itself, its rejection is not an error here
 */
export function startRounds(roundMs: number, work: () => Promise<void>): Rounds {
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let tail: Promise<void> = Promise.resolve();

  const run = (): Promise<void> => {
    tail = tail.then(() => (closed ? undefined : work().catch(() => undefined)));
    return tail;
  };
  const plan = (delayMs: number): void => {
    if (closed) return;
    timer = setTimeout(() => {
      void run().then(() => plan(roundMs * (0.95 + Math.random() * 0.1)));
    }, delayMs);
  };

  if (roundMs > QUICK_ROUND_MS) plan(Math.random() * roundMs);
  else void run().then(() => plan(roundMs * (0.5 + Math.random() * 0.5)));
  return {
    now: run,
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await tail;
    },
  };
}
