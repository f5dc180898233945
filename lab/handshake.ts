/**
 * One fresh handshake between two components, and its trace when both sides have decided; held message by message,
 * or slowed down, when somebody wants to watch it pass.
 */
import { LabError } from '../certs/errors.ts';
import {
  holdNext,
  OUTSIDE_LIMIT_MS,
  type StepEvent,
  type StepSession,
  type StepVersion,
} from '../components/tls/step.ts';
import type { Trace } from '../components/tls/trace.ts';
import type { Cluster } from './cluster.ts';
import type { Channel } from './topology.ts';

const LIMIT_MS = 8000;
/** How long the rest of the story is waited for, when the client has decided. */
const REST_MS = 1500;
/** A held handshake goes on by itself when nobody asks for the next message. */
export const IDLE_MS = 8000;

/** What the handshake shall be. */
export interface HandshakeOrder {
  /** The only version that the client offers; absent: its own choice. */
  readonly version?: StepVersion;
  /** Hold it: until released, or every message for so long. */
  readonly hold?: { readonly delayMs?: number };
  readonly onEvent?: (event: StepEvent) => void;
}

/** A handshake that has been asked for. */
export interface OrderedHandshake {
  readonly session: StepSession;
  /**
   * The decided connection, both sides' words joined.
   * @throws LabError NOT_TRIED when the client did not dial that server in time
   */
  readonly trace: Promise<Trace>;
  /** Whether the server is a program of its own, which will not wait for the lab: a real etcd. */
  readonly isLimited: boolean;
}

/**
 * One fresh handshake.
 * @throws LabError LAB_NOT_RUNNING, NOT_TRIED
 */
export async function freshHandshake(
  cluster: Cluster,
  channel: Channel,
  version?: StepVersion,
): Promise<Trace> {
  return orderHandshake(cluster, channel, version === undefined ? {} : { version }).trace;
}

/**
 * Let the client dial now.
 * @throws LabError LAB_NOT_RUNNING when the client does not run
 */
export function orderHandshake(
  cluster: Cluster,
  channel: Channel,
  order: HandshakeOrder = {},
): OrderedHandshake {
  const client = cluster.supervisor(channel.client);
  const state = client?.state();
  if (!client || state?.phase !== 'running') {
    throw new LabError('LAB_NOT_RUNNING', {
      what: `${channel.client} does not run${state?.problem ? `: ${state.problem.what}` : ''}`,
      fix: `npx mtls-lab start ${channel.client}`,
    });
  }
  const isLimited = cluster.supervisor(channel.server)?.state().phase !== 'running';
  let traceId: string | undefined;
  /** Counted from here, the other half's word is waited for; undefined while the handshake is held. */
  let freeSinceMs: number | undefined;
  let look = (): void => {};
  const session = holdNext(channel.id, {
    mode: order.hold ? 'hold' : 'pass',
    ...(order.version === undefined ? {} : { version: order.version }),
    ...limits(order.hold, isLimited),
    onEvent: (event) => {
      if (event.kind === 'began') traceId = event.traceId;
      if (event.kind === (order.hold ? 'open' : 'began')) freeSinceMs = Date.now();
      order.onEvent?.(event);
      if (event.kind === 'open') look();
    },
  });
  const decided = (): Trace | undefined => {
    const trace = traceId === undefined ? undefined : cluster.journal.find(traceId);
    if (trace === undefined) return undefined;
    // One that ended before a byte flowed was never held.
    const since = freeSinceMs ?? (trace.messages.length === 0 ? trace.startedAtMs : undefined);
    return since !== undefined && cluster.journal.isDecidedSince(trace, since) ? trace : undefined;
  };
  /**
   * The client tells its decision before its last flight is out, and before the server has read an alert: what that
   * one thinks, and the rest of the messages, belong to the story.
   */
  const lacksTheRest = ({ server, outcome, http }: Trace): boolean => {
    if (server !== null) return false;
    if (!isLimited) return outcome.layer === 'tls' || outcome.layer === 'ok';
    // A server outside the lab tells nothing: in TLS 1.3 its first answer, or its alert, is what it thought.
    return outcome.layer === 'ok' && http === null;
  };
  const trace = new Promise<Trace>((resolve, reject) => {
    const deadline = performance.now() + LIMIT_MS;
    let foundAtMs: number | undefined;
    look = () => {
      const found = decided();
      if (found === undefined) return;
      foundAtMs ??= performance.now();
      if (lacksTheRest(found) && performance.now() - foundAtMs < REST_MS) return;
      stop();
      resolve(found);
    };
    const leave = cluster.journal.subscribe((event) => {
      if (event.kind === 'trace' && event.trace.channel === channel.id) look();
    });
    const timer = setInterval(() => {
      look();
      if (traceId !== undefined || performance.now() < deadline) return;
      stop();
      reject(notTried(channel));
    }, 50);
    function stop(): void {
      leave();
      clearInterval(timer);
      session.go();
    }
  });
  client.dialNow().catch(() => undefined);
  return { session, trace, isLimited };
}

function limits(
  hold: HandshakeOrder['hold'],
  isLimited: boolean,
): { readonly limitMs?: number; readonly idleMs?: number; readonly delayMs?: number } {
  if (hold === undefined) return {};
  const { delayMs } = hold;
  return {
    ...(delayMs === undefined ? { idleMs: IDLE_MS } : { delayMs }),
    ...(isLimited ? { limitMs: OUTSIDE_LIMIT_MS } : {}),
  };
}

function notTried({ client, server }: Channel): LabError {
  return new LabError('NOT_TRIED', {
    what: `${client} did not dial ${server} within ${LIMIT_MS / 1000} s`,
    why:
      client === 'kube-apiserver'
        ? 'The API server dials a kubelet when it needs one, and knows only those that have registered their node.'
        : 'A client dials in rounds.',
    fix: 'npx mtls-lab status   shows what is in the way',
  });
}
