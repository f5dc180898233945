/** The help pages, made from the table of commands. */
import { COMMON_OPTIONS, type CommandGroup, type CommandSpec, type OptionSpec } from './command.ts';
import { table } from './render.ts';

const GROUPS = [
  'Cluster',
  'Certificates',
  'Look',
  'Break and fix',
  'Tools',
] as const satisfies CommandGroup[];

/** All commands, one line each. */
export function overview(commands: Readonly<Record<string, CommandSpec>>): string {
  const sections = GROUPS.flatMap((group) => {
    const rows = Object.entries(commands)
      .filter(([, spec]) => spec.group === group)
      .map(([name, spec]) => [name, spec.summary]);
    return rows.length === 0 ? [] : [`${group}\n${table(rows, 2)}`];
  });
  return [
    'mtls-lab: a small Kubernetes control plane over real mutual TLS, to break and to mend.',
    'Usage: npx mtls-lab COMMAND [--dir DIR] [--json]',
    ...sections,
    'More about one: npx mtls-lab COMMAND --help',
    'Exit code: 0 as it should be, 1 something fails, 2 wrong usage.',
  ].join('\n\n');
}

/** One command: usage, options, examples. */
export function commandHelp(name: string, spec: CommandSpec): string {
  const own = optionRows(spec.options);
  const sections = [
    `${spec.summary}\n\nUsage: npx mtls-lab ${name} ${spec.usage}`.trimEnd(),
    ...(own.length === 0 ? [] : [`Options\n${table(own, 2)}`]),
    `Everywhere\n${table(optionRows(COMMON_OPTIONS), 2)}`,
    ...(spec.examples.length === 0
      ? []
      : [`Examples\n${spec.examples.map((line) => `  npx ${line}`).join('\n')}`]),
  ];
  return sections.join('\n\n');
}

function optionRows(options: Readonly<Record<string, OptionSpec>>): string[][] {
  return Object.entries(options).map(([name, spec]) => {
    const short = spec.short === undefined ? '' : `-${spec.short}, `;
    return [`${short}--${name}${spec.value === undefined ? '' : ` ${spec.value}`}`, spec.help];
  });
}
