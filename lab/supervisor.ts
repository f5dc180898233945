/**
 * One component of the running cluster: started, stopped, restarted, and tried again after it could not start,
 * as systemd does for a kubelet and a kubelet for its static pods.
 */
import { isLabError, LabError, messageOf } from '../certs/errors.ts';
import type { Component, FileState, Running, StartContext } from '../components/component.ts';
import type { LogFile } from './log-files.ts';
import type { Instance } from './topology.ts';

/** Between two attempts to start: the first wait, doubled up to the last. A real kubelet waits 10 s to 5 min. */
const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;
/** A component that does not end in this time is left behind. */
const CLOSE_MS = 4000;

/** `stopped`: by the user, or its manifest is gone; `crashed`: could not start, is tried again. */
export type Phase = 'stopped' | 'starting' | 'running' | 'crashed';

/** A component as others see it. */
export interface InstanceState {
  readonly id: string;
  readonly component: string;
  readonly host: string;
  readonly phase: Phase;
  /** Where it listens; null for a pure client, or while it does not run. */
  readonly url: string | null;
  readonly restarts: number;
  /**
   * Why it does not run, or runs with its old configuration; `hinders: 'work'`: it runs as it should, and waits for
   * something. null when all is well.
   */
  readonly problem: {
    readonly code: string;
    readonly what: string;
    readonly why: string;
    readonly fix: string;
    readonly hinders: 'run' | 'work';
  } | null;
  readonly files: readonly FileState[];
}

/** What to start a component with; a LabError says why it cannot be started. */
export type Plan =
  | { readonly kind: 'run'; readonly argv: readonly string[]; readonly fingerprint: string }
  | { readonly kind: 'absent'; readonly why: LabError }
  | { readonly kind: 'bad'; readonly why: LabError };

/** What a supervisor needs. */
export interface SupervisorOptions {
  readonly instance: Instance;
  readonly component: Component;
  readonly log: LogFile;
  /** Read the configuration as it is on disk now. */
  readonly plan: () => Plan;
  readonly context: (argv: readonly string[]) => StartContext;
  readonly changed: (kind: 'started' | 'stopped' | 'failed' | 'manifest', text: string) => void;
}

/** One component under supervision. All calls are safe at any time; they take effect one after the other. */
export interface Supervisor {
  readonly instance: Instance;
  /** With the files that it holds: these are read and hashed for it. */
  state(): InstanceState;
  phase(): Phase;
  /** When it was last started, milliseconds since the epoch: what it saw before counts no more. */
  startedAtMs(): number;
  start(): Promise<void>;
  stop(): Promise<void>;
  restart(): Promise<void>;
  /**
   * The configuration on disk may have changed: restart, stop or start as it says.
   * @param strict  a configuration that cannot be read ends the component too; else the old one runs on
   */
  reconsider(strict?: boolean): Promise<void>;
  /** Try again now if it could not start: a file that it reads has changed. */
  nudge(): void;
  /** Dial every server that it is a client of, once; nothing when it does not run. */
  dialNow(): Promise<void>;
  close(): Promise<void>;
}

/** Supervise one component; it is not started yet. */
export function supervise(options: SupervisorOptions): Supervisor {
  const { instance, component, log, changed } = options;
  let wanted = false;
  let phase: Phase = 'stopped';
  let running: Running | undefined;
  let problem: LabError | undefined;
  let fingerprint = '';
  let restarts = 0;
  let waitMs = FIRST_RETRY_MS;
  let retry: NodeJS.Timeout | undefined;
  let startedAtMs = 0;
  let closed = false;
  let queue: Promise<void> = Promise.resolve();

  /** Work of one component never overlaps. */
  const inTurn = (work: () => Promise<void>): Promise<void> => {
    const next = queue.then(work);
    queue = next.catch((error: unknown) => {
      problem = asLabError(error);
    });
    return queue;
  };

  const tryAgainLater = (): void => {
    clearTimeout(retry);
    if (closed) return;
    retry = setTimeout(() => void inTurn(begin), waitMs);
    retry.unref();
    waitMs = Math.min(waitMs * 2, LAST_RETRY_MS);
  };

  const fail = (error: unknown): void => {
    problem = asLabError(error);
    phase = 'crashed';
    changed('failed', `${instance.id} does not run: ${problem.what}`);
    tryAgainLater();
  };

  const begin = async (): Promise<void> => {
    if (closed || !wanted || running) return;
    clearTimeout(retry);
    const plan = options.plan();
    if (plan.kind === 'absent') {
      phase = 'stopped';
      problem = plan.why;
      return;
    }
    if (plan.kind === 'bad') {
      phase = 'stopped';
      problem = plan.why;
      changed('manifest', plan.why.what);
      return;
    }
    phase = 'starting';
    startedAtMs = Date.now();
    fingerprint = plan.fingerprint;
    try {
      running = await component.start(options.context(plan.argv));
    } catch (error) {
      log.write(isLabError(error) ? `${error.code}: ${error.what}` : messageOf(error));
      fail(error);
      return;
    }
    phase = 'running';
    problem = undefined;
    waitMs = FIRST_RETRY_MS;
    changed('started', `${instance.id} runs`);
  };

  const end = async (): Promise<void> => {
    clearTimeout(retry);
    const old = running;
    running = undefined;
    phase = 'stopped';
    if (!old) return;
    await inTime(old.close(), CLOSE_MS);
    changed('stopped', `${instance.id} is stopped`);
  };

  return {
    instance,
    state: () => {
      const trouble = problem ?? running?.problem?.() ?? null;
      return {
        id: instance.id,
        component: instance.component,
        host: instance.host,
        phase,
        url: running?.endpoint?.url ?? null,
        restarts,
        problem: trouble && {
          ...{ code: trouble.code, what: trouble.what, why: trouble.why, fix: trouble.fix },
          hinders: problem ? 'run' : 'work',
        },
        files: running?.files() ?? [],
      };
    },
    phase: () => phase,
    startedAtMs: () => startedAtMs,
    start: () =>
      inTurn(async () => {
        wanted = true;
        waitMs = FIRST_RETRY_MS;
        await begin();
      }),
    stop: () =>
      inTurn(async () => {
        wanted = false;
        problem = undefined;
        await end();
      }),
    restart: () =>
      inTurn(async () => {
        wanted = true;
        restarts += 1;
        waitMs = FIRST_RETRY_MS;
        await end();
        await begin();
      }),
    reconsider: (strict = false) =>
      inTurn(async () => {
        if (!wanted) return;
        const plan = options.plan();
        if (plan.kind === 'bad') {
          if (problem?.what !== plan.why.what) changed('manifest', plan.why.what);
          problem = plan.why;
          if (strict) await end();
          return;
        }
        if (plan.kind === 'absent') {
          problem = plan.why;
          await end();
          return;
        }
        if (running && plan.fingerprint === fingerprint) {
          problem = undefined;
          return;
        }
        if (running) {
          restarts += 1;
          await end();
        }
        waitMs = FIRST_RETRY_MS;
        await begin();
      }),
    nudge: () => {
      if (phase === 'crashed') void inTurn(begin);
    },
    dialNow: () => running?.dialNow() ?? Promise.resolve(),
    close: () => {
      closed = true;
      wanted = false;
      return inTurn(end);
    },
  };
}

/** Wait for a promise, at most so long; its failure does not matter. */
async function inTime(work: Promise<void>, limitMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, limitMs);
  });
  await Promise.race([work.catch(() => undefined), limit]);
  clearTimeout(timer);
}

function asLabError(error: unknown): LabError {
  return isLabError(error) ? error : new LabError('INTERNAL', { what: messageOf(error), cause: error });
}
