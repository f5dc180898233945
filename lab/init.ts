/**
 * Making a cluster directory, and changing its choices later in the same way.
 *
 * Order, so that a kill at any moment leaves something that is recognised: the marker `run/init`, the desk, the
 * hosts, `lab.yaml` last. A directory with the marker and without `lab.yaml` is half-made; `init` begins it anew.
 */
import { chmodSync, existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LabError } from '../certs/errors.ts';
import { MODES, writeAtomic } from '../certs/files.ts';
import {
  type Choices,
  checkChoices,
  DEFAULT_CHOICES,
  hostNames,
  type Identity,
  identities,
  workerNames,
} from '../certs/identities.ts';
import { startKeys } from '../certs/keys.ts';
import type { ClientAuth } from '../components/component.ts';
import { CONFIG_PATHS, type ConfigFile, configFiles, configPath, workerFiles } from './config-files.ts';
import { writePorts } from './config-ports.ts';
import {
  checkWritable,
  deskNow,
  directoryState,
  editLabYaml,
  INIT_MARKER,
  labYaml,
  MADE,
  notALab,
  readDirectory,
} from './directory.ts';
import { choosePorts, type MovedPort, type Ports } from './ports.ts';

/** Everything that `init` can be told. */
export interface InitOptions extends Partial<Choices> {
  /** Default `require`. */
  readonly clientAuth?: ClientAuth;
  /** Absent: the real defaults; 0: any free ports; else offsets from it. */
  readonly portBase?: number;
}

/** What was done. */
export interface InitReport {
  /** Absolute. */
  readonly dir: string;
  readonly choices: Choices;
  readonly ports: Ports;
  /** Ports that were taken, and what was chosen instead. */
  readonly moved: readonly MovedPort[];
  readonly cas: number;
  readonly certificates: number;
  readonly elapsedMs: number;
  /** True when a half-made directory of an interrupted `init` was begun anew. */
  readonly completed: boolean;
}

/**
 * Make a whole cluster directory.
 * @throws LabError DESK_EXISTS when a lab is there, DIR_INVALID, DIR_UNWRITABLE, CHOICE_REFUSED, PORT_IN_USE
 */
export async function initDirectory(path: string, options: InitOptions = {}): Promise<InitReport> {
  const began = performance.now();
  const dir = resolve(path);
  const { clientAuth = 'require', portBase, ...chosen } = options;
  const choices: Choices = { ...DEFAULT_CHOICES, ...chosen };
  checkChoices(choices);
  const state = prepare(dir);
  const all = identities(choices);
  const keys = startKeys(
    all.map(({ id }) => id),
    choices.key,
  );
  // Loaded while the keys are being made.
  const [{ createDesk }, { distribute }] = await Promise.all([
    import('../certs/desk.ts'),
    import('../certs/hosts.ts'),
  ]);
  const { ports, moved } = await choosePorts(choices, portBase ?? null);
  const configs = configFiles(choices, ports);
  makeHosts(dir, choices);
  for (const file of configs) writeConfig(dir, file);
  await createDesk(dir, choices, deskNow(dir), keys);
  distribute(dir, choices, all);
  writeAtomic(join(dir, 'lab.yaml'), labYaml(choices, clientAuth), MODES.public);
  rmSync(join(dir, INIT_MARKER), { force: true });
  const cas = all.filter(({ kind }) => kind === 'ca').length;
  return {
    dir,
    choices,
    ports,
    moved,
    cas,
    certificates: all.length - cas,
    elapsedMs: Math.round(performance.now() - began),
    completed: state === 'interrupted',
  };
}

/**
 * How servers treat client certificates, for the API server and the kubelets (etcd has one mode only).
 * @param components  default both
 */
export function setClientAuth(
  path: string,
  clientAuth: ClientAuth,
  components: readonly string[] = ['kube-apiserver', 'kubelet'],
): void {
  const { dir } = readDirectory(path);
  if (components.includes('etcd') && clientAuth === 'request') {
    throw new LabError('CHOICE_REFUSED', {
      what: 'etcd cannot be set to request',
      why: 'etcd has one mode: with --trusted-ca-file or --client-cert-auth it requires a client certificate in TLS.',
      fix: 'set kube-apiserver and kubelet; for etcd remove the flags from its manifest',
    });
  }
  editLabYaml(
    dir,
    components.map((name) => ({ path: ['components', name, 'clientAuth'], value: clientAuth })),
  );
}

/** What changing the number of workers did. */
export interface WorkersReport {
  readonly workers: number;
  readonly added: readonly string[];
  /** No longer in the cluster; their folders stay. */
  readonly removed: readonly string[];
  readonly moved: readonly MovedPort[];
}

/**
 * Change the number of workers. New ones get keys, certificates, configuration and ports; folders of workers that
 * leave the cluster stay where they are, and are taken up again when the workers come back.
 */
export async function setWorkers(path: string, workers: number, portBase?: number): Promise<WorkersReport> {
  const { dir, choices: before, ports: held } = readDirectory(path);
  const choices: Choices = { ...before, workers };
  checkChoices(choices);
  const old = workerNames(before);
  const names = workerNames(choices);
  const added = names.filter((name) => !old.includes(name));
  const { ports, moved } = await choosePorts(choices, portBase ?? null, held);
  if (added.length > 0) {
    const [{ deskFiles, issueOnDesk }, { distribute }] = await Promise.all([
      import('../certs/desk.ts'),
      import('../certs/hosts.ts'),
    ]);
    const missing = identities(choices).filter(
      (identity) => added.includes(identity.folder) && !existsSync(deskFiles(dir, identity).cert),
    );
    await issueOnDesk(dir, choices, missing, deskNow(dir));
    makeHosts(dir, choices);
    for (const worker of added)
      for (const file of workerFiles(choices, ports, worker)) writeConfig(dir, file);
    distribute(dir, choices, ofWorkers(choices, added));
  }
  editLabYaml(dir, [{ path: ['choices', 'workers'], value: workers }]);
  return { workers, added, removed: old.filter((name) => !names.includes(name)), moved };
}

/**
 * Move all servers to other ports, in every file that names them.
 * @param portBase  null: the real defaults; 0: any free ports; else offsets from it
 */
export async function setPortBase(
  path: string,
  portBase: number | null,
): Promise<{ readonly ports: Ports; readonly moved: readonly MovedPort[] }> {
  const { dir, choices, workers } = readDirectory(path);
  const chosen = await choosePorts(choices, portBase);
  writePorts(dir, workers, chosen.ports);
  return chosen;
}

/** What `reset` did. */
export interface ResetReport {
  readonly dir: string;
  /** Names at the top of DIR. */
  readonly removed: readonly string[];
  /** What the lab did not make, still there. */
  readonly kept: readonly string[];
}

/**
 * Remove what the lab made in DIR, and DIR itself when nothing else is in it. `lab.yaml` goes last.
 * @throws LabError DIR_INVALID when there is no lab
 */
export function resetDirectory(path: string): ResetReport {
  const dir = resolve(path);
  const state = directoryState(dir);
  if (state === 'absent' || state === 'foreign') throw notALab(dir, state);
  checkWritable(dir);
  const removed = MADE.filter((name) => existsSync(join(dir, name)));
  for (const name of removed) rmSync(join(dir, name), { recursive: true, force: true });
  const kept = readdirSync(dir);
  if (kept.length === 0) rmdirSync(dir);
  return { dir, removed, kept };
}

/** Recognise what stands in DIR, clear a half-made one, and leave the marker. */
function prepare(dir: string): 'absent' | 'interrupted' {
  checkWritable(dir);
  const state = directoryState(dir);
  if (state === 'made') {
    throw new LabError('DESK_EXISTS', {
      what: `there is a lab in ${dir} already`,
      fix: 'npx mtls-lab up   starts it; npx mtls-lab reset   removes it; --dir DIR   chooses another place',
    });
  }
  if (state === 'foreign' || state === 'damaged') throw notALab(dir, state);
  if (state === 'interrupted') {
    for (const name of ['hosts', 'pki']) rmSync(join(dir, name), { recursive: true, force: true });
  }
  writeAtomic(join(dir, INIT_MARKER), `${new Date().toISOString()}\n`, MODES.key);
  chmodSync(join(dir, 'run'), 0o700);
  return state;
}

function makeHosts(dir: string, choices: Choices): void {
  for (const host of hostNames(choices)) {
    mkdirSync(join(dir, 'hosts', host, 'var', 'log'), { recursive: true });
  }
}

function writeConfig(dir: string, file: ConfigFile): void {
  // As kubeadm: kubeconfigs and manifests are for root only.
  const secret = !file.path.startsWith('/var/lib/') || file.path === CONFIG_PATHS.kubeProxy;
  writeAtomic(configPath(dir, file), file.text, secret ? MODES.key : MODES.public);
}

function ofWorkers(choices: Choices, workers: readonly string[]): Identity[] {
  return identities(choices)
    .map((identity) => ({
      ...identity,
      copies: identity.copies.filter((copy) => workers.includes(copy.host)),
    }))
    .filter((identity) => identity.copies.length > 0);
}
