/** The question before a break: one right answer, by the fault's own statement. */
import { expect, test } from 'vitest';
import { letterOf, questionOf } from '../../../lab/faults/guess.ts';

const tls = (channel: string) => ({ channel, layer: 'tls' }) as const;

test.for([
  { name: 'the scheduler', outcomes: [tls('kube-scheduler->kube-apiserver')], right: /new pods/ },
  {
    name: 'one kubelet as a server',
    outcomes: [tls('kube-apiserver->kubelet@worker-2')],
    right: /logs and kubectl exec/,
  },
  {
    name: 'etcd, and the most far-reaching wins',
    outcomes: [{ channel: 'kubectl->kube-apiserver', layer: 'http' } as const, tls('kube-apiserver->etcd')],
    right: /every read and write/,
  },
  {
    name: 'what succeeds and should not',
    outcomes: [{ channel: 'kubectl->kube-apiserver', layer: 'ok' } as const],
    right: /^nothing/,
  },
])('asks about $name', ({ outcomes, right }) => {
  const { answers, right: letter } = questionOf('seed', outcomes);
  expect(answers[letter]).toMatch(right);
  expect(new Set(Object.values(answers)).size).toBe(3);
  expect(Object.values(answers)).toContain('pods that run already');
});

test('the right answer is not always at the same letter, and the same question is asked again', () => {
  const ask = (seed: string) => questionOf(seed, [tls('kube-scheduler->kube-apiserver')]);
  const letters = new Set(Array.from({ length: 30 }, (_, at) => ask(`seed ${at}`).right));
  expect([...letters].sort()).toEqual(['a', 'b', 'c']);
  expect(ask('one')).toEqual(ask('one'));
});

test.for([
  ['b', 'b'],
  [' C ', 'c'],
  ['', undefined],
  ['d', undefined],
] as const)('reads %j as %j', ([typed, letter]) => expect(letterOf(typed)).toBe(letter));
