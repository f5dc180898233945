import { test } from 'vitest';
import { readDirectory } from '../../../lab/directory.ts';
import type { Fault } from '../../../lab/faults/fault.ts';
import { openBench, tryFault } from './bench.ts';

const {
  TRY = '',
  FAMILY = 'protocol',
  POLICY = 'require',
  CAS = 'single',
} = process.env as Record<string, string>;
test.skipIf(TRY === '')('try', { timeout: 550_000 }, async () => {
  const family = (await import(`../../../lab/faults/${FAMILY}.ts`)) as Record<string, readonly Fault[]>;
  const faults = Object.values(family).flat();
  const bench = await openBench({ clientAuth: POLICY as 'require', cas: CAS as 'single' });
  try {
    const scope = readDirectory(bench.dir);
    for (const fault of faults) {
      for (const target of fault.targets(scope)) {
        if (TRY !== 'all' && !`${fault.id} ${target}`.match(TRY)) continue;
        const t = Date.now();
        try {
          await tryFault(bench, fault, target);
          console.log(`OK   ${fault.id} ${target} ${Date.now() - t} ms`);
        } catch (error) {
          console.log(
            `FAIL ${fault.id} ${target} ${Date.now() - t} ms\n${(error as Error).stack?.slice(0, 3000)}`,
          );
          const { fixEverything } = await import('../../../lab/faults/engine.ts');
          await fixEverything(readDirectory(bench.dir));
          await new Promise((r) => setTimeout(r, 7000));
        }
      }
    }
  } finally {
    await bench.close();
  }
});
