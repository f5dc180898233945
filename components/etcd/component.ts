/**
 * etcd: the cluster's memory. Reads etcd's real flags inside its host, serves the v3 API on one TLS port.
 *
 * Client certificates are demanded as soon as --trusted-ca-file or --client-cert-auth is given, and not asked for
 * otherwise: etcd knows no "ask, then answer 401". One CA decides about all: any certificate that it signed opens
 * everything.
 */
import type { Component, Running, StartContext } from '../component.ts';
import { type FlagValues, parseFlags } from '../flags.ts';
import type { Host } from '../host.ts';
import { etcdLine } from '../log.ts';
import type { Past } from './data-entry.ts';
import { type DataFile, openDataFile } from './data-file.ts';
import { createEngine, type Engine, type EngineOptions } from './engine.ts';
import { ETCD_FLAGS } from './flags.ts';
import { clientUrl, listenForClients, listenForMetrics } from './listeners.ts';
import { describeMember, type Member } from './member.ts';
import {
  brokenLine,
  closingLines,
  fatalLine,
  type LogLine,
  repairedLine,
  savedLine,
  servingLines,
  startingLines,
} from './texts.ts';

type Flags = FlagValues<typeof ETCD_FLAGS>;
type Print = (line: LogLine) => void;

/** History that is kept when no flag says otherwise: the lab compacts by itself, so that memory stays flat. */
const HISTORY_REVISIONS = 10_000;
/** etcd's default quota. */
const QUOTA_BYTES = 2 * 1024 ** 3;

/** Without --data-dir: what an etcd knew that was stopped in this process, by machine. A real one would find it on its disk. */
const memories = new WeakMap<Host, Past>();

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
  const print: Print = ([level, caller, message, fields]) => {
    if (level !== 'debug' || flags['log-level'] === 'debug') {
      context.log(etcdLine(level, host.now(), caller, message, fields));
    }
  };
  const member = describeMember(flags);
  for (const line of startingLines(context.argv, flags, member)) print(line);
  let address = flags['listen-client-urls'].join(',');
  let engine: Engine | undefined;
  try {
    const where = clientUrl(flags);
    address = `${where.address}:${where.port}`;
    const dataFile = await openData(context, flags, print);
    const past = dataFile ? undefined : memories.get(host);
    engine = openEngine(flags, member, { ...(dataFile ? { dataFile } : {}), ...(past ? { past } : {}) });
    const server = await listenForClients(context, flags, where, engine, print);
    const metrics = await listenForMetrics(flags, engine).catch(async (error: unknown) => {
      await server.close();
      throw error;
    });
    for (const line of servingLines(`${where.address}:${server.port}`, where.secure)) print(line);
    const [closing, closed] = closingLines(flags);
    return {
      id: context.id,
      endpoint: { url: server.url, port: server.port },
      files: () => server.files(),
      dialNow: () => Promise.resolve(),
      async close() {
        print(closing);
        await Promise.all([server, ...metrics].map((listener) => listener.close()));
        if (engine && !dataFile) memories.set(host, engine.past());
        await engine?.close();
        print(closed);
      },
    };
  } catch (error) {
    await engine?.close();
    print(fatalLine(error, address));
    throw error;
  }
}

function openEngine(flags: Flags, member: Member, kept: Pick<EngineOptions, 'dataFile' | 'past'>): Engine {
  return createEngine({
    ...kept,
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
}

/** The data file inside the host, when --data-dir asks for one. */
async function openData(context: StartContext, flags: Flags, print: Print): Promise<DataFile | undefined> {
  if (flags['data-dir'] === '') return undefined;
  return openDataFile({
    dir: context.host.path(flags['data-dir']),
    onRepair: (path, droppedBytes) => print(repairedLine(path, droppedBytes)),
    snapshotCount: flags['snapshot-count'],
    onRewrite: (path, sizeBytes) => print(savedLine(path, sizeBytes)),
    onBroken: (text) => print(brokenLine(text)),
  });
}

/** Periodic compaction is the API server's work in a real cluster; by revision it can be asked of etcd. */
function historyRevisions(flags: Flags): number {
  const wanted = Number(flags['auto-compaction-retention']);
  return flags['auto-compaction-mode'] === 'revision' && wanted > 0 ? wanted : HISTORY_REVISIONS;
}
