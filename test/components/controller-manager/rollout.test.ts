import { expect, test } from 'vitest';
import type { Deployment, PodTemplate, ReplicaSet } from '../../../components/api/kinds.ts';
import { type Counted, nextStep, templateHash } from '../../../components/controller-manager/rollout.ts';

const TEMPLATE: PodTemplate = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'nginx:1.27' }] },
};

function deployment(replicas: number, strategy: Deployment['spec']['strategy'] = {}): Deployment {
  return {
    metadata: { name: 'web' },
    spec: { replicas, selector: {}, template: TEMPLATE, strategy },
  };
}

function counted(name: string, wanted: number, available = wanted, running = wanted): Counted {
  const set: ReplicaSet = {
    metadata: { name },
    spec: { replicas: wanted, selector: {}, template: TEMPLATE },
    status: { replicas: running },
  };
  return { set, wanted, available };
}

test.for([
  {
    name: 'a first rollout makes all pods at once',
    of: deployment(3),
    fresh: counted('new', 0),
    old: [],
    steps: ['new=3'],
  },
  {
    name: 'a rollout begins with the surge alone when none may be missing',
    of: deployment(3),
    fresh: counted('new', 0),
    old: [counted('old', 3)],
    steps: ['new=1'],
  },
  {
    name: 'an old pod goes for each new one that is available',
    of: deployment(3),
    fresh: counted('new', 1),
    old: [counted('old', 3)],
    steps: ['old=2'],
  },
  {
    name: 'nothing moves while the new pod is not available',
    of: deployment(3),
    fresh: counted('new', 1, 0),
    old: [counted('old', 3)],
    steps: [],
  },
  {
    name: 'scaling down takes the new set down',
    of: deployment(1),
    fresh: counted('new', 3),
    old: [],
    steps: ['new=1'],
  },
  {
    name: 'Recreate removes the old pods first',
    of: deployment(2, { type: 'Recreate' }),
    fresh: counted('new', 0),
    old: [counted('old', 2)],
    steps: ['old=0'],
  },
  {
    name: 'Recreate makes new pods when the old ones are gone',
    of: deployment(2, { type: 'Recreate' }),
    fresh: counted('new', 0),
    old: [counted('old', 0, 0, 0)],
    steps: ['new=2'],
  },
])('$name', ({ of, fresh, old, steps }) => {
  const taken = nextStep(of, fresh, old).map(({ set, replicas }) => `${set.metadata.name}=${replicas}`);
  expect(taken).toEqual(steps);
});

test('equal templates have equal hashes, whatever the order of their fields and their own hash label', () => {
  const turned: PodTemplate = {
    spec: { containers: [{ image: 'nginx:1.27', name: 'web' }] },
    metadata: { labels: { 'pod-template-hash': 'abc', app: 'web' } },
  };
  const other: PodTemplate = { ...TEMPLATE, spec: { containers: [{ name: 'web', image: 'nginx:1.28' }] } };
  expect(templateHash(turned)).toBe(templateHash(TEMPLATE));
  expect(templateHash(other)).not.toBe(templateHash(TEMPLATE));
  expect(templateHash(TEMPLATE)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5,10}$/);
});
