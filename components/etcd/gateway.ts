/**
 * The v3 JSON gateway: `POST /v3/kv/range` and its siblings, and the pages /health, /version and /metrics.
 *
 * HTTP/1.1 goes through express; HTTP/2 requests that are not gRPC (curl negotiates h2) come to `answer` directly.
 * @see grpc-gateway 1.x runtime; statuses, headers and texts measured on etcd 3.4.23, 2026-11-24
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import express, { type Express } from 'express';
import { noteHttp } from '../tls/server.ts';
import type { Engine } from './engine.ts';
import { EtcdError, refusal } from './errors.ts';
import { cutJson, fromJson, toJson } from './json.ts';
import { PAGES } from './pages.ts';
import { isStream, RPCS, type RpcName, type StreamName, type UnaryName } from './rpcs.ts';
import type { MessageName, Reply } from './schema.ts';
import { openStream } from './streams.ts';

/** A request and its response, over either HTTP version. */
export type Request = IncomingMessage | Http2ServerRequest;
export type Response = ServerResponse | Http2ServerResponse;

/** Every answer of the real gateway carries these. */
const HEADERS = {
  'Access-Control-Allow-Headers': 'accept, content-type, authorization',
  'Access-Control-Allow-Methods': 'POST, GET, OPTIONS, PUT, DELETE',
  'Access-Control-Allow-Origin': '*',
} as const;

const RPC_BY_PATH = new Map<string, RpcName>(
  Object.entries(RPCS).flatMap(([name, { paths }]) => paths.map((path) => [`/v3${path}`, name as RpcName])),
);

/** Bodies are base64 inside JSON: up to twice the request limit is read before it is refused. */
const BODY_FACTOR = 2;

/** A response that goes to many watchers is written once. */
const lines = new WeakMap<object, Buffer>();

export interface Gateway {
  readonly app: Express;
  answer(request: Request, response: Response): void;
  /** The pages without the API: what the metrics port serves. */
  pages(request: Request, response: Response): void;
}

/** The gateway of one engine. */
export function createGateway(engine: Engine, requestBytes: number): Gateway {
  const pages = (request: Request, response: Response): void => {
    const page = PAGES[pathOf(request)];
    if (!page) sendText(request, response, 404, '404 page not found\n');
    else if (request.method !== 'GET') sendText(request, response, 405, 'Method Not Allowed\n');
    else send(request, response, 200, page.type, page.body(engine));
  };
  const answer = (request: Request, response: Response): void => {
    for (const [name, value] of Object.entries(HEADERS)) response.setHeader(name, value);
    const path = pathOf(request);
    const rpc = RPC_BY_PATH.get(path);
    if (!rpc) {
      if (path.startsWith('/v3/')) sendText(request, response, 404, 'Not Found\n');
      else pages(request, response);
    } else if (request.method !== 'POST') sendText(request, response, 405, 'Method Not Allowed\n');
    else if (isStream(rpc)) answerStream(engine, rpc, request, response, requestBytes * BODY_FACTOR);
    else answerUnary(engine, rpc, request, response, requestBytes * BODY_FACTOR);
  };
  const app = express();
  app.disable('x-powered-by').disable('etag');
  for (const path of [...RPC_BY_PATH.keys(), ...Object.keys(PAGES)]) app.all(path, answer);
  app.use(answer);
  return { app, answer, pages };
}

function pathOf(request: Request): string {
  return (request.url ?? '/').split('?')[0] ?? '/';
}

function answerUnary(
  engine: Engine,
  name: UnaryName,
  request: Request,
  response: Response,
  maxBytes: number,
): void {
  readBody(request, maxBytes)
    .then(async (text) => {
      const reply = callWithJson(engine, name, text);
      await engine.settled();
      response.setHeader('Grpc-Metadata-Content-Type', 'application/grpc');
      send(request, response, 200, 'application/json', reply);
    })
    .catch((error: unknown) => sendError(request, response, error));
}

/** An empty body is an empty message; what follows the first value is not looked at. */
function callWithJson(engine: Engine, name: UnaryName, text: string): string {
  const { values, rest } = cutJson(text, 1);
  if (values.length === 0 && rest !== '') throw new EtcdError('InvalidArgument', 'unexpected EOF');
  const spec = RPCS[name];
  const message = fromJson(spec.request, values[0] ?? {});
  const reply = engine.call(name, message as never);
  return toJson(spec.response, reply);
}

function answerStream(
  engine: Engine,
  name: StreamName,
  request: Request,
  response: Response,
  maxBytes: number,
): void {
  const spec = RPCS[name];
  let text = '';
  const begin = (): void => {
    if (response.headersSent) return;
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Grpc-Metadata-Content-Type': 'application/grpc',
    });
    note(request, 200, '');
  };
  const stream = openStream(engine, name, {
    send(reply) {
      begin();
      return write(response, lineOf(spec.response, reply));
    },
    end() {
      begin();
      response.end();
    },
  });
  const fail = (error: unknown): void => {
    stream.close();
    if (response.headersSent) response.end();
    else sendError(request, response, error, 500);
  };
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => {
    try {
      const { values, rest } = cutJson(text + chunk);
      text = rest;
      if (text.length > maxBytes) throw refusal('RequestTooLarge');
      for (const value of values) stream.receive(fromJson(spec.request, value));
    } catch (error) {
      fail(error);
    }
  });
  request.on('end', () => stream.received());
  response.on('drain', () => stream.drained());
  response.on('close', () => stream.close());
}

function lineOf<N extends MessageName>(type: N, reply: Reply<N>): Buffer {
  let line = lines.get(reply);
  if (!line) {
    line = Buffer.from(`{"result":${toJson(type, reply)}}\n`);
    lines.set(reply, line);
  }
  return line;
}

function write(response: Response, bytes: Buffer): boolean {
  // The two types of write differ in their overloads only.
  return (response as ServerResponse).write(bytes);
}

function readBody(request: Request, maxBytes: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) reject(refusal('RequestTooLarge'));
      else chunks.push(chunk);
    });
    request.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    request.on('error', reject);
    request.on('aborted', () => reject(new EtcdError('Canceled', 'context canceled')));
  });
}

/** The gateway's error body. A stream that fails before its first answer is an unknown error, 500. */
function sendError(request: Request, response: Response, error: unknown, http?: number): void {
  const known = error instanceof EtcdError ? error : new EtcdError('Internal', 'internal error');
  const text = JSON.stringify(known.message);
  const code = http === undefined ? known.code : 2;
  const body = `{"error":${text},"message":${text},"code":${code}}`;
  if (!response.headersSent) send(request, response, http ?? known.http, 'application/json', body);
}

function sendText(request: Request, response: Response, status: number, body: string): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  send(request, response, status, 'text/plain; charset=utf-8', body);
}

function send(request: Request, response: Response, status: number, type: string, body: string): void {
  note(request, status, status < 400 ? '' : body.trim());
  response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(body));
  response.statusCode = status;
  response.end(body);
}

function note(request: Request, status: number, message: string): void {
  const socket = 'stream' in request ? request.stream.session?.socket : request.socket;
  if (socket) noteHttp(socket, status, message);
}
