/**
 * What the benchmarks run on: a cluster directory of its own, an etcd-like server over the lab's transport, the same
 * server over Node's bare https, and clients for both.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, createSecureContext } from 'node:tls';
import { Client } from 'undici';
import type { Choices } from '../../certs/identities.ts';
import type { Settings } from '../../components/component.ts';
import { type Host, openHost } from '../../components/host.ts';
import { type DialOptions, dial } from '../../components/tls/client.ts';
import { startTlsServer } from '../../components/tls/server.ts';
import type { Trace } from '../../components/tls/trace.ts';
import { initDirectory } from '../init.ts';

/** A server and a way to reach it. */
export interface Target {
  readonly url: string;
  /** Dial afresh and verify each other. */
  readonly open: () => Promise<Socket>;
  readonly close: () => Promise<void>;
}

/** Both servers, with the same certificates. */
export interface Material {
  readonly host: Host;
  readonly bare: Target;
  readonly watched: Target;
  /** Traces of the watched connections, the latest last; at most a few. */
  readonly traces: readonly Trace[];
  readonly close: () => Promise<void>;
}

const PKI = '/etc/kubernetes/pki';
const FILES = {
  cert: `${PKI}/etcd-server.crt`,
  key: `${PKI}/etcd-server.key`,
  ca: `${PKI}/ca.crt`,
  clientCert: `${PKI}/apiserver-etcd-client.crt`,
  clientKey: `${PKI}/apiserver-etcd-client.key`,
} as const;
const SETTINGS: Settings = { clientAuth: 'require', autoReload: 'all', alertProfile: 'go' };
const KEPT_TRACES = 4;
const CHUNK = Buffer.alloc(1024 * 1024, 0x6d);
/** What `/big` answers. */
export const BIG_BYTES = 64 * CHUNK.length;

/** Make a directory, start both servers. */
export async function openMaterial(key: Choices['key']): Promise<Material> {
  const dir = mkdtempSync(join(tmpdir(), 'mtls-lab-bench-'));
  await initDirectory(dir, { key, workers: 1 });
  const traces: Trace[] = [];
  const host = openHost(join(dir, 'hosts', 'control-plane'), {
    onTrace: (trace) => {
      traces.push(trace);
      if (traces.length > KEPT_TRACES) traces.shift();
    },
  });
  const bare = await openBare(host);
  const watched = await openWatched(host);
  return {
    host,
    bare,
    watched,
    traces,
    close: async () => {
      await Promise.all([bare.close(), watched.close()]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

const answer: RequestListener = (request, response) => {
  if (request.url !== '/big') {
    response.end('ok');
    return;
  }
  let left = BIG_BYTES / CHUNK.length;
  const write = (): void => {
    while (left > 0) {
      left -= 1;
      if (!response.write(CHUNK)) {
        response.once('drain', write);
        return;
      }
    }
    response.end();
  };
  write();
};

async function openBare(host: Host): Promise<Target> {
  const read = (path: string): Buffer => readFileSync(host.path(path));
  const server = createHttpsServer(
    {
      cert: read(FILES.cert),
      key: read(FILES.key),
      ca: read(FILES.ca),
      requestCert: true,
      rejectUnauthorized: true,
    },
    answer,
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const secureContext = createSecureContext({
    cert: read(FILES.clientCert),
    key: read(FILES.clientKey),
    ca: read(FILES.ca),
  });
  return {
    url: `https://127.0.0.1:${port}`,
    open: () =>
      new Promise((resolve, reject) => {
        const socket = connect({ host: '127.0.0.1', port, secureContext });
        socket.once('error', reject);
        socket.once('secureConnect', () => resolve(socket));
      }),
    close: () => closeServer(server),
  };
}

async function openWatched(host: Host): Promise<Target> {
  const http1 = createServer(answer);
  const server = await startTlsServer({
    host,
    component: 'etcd',
    settings: SETTINGS,
    port: 0,
    certFile: FILES.cert,
    keyFile: FILES.key,
    clientCaFile: FILES.ca,
    flags: { cert: '--cert-file', key: '--key-file', ca: '--trusted-ca-file' },
    http1,
    log: () => undefined,
  });
  const url = `https://127.0.0.1:${server.port}`;
  const options: DialOptions = {
    host,
    component: 'kube-apiserver',
    server: 'etcd',
    settings: SETTINGS,
    url,
    ca: { file: FILES.ca },
    cert: { file: FILES.clientCert },
    key: { file: FILES.clientKey },
  };
  return { url, open: async () => (await dial(options)).socket, close: () => server.close() };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** An undici client over connections that the target opens. */
export function clientOf(target: Target): Client {
  return new Client(target.url, {
    connect: (_options, callback) => {
      target.open().then(
        (socket) => callback(null, socket),
        (error: Error) => callback(error, null),
      );
    },
  });
}

/** GET a path, read the answer to its end. */
export async function get(client: Client, path: string): Promise<void> {
  const { body } = await client.request({ method: 'GET', path });
  for await (const _ of body);
}
