/** 100,000 bent inputs, and a heap that does not grow with them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { fuzzConnections, fuzzMessages, fuzzSeeds } from '../../support/decoder-fuzz.ts';

const ROUNDS = 20;
const RUNS_PER_ROUND = 2500;

test('100,000 bent connections and messages do no harm and leave nothing behind', async () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const seeds = await fuzzSeeds();
  const heapMb: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    fuzzConnections(seeds, RUNS_PER_ROUND, 1000 + round);
    fuzzMessages(seeds, RUNS_PER_ROUND, 1000 + round);
    collectGarbage();
    heapMb.push(process.memoryUsage().heapUsed / 2 ** 20);
  }
  // The first rounds fill caches and optimize code; after them the heap stands still.
  const settled = heapMb[4] ?? 0;
  expect(Math.max(...heapMb.slice(5)) - settled).toBeLessThan(10);
});
