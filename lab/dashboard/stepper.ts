/**
 * Step mode for the page: the next handshake of one connection is held and let go message by message. One at a time
 * for all pages, so that the projector and the teacher's own screen show the same.
 */
import { LabError, messageOf } from '../../certs/errors.ts';
import { type OpenReason, OUTSIDE_LIMIT_MS, type StepSession } from '../../components/tls/step.ts';
import type { Side } from '../../components/tls/trace.ts';
import type { Cluster } from '../cluster.ts';
import { IDLE_MS, orderHandshake } from '../handshake.ts';
import type { Channel } from '../topology.ts';
import { type CardRung, cardRungs } from './card.ts';
import { json, type Route, textOf } from './route.ts';

/** The handshake under control. */
export interface StepState {
  readonly channel: string;
  /** `armed`: it is waited for; `over`: both sides have decided. */
  readonly phase: 'armed' | 'held' | 'over';
  /** The client's half; null until it began. */
  readonly trace: string | null;
  /** Records that wait, the next one first. */
  readonly waiting: readonly { readonly from: Side; readonly lengthBytes: number }[];
  /** What was let go so far. */
  readonly rungs: readonly CardRung[];
  /** Why nothing is held any more; null while something is. */
  readonly over: string | null;
  /** It goes on by itself when nobody asks for so long; null: it holds as long as it takes. */
  readonly idleMs: number | null;
  /** A program outside the lab takes part, and will not wait longer than 8 s in all. */
  readonly isLimited: boolean;
}

/** Step mode of one dashboard. */
export interface Stepper {
  state(): StepState | null;
  /** Hold the next handshake of a connection, and have its client dial now. */
  hold(channel: Channel): void;
  release(): void;
  stay(): void;
  go(): void;
  close(): void;
}

interface Held {
  readonly session: StepSession;
  readonly update: (change: Partial<StepState>) => void;
}

const REASONS = {
  asked: 'You let it go.',
  'handshake over': 'The handshake is over.',
  'connection over': 'The connection is over.',
  'peer would give up': `It went on by itself after ${OUTSIDE_LIMIT_MS / 1000} s: a program outside the lab would have given up.`,
  'nobody asked': `It went on by itself: nothing was asked for ${IDLE_MS / 1000} s.`,
} as const satisfies Record<OpenReason, string>;

/** @param changed  called whenever the state is another one */
export function openStepper(cluster: Cluster, changed: (state: StepState) => void): Stepper {
  let state: StepState | null = null;
  let held: Held | null = null;
  let generation = 0;

  const hold = (channel: Channel): void => {
    held?.session.go();
    generation += 1;
    const mine = generation;
    state = {
      channel: channel.id,
      phase: 'armed',
      trace: null,
      waiting: [],
      rungs: [],
      over: null,
      idleMs: IDLE_MS,
      isLimited: false,
    };
    let now = state;
    const update = (change: Partial<StepState>): void => {
      // A handshake that was replaced by another one has nothing to say any more.
      if (mine !== generation) return;
      now = { ...now, ...change };
      state = now;
      changed(now);
    };
    const { session, trace, isLimited } = orderHandshake(cluster, channel, {
      hold: {},
      onEvent: (event) => {
        switch (event.kind) {
          case 'began':
            return update({ phase: 'held', trace: event.traceId });
          case 'held': {
            const { from, lengthBytes, waiting } = event;
            return update({ waiting: [...now.waiting, { from, lengthBytes }].slice(-waiting) });
          }
          case 'message':
            return update({ rungs: cardRungs(event.trace) });
          case 'released':
            return update({ waiting: event.waiting === 0 ? [] : now.waiting.slice(-event.waiting) });
          case 'open':
            return update({ waiting: [], over: REASONS[event.why] });
        }
      },
    });
    held = { session, update };
    update({ isLimited });
    trace.then(
      (decided) => update({ phase: 'over', trace: decided.id, rungs: cardRungs(decided) }),
      (error: unknown) => update({ phase: 'over', over: messageOf(error) }),
    );
  };

  return {
    state: () => state,
    hold,
    release: () => held?.session.release(1),
    stay: () => {
      held?.session.stay();
      held?.update({ idleMs: null });
    },
    go: () => held?.session.go(),
    close: () => held?.session.go(),
  };
}

/** The routes: all pages hear of what comes of them. */
export const STEPS = {
  'GET /step': async ({ stepper }) => json(stepper.state()),
  /** Body `{ channel }`. */
  'POST /step': async ({ lab, body, stepper }) => {
    const id = textOf(body, 'channel');
    const channel = lab.cluster.topology.find((one) => one.id === id);
    if (!channel) throw new LabError('NAME_UNKNOWN', { what: `there is no connection "${id}"` });
    stepper.hold(channel);
    return json(stepper.state());
  },
  /** Body `{ action: 'release' | 'stay' | 'go' }`. */
  'POST /step/on': async ({ body, stepper }) => {
    const action = textOf(body, 'action');
    if (action === 'release' || action === 'stay' || action === 'go') stepper[action]();
    else throw new LabError('USAGE', { what: `there is no such action: release, stay or go` });
    return json(stepper.state());
  },
} as const satisfies Record<string, Route>;
