/**
 * Two halves of one connection become one trace: the client's end and the server's end, matched by the
 * ClientHello's random. Each half saw the same messages; each knows only its own mind.
 */
import { messageAt } from './decode-message.ts';
import type { Outcome, Side, SideReport, Trace, TraceMessage } from './trace.ts';

/**
 * Join the two ends of one connection. Times are counted from the client's start.
 * @param client  the half with a client's report
 * @param server  the half with a server's report, same clientRandom
 */
export function joinHalves(client: Trace, server: Trace): Trace {
  const laterUs = Math.round((server.startedAtMs - client.startedAtMs) * 1000);
  const outcome = joinOutcomes(client, server);
  const decider = outcome.by === 'server' ? server : client;
  const wire = server.wire.length > client.wire.length ? later(server.wire, laterUs) : client.wire;
  return {
    ...client,
    state: joinStates(client, server, outcome),
    clusterTime: decider.clusterTime,
    clientAuth: server.clientAuth ?? client.clientAuth,
    protocol: client.protocol ?? server.protocol,
    cipher: client.cipher ?? server.cipher,
    sni: client.sni ?? server.sni,
    alpn: client.alpn ?? server.alpn,
    messages: joinMessages(
      client.messages,
      server.messages.map((message) => messageAt(message, Math.max(0, message.atUs + laterUs))),
    ),
    client: client.client,
    server: server.server && reportAt(server.server, laterUs),
    outcome,
    http: server.http ?? client.http,
    keylog: [...new Set([...client.keylog, ...server.keylog])],
    wire,
    unsafe: [...new Set([...client.unsafe, ...server.unsafe])],
  };
}

/** The side that refused speaks for itself; then who learned of it; then HTTP; then success. */
function joinOutcomes(client: Trace, server: Trace): Outcome {
  const own = (half: Trace, side: Side): boolean => half.outcome.layer === 'tls' && half.outcome.by === side;
  if (own(server, 'server')) return server.outcome;
  if (own(client, 'client')) return client.outcome;
  for (const half of [client, server]) {
    const { outcome } = half;
    if (outcome.layer === 'tls' || outcome.layer === 'tcp') return outcome;
  }
  for (const half of [server, client]) {
    if (half.outcome.layer !== 'ok' && half.outcome.layer !== 'untried') return half.outcome;
  }
  return client.outcome.layer === 'ok' ? server.outcome : client.outcome;
}

/** A refusal is final at once; a success only when both sides have decided. */
function joinStates(client: Trace, server: Trace, outcome: Outcome): Trace['state'] {
  if (client.state === 'closed' && server.state === 'closed') return 'closed';
  const decided = outcome.layer !== 'ok' && outcome.layer !== 'untried';
  if (!decided && (client.state === 'open' || server.state === 'open')) return 'open';
  return client.state === 'closed' || server.state === 'closed' ? 'closed' : 'done';
}

/** The half that saw more, with what only the other could read filled in. */
function joinMessages(
  client: readonly TraceMessage[],
  server: readonly TraceMessage[],
): readonly TraceMessage[] {
  const [more, less] = client.length >= server.length ? [client, server] : [server, client];
  if (!more.some(isOpaque)) return more;
  return more.map((message, at) => {
    const other = less[at];
    return isOpaque(message) && other && other.from === message.from && !isOpaque(other) ? other : message;
  });
}

function isOpaque(message: TraceMessage): boolean {
  return message.type === 'encrypted' || message.type === 'unknown';
}

function later<T extends { readonly atUs: number }>(items: readonly T[], byUs: number): readonly T[] {
  return byUs === 0 ? items : items.map((item) => ({ ...item, atUs: Math.max(0, item.atUs + byUs) }));
}

/** The report with its beliefs in the client's time. Its findings are put into words when somebody looks. */
function reportAt(report: SideReport, laterUs: number): SideReport {
  const { findings: _, ...plain } = Object.getOwnPropertyDescriptors(report);
  const copy: Omit<SideReport, 'findings'> = Object.defineProperties({}, plain) as SideReport;
  return {
    ...copy,
    believed: later(report.believed, laterUs),
    get findings() {
      return report.findings;
    },
  };
}
