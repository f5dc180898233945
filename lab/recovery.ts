/** What has suffered and is well again: remembered between two looks at the cluster, for some minutes. */

/** Something that is over. */
export interface Recovery {
  /** The sentence that was true. */
  readonly text: string;
  /** For how long it was seen, seconds. */
  readonly lastedSeconds: number;
  /** Real time at which it was seen to be over, milliseconds since the epoch. */
  readonly atMs: number;
}

/** The memory of one lab. */
export interface Recoveries {
  /**
   * What is true now of one kind; what was and is not any more has recovered.
   * @param kind  sentences of other kinds are left alone: not everything can be looked at every time
   */
  see(kind: 'connections' | 'objects', sentences: readonly string[]): void;
  /** What is over, the newest first. */
  recent(): readonly Recovery[];
}

const KEEP_MS = 5 * 60_000;
const MOST = 20;

/**
 * An empty memory.
 * @param tell  called with what begins and what is over
 */
export function createRecoveries(
  tell: (kind: 'suffers' | 'recovered', text: string) => void,
  nowMs: () => number = Date.now,
): Recoveries {
  const began = { connections: new Map<string, number>(), objects: new Map<string, number>() };
  let over: Recovery[] = [];
  return {
    see: (kind, sentences) => {
      const now = nowMs();
      const known = began[kind];
      for (const [text, beganMs] of known) {
        if (sentences.includes(text)) continue;
        known.delete(text);
        const lastedSeconds = Math.round((now - beganMs) / 1000);
        over = [{ text, lastedSeconds, atMs: now }, ...over.filter((one) => one.text !== text)].slice(
          0,
          MOST,
        );
        tell('recovered', `over after ${lastedSeconds} s: ${text}`);
      }
      for (const text of sentences) {
        if (known.has(text)) continue;
        known.set(text, now);
        tell('suffers', text);
      }
    },
    recent: () => {
      over = over.filter(({ atMs }) => nowMs() - atMs < KEEP_MS);
      return over;
    },
  };
}
