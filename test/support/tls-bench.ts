/**
 * Two ends of the transport on one host folder: certificates as files, a server that answers, and every trace that
 * either end told.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { writePem } from '../../certs/pem.ts';
import type { Settings } from '../../components/component.ts';
import { type Host, openHost } from '../../components/host.ts';
import { type DialOptions, dial, HandshakeError } from '../../components/tls/client.ts';
import { joinHalves } from '../../components/tls/join.ts';
import {
  noteHttp,
  peerOf,
  startTlsServer,
  type TlsServer,
  type TlsServerEvent,
  type TlsServerOptions,
} from '../../components/tls/server.ts';
import type { Trace } from '../../components/tls/trace.ts';
import { akid, eku, keyNamed, type Minted, type MintOptions, mint, mintCa, name, san, skid } from './mint.ts';

export const SETTINGS: Settings = { clientAuth: 'require', autoReload: 'all', alertProfile: 'go' };
export const FLAGS = { cert: '--tls-cert-file', key: '--tls-private-key-file', ca: '--client-ca-file' };

/** The CA that both sides trust, and others. */
export const CA = mintCa();
export const OTHER_CA = mintCa('stranger');
export const SAME_NAME_CA = mintCa('kubernetes', { key: keyNamed('ca/impostor') });

/** A leaf for the server: names of this computer, serverAuth. */
export function serverLeaf(change: MintOptions = {}, usage = 'serverAuth', names = LOOPBACK): Minted {
  return mint({
    subject: name('CN=kube-apiserver'),
    key: keyNamed('server'),
    by: CA,
    extensions: [eku(usage), san(names)],
    ...change,
  });
}
const LOOPBACK: readonly string[] = ['dns:localhost', 'ip:7f000001', `ip:${'00'.repeat(15)}01`];

/** A leaf for the client: an administrator, clientAuth. */
export function clientLeaf(change: MintOptions = {}, usage = 'clientAuth'): Minted {
  return mint({
    subject: name('O=system:masters', 'CN=admin'),
    key: keyNamed('client'),
    by: CA,
    extensions: [eku(usage)],
    ...change,
  });
}

/** Key identifiers that tell two CAs of one name apart, as real ones have them. */
export const withKeyIds = (ca: string, leaf: readonly Uint8Array[]): readonly Uint8Array[] => [
  ...leaf,
  akid(ca),
  skid('00112233'),
];

/** A host folder with files, and the traces that were told. */
export interface Bench {
  readonly host: Host;
  readonly traces: Trace[];
  readonly events: TlsServerEvent[];
  /** Write certificates and the first one's key: `/pki/NAME.crt`, `/pki/NAME.key`. */
  put(name: string, ...chain: readonly Minted[]): { readonly cert: string; readonly key: string };
  write(path: string, content: string | Uint8Array): void;
  serve(change?: Partial<TlsServerOptions>): Promise<TlsServer>;
  options(server: TlsServer, change?: Partial<DialOptions>): DialOptions;
  /** Dial, ask once, and join what both ends told when both have closed. */
  shake(server: TlsServer, change?: Partial<DialOptions>): Promise<Shaken>;
  close(): Promise<void>;
}

/** One handshake as both ends have it. */
export interface Shaken {
  readonly client: Trace;
  readonly server: Trace | undefined;
  readonly joined: Trace;
  /** What the client was told, null when it got an answer. */
  readonly error: HandshakeError | null;
  readonly status: number | null;
}

/** A fresh host. Close it when done. */
export function openBench(): Bench {
  const root = mkdtempSync(join(tmpdir(), 'mtls-lab-tls-'));
  const traces: Trace[] = [];
  const events: TlsServerEvent[] = [];
  const servers: TlsServer[] = [];
  const host = openHost(root, {
    name: 'control-plane',
    clockFiles: [join(root, 'clock')],
    onTrace: (trace) => void traces.push(trace),
  });
  const bench: Bench = {
    host,
    traces,
    events,
    write(path, content) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), content);
    },
    put(named, ...chain) {
      const files = { cert: `/pki/${named}.crt`, key: `/pki/${named}.key` };
      bench.write(files.cert, chain.map(({ der }) => writePem('CERTIFICATE', der)).join(''));
      const key = chain[0]?.key.export({ type: 'pkcs8', format: 'pem' }) ?? '';
      bench.write(files.key, key.toString());
      return files;
    },
    async serve(change = {}) {
      const server = await startTlsServer({
        host,
        component: 'kube-apiserver',
        settings: SETTINGS,
        port: 0,
        certFile: '/pki/server.crt',
        keyFile: '/pki/server.key',
        clientCaFile: '/pki/ca.crt',
        flags: FLAGS,
        http1: createServer((request, response) => {
          const { chain, verdict } = peerOf(request.socket);
          const status = verdict?.accepted ? 200 : verdict ? 401 : 403;
          noteHttp(request.socket, status, verdict?.text ?? '');
          response.writeHead(status).end(`${chain.length} ${verdict?.code ?? 'ok'}`);
        }),
        log: (event) => void events.push(event),
        ...change,
      });
      servers.push(server);
      return server;
    },
    options: (server, change = {}) => ({
      host,
      component: 'kube-scheduler',
      server: 'kube-apiserver',
      settings: SETTINGS,
      url: server.url,
      ca: { file: '/pki/ca.crt' },
      cert: { file: '/pki/client.crt' },
      key: { file: '/pki/client.key' },
      ...change,
    }),
    async shake(server, change = {}) {
      const from = traces.length;
      const { error, status } = await connectAndAsk(bench.options(server, change));
      const both = (): Trace[] => latest(traces.slice(from));
      await until('both ends have closed', () => {
        const known = both();
        return known.length === 2 && known.every(({ state }) => state === 'closed');
      });
      const client = both().find((trace) => trace.client !== null);
      const other = both().find((trace) => trace.server !== null);
      if (!client) throw new Error('the client told nothing');
      return { client, server: other, joined: other ? joinHalves(client, other) : client, error, status };
    },
    async close() {
      await Promise.all(servers.map((server) => server.close()));
      rmSync(root, { recursive: true, force: true });
    },
  };
  bench.put('ca', CA);
  bench.put('server', serverLeaf());
  bench.put('client', clientLeaf());
  return bench;
}

/** The newest version of each trace. */
export function latest(traces: readonly Trace[]): Trace[] {
  return [...new Map(traces.map((trace) => [trace.id, trace])).values()];
}

/** Dial, send one request by hand, read the status line, close. */
export async function connectAndAsk(
  options: DialOptions,
): Promise<{ error: HandshakeError | null; status: number | null }> {
  try {
    const { socket } = await dial(options);
    return await new Promise((resolve) => {
      let text = '';
      let error: HandshakeError | null = null;
      socket.on('data', (bytes: Buffer) => {
        text += bytes.toString('latin1');
      });
      socket.on('error', (problem) => {
        if (problem instanceof HandshakeError) error = problem;
      });
      socket.on('close', () => {
        const status = /^HTTP\/1\.1 (\d+)/.exec(text)?.[1];
        resolve({ error, status: status === undefined ? null : Number(status) });
      });
      socket.write('GET / HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n');
    });
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    return { error, status: null };
  }
}

/** Wait until a condition holds. */
export async function until(what: string, holds: () => boolean, withinMs = 10_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
