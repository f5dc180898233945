/**
 * etcd's v3 remote procedures: which message goes in and out, and the paths of the JSON gateway.
 * @see etcd api/etcdserverpb/rpc.proto, options google.api.http
 */
import type { MessageName } from './schema.ts';
import { AUTH_RPCS } from './schema-auth.ts';

/** One remote procedure: messages, which sides stream, and the gateway's paths below /v3 (POST). */
export interface RpcSpec {
  readonly request: MessageName;
  readonly response: MessageName;
  readonly stream?: 'both' | 'response';
  readonly paths: readonly string[];
}

/** Remote procedures by their gRPC path. */
export const RPCS = {
  '/etcdserverpb.KV/Range': { request: 'RangeRequest', response: 'RangeResponse', paths: ['/kv/range'] },
  '/etcdserverpb.KV/Put': { request: 'PutRequest', response: 'PutResponse', paths: ['/kv/put'] },
  '/etcdserverpb.KV/DeleteRange': {
    request: 'DeleteRangeRequest',
    response: 'DeleteRangeResponse',
    paths: ['/kv/deleterange'],
  },
  '/etcdserverpb.KV/Txn': { request: 'TxnRequest', response: 'TxnResponse', paths: ['/kv/txn'] },
  '/etcdserverpb.KV/Compact': {
    request: 'CompactionRequest',
    response: 'CompactionResponse',
    paths: ['/kv/compaction'],
  },
  '/etcdserverpb.Watch/Watch': {
    request: 'WatchRequest',
    response: 'WatchResponse',
    stream: 'both',
    paths: ['/watch'],
  },
  '/etcdserverpb.Lease/LeaseGrant': {
    request: 'LeaseGrantRequest',
    response: 'LeaseGrantResponse',
    paths: ['/lease/grant'],
  },
  '/etcdserverpb.Lease/LeaseRevoke': {
    request: 'LeaseRevokeRequest',
    response: 'LeaseRevokeResponse',
    paths: ['/lease/revoke', '/kv/lease/revoke'],
  },
  '/etcdserverpb.Lease/LeaseKeepAlive': {
    request: 'LeaseKeepAliveRequest',
    response: 'LeaseKeepAliveResponse',
    stream: 'both',
    paths: ['/lease/keepalive'],
  },
  '/etcdserverpb.Lease/LeaseTimeToLive': {
    request: 'LeaseTimeToLiveRequest',
    response: 'LeaseTimeToLiveResponse',
    paths: ['/lease/timetolive', '/kv/lease/timetolive'],
  },
  '/etcdserverpb.Lease/LeaseLeases': {
    request: 'LeaseLeasesRequest',
    response: 'LeaseLeasesResponse',
    paths: ['/lease/leases', '/kv/lease/leases'],
  },
  '/etcdserverpb.Cluster/MemberAdd': {
    request: 'MemberAddRequest',
    response: 'MemberListResponse',
    paths: ['/cluster/member/add'],
  },
  '/etcdserverpb.Cluster/MemberRemove': {
    request: 'MemberIdRequest',
    response: 'MemberListResponse',
    paths: ['/cluster/member/remove'],
  },
  '/etcdserverpb.Cluster/MemberUpdate': {
    request: 'MemberUpdateRequest',
    response: 'MemberListResponse',
    paths: ['/cluster/member/update'],
  },
  '/etcdserverpb.Cluster/MemberList': {
    request: 'MemberListRequest',
    response: 'MemberListResponse',
    paths: ['/cluster/member/list'],
  },
  '/etcdserverpb.Cluster/MemberPromote': {
    request: 'MemberIdRequest',
    response: 'MemberListResponse',
    paths: ['/cluster/member/promote'],
  },
  '/etcdserverpb.Maintenance/Alarm': {
    request: 'AlarmRequest',
    response: 'AlarmResponse',
    paths: ['/maintenance/alarm'],
  },
  '/etcdserverpb.Maintenance/Status': {
    request: 'StatusRequest',
    response: 'StatusResponse',
    paths: ['/maintenance/status'],
  },
  '/etcdserverpb.Maintenance/Defragment': {
    request: 'DefragmentRequest',
    response: 'DefragmentResponse',
    paths: ['/maintenance/defragment'],
  },
  '/etcdserverpb.Maintenance/Hash': {
    request: 'HashRequest',
    response: 'HashResponse',
    paths: ['/maintenance/hash'],
  },
  '/etcdserverpb.Maintenance/HashKV': {
    request: 'HashKVRequest',
    response: 'HashKVResponse',
    paths: ['/maintenance/hashkv'],
  },
  '/etcdserverpb.Maintenance/Snapshot': {
    request: 'SnapshotRequest',
    response: 'SnapshotResponse',
    stream: 'response',
    paths: ['/maintenance/snapshot'],
  },
  '/etcdserverpb.Maintenance/MoveLeader': {
    request: 'MoveLeaderRequest',
    response: 'HeaderOnlyResponse',
    paths: ['/maintenance/transfer-leadership'],
  },
  ...AUTH_RPCS,
} as const satisfies Record<string, RpcSpec>;

/** A procedure by its gRPC path. */
export type RpcName = keyof typeof RPCS;

/** The procedures that answer with a stream. */
export type StreamName =
  | '/etcdserverpb.Watch/Watch'
  | '/etcdserverpb.Lease/LeaseKeepAlive'
  | '/etcdserverpb.Maintenance/Snapshot';

/** All others: one message in, one out. */
export type UnaryName = Exclude<RpcName, StreamName>;

/** True for a procedure that answers with a stream. */
export function isStream(name: RpcName): name is StreamName {
  return 'stream' in RPCS[name];
}
