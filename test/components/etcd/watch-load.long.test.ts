import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeHost, type TestHost } from './fixture.ts';
import { watchUnderLoad } from './watch-load.ts';

let made: TestHost;
beforeAll(async () => {
  made = await makeHost();
});
afterAll(() => made.remove());

test('500 watchers and 200 writes a second for a minute: no event lost, order kept, memory flat', async () => {
  const { faults, writes, halfMb, lateMb } = await watchUnderLoad(made, {
    watchers: 500,
    writesPerSecond: 200,
    seconds: 60,
  });
  expect(writes).toBe(12_000);
  expect(faults).toEqual([]);
  // 12,000 writes to 500 watchers are over 3 GB of answers: what is kept of them would show.
  expect(lateMb).toBeLessThan(halfMb + 100);
});
