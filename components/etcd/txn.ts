/**
 * Transactions: compare, then one of two lists of operations, all at one revision or not at all.
 *
 * Order as in etcd: the request is checked whole, the path is chosen on the state before, what the path needs is
 * checked, and only then is anything changed.
 * @see etcd server/etcdserver/api/v3rpc/key.go checkTxnRequest, checkIntervals; server/etcdserver/apply.go
 */
import { refusal } from './errors.ts';
import { inRange, type KeyRange, type KeyRecord, keyRange, latin1 } from './keys.ts';
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
import type { Message, Reply } from './schema.ts';

type Txn = Message<'TxnRequest'>;
type Op = Message<'RequestOp'>;
type Compare = Message<'Compare'>;

/** Which branch was taken, for a transaction and those nested in the branch. */
interface Path {
  readonly succeeded: boolean;
  readonly ops: readonly { readonly op: Op; readonly nested: Path | null }[];
}

const ABSENT: KeyRecord = { mod: 0, create: 0, version: 0, value: Buffer.alloc(0), lease: 0n };

const COMPARE_WITH = {
  VERSION: (record: KeyRecord, wanted: Compare) => order(BigInt(record.version), wanted.version),
  CREATE: (record: KeyRecord, wanted: Compare) => order(BigInt(record.create), wanted.create_revision),
  MOD: (record: KeyRecord, wanted: Compare) => order(BigInt(record.mod), wanted.mod_revision),
  VALUE: (record: KeyRecord, wanted: Compare) => Buffer.compare(record.value, wanted.value),
  LEASE: (record: KeyRecord, wanted: Compare) => order(record.lease, wanted.lease),
} as const;

const HOLDS = {
  EQUAL: (sign: number) => sign === 0,
  NOT_EQUAL: (sign: number) => sign !== 0,
  GREATER: (sign: number) => sign > 0,
  LESS: (sign: number) => sign < 0,
} as const;

/**
 * Check what can be seen from the request alone.
 * @throws EtcdError EmptyKey, KeyNotFound (an operation of no kind), TooManyOps, DuplicateKey …
 */
export function checkTxn(request: Txn, maxOps: number): void {
  checkShape(request, maxOps);
  checkOverlap(request.success);
  checkOverlap(request.failure);
}

function checkShape(request: Txn, maxOps: number): void {
  const most = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (most > maxOps) throw refusal('TooManyOps');
  if (request.compare.some(({ key }) => key.length === 0)) throw refusal('EmptyKey');
  for (const op of [...request.success, ...request.failure]) {
    if (op.request_range) checkRange(op.request_range);
    else if (op.request_put) checkPut(op.request_put);
    else if (op.request_delete_range) checkDelete(op.request_delete_range);
    else if (op.request_txn) checkShape(op.request_txn, maxOps - most);
    else throw refusal('KeyNotFound');
  }
}

/** No key may be put twice, or put and deleted, within one revision; the two branches exclude each other. */
function checkOverlap(ops: readonly Op[]): {
  readonly puts: ReadonlySet<string>;
  readonly dels: readonly KeyRange[];
} {
  const puts = new Set<string>();
  const dels = ops.flatMap(({ request_delete_range: range }) =>
    range ? [keyRange(range.key, range.range_end)] : [],
  );
  const deleted = (key: string): boolean => dels.some((range) => inRange(range, key));
  for (const { request_txn: nested } of ops) {
    if (!nested) continue;
    const [success, failure] = [checkOverlap(nested.success), checkOverlap(nested.failure)];
    const both = new Set([...success.puts, ...failure.puts]);
    for (const key of both) {
      if (puts.has(key) || deleted(key)) throw refusal('DuplicateKey');
    }
    for (const key of both) puts.add(key);
    dels.push(...success.dels, ...failure.dels);
  }
  for (const { request_put: put } of ops) {
    if (!put) continue;
    const key = latin1(put.key);
    if (puts.has(key) || deleted(key)) throw refusal('DuplicateKey');
    puts.add(key);
  }
  return { puts, dels };
}

/**
 * Run a transaction; `checkTxn` has passed.
 * @param inner  the same context with headers as nested responses have them
 * @throws       EtcdError KeyNotFound, LeaseNotFound, Compacted, FutureRev; then nothing was changed
 */
export function applyTxn(context: KvContext, inner: KvContext, request: Txn): Reply<'TxnResponse'> {
  const path = choosePath(context, request);
  checkPath(context, path);
  const responses = runPath(inner, path);
  return { header: context.header(context.txn.revision()), succeeded: path.succeeded, responses };
}

function choosePath(context: KvContext, request: Txn): Path {
  const succeeded = request.compare.every((compare) => holds(context, compare));
  const ops = succeeded ? request.success : request.failure;
  return {
    succeeded,
    ops: ops.map((op) => ({ op, nested: op.request_txn ? choosePath(context, op.request_txn) : null })),
  };
}

/** A compare over a range holds when it holds for every key; over nothing, a value never compares. */
function holds(context: KvContext, compare: Compare): boolean {
  const found = context.txn.range(keyRange(compare.key, compare.range_end), 0);
  if (found.length === 0) {
    return compare.target !== 'VALUE' && HOLDS[compare.result](COMPARE_WITH[compare.target](ABSENT, compare));
  }
  return found.every(({ record }) => HOLDS[compare.result](COMPARE_WITH[compare.target](record, compare)));
}

function checkPath(context: KvContext, path: Path): void {
  for (const { op, nested } of path.ops) {
    if (op.request_range) context.checkRevision(Number(op.request_range.revision));
    if (op.request_put) checkPutState(context, op.request_put);
    if (nested) checkPath(context, nested);
  }
}

function runPath(context: KvContext, path: Path): Reply<'ResponseOp'>[] {
  return path.ops.map(({ op, nested }) => {
    if (op.request_range) return { response_range: applyRange(context, op.request_range) };
    if (op.request_put) return { response_put: applyPut(context, op.request_put) };
    if (op.request_delete_range)
      return { response_delete_range: applyDelete(context, op.request_delete_range) };
    if (!nested) throw refusal('KeyNotFound');
    return {
      response_txn: { header: {}, succeeded: nested.succeeded, responses: runPath(context, nested) },
    };
  });
}

function order(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
