/**
 * Handshakes on request, over the API of the running lab: one that just happens, and one that is held, told event by
 * event while others let it go.
 */
import { randomUUID } from 'node:crypto';
import { LabError } from '../certs/errors.ts';
import { plainMessage } from '../components/tls/decode-message.ts';
import type { OpenReason, StepEvent, StepSession, StepVersion } from '../components/tls/step.ts';
import type { Side, Trace, TraceMessage } from '../components/tls/trace.ts';
import { type ApiRoutes, errorToJson } from './api.ts';
import { type ChannelState, channelState } from './channel.ts';
import type { Cluster } from './cluster.ts';
import { type HandshakeOrder, orderHandshake } from './handshake.ts';
import { messageTitle, whyOf } from './message-why.ts';
import { type Names, resolveChannel } from './names.ts';
import { withSecondOpinions } from './second-opinions.ts';
import type { Channel } from './topology.ts';
import { bytesToJson } from './trace-json.ts';

/** What is told of a handshake that is watched, as JSON; bytes in the form of trace-json.ts. */
export type WatchedEvent =
  /** First of all: by `id` it is let go. `isLimited`: a program outside the lab takes part, and will not wait. */
  | { readonly kind: 'asked'; readonly id: string; readonly channel: Channel; readonly isLimited: boolean }
  | { readonly kind: 'began' }
  | { readonly kind: 'held'; readonly from: Side; readonly lengthBytes: number; readonly waiting: number }
  | {
      readonly kind: 'message';
      readonly message: TraceMessage;
      readonly title: string;
      /** What it is for, in a sentence. */
      readonly why: string;
    }
  | { readonly kind: 'released'; readonly waiting: number }
  | { readonly kind: 'open'; readonly why: OpenReason }
  /** The last one. */
  | { readonly kind: 'done'; readonly channel: ChannelState; readonly trace: Trace }
  | { readonly kind: 'failed'; readonly error: object };

/** How a held handshake is let go. */
export const MOVES = ['release', 'stay', 'go'] as const;

/** Routes and streams about handshakes. @param names  read anew for every question */
export function handshakeApi(cluster: Cluster, names: () => Names): ApiRoutes {
  const held = new Map<string, StepSession>();

  const begin = (body: unknown, change: Partial<HandshakeOrder>) => {
    const fields = fieldsOf(body);
    const { names: words, tls } = fields;
    const given = Array.isArray(words) ? words.filter((one) => typeof one === 'string') : [];
    const channel = resolveChannel(given, names());
    const version = versionOf(tls);
    const order = { ...(version === undefined ? {} : { version }), ...change };
    return { channel, ...orderHandshake(cluster, channel, order) };
  };
  const move = (body: unknown, which: (typeof MOVES)[number]): object => {
    const { id } = fieldsOf(body);
    const session = held.get(typeof id === 'string' ? id : '');
    if (which === 'release') session?.release(1);
    else session?.[which]();
    return { isHeld: session !== undefined };
  };

  return {
    routes: {
      'POST /handshake': async ({ body }) => {
        const { channel, trace } = begin(body, {});
        const decided = await withSecondOpinions(await trace);
        return bytesToJson({ channel: channelState(channel, decided), trace: decided });
      },
      'POST /handshake/release': async ({ body }) => move(body, 'release'),
      'POST /handshake/stay': async ({ body }) => move(body, 'stay'),
      'POST /handshake/go': async ({ body }) => move(body, 'go'),
    },
    streams: {
      'POST /handshake/watch': (send, { body }) => {
        const { delayMs } = fieldsOf(body);
        const id = randomUUID();
        // What happens while the handshake is being ordered is told after the order itself.
        let tell = (event: WatchedEvent): void => void early.push(event);
        const early: WatchedEvent[] = [];
        const { channel, session, trace, isLimited } = begin(body, {
          hold: typeof delayMs === 'number' ? { delayMs } : {},
          onEvent: (event) => tell(watchedEvent(event)),
        });
        held.set(id, session);
        tell = (event) => send(bytesToJson(event));
        tell({ kind: 'asked', id, channel, isLimited });
        for (const event of early) tell(event);
        trace
          .then(withSecondOpinions)
          .then(
            (decided) => tell({ kind: 'done', channel: channelState(channel, decided), trace: decided }),
            (error: unknown) => tell({ kind: 'failed', error: errorToJson(error) }),
          )
          .finally(() => held.delete(id));
        return () => {
          tell = () => {};
          session.go();
        };
      },
    },
  };
}

function watchedEvent(event: StepEvent): WatchedEvent {
  switch (event.kind) {
    case 'began':
      return { kind: 'began' };
    case 'message': {
      const { message, trace } = event;
      return {
        kind: 'message',
        message: plainMessage(message),
        title: messageTitle(message.type),
        why: whyOf(trace, message),
      };
    }
    default:
      return event;
  }
}

function versionOf(tls: unknown): StepVersion | undefined {
  if (tls === undefined) return undefined;
  const version = `TLSv${tls}`;
  if (version === 'TLSv1.2' || version === 'TLSv1.3') return version;
  throw new LabError('USAGE', { what: `--tls ${String(tls)}: there is 1.2 and 1.3`, fix: '--tls 1.2' });
}

function fieldsOf(body: unknown): Readonly<Record<string, unknown>> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}
