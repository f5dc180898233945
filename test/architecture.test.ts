/** Holds the house rules that no type can: top-level names, one direction of imports, no async listeners. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

const root = resolve(import.meta.dirname, '..');
const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: root,
  encoding: 'utf8',
})
  .trim()
  .split('\n');
const sources = files.filter((file) => /\.(ts|tsx|js)$/.test(file));

/** Who may import whom. */
const MAY_IMPORT = {
  certs: ['certs'],
  components: ['certs', 'components'],
  lab: ['certs', 'components', 'lab'],
  scripts: ['certs', 'components', 'lab', 'scripts'],
} as const satisfies Record<string, readonly string[]>;

const TOP_LEVEL =
  /^(certs|components|lab|scripts|test|\.ci|package\.json|package-lock\.json|tsconfig\.json|README\.md|LICENSE|CHANGELOG\.md|biome\.json|vitest\.config\.ts|\.[a-z-]+)$/;

function importsOf(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    relative(root, resolve(root, dirname(file), match[1] ?? '')),
  );
}

test('the top level holds the agreed names and nothing else', () => {
  const names = new Set(files.map((file) => file.split('/')[0] ?? ''));
  expect([...names].filter((name) => !TOP_LEVEL.test(name))).toEqual([]);
});

test.for(Object.entries(MAY_IMPORT))('%s imports only what stands below it', ([folder, allowed]) => {
  const wrong = sources
    .filter((file) => file.startsWith(`${folder}/`))
    .flatMap((file) => importsOf(file).map((target) => `${file} -> ${target}`))
    .filter((edge) => !allowed.some((name) => edge.split(' -> ')[1]?.startsWith(`${name}/`)));
  expect(wrong).toEqual([]);
});

test('faults and capture know neither the command line nor the dashboard', () => {
  const wrong = sources
    .filter((file) => /^lab\/(faults|capture)\//.test(file))
    .flatMap((file) => importsOf(file).map((target) => `${file} -> ${target}`))
    .filter((edge) => / -> lab\/(cli|dashboard)\//.test(edge));
  expect(wrong).toEqual([]);
});

test('the web page imports only its own files, and types of events and traces', () => {
  const wrong = sources
    .filter((file) => file.startsWith('lab/dashboard/web/'))
    .flatMap((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      return [...text.matchAll(/^import (type )?[^;]*?from '(\.[^']+)'/gm)]
        .map((match) => ({
          type: match[1] !== undefined,
          target: relative(root, resolve(root, dirname(file), match[2] ?? '')),
        }))
        .filter(({ type, target }) => !target.startsWith('lab/dashboard/web/') && !type)
        .map(({ target }) => `${file} -> ${target}`);
    });
  expect(wrong).toEqual([]);
});

test('no event listener is an async function', () => {
  const wrong = sources.filter(
    (file) =>
      !file.startsWith('test/') &&
      /\.(on|once|addListener|addEventListener)\(\s*['"][^'"]+['"]\s*,\s*async\b/.test(
        readFileSync(join(root, file), 'utf8'),
      ),
  );
  expect(wrong).toEqual([]);
});
