/**
 * Leader election by lease: one renewal per round. A client that cannot renew does not lead, and does no work.
 */
import { messageOf } from '../../certs/errors.ts';
import { ApiError, isStatus } from './api-error.ts';
import type { ApiClient } from './client.ts';
import { type Lease, microTime } from './kinds.ts';

/** A seat at the election. */
export interface Leader {
  /** Renew or take the lease, once. Logs what goes wrong, in client-go's words. */
  round(): Promise<void>;
  leads(): boolean;
  /** Give the lease back, so that the next one need not wait for it to run out. Never rejects. */
  release(): Promise<void>;
}

const NAMESPACE = 'kube-system';

/**
 * Stand for election.
 * @param name    the lease's name: `kube-scheduler`
 * @param holder  who leads: `control-plane_<uuid>`
 * @param leaseMs how long a lease counts without renewal
 * @see           client-go tools/leaderelection/leaderelection.go, tryAcquireOrRenew
 */
export function startLeader(client: ApiClient, name: string, holder: string, leaseMs: number): Leader {
  const collection = `/apis/coordination.k8s.io/v1/namespaces/${NAMESPACE}/leases`;
  const lock = `${NAMESPACE}/${name}`;
  let leads = false;
  let asked = false;
  /** What another holder's lease looked like, and when it last changed, by our monotonic clock. */
  let observed = { renewTime: '', atMs: 0 };

  const say = (severity: 'I' | 'E', line: number, text: string): void =>
    client.klog(severity, `leaderelection.go:${line}`, text);

  const now = (): string => microTime(client.now());

  const spec = (old: Lease['spec'], taken: boolean): Lease['spec'] => ({
    holderIdentity: holder,
    leaseDurationSeconds: Math.ceil(leaseMs / 1000),
    acquireTime: taken ? now() : (old?.acquireTime ?? now()),
    renewTime: now(),
    leaseTransitions: (old?.leaseTransitions ?? 0) + (taken && old ? 1 : 0),
  });

  const renew = async (): Promise<boolean> => {
    let lease: Lease;
    try {
      lease = await client.request<Lease>('GET', `${collection}/${name}`, undefined, { timeoutMs: 5000 });
    } catch (error) {
      if (!isStatus(error, 404)) {
        say('E', 436, `error retrieving resource lock ${lock}: ${messageOf(error)}`);
        return false;
      }
      const metadata = { name, namespace: NAMESPACE };
      const body = {
        apiVersion: 'coordination.k8s.io/v1',
        kind: 'Lease',
        metadata,
        spec: spec(undefined, true),
      };
      try {
        await client.request('POST', collection, body);
        return true;
      } catch (cause) {
        say('E', 332, `error initially creating leader election record: ${messageOf(cause)}`);
        return false;
      }
    }
    const held = lease.spec?.holderIdentity ?? '';
    if (held !== holder && held !== '' && !expired(lease)) return false;
    try {
      const body = { ...lease, spec: spec(lease.spec, held !== holder) };
      await client.request('PUT', `${collection}/${name}`, body);
      return true;
    } catch (error) {
      say('E', 420, `Failed to update lock: ${messageOf(error)}`);
      return leads && error instanceof ApiError && error.status === 409;
    }
  };

  const expired = (lease: Lease): boolean => {
    const renewTime = lease.spec?.renewTime ?? '';
    if (renewTime !== observed.renewTime) observed = { renewTime, atMs: performance.now() };
    return performance.now() - observed.atMs > leaseMs;
  };

  /** @see leaderelection.go, release (ReleaseOnCancel) */
  const release = async (): Promise<void> => {
    if (!leads) return;
    leads = false;
    try {
      const path = `${collection}/${name}`;
      const lease = await client.request<Lease>('GET', path, undefined, { timeoutMs: 2000 });
      if (lease.spec?.holderIdentity !== holder) return;
      const released = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 };
      await client.request('PUT', path, { ...lease, spec: released }, { timeoutMs: 2000 });
    } catch (error) {
      say('E', 320, `Failed to release lock: ${messageOf(error)}`);
    }
  };

  return {
    leads: () => leads,
    release,
    round: async () => {
      if (!leads && !asked) say('I', 257, `attempting to acquire leader lease ${lock}...`);
      asked = true;
      const renewed = await renew();
      if (renewed && !leads) say('I', 271, `successfully acquired lease ${lock}`);
      if (!renewed && leads) {
        say('I', 297, `failed to renew lease ${lock}: context deadline exceeded`);
        asked = false;
      }
      leads = renewed;
    },
  };
}
