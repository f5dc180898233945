/**
 * One etcd without its network: store, leases, watchers and data file, put together.
 *
 * Every request is applied at once and in order; its answer leaves when everything that it saw is on disk
 * (`settled`). Watchers are told of a revision at that same moment. In memory there is nothing to wait for.
 */
import { entriesOf, type Past } from './data-entry.ts';
import type { DataFile } from './data-file.ts';
import { createLeases, type Leases } from './leases.ts';
import { FIRST_TERM, type Member } from './member.ts';
import type { UnaryName } from './rpcs.ts';
import type { Reply } from './schema.ts';
import {
  HANDLERS,
  headerOf,
  keepAlive,
  type ReplyOf,
  type RequestOf,
  revokeLease,
  type Services,
} from './services.ts';
import { snapshotMessages } from './snapshot.ts';
import { createStore, type Store } from './store.ts';
import { createWatches, type Watches } from './watches.ts';

export interface Engine {
  readonly member: Member;
  readonly store: Store;
  readonly watches: Watches;
  /** Apply a request. @throws EtcdError */
  call<N extends UnaryName>(name: N, request: RequestOf<N>): ReplyOf<N>;
  keepAlive(
    request: RequestOf<'/etcdserverpb.Lease/LeaseKeepAlive'>,
  ): ReplyOf<'/etcdserverpb.Lease/LeaseKeepAlive'>;
  /** Resolves when everything applied so far is on disk; undefined when it already is. Rejects when the disk fails. */
  settled(): Promise<void> | undefined;
  leaseCount(): number;
  /** What a next start would begin with. */
  past(): Past;
  /** All that is known now, to be sent away. */
  snapshot(): Iterator<Reply<'SnapshotResponse'>>;
  close(): Promise<void>;
}

export interface EngineOptions {
  readonly member: Member;
  readonly electionTimeoutMs: number;
  readonly progressNotifyMs: number;
  readonly limits: Services['limits'];
  /** How many revisions of history are kept; older ones are compacted without being asked. 0 keeps all. */
  readonly historyRevisions: number;
  readonly monotonicMs: () => number;
  /** Absent: in memory. Its past has been read. */
  readonly dataFile?: DataFile;
  /** In memory: what an earlier start on the same machine left behind. */
  readonly past?: Past;
}

/** Compact in steps of this part of the history, so that it costs little per write. */
const COMPACT_STEP = 0.1;

/** Start an engine. */
export function createEngine(options: EngineOptions): Engine {
  const { dataFile, historyRevisions } = options;
  let index = 0;
  const store = createStore({
    onCommit(revision, changes) {
      index += 1;
      dataFile?.append({ kind: 'commit', revision, changes });
      if (!dataFile) watches.advance(revision);
    },
    onCompact(revision) {
      dataFile?.append({ kind: 'compact', revision });
    },
  });
  const past = dataFile?.past ?? options.past;
  if (past) store.restore(past.revision, past.compacted, past.changes);
  const leases: Leases = createLeases({
    monotonicMs: options.monotonicMs,
    electionTimeoutMs: options.electionTimeoutMs,
    onExpire: (id) => {
      revokeLease(services, id);
      // A disk that fails is told to the next client; nobody waits here.
      afterChange()?.catch(() => {});
    },
  });
  for (const { id, ttlSeconds } of past?.leases ?? []) leases.grant(id, ttlSeconds);
  const services: Services = {
    store,
    leases,
    member: options.member,
    term: past?.term ?? FIRST_TERM,
    limits: options.limits,
    onLease: (event) => {
      index += 1;
      dataFile?.append({ kind: 'lease', ...event });
    },
    progress: () => ({ index, fileBytes: dataFile?.sizeBytes() ?? 0 }),
  };
  const watches = createWatches({
    store,
    header: (revision) => headerOf(services, revision),
    progressMs: options.progressNotifyMs,
  });

  const compactHistory = (): void => {
    const surplus = store.revision() - Math.max(0, store.compacted()) - historyRevisions;
    if (historyRevisions > 0 && surplus > historyRevisions * COMPACT_STEP) {
      watches.flush();
      store.compact(store.revision() - historyRevisions);
    }
  };

  const present = (): Past => ({
    revision: store.revision(),
    compacted: store.compacted(),
    changes: store.dump(),
    leases: leases.list(),
    term: services.term,
  });

  /** Once the disk has it, the watchers may know. */
  const afterChange = (): Promise<void> | undefined => {
    compactHistory();
    if (dataFile?.isLarge()) {
      dataFile.rewrite(entriesOf(present()));
    }
    const revision = store.revision();
    return dataFile?.settled()?.then(() => watches.advance(revision));
  };

  return {
    member: options.member,
    store,
    watches,
    call(name, request) {
      if (name === '/etcdserverpb.KV/Compact') watches.flush();
      return HANDLERS[name](services, request);
    },
    keepAlive: (request) => keepAlive(services, request),
    settled: afterChange,
    leaseCount: () => leases.list().length,
    past: () => ({ ...present(), term: services.term + 1 }),
    snapshot: () => snapshotMessages({ store, leases: leases.list(), index }),
    async close() {
      leases.close();
      watches.close();
      await dataFile?.close();
    },
  };
}
