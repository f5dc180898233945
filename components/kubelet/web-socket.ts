/**
 * exec and attach over WebSocket: one channel byte before each message (v4 and v5.channel.k8s.io).
 *
 * 0 stdin, 1 stdout, 2 stderr, 3 the final Status, 4 resize, 255 (v5) "this channel is closed".
 * @see apimachinery pkg/util/remotecommand/constants.go; kubelet pkg/cri/streaming/remotecommand/websocket.go
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { byteQueue } from './byte-queue.ts';
import type { ExecStatus, ExecStreams } from './exec.ts';
import { newTerminal, resizeTerminal } from './terminal-size.ts';

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'] as const;
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const;
const MAX_MESSAGE_BYTES = 1024 * 1024;

/** One WebSocket server for all kubelets of the process: it holds no state per kubelet. */
const server = new WebSocketServer({
  noServer: true,
  clientTracking: false,
  maxPayload: MAX_MESSAGE_BYTES,
  handleProtocols: (offered) => PROTOCOLS.find((one) => offered.has(one)) ?? false,
});

/** Which streams the client asked for. */
export interface WantedStreams {
  readonly stdin: boolean;
  readonly tty: boolean;
}

/**
 * Take over a connection and run a session on it.
 * @param session  runs with the streams; its Status is the last message
 */
export function serveWebSocket(
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  wanted: WantedStreams,
  session: (streams: ExecStreams) => Promise<ExecStatus>,
): void {
  server.handleUpgrade(request, socket, head, (connection) => {
    void converse(connection, wanted, session);
  });
}

async function converse(
  connection: WebSocket,
  wanted: WantedStreams,
  session: (streams: ExecStreams) => Promise<ExecStatus>,
): Promise<void> {
  const gone = new AbortController();
  const stdin = wanted.stdin ? byteQueue() : null;
  const terminal = wanted.tty ? newTerminal() : null;
  const send = (channel: number, data: string | Uint8Array): void => {
    if (connection.readyState !== connection.OPEN) return;
    connection.send(
      Buffer.concat([Buffer.from([channel]), typeof data === 'string' ? Buffer.from(data) : data]),
    );
  };
  connection.on('message', (data) => {
    const bytes = Buffer.isBuffer(data)
      ? data
      : Array.isArray(data)
        ? Buffer.concat(data)
        : Buffer.from(data);
    if (bytes[0] === CHANNEL.stdin) stdin?.push(bytes.subarray(1));
    else if (bytes[0] === CHANNEL.resize) resizeTerminal(terminal, bytes.subarray(1));
    else if (bytes[0] === CHANNEL.close && bytes[1] === CHANNEL.stdin) stdin?.end();
  });
  connection.on('close', () => {
    stdin?.end();
    gone.abort();
  });
  connection.on('error', () => connection.terminate());
  const status = await session({
    stdin,
    stdout: (data) => send(CHANNEL.stdout, data),
    stderr: (data) => send(CHANNEL.stderr, data),
    terminal,
    signal: gone.signal,
  });
  send(CHANNEL.status, JSON.stringify(status));
  connection.close(1000);
}
