/** Slow motion: the rungs of a recorded handshake come one by one, by themselves or on request. */
import { useEffect, useState } from 'preact/hooks';

/** A ladder on show. */
export interface Replay {
  /** So many rungs are shown; null: all, nothing is being replayed. */
  readonly upTo: number | null;
  readonly isPlaying: boolean;
  play(): void;
  pause(): void;
  next(): void;
  back(): void;
  /** Everything at once again. */
  showAll(): void;
}

const RUNG_MS = 2600;

/** @param count  rungs in all @param id  another handshake begins anew */
export function useReplay(count: number, id: string): Replay {
  const [upTo, setUpTo] = useState<number | null>(null);
  const [isPlaying, setPlaying] = useState(false);
  useEffect(() => {
    setUpTo(null);
    setPlaying(false);
  }, [id]);
  useEffect(() => {
    if (!isPlaying || upTo === null) return undefined;
    if (upTo >= count) {
      setPlaying(false);
      return undefined;
    }
    const timer = setTimeout(() => setUpTo(upTo + 1), RUNG_MS);
    return () => clearTimeout(timer);
  }, [isPlaying, upTo, count]);
  const step = (by: number): void => {
    setPlaying(false);
    setUpTo(Math.max(1, Math.min(count, (upTo ?? (by > 0 ? 0 : count)) + by)));
  };
  return {
    upTo,
    isPlaying,
    play: () => {
      setUpTo(upTo === null || upTo >= count ? 1 : upTo);
      // Who asked for less motion goes on by hand.
      setPlaying(!matchMedia('(prefers-reduced-motion: reduce)').matches);
    },
    pause: () => setPlaying(false),
    next: () => step(1),
    back: () => step(-1),
    showAll: () => {
      setPlaying(false);
      setUpTo(null);
    },
  };
}
