/**
 * What on this computer or in the directory could stand in the way, found out before it does.
 */
import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isLabError, messageOf } from '../certs/errors.ts';
import { readClocks } from './clock.ts';
import { directoryState, INIT_MARKER, type LabDirectory, readDirectory } from './directory.ts';
import { hasStaleLock, runningLab } from './lock.ts';
import { takenPorts } from './taken-ports.ts';

/** One thing that was looked at. */
export interface Check {
  readonly name: string;
  /** `warn`: works, but may surprise. */
  readonly result: 'ok' | 'warn' | 'fail';
  readonly what: string;
  /** Empty when all is well. */
  readonly fix: string;
}

/** The oldest Node.js that is supported, and the newest that is tested. */
const NODE_LINES = { oldest: [20, 19], newestTested: 24 } as const;
const TOOL_MS = 3000;

/** Look at everything. Never throws: what cannot be looked at is itself a result. */
export async function examine(dir: string, env: NodeJS.ProcessEnv): Promise<Check[]> {
  const directory = open(dir);
  return [
    nodeVersion(process.versions.node),
    ...(await Promise.all([
      tool('openssl', ['version'], 'only needed for mending by hand; install it with your package manager'),
      tool('kubectl', ['version', '--client'], 'not needed: npx mtls-lab kubectl does the same in small'),
    ])),
    directoryCheck(dir, directory),
    ...(isDirectory(directory)
      ? [
          ...(await ports(directory)),
          modes(directory),
          ...clocks(directory),
          leftovers(directory),
          kubeconfig(directory, env['KUBECONFIG']),
        ]
      : []),
  ];
}

function open(dir: string): LabDirectory | { readonly what: string; readonly fix: string } | undefined {
  try {
    return directoryState(dir) === 'absent' ? undefined : readDirectory(dir);
  } catch (error) {
    return isLabError(error) ? { what: error.what, fix: error.fix } : { what: messageOf(error), fix: '' };
  }
}

function isDirectory(value: ReturnType<typeof open>): value is LabDirectory {
  return value !== undefined && 'choices' in value;
}

function nodeVersion(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [oldMajor, oldMinor] = NODE_LINES.oldest;
  if (major < oldMajor || (major === oldMajor && minor < oldMinor)) {
    return fail('Node.js', `${version} is too old`, `install ${oldMajor}.${oldMinor} or newer`);
  }
  if (major > NODE_LINES.newestTested) {
    return warn(
      'Node.js',
      `${version} is newer than what the lab is tested with (${NODE_LINES.newestTested})`,
      '',
    );
  }
  return fine('Node.js', version);
}

function tool(name: string, args: readonly string[], fix: string): Promise<Check> {
  return new Promise((done) => {
    execFile(name, [...args], { timeout: TOOL_MS }, (error, stdout) => {
      const missing = error !== null && 'code' in error && error.code === 'ENOENT';
      if (missing) done(warn(name, 'not installed', fix));
      else done(fine(name, stdout.split('\n')[0]?.trim() || 'installed'));
    });
  });
}

function directoryCheck(dir: string, directory: ReturnType<typeof open>): Check {
  if (directory === undefined)
    return warn('directory', `nothing in ${dir} yet`, 'npx mtls-lab up   makes it');
  if (isDirectory(directory)) return fine('directory', dir);
  return fail('directory', directory.what, directory.fix);
}

/** A port that is taken while no lab runs is taken by something else. */
async function ports(directory: LabDirectory): Promise<Check[]> {
  const owner = runningLab(directory.dir);
  if (owner) return [fine('ports', `in use by the lab that runs here (pid ${owner.pid})`)];
  const taken = await takenPorts(directory);
  if (taken.length === 0) return [fine('ports', 'all free')];
  const list = taken.map(({ port, component }) => `${port} (${component})`).join(', ');
  return [fail('ports', `taken by another program: ${list}`, 'stop it, or: npx mtls-lab up --port-base 0')];
}

/** Private keys that others may read. */
function modes({ dir }: LabDirectory): Check {
  const open = keyFiles(dir).filter(
    (file) => ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o077) !== 0,
  );
  const run = statSync(join(dir, 'run'), { throwIfNoEntry: false });
  if (run && (run.mode & 0o077) !== 0) open.push(join(dir, 'run'));
  if (open.length === 0) return fine('file modes', 'no private key can be read by others');
  const [first = ''] = open;
  return fail(
    'file modes',
    `${open.length === 1 ? first : `${first} and ${open.length - 1} more`} can be read by others`,
    `chmod go= ${open.slice(0, 3).join(' ')}`,
  );
}

function keyFiles(dir: string): string[] {
  try {
    return readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && /(\.key|-key\.pem)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

function clocks({ dir, hosts }: LabDirectory): Check[] {
  const names = hosts.map(({ name }) => name);
  return readClocks(dir, names)
    .filter(({ setting, problem, name }) => name === 'cluster' || setting !== null || problem !== null)
    .map(({ name, setting, problem, now }) => {
      if (problem !== null) return fail(`clock of ${name}`, problem, 'npx mtls-lab clock reset');
      if (setting === null) return fine(`clock of ${name}`, 'real time');
      return warn(
        `clock of ${name}`,
        `moved: ${setting}, it is ${now}; real kubectl and openssl do not see that`,
        `npx mtls-lab clock reset${name === 'cluster' ? '' : ` --host ${name}`}`,
      );
    });
}

function leftovers({ dir }: LabDirectory): Check {
  if (statSync(join(dir, INIT_MARKER), { throwIfNoEntry: false })) {
    return warn('leftovers', 'an init was interrupted after its last file', 'npx mtls-lab up   goes on');
  }
  return hasStaleLock(dir)
    ? warn('leftovers', 'a lab was killed here; its lock is stale', 'npx mtls-lab up   takes it over')
    : fine('leftovers', 'none');
}

function kubeconfig({ dir }: LabDirectory, value: string | undefined): Check {
  const own = join(dir, 'hosts', 'laptop', '.kube', 'config');
  const fix = `export KUBECONFIG=${own}`;
  if (value === undefined || value === '') {
    return warn('KUBECONFIG', 'not set: your own kubectl talks to another cluster, or to none', fix);
  }
  return value.split(':').some((path) => resolve(path) === own)
    ? fine('KUBECONFIG', own)
    : warn('KUBECONFIG', `${value}: your own kubectl talks to another cluster`, fix);
}

function fine(name: string, what: string): Check {
  return { name, result: 'ok', what, fix: '' };
}

function warn(name: string, what: string, fix: string): Check {
  return { name, result: 'warn', what, fix };
}

function fail(name: string, what: string, fix: string): Check {
  return { name, result: 'fail', what, fix };
}
