/**
 * The three files behind a server: read at start, watched, and swapped when what is on disk can be used.
 *
 * A broken or half-written file never takes a running server down: the old one stays in use, the component is told
 * with Go's words, and "on disk" and "in the process" are shown side by side.
 */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { LabError, messageOf } from '../../certs/errors.ts';
import { codeOf, unreadable } from '../../certs/files.ts';
import type { FileState, Settings } from '../component.ts';
import type { Reload } from '../flags.ts';
import type { Host } from '../host.ts';
import {
  type BundleRules,
  goTextOf,
  type KeyPairMaterial,
  type NamedBytes,
  problem,
  readKeyPair,
  readRoots,
} from './credentials.ts';
import { watchFiles } from './watch.ts';

/** What to read, and how to speak of it. */
export interface ServerFilesOptions {
  readonly host: Host;
  readonly settings: Settings;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string | undefined;
  readonly flags: { readonly cert: string; readonly key: string; readonly ca: string };
  readonly reload: { readonly pair: Reload; readonly ca: Reload };
  readonly bundleRules: BundleRules;
  /** True: a missing pair is no error; every handshake is refused until there is one. */
  readonly pairMayBeMissing: boolean;
  readonly onEvent: (event: FileEvent) => void;
}

/** What happened to a file. */
export type FileEvent =
  | { readonly kind: 'loaded'; readonly what: Part; readonly path: string }
  | { readonly kind: 'load-failed'; readonly what: Part; readonly path: string; readonly text: string };
type Part = 'serving-cert' | 'client-ca';

/** What connections are served with; a new object for every change. */
export interface ServerMaterial {
  /** null: no handshake can be answered. */
  readonly pair: KeyPairMaterial | null;
  /** null: clients are not asked for certificates. */
  readonly roots: readonly Uint8Array[] | null;
}

/** The files of a running server. */
export interface ServerFiles {
  /** What the next handshake uses. */
  current(): ServerMaterial;
  states(): readonly FileState[];
  close(): void;
}

/** One file, or the two of a pair, that change together. */
interface Group<Value> {
  value: Value;
  /** SHA-256 by path, as last looked at and as in use. */
  seen: string;
  inUse: ReadonlyMap<string, string>;
  trouble: string | null;
  signature: string;
}

/**
 * Read everything, or refuse to start.
 * @throws LabError with the file, what was found, what was expected and the fix
 */
export function openServerFiles(options: ServerFilesOptions): ServerFiles {
  const { host, certFile, keyFile, caFile, reload, settings } = options;
  const pairPaths = [certFile, keyFile];
  const caPaths = caFile === undefined ? [] : [caFile];
  const readPair = (): KeyPairMaterial => readKeyPair(readFile(host, certFile), readFile(host, keyFile));
  const readCa = (): readonly Uint8Array[] | null =>
    caFile === undefined ? null : readRoots(readFile(host, caFile), options.bundleRules);

  const ca = open(host, caPaths, readCa, null, false);
  const pair = open<KeyPairMaterial | null>(host, pairPaths, readPair, null, options.pairMayBeMissing);
  let material: ServerMaterial = { pair: pair.value, roots: ca.value };

  const refresh = <Value>(
    group: Group<Value>,
    what: Part,
    paths: readonly string[],
    read: () => Value,
    honest: Value | undefined,
  ): void => {
    const hashes = hashAll(host, paths);
    const seen = [...hashes.values()].join();
    if (seen === group.seen) return;
    group.seen = seen;
    const path = paths[0] ?? '';
    try {
      group.value = read();
      group.inUse = hashes;
      group.trouble = null;
      options.onEvent({ kind: 'loaded', what, path });
    } catch (error) {
      group.trouble = messageOf(error);
      if (honest !== undefined) group.value = honest;
      options.onEvent({ kind: 'load-failed', what, path, text: goTextOf(error) });
    }
    material = { pair: pair.value, roots: ca.value };
  };
  const mode = (real: Reload): Reload => (settings.autoReload === 'all' ? 'watched' : real);
  const refreshPair = (): void =>
    // Who reads at each handshake, as etcd does, has nothing to fall back on.
    refresh(pair, 'serving-cert', pairPaths, readPair, mode(reload.pair) === 'watched' ? undefined : null);
  const refreshCa = (): void => refresh(ca, 'client-ca', caPaths, readCa, undefined);

  const watched: (() => void)[] = [];
  const follow = (real: Reload, paths: readonly string[], refreshGroup: () => void): void => {
    if (mode(real) !== 'watched' || paths.length === 0) return;
    watched.push(
      watchFiles(
        paths.map((path) => host.path(path)),
        refreshGroup,
      ),
    );
  };
  follow(reload.pair, pairPaths, refreshPair);
  follow(reload.ca, caPaths, refreshCa);

  const beforeHandshake = <Value>(group: Group<Value>, real: Reload, paths: readonly string[]): boolean => {
    const pending = group.value === null && paths.length > 0;
    if (mode(real) !== 'each-handshake' && !pending) return false;
    const signature = signatureOf(host, paths);
    if (signature === group.signature) return false;
    group.signature = signature;
    return true;
  };

  return {
    current() {
      if (beforeHandshake(pair, reload.pair, pairPaths)) refreshPair();
      if (beforeHandshake(ca, reload.ca, caPaths)) refreshCa();
      return material;
    },
    states: () => [
      fileState(host, certFile, options.flags.cert, pair),
      fileState(host, keyFile, options.flags.key, pair),
      ...caPaths.map((path) => fileState(host, path, options.flags.ca, ca)),
    ],
    close() {
      for (const stop of watched) stop();
    },
  };
}

function open<Value>(
  host: Host,
  paths: readonly string[],
  read: () => Value,
  absent: Value,
  mayBeMissing: boolean,
): Group<Value> {
  const hashes = hashAll(host, paths);
  const seen = [...hashes.values()].join();
  const signature = signatureOf(host, paths);
  if (mayBeMissing && paths.some((path) => hashes.get(path) === '')) {
    return { value: absent, seen, inUse: new Map(), trouble: null, signature };
  }
  return { value: read(), seen, inUse: hashes, trouble: null, signature };
}

/**
 * Read a file of a host.
 * @param path  inside the host
 * @throws      LabError FILE_MISSING or FILE_UNREADABLE, with Go's `open PATH: no such file or directory` behind it
 */
export function readFile(host: Host, path: string): NamedBytes {
  try {
    return { from: path, bytes: readFileSync(host.path(path)) };
  } catch (error) {
    if (error instanceof LabError) throw error;
    const { code, what, fix } = unreadable(path, error);
    throw problem(code, `open ${path}: ${GO_ERRNO[codeOf(error) ?? ''] ?? messageOf(error)}`, { what, fix });
  }
}

/** @see Go src/syscall/zerrors_linux_amd64.go */
const GO_ERRNO: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
};

function fileState<Value>(host: Host, path: string, flag: string, group: Group<Value>): FileState {
  const onDisk = hashOf(host, path);
  return {
    path,
    flag,
    inProcess: group.inUse.get(path) ?? null,
    onDisk: onDisk === '' ? null : onDisk,
    problem: group.trouble,
  };
}

function hashAll(host: Host, paths: readonly string[]): Map<string, string> {
  return new Map(paths.map((path) => [path, hashOf(host, path)]));
}

/** SHA-256 (hex) of a file's content; empty when it cannot be read. */
function hashOf(host: Host, path: string): string {
  try {
    return createHash('sha256')
      .update(readFileSync(host.path(path)))
      .digest('hex');
  } catch {
    return '';
  }
}

function signatureOf(host: Host, paths: readonly string[]): string {
  return paths
    .map((path) => {
      try {
        const { ino, size, mtimeNs } = statSync(host.path(path), { bigint: true });
        return `${ino} ${size} ${mtimeNs}`;
      } catch {
        return '';
      }
    })
    .join();
}
