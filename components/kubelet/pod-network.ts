/**
 * A pod's simulated network: an HTTP server behind each declared port, reached by port-forward. No socket is opened.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { Duplex } from 'node:stream';
import { imageName, writeLog } from './containers.ts';
import { WELCOME } from './files.ts';
import type { LocalPod } from './pods.ts';

/** The client's end of a connection to a pod. */
export interface PodConnection {
  push(bytes: Uint8Array): void;
  end(): void;
}

/** What the pod sends back. */
export interface PodAnswer {
  readonly send: (bytes: Uint8Array) => void;
  readonly end: () => void;
}

/** Ports that servers listen on although no container declares them. */
const IMAGE_PORTS: Readonly<Record<string, number>> = { nginx: 80, httpd: 80 };

const pods = new WeakMap<object, LocalPod>();
let shared: Server | undefined;

/**
 * Connect to a port of a pod.
 * @returns undefined when nothing listens there
 */
export function connectToPod(pod: LocalPod, port: number, answer: PodAnswer): PodConnection | undefined {
  const listens = [...pod.containers.values()].some(
    ({ spec, exit }) =>
      !exit &&
      (IMAGE_PORTS[imageName(spec.image)] === port || spec.ports?.some((one) => one.containerPort === port)),
  );
  if (!listens) return undefined;
  const connection = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => {
      answer.send(chunk);
      done();
    },
    final: (done) => {
      answer.end();
      done();
    },
  });
  connection.on('error', () => connection.destroy());
  pods.set(connection, pod);
  shared ??= podServer();
  shared.emit('connection', connection);
  return {
    push: (bytes) => {
      if (!connection.destroyed) connection.push(bytes);
    },
    end: () => {
      if (!connection.destroyed) connection.push(null);
    },
  };
}

function podServer(): Server {
  return createServer((request, response) => {
    const pod = pods.get(request.socket);
    const found = request.url === '/' || request.url === '/index.html';
    const body = found ? WELCOME : '<html><head><title>404 Not Found</title></head></html>\n';
    if (pod) logAccess(pod, request, found ? 200 : 404, body.length);
    response.writeHead(found ? 200 : 404, {
      server: 'nginx/1.27.3',
      'content-type': 'text/html',
      'content-length': body.length,
    });
    response.end(request.method === 'HEAD' ? '' : body);
  });
}

/** nginx's combined log format. */
function logAccess(pod: LocalPod, request: IncomingMessage, status: number, size: number): void {
  const [container] = pod.containers.values();
  if (!container) return;
  const at = new Date();
  const [, date = '', month = '', year = '', time = ''] = at.toUTCString().replace(',', '').split(' ');
  const agent = request.headers['user-agent'] ?? '-';
  const line = `${request.method} ${request.url} HTTP/${request.httpVersion}`;
  writeLog(container, {
    atMs: at.getTime(),
    stream: 'stdout',
    text: `127.0.0.1 - - [${date}/${month}/${year}:${time} +0000] "${line}" ${status} ${size} "-" "${agent}" "-"`,
  });
}
