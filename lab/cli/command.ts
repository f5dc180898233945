/**
 * The shape of a command: what `commands.ts` lists, what `main.ts` reads from the command line, and what a
 * command's own file is given. A command's file is imported only when the command is called.
 */
import type { ParseArgsConfig } from 'node:util';
import type { Terminal } from './terminal.ts';

/** One option of a command. `value` is the placeholder shown in help; absent for a switch. */
export interface OptionSpec {
  readonly type: 'string' | 'boolean';
  readonly help: string;
  readonly value?: string;
  readonly short?: string;
  readonly multiple?: boolean;
}

/** Headings of the help page, in its order. */
export type CommandGroup = 'Cluster' | 'Certificates' | 'Look' | 'Break and fix' | 'Tools';

/** What a command's file exports. */
export interface CommandModule {
  /**
   * Do it.
   * @returns the exit code: 0 as it should be, 1 something fails, 2 wrong usage
   * @throws  LabError, which `main.ts` prints with its reason and its fix
   */
  run(invocation: Invocation): Promise<number>;
  /** Words that could stand in place of a positional argument, for tab completion. */
  complete?(dir: string): Promise<readonly string[]>;
}

/** One row of the table of commands. */
export interface CommandSpec {
  readonly group: CommandGroup;
  readonly summary: string;
  /** What follows the command's name: `[FILE|ID|HOST:PORT]`. */
  readonly usage: string;
  readonly options: Readonly<Record<string, OptionSpec>>;
  /** Least and greatest number of positional arguments. */
  readonly takes: readonly [number, number];
  /** Every argument after the name goes to the command unread (`kubectl`). */
  readonly passThrough?: boolean;
  /** Lines of the form `mtls-lab …` for the end of the help. */
  readonly examples: readonly string[];
  readonly load: () => Promise<CommandModule>;
}

/** One call of a command. */
export interface Invocation {
  readonly name: string;
  /** The cluster directory, absolute. */
  readonly dir: string;
  /** The cluster directory as the user would type it, for messages. */
  readonly shownDir: string;
  readonly json: boolean;
  readonly values: Readonly<Record<string, string | boolean | readonly string[] | undefined>>;
  readonly positionals: readonly string[];
  readonly terminal: Terminal;
  /** True at the `lab>` prompt: the lab runs in this process. */
  readonly prompt: boolean;
  /** At the prompt: aborted by Ctrl-C, which there ends the command and not the lab. */
  readonly interrupt?: AbortSignal;
  readonly shell: Shell;
}

/** What the prompt needs of the command line that it stands for. */
export interface Shell {
  readonly commands: Readonly<Record<string, CommandSpec>>;
  /** Run one command line; prints its errors itself. */
  execute(argv: readonly string[], at: ShellPlace): Promise<number>;
}

/** Where a line comes from: the directory that is meant, and whether the `lab>` prompt reads the keyboard. */
export interface ShellPlace {
  readonly dir: string;
  readonly prompt: boolean;
  readonly interrupt?: AbortSignal;
}

/** Options that every command has. */
export const COMMON_OPTIONS = {
  dir: { type: 'string', value: 'DIR', help: 'the cluster directory (default ./mtls-lab)' },
  json: { type: 'boolean', help: 'print JSON for programs' },
  help: { type: 'boolean', short: 'h', help: 'print this help' },
} as const satisfies Record<string, OptionSpec>;

/** An option's text, or undefined when it was not given. */
export function textOption(invocation: Invocation, name: string): string | undefined {
  const value = invocation.values[name];
  return typeof value === 'string' ? value : undefined;
}

/** Whether a switch was given. */
export function switchOption(invocation: Invocation, name: string): boolean {
  return invocation.values[name] === true;
}

/** Options in the form that `node:util` parseArgs reads. */
export function parseArgsOptions(
  options: Readonly<Record<string, OptionSpec>>,
): NonNullable<ParseArgsConfig['options']> {
  return Object.fromEntries(
    Object.entries(options).map(([name, spec]) => [
      name,
      {
        type: spec.type,
        ...(spec.short === undefined ? {} : { short: spec.short }),
        ...(spec.multiple === undefined ? {} : { multiple: spec.multiple }),
      },
    ]),
  );
}
