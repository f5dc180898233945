import { defineConfig } from 'vitest/config';

const long = process.env['MTLS_LAB_LONG'] === '1';
const report = process.env['MTLS_LAB_REPORT'];

const suffix = long ? '.long.test.ts' : '.test.ts';
const exclude = long ? [] : ['test/**/*.long.test.ts'];
/** Tests that leave nothing behind in their process share one: its start and the imports cost more than they do. */
const TOGETHER = ['certs', 'components/api', 'components/apiserver', 'components/kubectl', 'components/tls'];
/** `lifecycle` counts what its process holds open: it has one to itself. */
const together = TOGETHER.map((folder) => `test/${folder}/**/!(lifecycle)${suffix}`);

export default defineConfig({
  test: {
    testTimeout: long ? 1_800_000 : 90_000,
    hookTimeout: 120_000,
    pool: 'forks',
    maxWorkers: 2,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    projects: [
      {
        extends: true,
        test: { name: 'together', include: together, exclude, isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'alone',
          // kubectl's whole list runs with the newest release in `npm test`, and with an older one too in the long run.
          include: [`test/**/*${suffix}`, ...(long ? ['test/components/apiserver/kubectl-*.test.ts'] : [])],
          exclude: [...exclude, ...together],
        },
      },
    ],
  },
});
