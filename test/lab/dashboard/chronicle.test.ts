/** The last ten thousand handshakes: bounded, one entry for both halves, the last word counts. */
import { expect, test } from 'vitest';
import { openChronicle } from '../../../lab/dashboard/chronicle.ts';
import { createJournal } from '../../../lab/journal.ts';
import { sideOf, traceOf } from '../../support/trace.ts';

const random = (number: number): string => number.toString(16).padStart(64, '0');

test('keeps ten thousand, the oldest goes first', () => {
  const journal = createJournal();
  const chronicle = openChronicle(journal);
  for (let at = 1; at <= 10_050; at++) {
    journal.record(traceOf({ id: `t${at}`, clientRandom: random(at), startedAtMs: at, state: 'closed' }));
  }
  const { at, trace, channels } = chronicle.table();
  expect(at.length).toBe(10_000);
  expect([at[0], at.at(-1), trace.at(-1)]).toEqual([51, 10_050, 't10050']);
  expect(channels).toEqual(['kube-scheduler->kube-apiserver']);
  chronicle.close();
});

test('counts both halves of a handshake once, with what came out in the end', () => {
  const journal = createJournal();
  const chronicle = openChronicle(journal);
  const base = traceOf();
  journal.record({ ...base, id: 'client', server: null, client: sideOf('kube-scheduler') });
  expect(chronicle.table().state).toEqual(['ok']);
  const refused = { layer: 'tls', by: 'server', code: 'CERT_EXPIRED', alert: null } as const;
  journal.record({
    ...base,
    id: 'server',
    client: null,
    server: sideOf('kube-apiserver', { code: 'CERT_EXPIRED' }),
    outcome: refused,
  });
  expect(chronicle.table().state).toEqual(['tls']);
  journal.record({ ...base, id: 'unsafe', clientRandom: random(2), unsafe: ['nobody checked'] });
  expect(chronicle.table().state).toEqual(['tls', 'unsafe']);
});
