/** The story routes: the newest handshake of a connection, or a fresh one, by the connection's id. */
import type { Trace } from '../../components/tls/trace.ts';
import { channelState } from '../channel.ts';
import { explain } from '../explain.ts';
import { freshHandshake } from '../handshake.ts';
import type { Lab } from '../lab.ts';
import { rungsOf } from '../rungs.ts';
import type { Channel } from '../topology.ts';
import type { CardStory } from './events.ts';
import { type Answer, json, plain, type Route } from './route.ts';

export const STORIES = {
  'GET /story': async ({ lab, query }) => {
    const channel = channelOf(lab, query);
    const trace = channel && lab.cluster.journal.latest(channel.id);
    return trace ? story(channel, trace) : plain('No handshake yet.', 404);
  },
  'POST /handshake': async ({ lab, query }) => {
    const channel = channelOf(lab, query);
    if (!channel) return plain('There is no such connection.', 404);
    return story(channel, await freshHandshake(lab.cluster, channel));
  },
} as const satisfies Record<string, Route>;

function channelOf({ cluster }: Lab, query: URLSearchParams): Channel | undefined {
  return cluster.topology.find(({ id }) => id === query.get('channel'));
}

function story(channel: Channel, trace: Trace): Answer {
  const files = { client: trace.client?.certFile, server: trace.server?.certFile };
  const card: CardStory = {
    state: channelState(channel, trace),
    story: explain(trace),
    rungs: rungsOf(trace, (side) => files[side]?.split('/').at(-1) ?? null),
    checks: { client: trace.client?.findings ?? [], server: trace.server?.findings ?? [] },
  };
  return json(card);
}
