/**
 * Tells when any of some files changed: by watching their directories, never the files themselves (a watch on a
 * file dies with the first atomic rename), and by looking every few seconds, for what a watch misses.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

const DEBOUNCE_MS = 100;
const LOOK_EVERY_MS = 2000;

interface Subscription {
  readonly paths: readonly string[];
  readonly onChange: () => void;
  readonly wake: () => void;
  directories: Set<string>;
  signature: string;
  timer: NodeJS.Timeout | undefined;
}

const subscriptions = new Set<Subscription>();
const watchers = new Map<string, { watcher: FSWatcher; users: Set<Subscription> }>();
let looking: NodeJS.Timeout | undefined;

/**
 * Watch files that may or may not exist, in directories that may or may not exist.
 * @param paths     absolute
 * @param onChange  called about 100 ms after a file was written, replaced, removed or made; never concurrently
 * @returns         stop watching
 */
export function watchFiles(paths: readonly string[], onChange: () => void): () => void {
  const subscription: Subscription = {
    paths,
    onChange,
    wake: () => {
      subscription.timer ??= setTimeout(() => {
        subscription.timer = undefined;
        look(subscription);
      }, DEBOUNCE_MS).unref();
    },
    directories: new Set(),
    signature: signatureOf(paths),
    timer: undefined,
  };
  subscriptions.add(subscription);
  arm(subscription);
  looking ??= setInterval(() => {
    for (const one of subscriptions) look(one);
  }, LOOK_EVERY_MS).unref();
  return () => {
    clearTimeout(subscription.timer);
    subscriptions.delete(subscription);
    for (const directory of subscription.directories) leave(directory, subscription);
    if (subscriptions.size > 0) return;
    clearInterval(looking);
    looking = undefined;
  };
}

function look(subscription: Subscription): void {
  if (!subscriptions.has(subscription)) return;
  arm(subscription);
  const signature = signatureOf(subscription.paths);
  if (signature === subscription.signature) return;
  subscription.signature = signature;
  subscription.onChange();
}

function signatureOf(paths: readonly string[]): string {
  return paths
    .map((path) => {
      try {
        const { ino, size, mtimeNs, ctimeNs, mode } = statSync(path, { bigint: true });
        return `${ino} ${size} ${mtimeNs} ${ctimeNs} ${mode}`;
      } catch {
        return '';
      }
    })
    .join('\n');
}

/** Watch the nearest existing ancestor of every file: it changes when a directory is removed or made again. */
function arm(subscription: Subscription): void {
  const wanted = new Set(subscription.paths.map((path) => existing(dirname(path))));
  for (const directory of subscription.directories) {
    if (!wanted.has(directory)) leave(directory, subscription);
  }
  for (const directory of wanted) join(directory, subscription);
  subscription.directories = wanted;
}

function existing(directory: string): string {
  let at = directory;
  while (!statSync(at, { throwIfNoEntry: false })?.isDirectory() && dirname(at) !== at) at = dirname(at);
  return at;
}

function join(directory: string, subscription: Subscription): void {
  const shared = watchers.get(directory);
  if (shared) {
    shared.users.add(subscription);
    return;
  }
  const users = new Set([subscription]);
  try {
    const watcher = watch(directory, { persistent: false });
    // A directory that was removed takes its watch with it: forget it, so that the next look watches anew.
    const forget = (): void => {
      if (watchers.get(directory)?.watcher === watcher) watchers.delete(directory);
      watcher.close();
    };
    watcher.on('error', forget);
    watcher.on('change', (event, name) => {
      for (const user of users) user.wake();
      if (event === 'rename' && String(name) === basename(directory)) forget();
    });
    watchers.set(directory, { watcher, users });
  } catch {
    // No watch to be had (too many, no rights): looking every few seconds has to do.
  }
}

function leave(directory: string, subscription: Subscription): void {
  const shared = watchers.get(directory);
  if (!shared?.users.delete(subscription) || shared.users.size > 0) return;
  watchers.delete(directory);
  shared.watcher.close();
}
