/**
 * What each remote procedure does, apart from how it is carried: the JSON gateway and gRPC call the same table.
 * @see etcd server/etcdserver/api/v3rpc
 */
import { createHash } from 'node:crypto';
import { EtcdError, refusal } from './errors.ts';
import {
  applyDelete,
  applyPut,
  applyRange,
  checkDelete,
  checkPut,
  checkPutState,
  checkRange,
  type KvContext,
} from './kv.ts';
import type { Leases } from './leases.ts';
import { ETCD_VERSION, type Member } from './member.ts';
import type { RPCS, UnaryName } from './rpcs.ts';
import type { Message, Reply } from './schema.ts';
import type { Store, WriteTxn } from './store.ts';
import { applyTxn, checkTxn } from './txn.ts';

/** Everything that a procedure may use. */
export interface Services {
  readonly store: Store;
  readonly leases: Leases;
  readonly member: Member;
  readonly term: number;
  readonly limits: { readonly requestBytes: number; readonly txnOps: number; readonly storeBytes: number };
  /** Tell the data file about leases, before the answer goes out. */
  readonly onLease: (
    event: { readonly grant: bigint; readonly ttlSeconds: number } | { readonly revoke: bigint },
  ) => void;
  /** How many changes were ever applied, and what the data file holds. */
  readonly progress: () => { readonly index: number; readonly fileBytes: number };
}

/** The message that goes into a procedure, and the one that comes out. */
export type RequestOf<N extends keyof typeof RPCS> = Message<(typeof RPCS)[N]['request']>;
export type ReplyOf<N extends keyof typeof RPCS> = Reply<(typeof RPCS)[N]['response']>;

type Handlers = { readonly [N in UnaryName]: (services: Services, request: RequestOf<N>) => ReplyOf<N> };

export const HANDLERS: Handlers = {
  '/etcdserverpb.KV/Range': (services, request) => {
    checkRange(request);
    const { store } = services;
    const range = reader(store);
    return applyRange(contextOf(services, range), request);
  },
  '/etcdserverpb.KV/Put': (services, request) => {
    checkPut(request);
    checkSize(services, request.key.length + request.value.length);
    return services.store.write((txn) => {
      const context = contextOf(services, txn);
      checkPutState(context, request);
      return applyPut(context, request);
    });
  },
  '/etcdserverpb.KV/DeleteRange': (services, request) => {
    checkDelete(request);
    return services.store.write((txn) => applyDelete(contextOf(services, txn), request));
  },
  '/etcdserverpb.KV/Txn': (services, request) => {
    checkTxn(request, services.limits.txnOps);
    checkSize(services, bytesOf(request));
    return services.store.write((txn) => {
      const context = contextOf(services, txn);
      const inner = { ...context, header: (revision: number) => ({ revision: BigInt(revision) }) };
      return applyTxn(context, inner, request);
    });
  },
  '/etcdserverpb.KV/Compact': (services, request) => {
    services.store.compact(Number(request.revision));
    return { header: headerOf(services) };
  },
  '/etcdserverpb.Lease/LeaseGrant': (services, request) => {
    const lease = services.leases.grant(request.ID, Number(request.TTL));
    services.onLease({ grant: lease.id, ttlSeconds: lease.ttlSeconds });
    return { header: headerOf(services), ID: lease.id, TTL: BigInt(lease.ttlSeconds) };
  },
  '/etcdserverpb.Lease/LeaseRevoke': (services, request) => {
    revokeLease(services, request.ID);
    return { header: headerOf(services) };
  },
  '/etcdserverpb.Lease/LeaseTimeToLive': (services, request) => {
    const lease = services.leases.get(request.ID);
    if (!lease) return { header: headerOf(services), ID: request.ID, TTL: -1n };
    return {
      header: headerOf(services),
      ID: lease.id,
      TTL: BigInt(services.leases.remainingSeconds(lease.id) ?? 0),
      grantedTTL: BigInt(lease.ttlSeconds),
      keys: request.keys
        ? [...services.store.keysOf(lease.id)].sort().map((key) => Buffer.from(key, 'latin1'))
        : [],
    };
  },
  '/etcdserverpb.Lease/LeaseLeases': (services) => ({
    header: headerOf(services),
    leases: services.leases.list().map(({ id }) => ({ ID: id })),
  }),
  '/etcdserverpb.Cluster/MemberList': (services) => ({
    header: { ...headerOf(services), revision: 0n },
    members: [
      {
        ID: services.member.id,
        name: services.member.name,
        peerURLs: services.member.peerUrls,
        clientURLs: services.member.clientUrls,
      },
    ],
  }),
  '/etcdserverpb.Cluster/MemberAdd': (_services, request) => {
    if (!request.peerURLs.every((url) => /^https?:\/\/[^/:]+:\d+$/.test(url))) throw refusal('MemberBadURLs');
    throw refusal('MemberNotEnoughStarted');
  },
  '/etcdserverpb.Cluster/MemberRemove': (services, request) => {
    throw refusal(request.ID === services.member.id ? 'MemberNotEnoughStarted' : 'MemberNotFound');
  },
  '/etcdserverpb.Cluster/MemberUpdate': () => {
    throw refusal('MemberNotFound');
  },
  '/etcdserverpb.Cluster/MemberPromote': () => {
    throw refusal('MemberNotFound');
  },
  '/etcdserverpb.Maintenance/Alarm': () => ({}),
  '/etcdserverpb.Maintenance/Status': (services) => {
    const { index, fileBytes } = services.progress();
    const size = BigInt(services.store.sizeBytes());
    return {
      header: headerOf(services),
      version: ETCD_VERSION,
      dbSize: fileBytes > 0 ? BigInt(fileBytes) : size,
      leader: services.member.id,
      raftIndex: BigInt(index),
      raftTerm: BigInt(services.term),
      raftAppliedIndex: BigInt(index),
      dbSizeInUse: size,
    };
  },
  '/etcdserverpb.Maintenance/Defragment': () => ({}),
  '/etcdserverpb.Maintenance/Hash': (services) => ({
    header: headerOf(services),
    hash: hashOf(services.store, services.store.revision()),
  }),
  '/etcdserverpb.Maintenance/HashKV': (services, request) => {
    const revision = Number(request.revision) || services.store.revision();
    services.store.checkRevision(revision);
    return {
      header: headerOf(services),
      hash: hashOf(services.store, revision),
      compact_revision: BigInt(services.store.compacted()),
    };
  },
  '/etcdserverpb.Maintenance/MoveLeader': (services, request) => {
    if (request.targetID !== services.member.id) throw refusal('BadLeaderTransferee');
    return {};
  },
  '/etcdserverpb.Auth/AuthEnable': () => {
    throw refusal('RootUserNotExist');
  },
  '/etcdserverpb.Auth/AuthDisable': (services) => ({ header: headerOf(services) }),
  '/etcdserverpb.Auth/AuthStatus': (services) => ({ header: headerOf(services), authRevision: 1n }),
  '/etcdserverpb.Auth/Authenticate': () => {
    throw refusal('AuthNotEnabled');
  },
  '/etcdserverpb.Auth/UserList': (services) => ({ header: headerOf(services) }),
  '/etcdserverpb.Auth/UserGet': () => {
    throw refusal('UserNotFound');
  },
  '/etcdserverpb.Auth/UserDelete': () => {
    throw refusal('UserNotFound');
  },
  '/etcdserverpb.Auth/RoleList': (services) => ({ header: headerOf(services) }),
  '/etcdserverpb.Auth/RoleGet': () => {
    throw refusal('RoleNotFound');
  },
  '/etcdserverpb.Auth/RoleDelete': () => {
    throw refusal('RoleNotFound');
  },
};

/** The header of every response. */
export function headerOf(services: Services, revision = services.store.revision()): Reply<'ResponseHeader'> {
  const { member, term } = services;
  return {
    cluster_id: member.clusterId,
    member_id: member.id,
    revision: BigInt(revision),
    raft_term: BigInt(term),
  };
}

/** Answer one keep-alive; a lease that is gone answers with TTL 0. */
export function keepAlive(
  services: Services,
  request: Message<'LeaseKeepAliveRequest'>,
): Reply<'LeaseKeepAliveResponse'> {
  const lease = services.leases.renew(request.ID);
  return { header: headerOf(services), ID: request.ID, TTL: BigInt(lease?.ttlSeconds ?? 0) };
}

/**
 * End a lease and delete its keys, in one revision.
 * @throws EtcdError LeaseNotFound
 */
export function revokeLease(services: Services, id: bigint): void {
  services.leases.remove(id);
  services.onLease({ revoke: id });
  services.store.write((txn) => {
    for (const key of [...services.store.keysOf(id)].sort()) txn.delete({ start: key, end: null });
  });
}

function contextOf(services: Services, txn: WriteTxn): KvContext {
  return {
    txn,
    hasLease: (id) => services.leases.has(id),
    checkRevision: (revision) => services.store.checkRevision(revision),
    header: (revision) => headerOf(services, revision),
  };
}

/** A transaction that only reads. */
function reader(store: Store): WriteTxn {
  const refuse = (): never => {
    throw new EtcdError('Internal', 'a range request writes nothing');
  };
  return {
    revision: () => store.revision(),
    get: (key) => store.peek(key, store.revision()),
    range: (range, revision) => store.range(range, revision),
    put: refuse,
    delete: refuse,
  };
}

function checkSize(services: Services, bytes: number): void {
  if (bytes > services.limits.requestBytes) throw refusal('RequestTooLarge');
  if (services.store.sizeBytes() + bytes > services.limits.storeBytes) throw refusal('NoSpace');
}

function bytesOf(request: Message<'TxnRequest'>): number {
  let bytes = 0;
  for (const op of [...request.success, ...request.failure]) {
    if (op.request_put) bytes += op.request_put.key.length + op.request_put.value.length;
    if (op.request_txn) bytes += bytesOf(op.request_txn);
  }
  return bytes;
}

/** A hash over everything alive: the same data gives the same number, as in etcd, though not etcd's number. */
function hashOf(store: Store, revision: number): number {
  const hash = createHash('sha256');
  for (const { key, record } of store.range({ start: '', end: '' }, revision)) {
    hash.update(`${key.length}:${record.create}:${record.mod}:${record.version}:${record.lease}:`);
    hash.update(Buffer.from(key, 'latin1')).update(record.value);
  }
  return hash.digest().readUInt32BE(0);
}
