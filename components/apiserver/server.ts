/**
 * The request pipeline of the API server, on express: authenticate, authorize, then the handler of the path.
 *
 * @see apiserver pkg/server/config.go, DefaultBuildHandlerChain
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import express from 'express';
import { messageOf } from '../../certs/errors.ts';
import { forbiddenText } from '../api/authorize.ts';
import type { UserInfo } from '../api/identity.ts';
import { findResource } from '../api/resources.ts';
import { type failure, forbidden, forbiddenPath, internalError, StatusError } from '../api/status.ts';
import { authenticate } from './authenticate.ts';
import { type Authorizer, attributesOf } from './authorizer.ts';
import type { HealthState } from './health.ts';
import { impersonate } from './impersonate.ts';
import { isPretty, sendJson, sendText } from './negotiate.ts';
import { type RequestInfo, requestInfo } from './request-info.ts';
import { serveResource } from './routes.ts';
import type { ApiServer } from './server-context.ts';
import type { Tokens } from './tokens.ts';

const UNREAD_MS = 2_000;

/** What the pipeline works with. */
export interface Pipeline {
  readonly api: ApiServer;
  readonly tokens: Tokens;
  readonly authorizer: Authorizer;
  readonly health: HealthState;
  readonly address: () => string;
}

/** A request that was let in. */
export interface Admitted {
  readonly info: RequestInfo;
  readonly user: UserInfo;
}

/** The express application that answers every request. */
export function createApp(pipeline: Pipeline): express.Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response) => {
    serve(pipeline, request, response).catch((error: unknown) =>
      answerError(pipeline.api, request, response, error),
    );
  });
  return app;
}

/** Who may come in, and for what: also used before an upgrade. */
export async function admit(pipeline: Pipeline, request: IncomingMessage): Promise<Admitted> {
  const info = requestInfo(request.method ?? 'GET', request.url ?? '/');
  const caller = await authenticate(pipeline.api, pipeline.tokens, request);
  const user = impersonate(pipeline.authorizer, request, caller);
  const wanted = attributesOf(user, info);
  const decision = pipeline.authorizer.decide(wanted);
  if (decision.allowed) return { info, user };
  // Without a single look into etcd nobody has any rights: that is etcd's matter, not the user's.
  if (!pipeline.health.isBootstrapped()) await pipeline.health.askEtcd();
  if (!info.isResource) throw forbiddenPath(user.username, info.verb, info.path);
  throw forbidden(
    { group: info.group, resource: info.resource },
    info.name,
    forbiddenText(wanted, decision.reason),
  );
}

async function serve(pipeline: Pipeline, request: IncomingMessage, response: ServerResponse): Promise<void> {
  response.setHeader('audit-id', randomUUID());
  response.setHeader('cache-control', 'no-cache, private');
  const { info, user } = await admit(pipeline, request);
  if (!info.isResource) {
    const { servePath } = await import('./paths.ts');
    if (!(await servePath(pipeline, { request, response, info }))) notThere(request, response);
    return;
  }
  const resource = findResource(info.group, info.version, info.resource);
  if (!resource) return notThere(request, response);
  await serveResource(pipeline, { api: pipeline.api, request, response, info, user, resource });
}

/** Go's router answers in plain text. */
function notThere(request: IncomingMessage, response: ServerResponse): void {
  sendText(request, response, 404, '404 page not found\n');
}

/** A body that nobody will read: the rest is taken in for a moment, so that the answer arrives, then the line is cut. */
function endUnread(request: IncomingMessage, response: ServerResponse): void {
  response.setHeader('connection', 'close');
  const limit = setTimeout(() => request.destroy(), UNREAD_MS);
  request.once('close', () => clearTimeout(limit));
  request.resume();
}

/** The Status of anything that was thrown. */
export function statusOf(error: unknown): ReturnType<typeof failure> {
  return error instanceof StatusError ? error.status : internalError(messageOf(error)).status;
}

/** Answer a request whose handler threw. */
export function answerError(
  api: ApiServer,
  request: IncomingMessage,
  response: ServerResponse,
  error: unknown,
): void {
  const status = statusOf(error);
  const code = status.code ?? 500;
  if (code >= 500) {
    api.log('E', 'status.go:71', 'Unhandled Error', {
      err: `apiserver received an error that is not an metav1.Status: ${status.message}`,
    });
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (response.destroyed) return;
  if (code === 401) response.setHeader('connection', 'close');
  if (!request.complete) endUnread(request, response);
  const query = requestInfo(request.method ?? 'GET', request.url ?? '/').query;
  sendJson(request, response, code, status, isPretty(request, query));
}
