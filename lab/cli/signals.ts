/** Ctrl-C, SIGTERM and SIGHUP as a promise. */

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Signals that are being waited for. */
export interface SignalWatch {
  /** Resolves at the first signal. From then on a second one ends the process at once, as usual. */
  readonly stopped: Promise<void>;
  /** Stop waiting; the usual handling is back. */
  release(): void;
}

/**
 * Catch signals from now on. Keeps the process alive until it is released.
 * @param interrupt  at the prompt, where Ctrl-C ends the command and not the lab: aborted by Ctrl-C
 */
export function watchSignals(interrupt?: AbortSignal): SignalWatch {
  if (interrupt) {
    const stopped = new Promise<void>((done) => {
      interrupt.addEventListener('abort', () => done(), { once: true });
    });
    return { stopped, release: () => undefined };
  }
  const keepAlive = setInterval(() => undefined, 60_000);
  let resolve: () => void = () => undefined;
  const stopped = new Promise<void>((done) => {
    resolve = done;
  });
  const release = (): void => {
    clearInterval(keepAlive);
    for (const signal of SIGNALS) process.off(signal, stop);
  };
  const stop = (): void => {
    release();
    resolve();
  };
  for (const signal of SIGNALS) process.on(signal, stop);
  return { stopped, release };
}
