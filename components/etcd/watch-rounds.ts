/**
 * When watchers are told: in rounds over all connections, a few in each turn of the event loop, with rests between.
 *
 * With many watchers telling is most of an etcd's work. A rest lets several revisions go out in one response, which
 * costs little more than one revision does; turns let writers in between.
 */

/** After a round of t milliseconds, rest for so many times t, and never longer than the cap. */
const REST_FACTOR = 3;
const REST_CAP_MS = 500;
/** A round that is shorter than this needs no rest. */
const REST_FROM_MS = 1;
/** Connections in one turn. */
const STEPS_PER_TURN = 25;

export interface Rounds {
  /** Something is to be told: at once when nothing goes on, else in the next round. */
  wanted(): void;
  close(): void;
}

/** @param begin  starts a round; each step tells one connection */
export function createRounds(begin: () => Iterator<unknown>): Rounds {
  let again = false;
  let steps: Iterator<unknown> | undefined;
  let spentMs = 0;
  let closed = false;
  let turn: NodeJS.Immediate | undefined;
  let rest: NodeJS.Timeout | undefined;

  const start = (): void => {
    again = false;
    spentMs = 0;
    steps = begin();
    step(steps);
  };

  const step = (round: Iterator<unknown>): void => {
    const begunMs = performance.now();
    let done = false;
    for (let left = STEPS_PER_TURN; left > 0 && !done; left--) done = round.next().done === true;
    // HTTP/1.1 hands what was sent to the encryption in ticks of its own, which is most of the work; this tick comes
    // after them, and before anything that others do in this turn.
    process.nextTick(() => {
      spentMs += performance.now() - begunMs;
      if (closed) return;
      turn = setImmediate(() => {
        turn = undefined;
        if (done) end();
        else step(round);
      });
    });
  };

  const end = (): void => {
    steps = undefined;
    if (spentMs < REST_FROM_MS) {
      if (again) start();
      return;
    }
    rest = setTimeout(
      () => {
        rest = undefined;
        if (again) start();
      },
      Math.min(REST_CAP_MS, REST_FACTOR * spentMs),
    );
  };

  return {
    wanted() {
      again = true;
      if (!closed && !steps && !rest) start();
    },
    close() {
      closed = true;
      clearImmediate(turn);
      clearTimeout(rest);
    },
  };
}
