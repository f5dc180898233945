/**
 * Watch folders: told when anything in them changed, also after the folder itself was removed and made again.
 *
 * The folder is watched, never a file: a watch on a file dies with the first rename over it. A folder that is
 * not there is waited for at its nearest existing ancestor; every few seconds all is looked at again, for file
 * systems that tell nothing.
 */
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';

/** Changes that arrive together are told once. */
const DEBOUNCE_MS = 80;
const LOOK_AGAIN_MS = 2000;
/** With more folders than this each is looked at less often: the looking stays a small part of a processor. */
const FOLDERS_AT_FULL_PACE = 100;

let open = 0;

/** A watch that runs. */
export interface FolderWatch {
  close(): void;
}

/**
 * Call `changed` whenever a file of the folder was written, replaced, added or removed. Subfolders do not count.
 * @param folder   absolute; need not exist
 * @param changed  must not throw
 */
export function watchFolder(folder: string, changed: () => void): FolderWatch {
  let watcher: FSWatcher | undefined;
  let watched = '';
  let watchedInode = 0;
  let timer: NodeJS.Timeout | undefined;
  let seen = fingerprint(folder);
  let closed = false;

  const disarm = (): void => {
    watcher?.close();
    watcher = undefined;
  };
  const arm = (): void => {
    const target = nearestFolder(folder);
    const inode = statSync(target, { throwIfNoEntry: false })?.ino ?? 0;
    if (watcher && target === watched && inode === watchedInode) return;
    disarm();
    watched = target;
    watchedInode = inode;
    try {
      watcher = watch(target, { persistent: false }, soon);
      watcher.on('error', disarm);
    } catch {
      // Out of watches, or gone between two lines: the regular look finds what changes.
      watcher = undefined;
    }
  };
  const look = (): void => {
    timer = undefined;
    if (closed) return;
    arm();
    const now = fingerprint(folder);
    if (now === seen) return;
    seen = now;
    changed();
  };
  function soon(): void {
    if (!closed) timer ??= setTimeout(look, DEBOUNCE_MS);
  }

  arm();
  open += 1;
  let regular = later();
  function later(): NodeJS.Timeout {
    return setTimeout(
      () => {
        look();
        if (!closed) regular = later();
      },
      LOOK_AGAIN_MS * Math.max(1, open / FOLDERS_AT_FULL_PACE),
    ).unref();
  }
  return {
    close: () => {
      if (closed) return;
      closed = true;
      open -= 1;
      clearTimeout(timer);
      clearTimeout(regular);
      disarm();
    },
  };
}

/** Names, sizes, inodes and times of a folder's files; empty when it is not there. */
function fingerprint(folder: string): string {
  try {
    return readdirSync(folder)
      .sort()
      .map((name) => {
        const stat = statSync(join(folder, name), { throwIfNoEntry: false });
        return stat ? `${name} ${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs}` : name;
      })
      .join('\n');
  } catch {
    return '';
  }
}

function nearestFolder(folder: string): string {
  let at = folder;
  while (statSync(at, { throwIfNoEntry: false })?.isDirectory() !== true && dirname(at) !== at)
    at = dirname(at);
  return at;
}
