/**
 * How other processes of this user ask the running lab: HTTP on the loopback address, with the token of
 * `run/api.json` (0600). Served here, called by `callLab`.
 */
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { isCode } from '../certs/codes.ts';
import { isLabError, LabError, messageOf } from '../certs/errors.ts';
import { apiAddress } from './lock.ts';

const BODY_LIMIT_BYTES = 64 * 1024;
const ANSWER_MS = 30_000;

/** What a route is asked with: the query and the JSON body. */
export interface Ask {
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** What can be asked: `METHOD /path`; the answer is JSON. */
export type Route = (ask: Ask) => Promise<unknown>;

/** A stream of JSON lines: called with a way to send, returns what to do when the listener has left. */
export type StreamRoute = (send: (value: unknown) => void, ask: Ask) => () => void;

/** What the lab answers to. */
export interface ApiRoutes {
  readonly routes: Readonly<Record<string, Route>>;
  readonly streams: Readonly<Record<string, StreamRoute>>;
}

/** The API while it is served. */
export interface ApiServer {
  readonly url: string;
  readonly token: string;
  close(): Promise<void>;
}

/** Serve on any free port of 127.0.0.1. */
export async function serveApi({ routes, streams }: ApiRoutes): Promise<ApiServer> {
  const token = randomBytes(24).toString('base64url');
  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => fail(response, error));
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const refused = refusal(request, token, url);
    if (refused !== undefined) {
      response.writeHead(refused, { 'content-type': 'text/plain' }).end();
      request.resume();
      return;
    }
    const { pathname, searchParams } = new URL(request.url ?? '/', url);
    const name = `${request.method} ${pathname}`;
    const stream = streams[name];
    if (stream) {
      const ask = { query: searchParams, body: await readBody(request) };
      response.setHeader('content-type', 'application/x-ndjson');
      const end = stream((value) => void response.write(`${JSON.stringify(value)}\n`), ask);
      response.on('close', end);
      response.flushHeaders();
      return;
    }
    const route = routes[name];
    if (!route) {
      response.writeHead(404).end();
      request.resume();
      return;
    }
    const body = await readBody(request);
    sendJson(response, 200, await route({ query: searchParams, body }));
  }

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const bound = server.address();
  const url = `http://127.0.0.1:${typeof bound === 'object' && bound ? bound.port : 0}`;
  return {
    url,
    token,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/**
 * Ask the lab that runs in a directory.
 * @param route  `GET /status`, `POST /components/restart`
 * @throws       LabError LAB_NOT_RUNNING, or the error that the lab itself answered with
 */
export async function callLab(
  at: { readonly dir: string; readonly shownDir: string },
  route: string,
  body?: unknown,
): Promise<unknown> {
  const response = await open(at, route, body);
  const value = await readJson(response);
  if (response.statusCode !== 200) throw errorFromJson(value);
  return value;
}

/**
 * Follow a stream of the running lab; ends when the lab does.
 * @throws LabError LAB_NOT_RUNNING, or the error that the lab itself answered with
 */
export async function* followLab(
  at: { readonly dir: string; readonly shownDir: string },
  route: string,
  body?: unknown,
): AsyncGenerator<unknown> {
  const response = await open(at, route, body);
  if (response.statusCode !== 200) throw errorFromJson(await readJson(response));
  // Nothing may happen for long.
  response.setTimeout(0);
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield JSON.parse(line) as unknown;
  }
}

async function readJson(response: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8') || 'null');
}

function open(
  at: { readonly dir: string; readonly shownDir: string },
  route: string,
  body?: unknown,
): Promise<IncomingMessage> {
  const address = apiAddress(at.dir, at.shownDir);
  const [method = 'GET', path = '/'] = route.split(' ');
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      new URL(path, address.url),
      { method, agent: false, timeout: ANSWER_MS, headers: { authorization: `Bearer ${address.token}` } },
      resolve,
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)));
    request.on('error', (cause) =>
      reject(
        new LabError('LAB_NOT_RUNNING', {
          what: `the lab in ${at.shownDir} (pid ${address.pid}) does not answer at ${address.url}: ${cause.message}`,
          fix: 'stop it with Ctrl-C in its terminal, and start it again: npx mtls-lab up',
          cause,
        }),
      ),
    );
    request.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** The status of a refusal; undefined when the request may pass. Pages of a browser never may. */
function refusal(request: IncomingMessage, token: string, url: string): number | undefined {
  if (request.headers.host !== new URL(url).host || request.headers.origin !== undefined) return 403;
  const given = Buffer.from(request.headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted) ? undefined : 401;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of request) {
    sizeBytes += (chunk as Buffer).length;
    if (sizeBytes > BODY_LIMIT_BYTES) throw new LabError('USAGE', { what: 'the request is too large' });
    chunks.push(chunk as Buffer);
  }
  return sizeBytes === 0 ? undefined : JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else sendJson(response, 500, errorToJson(error));
}

/** An error as the API tells it: the five fields of a LabError. */
export function errorToJson(error: unknown): object {
  const { code, what, why, fix, source } = isLabError(error)
    ? error
    : { code: 'INTERNAL', what: messageOf(error), why: '', fix: '', source: '' };
  return { code, what, why, fix, source };
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value ?? null));
}

/** The error that `errorToJson` was given. */
export function errorFromJson(value: unknown): LabError {
  const { code, what, why, fix, source } = (
    typeof value === 'object' && value !== null ? value : {}
  ) as Record<string, unknown>;
  return new LabError(typeof code === 'string' && isCode(code) ? code : 'INTERNAL', {
    what: typeof what === 'string' ? what : 'the lab answered with an error',
    ...(typeof why === 'string' ? { why } : {}),
    ...(typeof fix === 'string' ? { fix } : {}),
    ...(typeof source === 'string' ? { source } : {}),
  });
}
