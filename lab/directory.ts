/**
 * The cluster directory: the only state. Finding out what a folder is, and reading `lab.yaml`.
 *
 * `lab.yaml` holds the choices of `init` and what no real flag can say; ports, flags and paths stand in the real
 * configuration files on the hosts, and are read from there. `init.ts` writes all of it.
 */
import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isMap, isNode, LineCounter, parseDocument } from 'yaml';
import { readClockShift } from '../certs/clock.ts';
import { LabError } from '../certs/errors.ts';
import { codeOf, MODES, readText, unreadable, writeAtomic } from '../certs/files.ts';
import { type Choices, checkChoices, DEFAULT_CHOICES, hostNames, workerNames } from '../certs/identities.ts';
import type { ClientAuth, Settings } from '../components/component.ts';
import { readPorts } from './config-ports.ts';
import type { Ports } from './ports.ts';

/** A lab directory that was read. */
export interface LabDirectory {
  /** Absolute. */
  readonly dir: string;
  readonly choices: Choices;
  /** `worker-1` … */
  readonly workers: readonly string[];
  /** Host folders, absolute: `laptop`, `control-plane`, the workers. */
  readonly hosts: readonly { readonly name: string; readonly root: string }[];
  /** What lab.yaml says, by component or instance. */
  readonly settings: Readonly<Record<string, Partial<Settings>>>;
  /** Who knocks at which server's door without wanting anything, by the server's instance id. */
  readonly noise: Readonly<Record<string, readonly Noise[]>>;
  /** From the manifests and kubelet configs; a port is missing where the file cannot be read. */
  readonly ports: Partial<Ports>;
}

/**
 * `absent`: nothing there, `init` can begin. `interrupted`: an `init` was killed half-way, a new one completes it.
 * `made`: a lab. `foreign`: holds something else where the lab's folders would go. `damaged`: a lab without lab.yaml.
 */
export type DirectoryState = 'absent' | 'interrupted' | 'made' | 'foreign' | 'damaged';

/** Written first by `init` and removed last. */
export const INIT_MARKER = join('run', 'init');

/** Callers that a server's log knows, and that mean nothing; `noise.ts` has them. */
export const NOISES = ['tcp-probe', 'port-scan', 'old-hello'] as const;
export type Noise = (typeof NOISES)[number];

/** What the lab makes at the top of DIR. */
export const MADE = ['hosts', 'pki', 'run', 'clock', 'lab.yaml'] as const;

const DEFAULT_SETTINGS = {
  clientAuth: 'require',
  autoReload: 'all',
  alertProfile: 'go',
} as const satisfies Settings;

/** Which values lab.yaml allows. */
const ALLOWED = {
  choices: {
    cas: ['single', 'separate'],
    apiserverClient: ['dedicated', 'reuse'],
    key: ['rsa-2048', 'ecdsa-p256'],
    names: ['crt', 'pem'],
  },
  settings: {
    clientAuth: ['require', 'request'],
    autoReload: ['all', 'real'],
    alertProfile: ['go', 'openssl'],
    tlsMinVersion: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
    tlsMaxVersion: ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'],
  },
} as const;

/** Components that lab.yaml has settings for. etcd has one mode only: it always requires a client certificate. */
export const CONFIGURABLE = [
  'etcd',
  'kube-apiserver',
  'kubelet',
  'kube-scheduler',
  'kube-controller-manager',
  'kube-proxy',
  'kubectl',
] as const;

/** What stands at a path. Never throws for what is there, only for what cannot be looked at. */
export function directoryState(dir: string): DirectoryState {
  let names: readonly string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'absent';
    if (codeOf(error) === 'ENOTDIR') return 'foreign';
    throw unreadable(dir, error);
  }
  if (names.includes('lab.yaml')) return 'made';
  if (existsSync(join(dir, INIT_MARKER))) return 'interrupted';
  if (names.includes('pki') || names.includes('hosts')) {
    return ['pki', 'hosts', 'run'].every((name) => names.includes(name)) ? 'damaged' : 'foreign';
  }
  return 'absent';
}

/**
 * Read a lab directory.
 * @throws LabError DIR_INVALID (no lab there, half-made, bad lab.yaml), FILE_UNREADABLE, CHOICE_REFUSED
 */
export function readDirectory(path: string): LabDirectory {
  const dir = resolve(path);
  const state = directoryState(dir);
  if (state !== 'made') throw notALab(dir, state);
  const file = join(dir, 'lab.yaml');
  const lines = new LineCounter();
  const document = parseDocument(readText(file), { lineCounter: lines });
  const error = document.errors[0];
  if (error) throw badLabYaml(file, error.linePos?.[0].line ?? 1, error.message.split('\n')[0] ?? '');
  if (!isMap(document.contents)) throw badLabYaml(file, 1, 'holds no "choices:"');
  const content: Record<string, unknown> = document.toJS();
  const refuse: Refuse = (place, what) => {
    const node: unknown = document.getIn(place, true);
    const offset = isNode(node) ? node.range?.[0] : undefined;
    return badLabYaml(file, offset === undefined ? 1 : lines.linePos(offset).line, what);
  };
  const choices = readChoices(content['choices'], refuse);
  return {
    dir,
    choices,
    workers: workerNames(choices),
    hosts: hostNames(choices).map((name) => ({ name, root: join(dir, 'hosts', name) })),
    settings: readSettings(content['components'], refuse),
    noise: readNoise(content['noise'], refuse),
    ports: readPorts(dir, workerNames(choices)),
  };
}

/**
 * The settings of one running program: lab.yaml's row for the instance, over that of its component, over the default.
 * @param instance  `kube-apiserver`, `kubelet@worker-1`
 */
export function settingsOf(directory: Pick<LabDirectory, 'settings'>, instance: string): Settings {
  const component = instance.split('@')[0] ?? instance;
  const merged = {
    ...DEFAULT_SETTINGS,
    ...directory.settings[component],
    ...directory.settings[instance],
  };
  return component === 'etcd' ? { ...merged, clientAuth: 'require' } : merged;
}

/** The desk's time: real time unless DIR/clock says otherwise. */
export function deskNow(dir: string): Date {
  return new Date(Date.now() + readClockShift([join(dir, 'clock')]));
}

/** The text of a new lab.yaml. */
export function labYaml(choices: Choices, clientAuth: ClientAuth): string {
  const rows = CONFIGURABLE.map((name) => {
    const auth = name === 'kube-apiserver' || name === 'kubelet' ? clientAuth : 'require';
    const serves = name === 'etcd' || name === 'kube-apiserver' || name === 'kubelet';
    return `  ${name}: { ${serves ? `clientAuth: ${auth}, ` : ''}autoReload: all }`;
  });
  return [
    '# mTLS Lab. What init chose; change it with: npx mtls-lab up --workers N, --client-auth require|request',
    'choices:',
    `  cas: ${choices.cas}`,
    `  apiserverClient: ${choices.apiserverClient}`,
    `  key: ${choices.key}`,
    `  names: ${choices.names}`,
    `  workers: ${choices.workers}`,
    '# What no real flag can say. clientAuth: require (strict: refuse in TLS) or request (as Kubernetes does: 401, 403);',
    '# autoReload: all (every file, when it changes) or real (as the real program does); tlsMaxVersion: TLSv1.2.',
    '# etcd always requires a client certificate.',
    'components:',
    ...rows,
    '',
  ].join('\n');
}

/** Change lab.yaml, keeping comments and everything else. */
export function editLabYaml(
  dir: string,
  changes: readonly { readonly path: readonly string[]; readonly value: unknown }[],
): void {
  const file = join(dir, 'lab.yaml');
  const document = parseDocument(readText(file));
  for (const { path, value } of changes) document.setIn(path, value);
  writeAtomic(file, document.toString({ lineWidth: 0 }), MODES.public);
}

/**
 * Check that files can be made at a path, before anything is begun.
 * @throws LabError DIR_INVALID when a file stands there, DIR_UNWRITABLE
 */
export function checkWritable(dir: string): void {
  let isDirectory: boolean;
  try {
    isDirectory = statSync(dir).isDirectory();
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return;
    throw codeOf(error) === 'ENOTDIR' ? notALab(dir, 'foreign') : unreadable(dir, error);
  }
  if (!isDirectory) throw notALab(dir, 'foreign');
  try {
    accessSync(dir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = codeOf(error) === 'EROFS' ? 'the file system is read-only' : 'permission denied';
    throw new LabError('DIR_UNWRITABLE', {
      what: `${dir} cannot be written: ${reason}`,
      fix: 'choose another place with --dir DIR, or give yourself the right to write there: chmod u+rwx',
      cause: error,
    });
  }
}

/** The error for a folder that is not a lab, with the way out. */
export function notALab(dir: string, state: Exclude<DirectoryState, 'made'>): LabError {
  const [what, fix] = {
    absent: [
      `there is no lab in ${dir}`,
      'npx mtls-lab init   makes one; or name another place with --dir DIR',
    ],
    interrupted: [`an init in ${dir} was interrupted half-way`, 'npx mtls-lab init   completes it'],
    foreign: [
      `${dir} is not a lab directory, and something else stands where the lab's files would go`,
      'choose an empty or new place with --dir DIR',
    ],
    damaged: [
      `${dir} looks like a lab, but its lab.yaml is missing`,
      'put lab.yaml back, or begin anew: npx mtls-lab reset, then npx mtls-lab init',
    ],
  }[state];
  return new LabError('DIR_INVALID', { what: what ?? '', fix: fix ?? '' });
}

function badLabYaml(file: string, line: number, what: string): LabError {
  return new LabError('DIR_INVALID', {
    what: `${file}:${line}: ${what}`,
    fix: `edit ${file}, line ${line}; a whole new one comes with npx mtls-lab reset and npx mtls-lab init`,
  });
}

/** The error for what stands at a place of lab.yaml. */
type Refuse = (place: readonly string[], what: string) => LabError;

function readChoices(value: unknown, refuse: Refuse): Choices {
  if (!isRecord(value)) throw refuse(['choices'], '"choices:" is missing or not a mapping');
  for (const [name, allowed] of Object.entries(ALLOWED.choices)) {
    const given = value[name];
    if (given === undefined || (allowed as readonly unknown[]).includes(given)) continue;
    throw refuse(
      ['choices', name],
      `choices.${name} is ${JSON.stringify(given)}, not one of ${allowed.join(', ')}`,
    );
  }
  const choices = { ...DEFAULT_CHOICES, ...value } as Choices;
  checkChoices(choices);
  return choices;
}

function readSettings(value: unknown, refuse: Refuse): Record<string, Partial<Settings>> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw refuse(['components'], '"components:" is not a mapping');
  for (const [component, settings] of Object.entries(value)) {
    const place = ['components', component];
    if (!isRecord(settings)) throw refuse(place, `components.${component} is not a mapping`);
    for (const [name, given] of Object.entries(settings)) {
      const allowed = (ALLOWED.settings as Record<string, readonly unknown[]>)[name];
      if (name === 'ciphers' ? typeof given === 'string' : allowed?.includes(given)) continue;
      const why = allowed ? `not one of ${allowed.join(', ')}` : 'and there is no such setting';
      throw refuse([...place, name], `components.${component}.${name} is ${JSON.stringify(given)}, ${why}`);
    }
  }
  return value as Record<string, Partial<Settings>>;
}

function readNoise(value: unknown, refuse: Refuse): Record<string, readonly Noise[]> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw refuse(['noise'], '"noise:" is not a mapping');
  for (const [server, kinds] of Object.entries(value)) {
    if (Array.isArray(kinds) && kinds.every((kind) => (NOISES as readonly unknown[]).includes(kind)))
      continue;
    throw refuse(['noise', server], `noise.${server} is not a list of ${NOISES.join(', ')}`);
  }
  return value as Record<string, readonly Noise[]>;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
