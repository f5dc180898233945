import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeHost, type TestHost } from './fixture.ts';
import { watchUnderLoad } from './watch-load.ts';

let made: TestHost;
beforeAll(async () => {
  made = await makeHost();
});
afterAll(() => made.remove());

test('tells twenty watchers of every write, once and in order', async () => {
  const load = { watchers: 20, writesPerSecond: 200, seconds: 1, before: 0 };
  const { faults, events } = await watchUnderLoad(made, load);
  expect(faults).toEqual([]);
  expect(events).toBe(20 * 200);
}, 60_000);
