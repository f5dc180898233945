/**
 * Leases: keys that vanish when their holder stops renewing. Counted on a monotonic clock, so that a host's
 * shifted clock breaks certificates and not leases.
 * @see etcd server/lease/lessor.go
 */
import { randomBytes } from 'node:crypto';
import { refusal } from './errors.ts';

/** One lease. Times in seconds, as the protocol has them. */
export interface Lease {
  readonly id: bigint;
  readonly ttlSeconds: number;
}

export interface Leases {
  has(id: bigint): boolean;
  /**
   * @param id  0 lets the server choose
   * @throws    EtcdError LeaseExist, LeaseTTLTooLarge
   */
  grant(id: bigint, ttlSeconds: number): Lease;
  /** Forget a lease. @throws EtcdError LeaseNotFound */
  remove(id: bigint): void;
  /** Start its time anew; undefined when there is no such lease. */
  renew(id: bigint): Lease | undefined;
  /** Seconds left, whole ones; undefined when there is no such lease. */
  remainingSeconds(id: bigint): number | undefined;
  get(id: bigint): Lease | undefined;
  /** All leases, the first to expire first. */
  list(): readonly Lease[];
  close(): void;
}

export interface LeasesOptions {
  /** Milliseconds on a clock that never jumps. */
  readonly monotonicMs: () => number;
  /** Election timeout in milliseconds; no lease is shorter than one and a half of it. */
  readonly electionTimeoutMs: number;
  /** A lease has run out: revoke it. */
  readonly onExpire: (id: bigint) => void;
}

/** etcd's lessor looks for expired leases this often. */
const CHECK_MS = 500;
const MAX_TTL_SECONDS = 9_000_000_000;
const MAX_TIMER_MS = 2_000_000_000;

/** No leases yet. */
export function createLeases(options: LeasesOptions): Leases {
  const deadlines = new Map<bigint, { lease: Lease; deadlineMs: number }>();
  const minTtlSeconds = Math.ceil((1.5 * options.electionTimeoutMs) / 1000);
  let timer: NodeJS.Timeout | undefined;

  const expire = (): void => {
    timer = undefined;
    const now = options.monotonicMs();
    for (const [id, { deadlineMs }] of [...deadlines]) if (deadlineMs <= now) options.onExpire(id);
    arm();
  };

  const arm = (): void => {
    if (timer || deadlines.size === 0) return;
    let first = Number.POSITIVE_INFINITY;
    for (const { deadlineMs } of deadlines.values()) first = Math.min(first, deadlineMs);
    const waitMs = Math.max(CHECK_MS, first - options.monotonicMs());
    timer = setTimeout(expire, Math.min(waitMs, MAX_TIMER_MS));
  };

  const start = (lease: Lease): void => {
    deadlines.set(lease.id, { lease, deadlineMs: options.monotonicMs() + lease.ttlSeconds * 1000 });
  };

  return {
    has: (id) => deadlines.has(id),
    get: (id) => deadlines.get(id)?.lease,
    grant(id, ttlSeconds) {
      if (ttlSeconds > MAX_TTL_SECONDS) throw refusal('LeaseTTLTooLarge');
      if (deadlines.has(id)) throw refusal('LeaseExist');
      const lease = { id: id === 0n ? newId() : id, ttlSeconds: Math.max(ttlSeconds, minTtlSeconds) };
      start(lease);
      // A timer that is armed for a later lease must not make this one late.
      clearTimeout(timer);
      timer = undefined;
      arm();
      return lease;
    },
    remove(id) {
      if (!deadlines.delete(id)) throw refusal('LeaseNotFound');
    },
    renew(id) {
      const lease = deadlines.get(id)?.lease;
      if (lease) start(lease);
      return lease;
    },
    remainingSeconds(id) {
      const held = deadlines.get(id);
      return held && Math.floor(Math.max(0, held.deadlineMs - options.monotonicMs()) / 1000);
    },
    list: () => [...deadlines.values()].sort((a, b) => a.deadlineMs - b.deadlineMs).map(({ lease }) => lease),
    close() {
      clearTimeout(timer);
      deadlines.clear();
    },
  };
}

/** A positive 63-bit id, as etcd's are. */
function newId(): bigint {
  return BigInt.asUintN(63, randomBytes(8).readBigUInt64BE()) | 1n;
}
