/**
 * A work queue: keys to reconcile, each at most once at a time, tried again with growing pauses when it fails.
 */

/** A queue that works by itself. */
export interface WorkQueue {
  /** Reconcile this key soon. */
  add(key: string): void;
  /** Reconcile it after a while. */
  addLater(key: string, delayMs: number): void;
  /** Try everything that failed, now. */
  retry(): void;
  close(): Promise<void>;
}

const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 5000;

/**
 * Start a queue.
 * @param work    reconcile one key; a rejection means "try again"
 * @param paused  while true nothing is worked on; `retry` goes on with what has gathered
 * @param failed  told about each rejection
 * @see           client-go util/workqueue
 */
export function startQueue(
  work: (key: string) => Promise<void>,
  paused: () => boolean,
  failed: (key: string, error: unknown) => void,
): WorkQueue {
  const waiting = new Set<string>();
  const failures = new Map<string, number>();
  const timers = new Map<string, NodeJS.Timeout>();
  let running: Promise<void> | undefined;
  let closed = false;

  const add = (key: string): void => {
    if (closed) return;
    waiting.add(key);
    start();
  };
  const addLater = (key: string, delayMs: number): void => {
    if (closed || timers.has(key)) return;
    const timer = setTimeout(() => {
      timers.delete(key);
      add(key);
    }, delayMs);
    timers.set(key, timer);
  };
  const start = (): void => {
    if (running || closed || paused()) return;
    running = drain().finally(() => {
      running = undefined;
      if (waiting.size > 0) start();
    });
  };
  const drain = async (): Promise<void> => {
    await new Promise((resolve) => setImmediate(resolve));
    for (const key of waiting) {
      if (closed || paused()) return;
      waiting.delete(key);
      try {
        await work(key);
        failures.delete(key);
      } catch (error) {
        if (closed) return;
        const count = (failures.get(key) ?? 0) + 1;
        failures.set(key, count);
        failed(key, error);
        addLater(key, Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(count - 1, 10)));
      }
    }
  };

  return {
    add,
    addLater,
    retry: () => {
      for (const key of failures.keys()) waiting.add(key);
      start();
    },
    close: async () => {
      closed = true;
      for (const timer of timers.values()) clearTimeout(timer);
      await running;
    },
  };
}
