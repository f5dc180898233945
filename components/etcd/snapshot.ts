/**
 * A snapshot: everything that etcd knows as the file that a real etcd would have, and that file's SHA-256.
 * @see etcd server/etcdserver/api/v3rpc/maintenance.go (Snapshot), server/mvcc/{kvstore,revision}.go, server/lease/leasepb
 */
import { createHash } from 'node:crypto';
import { type Entries, writeBolt } from './bolt-file.ts';
import type { Lease } from './leases.ts';
import type { Reply } from './schema.ts';
import type { Change, Store } from './store.ts';

/** A message carries so much of the file. */
const CHUNK_BYTES = 32 * 1024;
const TOMBSTONE = Buffer.from('t');
/** Buckets that a real etcd has and that say nothing here: it makes its own entries when it takes the file over. */
const EMPTY = ['alarm', 'auth', 'authRoles', 'authUsers', 'cluster', 'members', 'members_removed'] as const;

/** What goes into a snapshot. */
export interface SnapshotSource {
  readonly store: Store;
  readonly leases: readonly Lease[];
  /** How many changes were applied. */
  readonly index: number;
}

/** The messages that a snapshot is sent in: the file, then its checksum. */
export function* snapshotMessages(source: SnapshotSource): Generator<Reply<'SnapshotResponse'>> {
  const file = snapshotFile(source);
  for (let at = 0; at < file.length; at += CHUNK_BYTES) {
    const blob = file.subarray(at, at + CHUNK_BYTES);
    yield { remaining_bytes: BigInt(file.length - at - blob.length), blob };
  }
  yield { remaining_bytes: 0n, blob: createHash('sha256').update(file).digest() };
}

/** The database file. */
function snapshotFile({ store, leases, index }: SnapshotSource): Buffer {
  const compacted = store.compacted() > 0 ? revisionKey(store.compacted(), 0) : undefined;
  const meta: Entries = [
    ['consistent_index', bigEndian(BigInt(index))] as const,
    ...(compacted
      ? [['finishedCompactRev', compacted] as const, ['scheduledCompactRev', compacted] as const]
      : []),
  ].map(([name, value]) => [Buffer.from(name), value]);
  return writeBolt(
    new Map<string, Entries>([
      ...EMPTY.map((name): [string, Entries] => [name, []]),
      ['key', records(store.dump())],
      ['lease', leases.map(leaseEntry).sort(([a], [b]) => a.compare(b))],
      ['meta', meta],
    ]),
  );
}

/** By revision, and within one transaction by its place in it. */
function records(changes: readonly Change[]): Entries {
  let before = 0;
  let place = 0;
  return changes.map(({ key, record }) => {
    place = record.mod === before ? place + 1 : 0;
    before = record.mod;
    const at = revisionKey(record.mod, place);
    const name = Buffer.from(key, 'latin1');
    if (record.version === 0) return [Buffer.concat([at, TOMBSTONE]), bytesField(1, name)];
    const value = [
      bytesField(1, name),
      numberField(2, BigInt(record.create)),
      numberField(3, BigInt(record.mod)),
      numberField(4, BigInt(record.version)),
      bytesField(5, record.value),
      numberField(6, record.lease),
    ];
    return [at, Buffer.concat(value)];
  });
}

/** main(8, big-endian) `_` sub(8, big-endian) */
function revisionKey(main: number, sub: number): Buffer {
  return Buffer.concat([bigEndian(BigInt(main)), Buffer.from('_'), bigEndian(BigInt(sub))]);
}

/** leasepb.Lease: ID = 1, TTL = 2. */
function leaseEntry({ id, ttlSeconds }: Lease): readonly [Buffer, Buffer] {
  const key = bigEndian(BigInt.asUintN(64, id));
  return [key, Buffer.concat([numberField(1, id), numberField(2, BigInt(ttlSeconds))])];
}

function bigEndian(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(value);
  return bytes;
}

/** A field of protobuf that is left out when it is empty, as Go does. */
function bytesField(number: number, bytes: Uint8Array): Buffer {
  if (bytes.length === 0) return Buffer.alloc(0);
  return Buffer.concat([varint(BigInt((number << 3) | 2)), varint(BigInt(bytes.length)), bytes]);
}

function numberField(number: number, value: bigint): Buffer {
  if (value === 0n) return Buffer.alloc(0);
  return Buffer.concat([varint(BigInt(number << 3)), varint(BigInt.asUintN(64, value))]);
}

function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  return Buffer.from([...bytes, Number(rest)]);
}
