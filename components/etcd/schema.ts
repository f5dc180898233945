/**
 * etcd's v3 messages as one table: field numbers, types and enums.
 *
 * Everything else is derived from it: TypeScript's types, the JSON gateway's bodies (`json.ts`) and the wire format
 * of gRPC (`protobuf.ts`); `rpcs.ts` has the procedures that carry them. Names and numbers are etcd's, letter for letter.
 * @see etcd api/etcdserverpb/rpc.proto, api/mvccpb/kv.proto, api/authpb/auth.proto (3.5)
 */
import { AUTH_MESSAGES } from './schema-auth.ts';

/** A field: number, type (a scalar, an enum or a message), and `repeated` for lists. */
export type FieldSpec = readonly [id: number, type: string, rule?: 'repeated'];

/** Enums: the name in Go (for error texts) and the values by name. The first is the default. */
export const ENUMS = {
  SortOrder: { go: 'etcdserverpb.RangeRequest_SortOrder', values: { NONE: 0, ASCEND: 1, DESCEND: 2 } },
  SortTarget: {
    go: 'etcdserverpb.RangeRequest_SortTarget',
    values: { KEY: 0, VERSION: 1, CREATE: 2, MOD: 3, VALUE: 4 },
  },
  CompareResult: {
    go: 'etcdserverpb.Compare_CompareResult',
    values: { EQUAL: 0, GREATER: 1, LESS: 2, NOT_EQUAL: 3 },
  },
  CompareTarget: {
    go: 'etcdserverpb.Compare_CompareTarget',
    values: { VERSION: 0, CREATE: 1, MOD: 2, VALUE: 3, LEASE: 4 },
  },
  FilterType: { go: 'etcdserverpb.WatchCreateRequest_FilterType', values: { NOPUT: 0, NODELETE: 1 } },
  EventType: { go: 'mvccpb.Event_EventType', values: { PUT: 0, DELETE: 1 } },
  AlarmType: { go: 'etcdserverpb.AlarmType', values: { NONE: 0, NOSPACE: 1, CORRUPT: 2 } },
  AlarmAction: {
    go: 'etcdserverpb.AlarmRequest_AlarmAction',
    values: { GET: 0, ACTIVATE: 1, DEACTIVATE: 2 },
  },
} as const satisfies Record<string, { go: string; values: Record<string, number> }>;

/** Messages, fields in the order in which etcd writes them as JSON. */
export const MESSAGES = {
  ResponseHeader: {
    cluster_id: [1, 'uint64'],
    member_id: [2, 'uint64'],
    revision: [3, 'int64'],
    raft_term: [4, 'uint64'],
  },
  KeyValue: {
    key: [1, 'bytes'],
    create_revision: [2, 'int64'],
    mod_revision: [3, 'int64'],
    version: [4, 'int64'],
    value: [5, 'bytes'],
    lease: [6, 'int64'],
  },
  Event: { type: [1, 'EventType'], kv: [2, 'KeyValue'], prev_kv: [3, 'KeyValue'] },
  RangeRequest: {
    key: [1, 'bytes'],
    range_end: [2, 'bytes'],
    limit: [3, 'int64'],
    revision: [4, 'int64'],
    sort_order: [5, 'SortOrder'],
    sort_target: [6, 'SortTarget'],
    serializable: [7, 'bool'],
    keys_only: [8, 'bool'],
    count_only: [9, 'bool'],
    min_mod_revision: [10, 'int64'],
    max_mod_revision: [11, 'int64'],
    min_create_revision: [12, 'int64'],
    max_create_revision: [13, 'int64'],
  },
  RangeResponse: {
    header: [1, 'ResponseHeader'],
    kvs: [2, 'KeyValue', 'repeated'],
    more: [3, 'bool'],
    count: [4, 'int64'],
  },
  PutRequest: {
    key: [1, 'bytes'],
    value: [2, 'bytes'],
    lease: [3, 'int64'],
    prev_kv: [4, 'bool'],
    ignore_value: [5, 'bool'],
    ignore_lease: [6, 'bool'],
  },
  PutResponse: { header: [1, 'ResponseHeader'], prev_kv: [2, 'KeyValue'] },
  DeleteRangeRequest: { key: [1, 'bytes'], range_end: [2, 'bytes'], prev_kv: [3, 'bool'] },
  DeleteRangeResponse: {
    header: [1, 'ResponseHeader'],
    deleted: [2, 'int64'],
    prev_kvs: [3, 'KeyValue', 'repeated'],
  },
  RequestOp: {
    request_range: [1, 'RangeRequest'],
    request_put: [2, 'PutRequest'],
    request_delete_range: [3, 'DeleteRangeRequest'],
    request_txn: [4, 'TxnRequest'],
  },
  ResponseOp: {
    response_range: [1, 'RangeResponse'],
    response_put: [2, 'PutResponse'],
    response_delete_range: [3, 'DeleteRangeResponse'],
    response_txn: [4, 'TxnResponse'],
  },
  Compare: {
    result: [1, 'CompareResult'],
    target: [2, 'CompareTarget'],
    key: [3, 'bytes'],
    version: [4, 'int64'],
    create_revision: [5, 'int64'],
    mod_revision: [6, 'int64'],
    value: [7, 'bytes'],
    lease: [8, 'int64'],
    range_end: [64, 'bytes'],
  },
  TxnRequest: {
    compare: [1, 'Compare', 'repeated'],
    success: [2, 'RequestOp', 'repeated'],
    failure: [3, 'RequestOp', 'repeated'],
  },
  TxnResponse: {
    header: [1, 'ResponseHeader'],
    succeeded: [2, 'bool'],
    responses: [3, 'ResponseOp', 'repeated'],
  },
  CompactionRequest: { revision: [1, 'int64'], physical: [2, 'bool'] },
  CompactionResponse: { header: [1, 'ResponseHeader'] },
  WatchRequest: {
    create_request: [1, 'WatchCreateRequest'],
    cancel_request: [2, 'WatchCancelRequest'],
    progress_request: [3, 'WatchProgressRequest'],
  },
  WatchCreateRequest: {
    key: [1, 'bytes'],
    range_end: [2, 'bytes'],
    start_revision: [3, 'int64'],
    progress_notify: [4, 'bool'],
    filters: [5, 'FilterType', 'repeated'],
    prev_kv: [6, 'bool'],
    watch_id: [7, 'int64'],
    fragment: [8, 'bool'],
  },
  WatchCancelRequest: { watch_id: [1, 'int64'] },
  WatchProgressRequest: {},
  WatchResponse: {
    header: [1, 'ResponseHeader'],
    watch_id: [2, 'int64'],
    created: [3, 'bool'],
    canceled: [4, 'bool'],
    compact_revision: [5, 'int64'],
    cancel_reason: [6, 'string'],
    fragment: [7, 'bool'],
    events: [11, 'Event', 'repeated'],
  },
  LeaseGrantRequest: { TTL: [1, 'int64'], ID: [2, 'int64'] },
  LeaseGrantResponse: {
    header: [1, 'ResponseHeader'],
    ID: [2, 'int64'],
    TTL: [3, 'int64'],
    error: [4, 'string'],
  },
  LeaseRevokeRequest: { ID: [1, 'int64'] },
  LeaseRevokeResponse: { header: [1, 'ResponseHeader'] },
  LeaseKeepAliveRequest: { ID: [1, 'int64'] },
  LeaseKeepAliveResponse: { header: [1, 'ResponseHeader'], ID: [2, 'int64'], TTL: [3, 'int64'] },
  LeaseTimeToLiveRequest: { ID: [1, 'int64'], keys: [2, 'bool'] },
  LeaseTimeToLiveResponse: {
    header: [1, 'ResponseHeader'],
    ID: [2, 'int64'],
    TTL: [3, 'int64'],
    grantedTTL: [4, 'int64'],
    keys: [5, 'bytes', 'repeated'],
  },
  LeaseLeasesRequest: {},
  LeaseStatus: { ID: [1, 'int64'] },
  LeaseLeasesResponse: { header: [1, 'ResponseHeader'], leases: [2, 'LeaseStatus', 'repeated'] },
  Member: {
    ID: [1, 'uint64'],
    name: [2, 'string'],
    peerURLs: [3, 'string', 'repeated'],
    clientURLs: [4, 'string', 'repeated'],
    isLearner: [5, 'bool'],
  },
  MemberAddRequest: { peerURLs: [1, 'string', 'repeated'], isLearner: [2, 'bool'] },
  MemberIdRequest: { ID: [1, 'uint64'] },
  MemberUpdateRequest: { ID: [1, 'uint64'], peerURLs: [2, 'string', 'repeated'] },
  MemberListRequest: { linearizable: [1, 'bool'] },
  MemberListResponse: { header: [1, 'ResponseHeader'], members: [2, 'Member', 'repeated'] },
  AlarmRequest: { action: [1, 'AlarmAction'], memberID: [2, 'uint64'], alarm: [3, 'AlarmType'] },
  AlarmMember: { memberID: [1, 'uint64'], alarm: [2, 'AlarmType'] },
  AlarmResponse: { header: [1, 'ResponseHeader'], alarms: [2, 'AlarmMember', 'repeated'] },
  StatusRequest: {},
  StatusResponse: {
    header: [1, 'ResponseHeader'],
    version: [2, 'string'],
    dbSize: [3, 'int64'],
    leader: [4, 'uint64'],
    raftIndex: [5, 'uint64'],
    raftTerm: [6, 'uint64'],
    raftAppliedIndex: [7, 'uint64'],
    errors: [8, 'string', 'repeated'],
    dbSizeInUse: [9, 'int64'],
    isLearner: [10, 'bool'],
  },
  DefragmentRequest: {},
  DefragmentResponse: { header: [1, 'ResponseHeader'] },
  HashRequest: {},
  HashResponse: { header: [1, 'ResponseHeader'], hash: [2, 'uint32'] },
  SnapshotRequest: {},
  SnapshotResponse: { header: [1, 'ResponseHeader'], remaining_bytes: [2, 'uint64'], blob: [3, 'bytes'] },
  HashKVRequest: { revision: [1, 'int64'] },
  HashKVResponse: { header: [1, 'ResponseHeader'], hash: [2, 'uint32'], compact_revision: [3, 'int64'] },
  MoveLeaderRequest: { targetID: [1, 'uint64'] },
  HeaderOnlyResponse: { header: [1, 'ResponseHeader'] },
  ...AUTH_MESSAGES,
} as const satisfies Record<string, Record<string, FieldSpec>>;

export type EnumName = keyof typeof ENUMS;
export type MessageName = keyof typeof MESSAGES;

/** Every 64-bit integer is a bigint: lease and member ids need all 64 bits. */
interface Scalars {
  readonly bytes: Buffer;
  readonly string: string;
  readonly bool: boolean;
  readonly int64: bigint;
  readonly uint64: bigint;
  readonly uint32: number;
}

type In<T> = T extends keyof Scalars
  ? Scalars[T]
  : T extends EnumName
    ? keyof (typeof ENUMS)[T]['values']
    : T extends MessageName
      ? Message<T>
      : never;

type Out<T> = T extends MessageName ? Reply<T> : In<T>;

/** A message as it was received: every field is there, with its default when it was not sent; messages are null. */
export type Message<N extends MessageName> = {
  readonly [K in keyof (typeof MESSAGES)[N]]: (typeof MESSAGES)[N][K] extends readonly [
    number,
    infer T,
    'repeated',
  ]
    ? readonly In<T>[]
    : (typeof MESSAGES)[N][K] extends readonly [number, infer T]
      ? T extends MessageName
        ? Message<T> | null
        : In<T>
      : never;
};

/** A message to send: what is left out has its default. */
export type Reply<N extends MessageName> = {
  readonly [K in keyof (typeof MESSAGES)[N]]?: (typeof MESSAGES)[N][K] extends readonly [
    number,
    infer T,
    'repeated',
  ]
    ? readonly Out<T>[]
    : (typeof MESSAGES)[N][K] extends readonly [number, infer T]
      ? Out<T>
      : never;
};

/** The enum's values by name, or undefined when the type is not an enum. */
export function enumOf(
  type: string,
): { readonly go: string; readonly values: Record<string, number> } | undefined {
  return Object.hasOwn(ENUMS, type) ? ENUMS[type as EnumName] : undefined;
}

/** The fields of a message, or undefined when the type is not a message. */
export function fieldsOf(type: string): Readonly<Record<string, FieldSpec>> | undefined {
  return Object.hasOwn(MESSAGES, type) ? MESSAGES[type as MessageName] : undefined;
}
