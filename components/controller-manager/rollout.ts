/**
 * The arithmetic of a rolling update, and the names of revisions. Pure.
 */
import type { Deployment, PodTemplate, ReplicaSet } from '../api/kinds.ts';

export const REVISION = 'deployment.kubernetes.io/revision';
export const TEMPLATE_HASH = 'pod-template-hash';

/** Letters that make no words. staging/src/k8s.io/apimachinery/pkg/util/rand, alphanums */
const SAFE_LETTERS = 'bcdfghjklmnpqrstvwxz2456789';

/**
 * A hash of a pod template, as it stands in names and labels: nine or ten letters and digits.
 * Equal templates have equal hashes; the digits are not those of a real cluster, which hashes Go's memory layout.
 */
export function templateHash(template: PodTemplate): string {
  const { [TEMPLATE_HASH]: _dropped, ...labels } = template.metadata?.labels ?? {};
  const text = JSON.stringify(sorted({ ...template, metadata: { ...template.metadata, labels } }));
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(text)) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return [...String(hash)].map((digit) => SAFE_LETTERS[digit.charCodeAt(0) % SAFE_LETTERS.length]).join('');
}

/** How many pods a replica set shall have. */
export interface Scale {
  readonly set: ReplicaSet;
  readonly replicas: number;
}

/** What is available of each replica set. */
export interface Counted {
  readonly set: ReplicaSet;
  readonly wanted: number;
  readonly available: number;
}

/**
 * The next step of a rollout.
 * @param fresh  the replica set of the current template
 * @param old    all others
 * @returns      the scales to change, in order
 * @see          pkg/controller/deployment/rolling.go, reconcileNewReplicaSet and reconcileOldReplicaSets
 */
export function nextStep(deployment: Deployment, fresh: Counted, old: readonly Counted[]): readonly Scale[] {
  const wanted = deployment.spec.replicas ?? 1;
  const type = deployment.spec.strategy?.type ?? 'RollingUpdate';
  const steps: Scale[] = [];
  if (type === 'Recreate') {
    for (const one of old) if (one.wanted > 0) steps.push({ set: one.set, replicas: 0 });
    const gone = old.every((one) => (one.set.status?.replicas ?? 0) === 0 && one.wanted === 0);
    if (gone && fresh.wanted !== wanted) steps.push({ set: fresh.set, replicas: wanted });
    return steps;
  }
  const { surge, unavailable } = limits(deployment, wanted);
  const oldWanted = old.reduce((sum, one) => sum + one.wanted, 0);
  if (fresh.wanted > wanted) steps.push({ set: fresh.set, replicas: wanted });
  else if (fresh.wanted < wanted) {
    const room = wanted + surge - oldWanted - fresh.wanted;
    const replicas = fresh.wanted + Math.max(0, Math.min(room, wanted - fresh.wanted));
    if (replicas !== fresh.wanted) steps.push({ set: fresh.set, replicas });
  }
  const freshUnavailable = fresh.wanted - fresh.available;
  let removable = oldWanted + fresh.wanted - (wanted - unavailable) - freshUnavailable;
  // Pods that are not available can go at once.
  const sorted = [...old].sort((a, b) => revisionOf(a.set) - revisionOf(b.set));
  for (const one of sorted) {
    if (removable <= 0 || one.wanted === 0) continue;
    const down = Math.min(removable, one.wanted);
    removable -= down;
    steps.push({ set: one.set, replicas: one.wanted - down });
  }
  return steps;
}

/** The revision of a replica set; 0 when it has none. */
export function revisionOf(set: ReplicaSet): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0) || 0;
}

/** How many more, and how many fewer, pods than wanted there may be meanwhile. */
function limits(deployment: Deployment, wanted: number): { surge: number; unavailable: number } {
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {};
  const surge = scaled(maxSurge, wanted, Math.ceil);
  const unavailable = scaled(maxUnavailable, wanted, Math.floor);
  return { surge, unavailable: surge === 0 && unavailable === 0 ? 1 : unavailable };
}

function scaled(value: number | string, of: number, round: (n: number) => number): number {
  const percent = /^(\d+)%$/.exec(String(value))?.[1];
  return percent === undefined ? Number(value) || 0 : round((Number(percent) * of) / 100);
}

/** The same value with the keys of its objects in order, so that equal templates give equal text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([, one]) => one !== null && one !== undefined);
  return Object.fromEntries(
    entries.sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, one]) => [key, sorted(one)]),
  );
}
