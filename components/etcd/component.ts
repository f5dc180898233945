/**
 * etcd: the cluster's memory. Reads etcd's real flags inside its host, serves the v3 API on one TLS port.
 *
 * Client certificates are demanded as soon as --trusted-ca-file or --client-cert-auth is given, and not asked for
 * otherwise: etcd knows no "ask, then answer 401". One CA decides about all: any certificate that it signed opens
 * everything.
 */
import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { LabError } from '../../certs/errors.ts';
import type { Component, FileState, Running, StartContext } from '../component.ts';
import { type FlagValues, parseFlags } from '../flags.ts';
import { etcdLine } from '../log.ts';
import { startTlsServer, type TlsServerEvent } from '../tls/server.ts';
import { type DataFile, openDataFile } from './data-file.ts';
import { createEngine, type Engine } from './engine.ts';
import { ETCD_FLAGS } from './flags.ts';
import { createGateway } from './gateway.ts';
import { createGrpc, isGrpc } from './grpc.ts';
import { describeMember } from './member.ts';
import { type Listener, listenPlain } from './plain.ts';
import {
  brokenLine,
  closingLines,
  fatalLine,
  type LogLine,
  rejectedLine,
  repairedLine,
  servingLines,
  startingLines,
  tlsLine,
} from './texts.ts';

type Flags = FlagValues<typeof ETCD_FLAGS>;

/** History that is kept when no flag says otherwise: the lab compacts by itself, so that memory stays flat. */
const HISTORY_REVISIONS = 10_000;
/** etcd's default quota. */
const QUOTA_BYTES = 2 * 1024 ** 3;
/** Where Go looks for the system's roots, used when --client-cert-auth comes without --trusted-ca-file. */
const SYSTEM_ROOTS = '/etc/ssl/certs/ca-certificates.crt';

export const etcd: Component = {
  name: 'etcd',
  role: 'server',
  flags: ETCD_FLAGS,
  dependsOn: [],
  start: startEtcd,
};

async function startEtcd(context: StartContext): Promise<Running> {
  const { host } = context;
  const flags = parseFlags('etcd', ETCD_FLAGS, context.argv);
  const print = ([level, caller, message, fields]: LogLine): void => {
    if (level !== 'debug' || flags['log-level'] === 'debug') {
      context.log(etcdLine(level, host.now(), caller, message, fields));
    }
  };
  const member = describeMember(flags);
  for (const line of startingLines(context.argv, flags, member)) print(line);
  const where = clientUrl(flags);
  const dataFile = await openData(context, flags, print);
  const engine = createEngine({
    ...(dataFile ? { dataFile } : {}),
    member,
    electionTimeoutMs: flags['election-timeout'],
    progressNotifyMs: Math.min(
      flags['experimental-watch-progress-notify-interval'],
      flags['watch-progress-notify-interval'],
    ),
    limits: {
      requestBytes: flags['max-request-bytes'],
      txnOps: flags['max-txn-ops'],
      storeBytes: flags['quota-backend-bytes'] || QUOTA_BYTES,
    },
    historyRevisions: historyRevisions(flags),
    monotonicMs: () => performance.now(),
  });
  try {
    const server = await listen(context, flags, where, engine, print);
    for (const line of servingLines(`${where.address}:${server.port}`, where.secure)) print(line);
    return {
      id: context.id,
      endpoint: { url: server.url, port: server.port },
      files: () => server.files(),
      dialNow: () => Promise.resolve(),
      async close() {
        const [closing, closed] = closingLines(flags);
        if (closing) print(closing);
        await server.close();
        await engine.close();
        if (closed) print(closed);
      },
    };
  } catch (error) {
    await engine.close();
    print(fatalLine(error, '', `${where.address}:${where.port}`));
    throw error;
  }
}

/** The data file inside the host, when --data-dir asks for one. */
async function openData(
  context: StartContext,
  flags: Flags,
  print: (line: LogLine) => void,
): Promise<DataFile | undefined> {
  if (flags['data-dir'] === '') return undefined;
  try {
    return await openDataFile({
      dir: context.host.path(flags['data-dir']),
      onRepair: (path, droppedBytes) => print(repairedLine(path, droppedBytes)),
      onBroken: (text) => print(brokenLine(text)),
    });
  } catch (error) {
    print(fatalLine(error, flags['data-dir'], ''));
    throw error;
  }
}

interface Where {
  readonly secure: boolean;
  readonly address: '127.0.0.1' | '::1';
  readonly port: number;
}

/** The first URL that names a loopback address; etcd wants an IP or localhost there. */
function clientUrl(flags: Flags): Where {
  for (const text of flags['listen-client-urls']) {
    const match = /^(https?):\/\/(127\.0\.0\.1|localhost|0\.0\.0\.0|\[::1\]|\[::\]):(\d+)$/.exec(text);
    if (!match) continue;
    const [, scheme, name, port] = match;
    return {
      secure: scheme === 'https',
      address: name?.startsWith('[') ? '::1' : '127.0.0.1',
      port: Number(port),
    };
  }
  throw new LabError('FLAG_INVALID', {
    what: `etcd: --listen-client-urls=${flags['listen-client-urls'].join(',')} names no loopback address`,
    fix: 'write --listen-client-urls=https://127.0.0.1:2379',
  });
}

function historyRevisions(flags: Flags): number {
  const wanted = Number(flags['auto-compaction-retention']);
  return flags['auto-compaction-mode'] === 'revision' && wanted > 0 ? wanted : HISTORY_REVISIONS;
}

async function listen(
  context: StartContext,
  flags: Flags,
  where: Where,
  engine: Engine,
  print: (line: LogLine) => void,
): Promise<Listener & { files(): readonly FileState[] }> {
  const gateway = createGateway(engine, flags['max-request-bytes']);
  const grpc = createGrpc(engine, flags['max-request-bytes']);
  const http1 = createServer(gateway.app);
  const http2 = createHttp2Server((request, response) => {
    if (isGrpc(request)) grpc(request, response);
    else gateway.answer(request, response);
  });
  if (!where.secure) return { ...(await listenPlain(http1, where.address, where.port)), files: () => [] };
  print(tlsLine(flags));
  const demands = flags['trusted-ca-file'] !== '' || flags['client-cert-auth'];
  return startTlsServer({
    host: context.host,
    component: context.id,
    settings: { ...context.settings, clientAuth: 'require' },
    address: where.address,
    port: where.port,
    certFile: flags['cert-file'],
    keyFile: flags['key-file'],
    flags: { cert: '--cert-file', key: '--key-file', ca: '--trusted-ca-file' },
    ...(demands ? { clientCaFile: flags['trusted-ca-file'] || SYSTEM_ROOTS } : {}),
    ...(flags['tls-min-version'] === 'TLS1.3' ? { minVersion: 'TLSv1.3' as const } : {}),
    ...(flags['cipher-suites'].length > 0 ? { cipherSuites: flags['cipher-suites'] } : {}),
    http1,
    http2,
    log: (event) => printEvent(print, event),
  });
}

function printEvent(print: (line: LogLine) => void, event: TlsServerEvent): void {
  if (event.kind === 'handshake-error') print(rejectedLine(event.remote, event.serverName, event.text));
}
