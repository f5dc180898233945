/**
 * The command line: find the command, read its options, run it, print its error. The only place that sets the
 * exit code.
 */
import { relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { isLabError, LabError, messageOf } from '../../certs/errors.ts';
import { nearest } from '../../certs/nearest.ts';
import {
  COMMON_OPTIONS,
  type CommandSpec,
  type Invocation,
  type OptionSpec,
  parseArgsOptions,
  type ShellPlace,
} from './command.ts';
import { type CommandName, commands, findCommand } from './commands.ts';
import { commandHelp, overview } from './help.ts';
import { errorJson, errorText } from './render.ts';
import { openTerminal, type Terminal } from './terminal.ts';

const DEFAULT_DIR = 'mtls-lab';
/** Hides the dash of a negative number from the option parser. */
const NEGATIVE = '\0';
/** Codes that say that the command line itself was wrong. */
const USAGE_CODES = new Set(['USAGE', 'NAME_UNKNOWN', 'CHOICE_REFUSED', 'FLAG_INVALID']);

/** Run one command line and set the exit code of the process. */
export async function main(argv: readonly string[]): Promise<void> {
  process.exitCode = await execute(argv, openTerminal(), { prompt: false });
}

/** Where a command line comes from. */
export interface ExecuteOptions {
  readonly prompt: boolean;
  /** The directory when the line names none. */
  readonly dir?: string;
  readonly interrupt?: AbortSignal;
}

/**
 * Run one command line.
 * @param argv  without the program's name
 * @returns     0 as it should be, 1 something fails, 2 wrong usage
 */
export async function execute(
  argv: readonly string[],
  terminal: Terminal,
  options: ExecuteOptions,
): Promise<number> {
  const json = argv.includes('--json');
  try {
    const request = readRequest(argv, terminal, options);
    if (typeof request === 'string') {
      terminal.print(request);
      return 0;
    }
    const module = await request.spec.load();
    return await module.run(request.invocation);
  } catch (error) {
    if (process.env['MTLS_LAB_DEBUG'] === '1' && error instanceof Error) terminal.complain(error.stack ?? '');
    if (json) terminal.print(JSON.stringify(errorJson(error)));
    else terminal.complain(errorText(terminal, error));
    return isLabError(error) && USAGE_CODES.has(error.code) ? 2 : 1;
  }
}

interface Request {
  readonly spec: CommandSpec;
  readonly invocation: Invocation;
}

/** The call that a command line asks for, or the help that it wants to read. */
function readRequest(argv: readonly string[], terminal: Terminal, options: ExecuteOptions): Request | string {
  const { before, name, after } = splitCommand(argv);
  if (name === undefined || name === 'help') {
    const topic = after[0] === undefined ? undefined : findCommand(after[0]);
    return topic ? commandHelp(topic, commands[topic]) : overview(commands);
  }
  const known = findCommand(name);
  if (known === undefined) throw unknownCommand(name);
  const spec: CommandSpec = commands[known];
  if (spec.passThrough) {
    const parsed = read(known, { ...COMMON_OPTIONS }, before);
    return request(known, spec, parsed.values, after, terminal, options);
  }
  const all = { ...spec.options, ...COMMON_OPTIONS };
  const parsed = read(known, all, [...before, ...after]);
  if (parsed.values['help'] === true) return commandHelp(known, spec);
  checkCount(known, spec, parsed.positionals);
  return request(known, spec, parsed.values, parsed.positionals, terminal, options);
}

/** Common options may stand before the command's name; `--dir X` there takes the next word. */
function splitCommand(argv: readonly string[]): {
  before: readonly string[];
  name: string | undefined;
  after: readonly string[];
} {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (word === '--dir') at += 1;
    else if (!word.startsWith('-'))
      return { before: argv.slice(0, at), name: word, after: argv.slice(at + 1) };
  }
  const unknown = argv.find(
    (word) => !['--help', '-h', '--json'].includes(word) && !word.startsWith('--dir'),
  );
  if (unknown === '--version') return { before: [], name: 'version', after: [] };
  return { before: argv, name: undefined, after: [] };
}

function request(
  name: CommandName,
  spec: CommandSpec,
  values: Invocation['values'],
  positionals: readonly string[],
  terminal: Terminal,
  options: ExecuteOptions,
): Request {
  const given = values['dir'];
  const dir = resolve(typeof given === 'string' ? given : (options.dir ?? DEFAULT_DIR));
  const near = relative(process.cwd(), dir);
  const shownDir = near === '' ? '.' : near.startsWith('..') ? dir : `./${near}`;
  const json = values['json'] === true;
  const shell = {
    commands,
    execute: (argv: readonly string[], at: ShellPlace) => execute(argv, terminal, at),
  };
  return {
    spec,
    invocation: {
      ...{ name, dir, shownDir, json, values, positionals, terminal, shell },
      prompt: options.prompt,
      ...(options.interrupt ? { interrupt: options.interrupt } : {}),
    },
  };
}

function read(
  name: string,
  options: Readonly<Record<string, OptionSpec>>,
  args: readonly string[],
): { values: Invocation['values']; positionals: string[] } {
  try {
    const { values, positionals } = parseArgs({
      // "-2h" is a time, not the options -2 and -h.
      args: args.map((word) => (/^-\d/.test(word) ? NEGATIVE + word : word)),
      options: parseArgsOptions(options),
      allowPositionals: true,
      strict: true,
    });
    const shown = (word: string): string => (word.startsWith(NEGATIVE) ? word.slice(1) : word);
    return {
      values: Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, typeof value === 'string' ? shown(value) : value]),
      ) as Invocation['values'],
      positionals: positionals.map(shown),
    };
  } catch (error) {
    const unknown = /Unknown option '(?:-\w, )?-{0,2}([^' ]+)/.exec(messageOf(error))?.[1];
    const near = unknown === undefined ? undefined : nearest(unknown, Object.keys(options));
    throw new LabError('USAGE', {
      what: unknown === undefined ? `${name}: ${messageOf(error)}` : `${name}: unknown option --${unknown}`,
      fix: near === undefined ? `npx mtls-lab ${name} --help` : `did you mean --${near}?`,
      cause: error,
    });
  }
}

function checkCount(name: string, spec: CommandSpec, positionals: readonly string[]): void {
  const [least, most] = spec.takes;
  if (positionals.length >= least && positionals.length <= most) return;
  const extra = positionals[most];
  throw new LabError('USAGE', {
    what: extra === undefined ? `${name} needs ${spec.usage}` : `${name}: unexpected argument "${extra}"`,
    fix: `npx mtls-lab ${name} ${spec.usage}`.trimEnd(),
  });
}

function unknownCommand(name: string): LabError {
  const near = nearest(name, Object.keys(commands));
  return new LabError('USAGE', {
    what: `there is no command "${name}"`,
    fix: near === undefined ? 'npx mtls-lab --help' : `did you mean "${near}"?`,
  });
}
