/**
 * exec, attach and port-forward over SPDY: which streams a client opens, and what is done with them.
 *
 * @see kubelet pkg/cri/streaming/remotecommand/httpstream.go, pkg/cri/streaming/portforward/httpstream.go
 */
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { byteQueue } from './byte-queue.ts';
import type { ExecStatus, ExecStreams } from './exec.ts';
import { connectToPod } from './pod-network.ts';
import type { LocalPod } from './pods.ts';
import { type SpdyStream, serveSpdy } from './spdy.ts';
import { newTerminal, resizeTerminal } from './terminal-size.ts';
import type { WantedStreams } from './web-socket.ts';

const VERSION_HEADER = 'x-stream-protocol-version';

/** True for a request that asks for SPDY/3.1. */
export function isSpdy(request: IncomingMessage): boolean {
  return (request.headers.upgrade ?? '').toLowerCase() === 'spdy/3.1';
}

/** Run an exec or attach session; it begins when the client has opened every stream that it asked for. */
export function serveSpdyExec(
  request: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
  wanted: WantedStreams,
  session: (streams: ExecStreams) => Promise<ExecStatus>,
): void {
  if (!accept(request, socket, 'v4.channel.k8s.io')) return;
  const gone = new AbortController();
  const stdin = wanted.stdin ? byteQueue() : null;
  const terminal = wanted.tty ? newTerminal() : null;
  const streams = new Map<string, SpdyStream>();
  const query = new URL(request.url ?? '/', 'https://kubelet').searchParams;
  const asked = (...names: string[]): boolean =>
    names.some((one) => ['1', 'true'].includes(query.get(one) ?? ''));
  const expected = [
    'error',
    ...(wanted.stdin ? ['stdin'] : []),
    ...(asked('stdout', 'output') ? ['stdout'] : []),
    ...(asked('stderr', 'error') && !wanted.tty ? ['stderr'] : []),
    ...(wanted.tty ? ['resize'] : []),
  ];

  const run = async (): Promise<void> => {
    const status = await session({
      stdin,
      stdout: (data) => streams.get('stdout')?.send(data),
      stderr: (data) => streams.get('stderr')?.send(data),
      terminal,
      signal: gone.signal,
    });
    streams.get('error')?.send(JSON.stringify(status));
    for (const stream of streams.values()) stream.end();
  };
  let begun = false;
  serveSpdy(
    socket,
    head,
    (stream) => {
      const type = stream.headers.get('streamtype') ?? '';
      streams.set(type, stream);
      if (type === 'stdin') {
        stream.onData = (bytes) => stdin?.push(bytes);
        stream.onEnd = () => stdin?.end();
      }
      if (type === 'resize') stream.onData = (bytes) => resizeTerminal(terminal, bytes);
      if (begun || !expected.every((one) => streams.has(one))) return;
      begun = true;
      void run();
    },
    () => {
      stdin?.end();
      gone.abort();
    },
  );
}

/** Forward connections to a pod's simulated ports: an error stream and a data stream for each. */
export function serveSpdyPortForward(
  request: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
  pod: LocalPod,
): void {
  if (!accept(request, socket, 'portforward.k8s.io')) return;
  const errors = new Map<string, SpdyStream>();
  serveSpdy(
    socket,
    head,
    (stream) => {
      const id = stream.headers.get('requestid') ?? '';
      if (stream.headers.get('streamtype') === 'error') {
        errors.set(id, stream);
        return;
      }
      const port = Number(stream.headers.get('port'));
      const error = errors.get(id);
      errors.delete(id);
      const connection = connectToPod(pod, port, {
        send: (bytes) => stream.send(bytes),
        end: () => {
          stream.end();
          error?.end();
        },
      });
      if (connection) {
        stream.onData = (bytes) => connection.push(bytes);
        stream.onEnd = () => connection.end();
        return;
      }
      error?.send(refused(pod, port));
      error?.end();
      stream.end();
    },
    () => errors.clear(),
  );
}

/** What containerd says when nothing listens on the port. */
function refused(pod: LocalPod, port: number): string {
  const sandbox = createHash('sha256').update(pod.uid).digest('hex');
  const id = sandbox.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  const namespace = `/var/run/netns/cni-${id}`;
  return (
    `error forwarding port ${port} to pod ${sandbox}, uid : failed to execute portforward in network namespace "${namespace}": ` +
    `failed to connect to localhost:${port} inside namespace "${sandbox}", IPv4: dial tcp4 127.0.0.1:${port}: connect: connection refused ` +
    `IPv6 dial tcp6: address localhost: no suitable address found `
  );
}

/** Answer the upgrade; false when the client does not offer the protocol (it has then been refused). */
function accept(request: IncomingMessage, socket: Duplex, protocol: string): boolean {
  const offered = String(request.headers[VERSION_HEADER] ?? '')
    .split(',')
    .map((one) => one.trim());
  if (!offered.includes(protocol)) {
    const body = `unable to upgrade: unable to negotiate protocol: client supports [${offered.join(' ')}], server accepts [${protocol}]`;
    socket.end(
      `HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    );
    return false;
  }
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n' +
      `X-Stream-Protocol-Version: ${protocol}\r\n\r\n`,
  );
  return true;
}
