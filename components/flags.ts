/**
 * Flag tables: real flags, letter for letter, read into a typed record and written back.
 *
 * Values are read as Go's pflag reads them: `--name=value`, `--name value`, and a bare `--name` for booleans.
 */
import { LabError } from '../certs/errors.ts';
import { nearest } from '../certs/nearest.ts';

/** How often the real program reads the file that a flag names. */
export type Reload = 'each-handshake' | 'watched' | 'at-start';

/** One flag. `strings` is a comma-separated list; `durationMs` is a Go duration such as `10s`. */
export type FlagSpec = {
  readonly help: string;
  readonly reload?: Reload;
} & (
  | { readonly type: 'string'; readonly default: string }
  | { readonly type: 'strings'; readonly default: readonly string[] }
  | { readonly type: 'bool'; readonly default: boolean }
  | { readonly type: 'int'; readonly default: number }
  | { readonly type: 'durationMs'; readonly default: number }
);

/** Flags by name, without the dashes. */
export type FlagTable = Readonly<Record<string, FlagSpec>>;

type Value<S extends FlagSpec> = S['type'] extends 'string'
  ? string
  : S['type'] extends 'strings'
    ? readonly string[]
    : S['type'] extends 'bool'
      ? boolean
      : number;

/** The values of a table, by flag name. */
export type FlagValues<T extends FlagTable> = { readonly [K in keyof T]: Value<T[K]> };

const DURATION_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;

/**
 * Read a command line.
 * @param program  for messages: `kube-apiserver`
 * @param table    the program's flags
 * @param argv     flags only; no positional arguments are accepted
 * @throws         LabError FLAG_UNKNOWN with a near name, FLAG_INVALID with the value and the wanted type
 */
export function parseFlags<T extends FlagTable>(
  program: string,
  table: T,
  argv: readonly string[],
): FlagValues<T> {
  const values: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(table)) values[name] = spec.default;
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    const match = /^--([A-Za-z0-9-]+)(?:=([\s\S]*))?$/.exec(word);
    const name = match?.[1];
    if (name === undefined) {
      throw new LabError('FLAG_UNKNOWN', {
        what: `${program}: unexpected argument "${word}"`,
        fix: 'write --name=value',
      });
    }
    const spec = table[name];
    if (!spec) {
      const near = nearest(name, Object.keys(table));
      throw new LabError('FLAG_UNKNOWN', {
        what: `${program}: unknown flag: --${name}`,
        fix: near ? `did you mean --${near}?` : `remove --${name}`,
      });
    }
    let text = match?.[2];
    if (text === undefined && spec.type !== 'bool') {
      at += 1;
      text = argv[at];
      if (text === undefined) {
        throw new LabError('FLAG_INVALID', {
          what: `${program}: flag needs an argument: --${name}`,
          fix: `write --${name}=…`,
        });
      }
    }
    values[name] = readValue(program, name, spec, text ?? 'true');
  }
  return values as FlagValues<T>;
}

/**
 * Write values back as flags, leaving out those that have their default.
 * @returns one `--name=value` per flag, in the table's order
 */
export function formatFlags<T extends FlagTable>(table: T, values: Partial<FlagValues<T>>): string[] {
  return Object.entries(table).flatMap(([name, spec]) => {
    const value = values[name];
    if (value === undefined || String(value) === String(spec.default)) return [];
    return [`--${name}=${spec.type === 'durationMs' ? `${Number(value) / 1000}s` : String(value)}`];
  });
}

function readValue(program: string, name: string, spec: FlagSpec, text: string): unknown {
  const refuse = (wanted: string): never => {
    throw new LabError('FLAG_INVALID', {
      what: `${program}: invalid argument "${text}" for "--${name}" flag: wanted ${wanted}`,
      fix: `write --${name} with ${wanted}`,
    });
  };
  switch (spec.type) {
    case 'string':
      return text;
    case 'strings':
      return text === '' ? [] : text.split(',');
    case 'bool':
      return text === 'true' ? true : text === 'false' ? false : refuse('true or false');
    case 'int':
      return /^-?\d+$/.test(text) ? Number(text) : refuse('a whole number');
    case 'durationMs': {
      if (text === '0') return 0;
      const parts = text.match(/\d+(?:\.\d+)?(?:ms|s|m|h)/g);
      if (!parts || parts.join('') !== text) return refuse('a duration such as 10s or 1m30s');
      return parts.reduce((sum, part) => {
        const unit = (/[a-z]+$/.exec(part)?.[0] ?? 's') as keyof typeof DURATION_MS;
        return sum + Number.parseFloat(part) * DURATION_MS[unit];
      }, 0);
    }
  }
}
