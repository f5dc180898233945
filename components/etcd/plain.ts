/**
 * Plain HTTP on loopback: the metrics port, and the client port when its URL says http://.
 */
import type { Server } from 'node:http';
import { createServer as createTcpServer, type Socket, type Server as TcpServer } from 'node:net';
import { LabError } from '../../certs/errors.ts';
import type { StartContext } from '../component.ts';
import { servePlain } from '../tls/plain.ts';

/** A server that listens. */
export interface Listener {
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Listen for clients without TLS, and tell their connections like any other.
 * @throws LabError PORT_IN_USE
 */
export async function listenPlainly(
  { host, id }: StartContext,
  http: Server,
  address: '127.0.0.1' | '::1',
  port: number,
): Promise<Listener> {
  const open = new Set<Socket>();
  const front = createTcpServer((raw) => {
    open.add(raw);
    raw.once('close', () => open.delete(raw));
    servePlain(raw, { host, component: id, accept: (socket) => http.emit('connection', socket) });
  });
  const listener = await listenPlain(front, address, port);
  return {
    ...listener,
    close: () => {
      const closed = listener.close();
      for (const raw of open) raw.destroy();
      return closed;
    },
  };
}

/**
 * Listen without TLS.
 * @param port  0 asks for any free port
 * @throws      LabError PORT_IN_USE
 */
export async function listenPlain(
  server: Server | TcpServer,
  address: '127.0.0.1' | '::1',
  port: number,
): Promise<Listener> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        error.code === 'EADDRINUSE'
          ? new LabError('PORT_IN_USE', {
              what: `etcd: port ${port} on ${address} is taken`,
              fix: 'stop the program that holds it, or choose another port',
              cause: error,
            })
          : error,
      );
    });
    server.listen(port, address, resolve);
  });
  const bound = server.address();
  const actual = typeof bound === 'object' && bound ? bound.port : port;
  return {
    url: `http://${address === '::1' ? '[::1]' : address}:${actual}`,
    port: actual,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        if ('closeAllConnections' in server) server.closeAllConnections();
      }),
  };
}
