/** The story routes: one handshake as a card, its bytes, and what a connection went through before. */
import type { Trace } from '../../components/tls/trace.ts';
import { freshHandshake } from '../handshake.ts';
import { withSecondOpinions } from '../second-opinions.ts';
import type { Channel } from '../topology.ts';
import { bytesOf, cardOf, channelOfTrace, recentOf } from './card.ts';
import { type Answer, type Ask, json, plain, type Route } from './route.ts';

export const STORIES = {
  /** `?channel=ID`: its newest handshake; `?trace=ID`: that one, as long as it is remembered. */
  'GET /story': async (ask) => {
    const trace = traceOf(ask);
    if (trace) return story(ask, trace);
    return plain(
      ask.query.has('trace') ? 'This handshake is not remembered any more.' : 'No handshake yet.',
      404,
    );
  },
  /** Fields and bytes of the messages of `?trace=ID`. */
  'GET /messages': async (ask) => {
    const trace = traceOf(ask);
    return trace ? json(bytesOf(trace)) : plain('This handshake is not remembered any more.', 404);
  },
  /** Runs of handshakes of `?channel=ID`, newest first. */
  'GET /recent': async (ask) => {
    const channel = channelOf(ask, ask.query.get('channel') ?? '');
    return json(channel === undefined ? [] : recentOf(channel, ask.history));
  },
  /** `?channel=ID`: dial now. */
  'POST /handshake': async (ask) => {
    const channel = channelOf(ask, ask.query.get('channel') ?? '');
    if (!channel || channel.client === '?') return plain('There is no such connection.', 404);
    return story(ask, await freshHandshake(ask.lab.cluster, channel));
  },
} as const satisfies Record<string, Route>;

/** The handshake that a query names. */
export function traceOf({ lab, history, query }: Ask): Trace | undefined {
  const id = query.get('trace');
  return id === null ? lab.cluster.journal.latest(query.get('channel') ?? '') : history.find(id);
}

/** A channel by its id: one of the cluster's, or one that a program outside the lab opened. */
function channelOf({ lab, history }: Ask, id: string): Channel | undefined {
  const known = lab.cluster.topology.find((one) => one.id === id);
  if (known) return known;
  const [newest] = history.runs(id)[0]?.traces ?? [];
  return newest && channelOfTrace(lab.cluster.topology, newest.trace);
}

async function story({ lab, history }: Ask, trace: Trace): Promise<Answer> {
  history.pin(trace.id);
  return json(
    cardOf(channelOfTrace(lab.cluster.topology, trace), await withSecondOpinions(trace), lab.directory),
  );
}
