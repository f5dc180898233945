/**
 * The dashboard's server on a free port of 127.0.0.1: one page, one WebSocket, and stories by channel id. Nothing
 * that the browser sends becomes a path.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { messageOf } from '../../certs/errors.ts';
import type { Trace } from '../../components/tls/trace.ts';
import { channelState } from '../channel.ts';
import { explain } from '../explain.ts';
import { freshHandshake } from '../handshake.ts';
import type { Lab } from '../lab.ts';
import { rungsOf } from '../rungs.ts';
import type { Channel } from '../topology.ts';
import { type Guard, openGuard } from './auth.ts';
import type { CardStory } from './events.ts';
import { openFeed } from './feed.ts';
import { loadPage } from './page-build.ts';

const HTML = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>mTLS Lab</title>
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,"><link rel="stylesheet" href="/page.css"><script type="module" src="/main.js"></script>
</head><body><div id="page"></div></body></html>`;

const SAFETY = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
} as const;

/** A dashboard that is served. */
export interface Dashboard {
  /** With the one-time token. */
  readonly url: string;
  close(): Promise<void>;
}

/** Serve the page of a running lab. */
export async function startDashboard(lab: Lab): Promise<Dashboard> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  const host = `127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
  const guard = openGuard(lab.directory.dir, host);
  const feed = openFeed(lab);
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 4096 });

  server.on('request', (request, response) => {
    answer(lab, guard, request, response).catch((error: unknown) => {
      if (response.headersSent) response.destroy();
      else send(response, 500, 'text/plain', messageOf(error));
    });
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    if (!guard.isOwn(request, true) || !guard.isKnown(request) || request.url !== '/events') {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (page) => feed.add(page));
  });

  return {
    url: `http://${host}/?token=${guard.token}`,
    close: () =>
      new Promise<void>((resolve) => {
        feed.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  lab: Lab,
  guard: Guard,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  request.resume();
  if (!guard.isOwn(request, request.method !== 'GET'))
    return send(response, 403, 'text/plain', 'Not from here.');
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const token = searchParams.get('token');
  if (pathname === '/' && token !== null && !guard.isKnown(request)) {
    const cookie = guard.redeem(token);
    if (cookie === undefined) return send(response, 401, 'text/plain', WHERE);
    response.setHeader('set-cookie', cookie);
    return redirect(response);
  }
  if (!guard.isKnown(request)) return send(response, 401, 'text/plain', WHERE);
  if (token !== null) return redirect(response);
  switch (`${request.method} ${pathname}`) {
    case 'GET /':
      return send(response, 200, 'text/html', HTML);
    case 'GET /main.js':
      return send(response, 200, 'text/javascript', (await loadPage()).script);
    case 'GET /page.css':
      return send(response, 200, 'text/css', (await loadPage()).style);
    case 'GET /story': {
      const channel = channelOf(lab, searchParams);
      const trace = channel && lab.cluster.journal.latest(channel.id);
      return trace
        ? sendStory(response, channel, trace)
        : send(response, 404, 'text/plain', 'No handshake yet.');
    }
    case 'POST /handshake': {
      const channel = channelOf(lab, searchParams);
      if (!channel) return send(response, 404, 'text/plain', 'There is no such connection.');
      return sendStory(response, channel, await freshHandshake(lab.cluster, channel));
    }
    default:
      return send(response, 404, 'text/plain', 'There is no such page.');
  }
}

const WHERE = 'Open the address that `up` printed. Its token is good for one visit.';

function channelOf({ cluster }: Lab, query: URLSearchParams): Channel | undefined {
  return cluster.topology.find(({ id }) => id === query.get('channel'));
}

function sendStory(response: ServerResponse, channel: Channel, trace: Trace): void {
  const files = { client: trace.client?.certFile, server: trace.server?.certFile };
  const card: CardStory = {
    state: channelState(channel, trace),
    story: explain(trace),
    rungs: rungsOf(trace, (side) => files[side]?.split('/').at(-1) ?? null),
    checks: { client: trace.client?.findings ?? [], server: trace.server?.findings ?? [] },
  };
  send(response, 200, 'application/json', JSON.stringify(card));
}

function redirect(response: ServerResponse): void {
  response.writeHead(303, { ...SAFETY, location: '/' }).end();
}

function send(response: ServerResponse, status: number, type: string, body: string): void {
  response.writeHead(status, { ...SAFETY, 'content-type': `${type}; charset=utf-8` }).end(body);
}
