import { defineConfig } from 'vitest/config';

const long = process.env['MTLS_LAB_LONG'] === '1';
const report = process.env['MTLS_LAB_REPORT'];

export default defineConfig({
  test: {
    // kubectl's whole list runs with the newest release in `npm test`, and with an older one too in the long run.
    include: long
      ? ['test/**/*.long.test.ts', 'test/components/apiserver/kubectl-*.test.ts']
      : ['test/**/*.test.ts'],
    exclude: long ? [] : ['test/**/*.long.test.ts'],
    testTimeout: long ? 1_800_000 : 90_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
});
