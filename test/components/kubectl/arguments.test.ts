import { expect, test } from 'vitest';
import { isLabError } from '../../../certs/errors.ts';
import { parseArguments } from '../../../components/kubectl/arguments.ts';

test('reads flags before and behind positional words', () => {
  const args = parseArguments(['-n', 'kube-system', 'get', 'pods', '-owide', '--selector=app=web', '-A']);
  expect(args.words).toEqual(['get', 'pods']);
  expect(args.text('namespace')).toBe('kube-system');
  expect(args.text('output')).toBe('wide');
  expect(args.text('selector')).toBe('app=web');
  expect(args.on('all-namespaces')).toBe(true);
});

test('takes joined short flags apart, and leaves the command behind -- alone', () => {
  const args = parseArguments(['exec', '-it', 'web', '-c', 'app', '--', 'sh', '-c', 'exit 3']);
  expect(args.on('stdin') && args.on('tty')).toBe(true);
  expect(args.text('container')).toBe('app');
  expect(args.rest).toEqual(['sh', '-c', 'exit 3']);
});

test('reads -f as --follow for logs and as --filename elsewhere', () => {
  expect(parseArguments(['logs', '-f', 'web']).on('follow')).toBe(true);
  expect(parseArguments(['apply', '-f', 'web.yaml']).text('filename')).toBe('web.yaml');
});

test.for([
  { argv: ['get', 'pods', '--wach'], what: 'unknown flag: --wach', fix: 'did you mean --watch?' },
  { argv: ['get', '-Z'], what: "unknown shorthand flag: 'Z' in -Z", fix: "see 'kubectl --help' for usage." },
  { argv: ['get', 'pods', '-n'], what: 'flag needs an argument: -n', fix: 'write a value after -n' },
])('refuses $argv', ({ argv, what, fix }) => {
  expect(() => parseArguments(argv)).toThrow(
    expect.toSatisfy((error) => isLabError(error) && error.what === what && error.fix === fix),
  );
});
