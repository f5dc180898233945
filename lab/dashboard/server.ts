/**
 * The dashboard's server on a free port of 127.0.0.1: one page, one WebSocket, and stories by channel id. Nothing
 * that the browser sends becomes a path.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { WebSocketServer } from 'ws';
import { isLabError, LabError, messageOf } from '../../certs/errors.ts';
import { openHistory } from '../history.ts';
import type { Lab } from '../lab.ts';
import { type Guard, openGuard } from './auth.ts';
import { BREAKING } from './breaking.ts';
import { CERTIFICATES } from './certificates.ts';
import { CHRONICLE, openChronicle } from './chronicle.ts';
import { EXPORTS } from './export.ts';
import { openFeed } from './feed.ts';
import { WORDS } from './glossary.ts';
import { MODE } from './mode.ts';
import { loadPage } from './page-build.ts';
import type { Ask, Route } from './route.ts';
import { openStepper, STEPS } from './stepper.ts';
import { STORIES } from './stories.ts';
import { TIME } from './time.ts';
import { TOURING } from './tour.ts';

/** Everything that can be asked, beside the page itself. */
const ROUTES: Readonly<Record<string, Route>> = {
  ...STORIES,
  ...EXPORTS,
  ...STEPS,
  ...MODE,
  ...CERTIFICATES,
  ...TIME,
  ...BREAKING,
  ...WORDS,
  ...TOURING,
  ...CHRONICLE,
};

const BODY_LIMIT_BYTES = 16 * 1024;

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
  const history = openHistory(lab.cluster.journal);
  const chronicle = openChronicle(lab.cluster.journal);
  const stepper = openStepper(lab.cluster, (state) => feed.tell({ kind: 'step', state }));
  const given = { lab, history, chronicle, stepper, changed: feed.look };
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 4096 });

  server.on('request', (request, response) => {
    answer(given, guard, request, response).catch((error: unknown) => fail(response, error));
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
        stepper.close();
        history.close();
        chronicle.close();
        feed.close();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  given: Omit<Ask, 'query' | 'body'>,
  guard: Guard,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'POST') request.resume();
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
  }
  const name = `${request.method} ${pathname}`;
  const route = Object.hasOwn(ROUTES, name) ? ROUTES[name] : undefined;
  if (!route) return send(response, 404, 'text/plain', 'There is no such page.');
  const body = request.method === 'POST' ? await readBody(request) : null;
  const answered = await route({ ...given, query: searchParams, body });
  const { fileName } = answered;
  if (fileName) response.setHeader('content-disposition', `attachment; filename="${fileName}"`);
  send(response, answered.status, answered.type, answered.body);
}

const WHERE = 'Open the address that `up` printed. Its token is good for one visit.';

/** @throws LabError USAGE when it is too large or no JSON */
async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > BODY_LIMIT_BYTES) throw new LabError('USAGE', { what: 'the request is too large' });
    chunks.push(chunk as Buffer);
  }
  if (sizeBytes === 0) return null;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch (cause) {
    throw new LabError('USAGE', { what: 'the request holds no JSON', cause });
  }
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else if (isLabError(error)) {
    const { code, what, why, fix } = error;
    send(response, 400, 'application/json', JSON.stringify({ code, what, why, fix }));
  } else send(response, 500, 'text/plain', messageOf(error));
}

function redirect(response: ServerResponse): void {
  response.writeHead(303, { ...SAFETY, location: '/' }).end();
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  response.writeHead(status, { ...SAFETY, 'content-type': `${type}; charset=utf-8` }).end(body);
}
