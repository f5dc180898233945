/** Ctrl-C and SIGTERM as a promise. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Resolves at the first Ctrl-C, SIGTERM or SIGHUP (or when `ended` does). Afterwards the usual handling is back: a
 * second Ctrl-C ends the process at once.
 */
export function untilStopped(ended?: Promise<void>): Promise<void> {
  return new Promise((resolve) => {
    const keepAlive = setInterval(() => undefined, 60_000);
    const stop = (): void => {
      clearInterval(keepAlive);
      for (const signal of SIGNALS) process.off(signal, stop);
      resolve();
    };
    for (const signal of SIGNALS) process.on(signal, stop);
    void ended?.then(stop);
  });
}
