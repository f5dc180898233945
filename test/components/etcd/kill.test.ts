import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeHost, type TestHost } from './fixture.ts';
import { killUnderLoad } from './kill.ts';

let made: TestHost;
beforeAll(async () => {
  made = await makeHost();
});
afterAll(() => made.remove());

test('loses no acknowledged write when it is killed under load, three times', async () => {
  const { acknowledged, rewrites } = await killUnderLoad(made, 3);
  expect(acknowledged).toBeGreaterThan(60);
  expect(rewrites).toBeGreaterThan(0);
}, 180_000);
