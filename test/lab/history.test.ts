/** What is kept of a connection's past: runs of the same outcome, their first and newest, and what somebody looks at. */
import { expect, test } from 'vitest';
import type { Trace } from '../../components/tls/trace.ts';
import { openHistory } from '../../lab/history.ts';
import { createJournal } from '../../lab/journal.ts';
import { sideOf, traceOf } from '../support/trace.ts';

const CHANNEL = 'kube-scheduler->kube-apiserver';
const REFUSED = {
  outcome: { layer: 'tls', by: 'server', code: 'CERT_EXPIRED', alert: null },
} as const satisfies Partial<Trace>;

/** The two halves of one connection, the client's first. */
function halves(number: number, change: Partial<Trace> = {}): readonly [Trace, Trace] {
  const clientRandom = number.toString(16).padStart(64, '0');
  const client = sideOf('kube-scheduler', 'outcome' in change ? { code: 'CERT_EXPIRED' } : {});
  const whole = traceOf({ clientRandom, ...change });
  return [
    { ...whole, id: `c${number}`, client, server: null, clientAuth: null },
    {
      ...whole,
      id: `s${number}`,
      channel: '?->kube-apiserver',
      client: null,
      server: sideOf('kube-apiserver'),
    },
  ];
}

function opened() {
  const journal = createJournal();
  journal.expectServers(() => true);
  const history = openHistory(journal);
  const shake = (
    number: number,
    change: Partial<Trace> = {},
    order: 'client' | 'server' = 'client',
  ): void => {
    const pair = halves(number, change);
    for (const half of order === 'client' ? pair : [...pair].reverse()) journal.record(half);
  };
  const shape = () => history.runs(CHANNEL).map(({ count, outcome }) => [outcome.layer, count]);
  return { history, shake, shape };
}

test('handshakes that came out alike are one run, newest run first', () => {
  const { history, shake, shape } = opened();
  for (const number of [1, 2, 3]) shake(number);
  for (const number of [4, 5]) shake(number, REFUSED);
  shake(6);
  expect(shape()).toEqual([
    ['ok', 1],
    ['tls', 2],
    ['ok', 3],
  ]);
  expect(history.runs(CHANNEL)[1]?.traces.map(({ trace, newer }) => [trace.id, newer])).toEqual([
    ['c5', 0],
    ['c4', 1],
  ]);
});

test('whichever half speaks first, a run does not split and nobody is counted twice', () => {
  const { history, shake, shape } = opened();
  shake(1, {}, 'server');
  shake(2, {}, 'client');
  shake(3, {}, 'server');
  expect(shape()).toEqual([['ok', 3]]);
  expect(history.runs('?->kube-apiserver')).toEqual([]);
});

test('of a long run the first and the newest are kept, and what somebody looks at', () => {
  const { history, shake, shape } = opened();
  for (let number = 1; number <= 20; number++) {
    shake(number);
    if (number === 7) history.pin('c7');
  }
  expect(shape()).toEqual([['ok', 20]]);
  const kept = history.runs(CHANNEL)[0]?.traces.map(({ trace, newer }) => [trace.id, newer]);
  expect(kept).toContainEqual(['c1', 19]);
  expect(kept).toContainEqual(['c7', 13]);
  expect(kept?.[0]).toEqual(['c20', 0]);
  expect(kept?.length).toBeLessThan(8);
});

test('the handshake before a break is found after a thousand others', () => {
  const { history, shake } = opened();
  shake(1);
  for (let number = 2; number <= 1000; number++) shake(number, REFUSED);
  expect(history.find('c1')?.outcome.layer).toBe('ok');
  expect(history.find('no such id')).toBeUndefined();
});
