/**
 * kubectl's command lines: positional words and flags in any order, short flags, and what stands behind `--`.
 */
import { LabError } from '../../certs/errors.ts';
import { nearest } from '../../certs/nearest.ts';

/** A parsed command line. */
export interface Arguments {
  readonly words: readonly string[];
  /** Behind `--`; undefined when there is none. */
  readonly rest: readonly string[] | undefined;
  text(flag: FlagName): string | undefined;
  on(flag: FlagName): boolean;
}

/** Flags that take a value, with their short form. */
const TEXT_FLAGS = {
  kubeconfig: '',
  context: '',
  namespace: 'n',
  output: 'o',
  selector: 'l',
  'field-selector': '',
  filename: 'f',
  replicas: '',
  container: 'c',
  tail: '',
  since: '',
  'since-time': '',
  'limit-bytes': '',
  image: '',
  port: '',
  raw: '',
  'dry-run': '',
  'grace-period': '',
  cascade: '',
  timeout: '',
  'request-timeout': '',
  'sort-by': '',
  restart: '',
  v: 'v',
  'from-literal': '',
  subresource: '',
} as const;

/** Flags that stand alone. */
const BOOL_FLAGS = {
  'all-namespaces': 'A',
  watch: 'w',
  'show-labels': '',
  'no-headers': '',
  follow: '',
  timestamps: '',
  previous: 'p',
  stdin: 'i',
  tty: 't',
  all: '',
  force: '',
  now: '',
  list: '',
  client: '',
  minify: '',
  'ignore-not-found': '',
  wait: '',
  help: 'h',
  quiet: 'q',
} as const;

export type FlagName = keyof typeof TEXT_FLAGS | keyof typeof BOOL_FLAGS;

/** `-f` is `--follow` for logs, and `--raw` stands alone for `config view`. */
const FOLLOWS = ['logs'];

/**
 * Parse a command line.
 * @throws LabError FLAG_UNKNOWN or FLAG_INVALID, in kubectl's words
 */
export function parseArguments(argv: readonly string[]): Arguments {
  const split = argv.indexOf('--');
  const before = split < 0 ? argv : argv.slice(0, split);
  const words: string[] = [];
  const values = new Map<string, string>();
  const command = (): string => words[0] ?? '';

  const longName = (letter: string): string => {
    if (letter === 'f' && FOLLOWS.includes(command())) return 'follow';
    const found = [...Object.entries(TEXT_FLAGS), ...Object.entries(BOOL_FLAGS)].find(
      ([, one]) => one === letter,
    );
    if (!found) throw unknown(`unknown shorthand flag: '${letter}' in -${letter}`, '');
    return found[0];
  };
  const isBool = (name: string): boolean =>
    Object.hasOwn(BOOL_FLAGS, name) || (name === 'raw' && command() === 'config');

  for (let at = 0; at < before.length; at++) {
    const word = before[at] ?? '';
    if (word === '-' || !word.startsWith('-')) {
      words.push(word);
      continue;
    }
    const long = /^--([a-z-]+)(?:=([\s\S]*))?$/.exec(word);
    if (long) {
      const name = long[1] ?? '';
      if (!isBool(name) && !Object.hasOwn(TEXT_FLAGS, name)) {
        throw unknown(`unknown flag: --${name}`, name);
      }
      if (long[2] !== undefined) values.set(name, long[2]);
      else if (isBool(name)) values.set(name, 'true');
      else values.set(name, valueAt(before, ++at, `--${name}`));
      continue;
    }
    const letters = word.slice(1).replace(/=.*$/, '');
    for (let index = 0; index < letters.length; index++) {
      const name = longName(letters[index] ?? '');
      if (isBool(name)) {
        values.set(name, 'true');
        continue;
      }
      const attached = word.slice(index + 2).replace(/^=/, '');
      values.set(name, attached !== '' ? attached : valueAt(before, ++at, `-${letters[index]}`));
      break;
    }
  }
  return {
    words,
    rest: split < 0 ? undefined : argv.slice(split + 1),
    text: (flag) => values.get(flag),
    on: (flag) => values.get(flag) === 'true',
  };
}

function valueAt(argv: readonly string[], at: number, flag: string): string {
  const value = argv[at];
  if (value !== undefined) return value;
  throw new LabError('FLAG_INVALID', {
    what: `flag needs an argument: ${flag}`,
    fix: `write a value after ${flag}`,
  });
}

function unknown(what: string, name: string): LabError {
  const near =
    name === '' ? undefined : nearest(name, [...Object.keys(TEXT_FLAGS), ...Object.keys(BOOL_FLAGS)]);
  return new LabError('FLAG_UNKNOWN', {
    what,
    fix: near ? `did you mean --${near}?` : "see 'kubectl --help' for usage.",
  });
}
