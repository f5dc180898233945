import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeHost, type TestHost } from './fixture.ts';
import { watchUnderLoad } from './watch-load.ts';

let made: TestHost;
beforeAll(async () => {
  made = await makeHost();
});
afterAll(() => made.remove());

/** The history that is kept is full before the load begins: from then on, memory has no reason to grow. */
const HISTORY = 11_000;
/** What 500 connections may keep ready for their next bytes. 12,000 writes that were never dropped would be 16 MB. */
const GROWTH_MB = 8;
/** What is on its way to 500 watchers in the middle of the load. */
const IN_FLIGHT_MB = 100;

test('500 watchers and 200 writes a second for a minute: no event lost, order kept, memory flat', async () => {
  const { faults, events, tookMs, starvedMs, cpuMs, heldMb } = await watchUnderLoad(made, {
    watchers: 500,
    writesPerSecond: 200,
    seconds: 60,
    before: HISTORY,
  });
  expect(faults).toEqual([]);
  expect(events).toBe(500 * 12_000);
  // The writes came by the clock. Where other programs took the processors, their time is not etcd's.
  expect(tookMs - starvedMs).toBeLessThan(65_000);
  expect(cpuMs).toBeLessThan(40_000);
  const [before, during, after] = heldMb;
  expect(during).toBeLessThan(before + IN_FLIGHT_MB);
  expect(after).toBeLessThan(before + GROWTH_MB);
});
