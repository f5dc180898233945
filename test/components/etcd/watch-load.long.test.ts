import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeHost, type TestHost } from './fixture.ts';
import { watchUnderLoad } from './watch-load.ts';

let made: TestHost;
beforeAll(async () => {
  made = await makeHost();
});
afterAll(() => made.remove());

test('500 watchers and 12,000 writes, 200 a second at the most: no event lost, order kept, memory flat', async () => {
  const { faults, writes, earlyMb, lateMb } = await watchUnderLoad(made, {
    watchers: 500,
    writesPerSecond: 200,
    seconds: 60,
  });
  expect(writes).toBe(12_000);
  expect(faults).toEqual([]);
  // The history that is kept fills up meanwhile: 10,000 revisions of 300 bytes.
  expect(lateMb).toBeLessThan(earlyMb + 100);
});
