/**
 * Run one component alone, from its real command line: what `components/<name>/main.ts` calls.
 *
 * `--root DIR` is the host's folder; `--client-auth`, `--auto-reload` and `--round` stand for what lab.yaml says;
 * every other flag is the program's own. Log lines go to standard error, Ctrl-C ends it.
 */
import { isLabError, LabError, messageOf } from '../certs/errors.ts';
import type { Component, ComponentName, Running, Settings } from './component.ts';
import { type FlagTable, parseFlags } from './flags.ts';
import { openHost } from './host.ts';
import { loadComponent } from './registry.ts';

/** Flags of the lab, not of the real programs. */
const LAB_FLAGS = {
  root: { type: 'string', default: '', help: "the host's folder, such as mtls-lab/hosts/control-plane" },
  id: { type: 'string', default: '', help: "the instance's name; default NAME, or NAME@HOST on a worker" },
  'client-auth': {
    type: 'string',
    default: '',
    help: 'require: refuse a bad client in TLS; request: as Kubernetes does, with 401 or 403',
  },
  'auto-reload': {
    type: 'string',
    default: 'all',
    help: 'all: take up every changed file; real: as the real program',
  },
  round: { type: 'durationMs', default: 5000, help: 'a client dials afresh this often' },
} as const satisfies FlagTable;

const PER_WORKER: readonly ComponentName[] = ['kubelet', 'kube-proxy'];

/** Run until Ctrl-C or SIGTERM; sets the exit code of the process. */
export async function runComponent(name: ComponentName, argv: readonly string[]): Promise<void> {
  try {
    const component = await loadComponent(name);
    if (argv.includes('--help') || argv.includes('-h')) {
      process.stdout.write(`${helpText(component)}\n`);
      return;
    }
    const stopped = firstSignal();
    const running = await startAlone(component, argv);
    await stopped;
    await running.close();
  } catch (error) {
    process.stderr.write(`${errorLines(error).join('\n')}\n`);
    if (process.env['MTLS_LAB_DEBUG'] === '1' && error instanceof Error)
      process.stderr.write(`${error.stack}\n`);
    process.exitCode =
      isLabError(error) && (error.code === 'USAGE' || error.code.startsWith('FLAG_')) ? 2 : 1;
  }
}

function startAlone(component: Component, argv: readonly string[]): Promise<Running> {
  const { own, rest } = splitFlags(argv);
  const flags = parseFlags(component.name, LAB_FLAGS, own);
  if (flags.root === '') {
    throw new LabError('USAGE', {
      what: `${component.name}: --root is missing`,
      fix: `--root mtls-lab/hosts/${PER_WORKER.includes(component.name) ? 'worker-1' : 'control-plane'}`,
    });
  }
  const host = openHost(flags.root);
  const id =
    flags.id || (PER_WORKER.includes(component.name) ? `${component.name}@${host.name}` : component.name);
  return component.start({
    id,
    host,
    argv: rest,
    settings: settingsOf(component.name, flags['client-auth'], flags['auto-reload']),
    log: (line) => void process.stderr.write(`${line}\n`),
    roundMs: flags.round,
  });
}

function settingsOf(name: ComponentName, clientAuth: string, autoReload: string): Settings {
  return {
    clientAuth: oneOf(name, 'client-auth', clientAuth || 'require', ['require', 'request']),
    autoReload: oneOf(name, 'auto-reload', autoReload, ['all', 'real']),
    alertProfile: 'go',
  };
}

function oneOf<const T extends string>(name: string, flag: string, value: string, allowed: readonly T[]): T {
  const match = allowed.find((one) => one === value);
  if (match !== undefined) return match;
  throw new LabError('FLAG_INVALID', {
    what: `${name}: invalid argument "${value}" for "--${flag}" flag: wanted ${allowed.join(' or ')}`,
    fix: `write --${flag}=${allowed[0]}`,
  });
}

/** The lab's flags on one side, the program's on the other. */
function splitFlags(argv: readonly string[]): { own: string[]; rest: string[] } {
  const own: string[] = [];
  const rest: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    const [name = '', value] = word.replace(/^--/, '').split(/=(.*)/s);
    if (!word.startsWith('--') || !Object.hasOwn(LAB_FLAGS, name)) {
      rest.push(word);
      continue;
    }
    own.push(word);
    const next = argv[at + 1];
    if (value === undefined && next !== undefined) {
      own.push(next);
      at += 1;
    }
  }
  return { own, rest };
}

function helpText(component: Component): string {
  const list = (table: FlagTable): string[] =>
    Object.entries(table).map(([name, spec]) => `      --${name} ${spec.type}\n            ${spec.help}`);
  return [
    `${component.name}: the lab's small stand-in, with the real flags.`,
    '',
    'Flags of the lab:',
    ...list(LAB_FLAGS),
    '',
    `Flags of ${component.name}:`,
    ...list(component.flags),
  ].join('\n');
}

function errorLines(error: unknown): string[] {
  if (!isLabError(error)) return [`error: ${messageOf(error)}`];
  return [`error: ${error.what}`, ...(error.fix === '' ? [] : [`fix: ${error.fix}`])];
}

/** The first Ctrl-C or SIGTERM from now on. Afterwards the usual handling is back: a second one ends the process at once. */
function firstSignal(): Promise<void> {
  return new Promise((resolve) => {
    const keepAlive = setInterval(() => undefined, 60_000);
    keepAlive.unref();
    const stop = (): void => {
      clearInterval(keepAlive);
      process.off('SIGINT', stop);
      process.off('SIGTERM', stop);
      resolve();
    };
    process.on('SIGINT', stop);
    process.on('SIGTERM', stop);
  });
}
