/**
 * The KV service: range, put, delete and transactions, from protocol messages to the store and back.
 * @see etcd server/etcdserver/apply.go, server/etcdserver/api/v3rpc/key.go
 */
import { refusal } from './errors.ts';
import { type KeyRecord, keyRange, latin1 } from './keys.ts';
import type { Message, Reply } from './schema.ts';
import type { Found, WriteTxn } from './store.ts';

/** What a request may lean on beside the transaction that it runs in. */
export interface KvContext {
  readonly txn: WriteTxn;
  readonly hasLease: (id: bigint) => boolean;
  readonly checkRevision: (revision: number) => void;
  /** A header with this revision alone or whole, as the place demands. */
  readonly header: (revision: number) => Reply<'ResponseHeader'>;
}

const SORT_FIELD = {
  KEY: ({ key }: Found) => key,
  VERSION: ({ record }: Found) => record.version,
  CREATE: ({ record }: Found) => record.create,
  MOD: ({ record }: Found) => record.mod,
  VALUE: ({ record }: Found) => latin1(record.value),
} as const;

/** A record as the protocol's key-value pair. */
export function keyValue(key: string, record: KeyRecord): Reply<'KeyValue'> {
  return {
    key: Buffer.from(key, 'latin1'),
    create_revision: BigInt(record.create),
    mod_revision: BigInt(record.mod),
    version: BigInt(record.version),
    value: record.value,
    lease: record.lease,
  };
}

/** @throws EtcdError EmptyKey */
export function checkRange(request: Message<'RangeRequest'>): void {
  if (request.key.length === 0) throw refusal('EmptyKey');
}

/** @throws EtcdError EmptyKey, ValueProvided, LeaseProvided */
export function checkPut(request: Message<'PutRequest'>): void {
  if (request.key.length === 0) throw refusal('EmptyKey');
  if (request.ignore_value && request.value.length > 0) throw refusal('ValueProvided');
  if (request.ignore_lease && request.lease !== 0n) throw refusal('LeaseProvided');
}

/** @throws EtcdError EmptyKey */
export function checkDelete(request: Message<'DeleteRangeRequest'>): void {
  if (request.key.length === 0) throw refusal('EmptyKey');
}

/** @throws EtcdError Compacted, FutureRev */
export function applyRange(context: KvContext, request: Message<'RangeRequest'>): Reply<'RangeResponse'> {
  const revision = Number(request.revision);
  context.checkRevision(revision);
  const all = context.txn.range(keyRange(request.key, request.range_end), revision);
  const header = context.header(context.txn.revision());
  const count = BigInt(all.length);
  if (request.count_only) return { header, count };
  const kept = sortFound(request, all.filter(revisionFilter(request)));
  const limit = Number(request.limit);
  const more = limit > 0 && kept.length > limit;
  const kvs = (more ? kept.slice(0, limit) : kept).map(({ key, record }) => {
    const pair = keyValue(key, record);
    return request.keys_only ? { ...pair, value: Buffer.alloc(0) } : pair;
  });
  return { header, kvs, more, count };
}

function revisionFilter(request: Message<'RangeRequest'>): (found: Found) => boolean {
  const within = (value: number, min: bigint, max: bigint): boolean =>
    (min === 0n || value >= min) && (max === 0n || value <= max);
  return ({ record }) =>
    within(record.mod, request.min_mod_revision, request.max_mod_revision) &&
    within(record.create, request.min_create_revision, request.max_create_revision);
}

/** The store's order is ascending by key; a target other than the key without an order means ascending. */
function sortFound(request: Message<'RangeRequest'>, found: Found[]): Found[] {
  const { sort_target: target, sort_order: order } = request;
  if (target === 'KEY' && order !== 'DESCEND') return found;
  const field: (found: Found) => string | number = SORT_FIELD[target];
  const sign = order === 'DESCEND' ? -1 : 1;
  return found.sort((a, b) => {
    const [left, right] = [field(a), field(b)];
    return left === right ? 0 : left < right ? -sign : sign;
  });
}

/** @throws EtcdError KeyNotFound, LeaseNotFound */
export function checkPutState(context: KvContext, request: Message<'PutRequest'>): void {
  if (request.lease !== 0n && !context.hasLease(request.lease)) throw refusal('LeaseNotFound');
  const needsOld = request.ignore_value || request.ignore_lease;
  if (needsOld && !context.txn.get(latin1(request.key))) throw refusal('KeyNotFound');
}

/** Write one key; `checkPut` and `checkPutState` have passed. */
export function applyPut(context: KvContext, request: Message<'PutRequest'>): Reply<'PutResponse'> {
  const key = latin1(request.key);
  const before = context.txn.get(key);
  const value = request.ignore_value && before ? before.value : request.value;
  const lease = request.ignore_lease && before ? before.lease : request.lease;
  context.txn.put(key, value, lease);
  return {
    header: context.header(context.txn.revision()),
    ...(request.prev_kv && before ? { prev_kv: keyValue(key, before) } : {}),
  };
}

/** Delete a range; `checkDelete` has passed. */
export function applyDelete(
  context: KvContext,
  request: Message<'DeleteRangeRequest'>,
): Reply<'DeleteRangeResponse'> {
  const gone = context.txn.delete(keyRange(request.key, request.range_end));
  return {
    header: context.header(context.txn.revision()),
    deleted: BigInt(gone.length),
    prev_kvs: request.prev_kv ? gone.map(({ key, record }) => keyValue(key, record)) : [],
  };
}
