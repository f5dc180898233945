/**
 * The kubelet's HTTPS server: health, pods, logs, exec. One express app serves all kubelets of the process.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Duplex } from 'node:stream';
import express, { type Express, type Request, type Response } from 'express';
import { messageOf } from '../../certs/errors.ts';
import { noteHttp } from '../tls/server.ts';
import type { Admit } from './auth.ts';
import type { KubeletConfig } from './config.ts';
import { attach, type ExecStreams, type ExecTarget, exec } from './exec.ts';
import { sendLog } from './logs.ts';
import { metricsText, summary } from './metrics.ts';
import type { LocalPod, Pods } from './pods.ts';
import { isSpdy, serveSpdyExec, serveSpdyPortForward } from './spdy-session.ts';
import { serveWebSocket } from './web-socket.ts';

/** What the routes need to know of one kubelet. */
export interface KubeletState {
  readonly node: string;
  readonly config: KubeletConfig;
  readonly pods: Pods;
  readonly admit: Admit;
  readonly now: () => Date;
  readonly startedAtMs: number;
}

/** Which kubelet a request came to. */
const states = new WeakMap<IncomingMessage, KubeletState>();
let sharedApp: Express | undefined;

/** An HTTP server for one kubelet; it never listens itself. */
export function kubeletHttp(state: KubeletState): Server {
  sharedApp ??= createApp();
  const app = sharedApp;
  const server = createServer((request, response) => {
    states.set(request, state);
    app(request, response);
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    upgrade(state, request, socket, head).catch((error: unknown) => {
      refuseUpgrade(request, socket, 500, messageOf(error));
    });
  });
  return server;
}

function createApp(): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.use((request, response, next) => {
    const state = stateOf(request);
    state.admit(request).then((admission) => {
      if (admission.allowed) {
        noteHttp(request.socket, 200, '');
        next();
        return;
      }
      noteHttp(request.socket, admission.status, admission.body.trim());
      plain(response, admission.status, admission.body);
    }, next);
  });
  app.get('/healthz', (_request, response) => plain(response, 200, 'ok'));
  app.get(['/pods', '/runningpods'], (request, response) => {
    const items = stateOf(request)
      .pods.list()
      .map((one) => one.pod);
    response.json({ kind: 'PodList', apiVersion: 'v1', metadata: {}, items });
  });
  app.get('/configz', (request, response) => {
    const { config } = stateOf(request);
    response.json({ kubeletconfig: config });
  });
  app.get('/metrics', (request, response) => plain(response, 200, metricsText(stateOf(request))));
  app.get('/stats/summary', (request, response) => {
    response.json(summary(stateOf(request)));
  });
  app.get('/containerLogs/:namespace/:pod/:container', (request, response) => {
    const target = find(request, response);
    if (target) sendLog(target, request, response);
  });
  app.post('/run/:namespace/:pod/:container', (request, response, next) => {
    const target = find(request, response);
    if (!target) return;
    const chunks: string[] = [];
    const write = (data: string | Uint8Array): void => {
      chunks.push(typeof data === 'string' ? data : Buffer.from(data).toString('utf8'));
    };
    const command = String(request.query['cmd'] ?? '')
      .split(' ')
      .filter((word) => word !== '');
    const streams = {
      stdin: null,
      stdout: write,
      stderr: write,
      terminal: null,
      signal: new AbortController().signal,
    };
    exec(target, command, streams).then((status) => {
      if (status.status === 'Success') plain(response, 200, chunks.join(''));
      else plain(response, 500, `${status.message}, stdout/stderr: ${chunks.join('')}`);
    }, next);
  });
  app.use((_request, response) => plain(response, 404, '404 page not found\n'));
  return app;
}

/** exec, attach and portForward: WebSocket, or SPDY for older clients. */
async function upgrade(
  state: KubeletState,
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
): Promise<void> {
  const admission = await state.admit(request);
  if (!admission.allowed) {
    noteHttp(request.socket, admission.status, admission.body.trim());
    refuseUpgrade(request, socket, admission.status, admission.body);
    return;
  }
  noteHttp(request.socket, 101, '');
  const url = new URL(request.url ?? '/', 'https://kubelet');
  const [, verb, namespace = '', name = '', containerName] = url.pathname.split('/').map(decodeURIComponent);
  const pod = state.pods.get(namespace, name);
  if (verb === 'portForward' && pod) {
    if (isSpdy(request)) serveSpdyPortForward(request, socket, head, pod);
    else refuseUpgrade(request, socket, 400, 'only SPDY/3.1 is served for port-forward');
    return;
  }
  const container = pod?.containers.get(containerName ?? '');
  if ((verb !== 'exec' && verb !== 'attach') || !pod || !container) {
    refuseUpgrade(request, socket, 404, missing(pod, name, containerName ?? ''));
    return;
  }
  if (container.exit) {
    refuseUpgrade(request, socket, 500, `container not found ("${container.spec.name}")`);
    return;
  }
  const target: ExecTarget = { pod, container, node: state.node, now: state.now };
  const command = url.searchParams.getAll('command');
  const flag = (...names: string[]): boolean =>
    names.some((one) => ['1', 'true'].includes(url.searchParams.get(one) ?? ''));
  const wanted = { stdin: flag('stdin', 'input'), tty: flag('tty') };
  const session = (streams: ExecStreams) =>
    verb === 'exec' ? exec(target, command, streams) : attach(target, streams);
  if (isSpdy(request)) serveSpdyExec(request, socket, head, wanted, session);
  else serveWebSocket(request, socket, head, wanted, session);
}

function find(request: Request, response: Response): ExecTarget | undefined {
  const state = stateOf(request);
  const {
    namespace = '',
    pod: name = '',
    container: containerName = '',
  } = request.params as Record<string, string>;
  const pod = state.pods.get(namespace, name);
  const container = pod?.containers.get(containerName);
  if (pod && container) return { pod, container, node: state.node, now: state.now };
  const starting = pod?.pod.spec.containers.some((one) => one.name === containerName);
  if (pod && starting) {
    const reason = pod.waiting?.reason ?? 'ContainerCreating';
    plain(response, 400, `container "${containerName}" in pod "${name}" is waiting to start: ${reason}`);
  } else plain(response, 404, missing(pod, name, containerName));
  return undefined;
}

function missing(pod: LocalPod | undefined, name: string, container: string): string {
  return pod ? `container ${container} is not valid for pod ${name}` : `pod "${name}" not found`;
}

function refuseUpgrade(request: IncomingMessage, socket: Duplex, status: number, body: string): void {
  const text = { 400: 'Bad Request', 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found' }[status];
  socket.end(
    `HTTP/${request.httpVersion} ${status} ${text ?? 'Internal Server Error'}\r\n` +
      'Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n' +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

function plain(response: Response, status: number, body: string): void {
  response.status(status).set('X-Content-Type-Options', 'nosniff').type('text/plain').send(body);
}

function stateOf(request: IncomingMessage): KubeletState {
  const state = states.get(request);
  if (!state) throw new Error('a request without a kubelet');
  return state;
}
