/**
 * Each component's log on its host: `hosts/<host>/var/log/<component>.log`, bounded to two generations.
 *
 * Lines are gathered and written in one append per turn of the event loop; a host folder that cannot be written
 * loses its log and nothing else.
 */
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { InstanceId } from '../components/component.ts';

/** One generation; the older one lies beside it as `.log.1`. */
const MAX_BYTES = 1_000_000;
/** The newest lines kept in memory, for messages about a component that could not start. */
const RECENT_LINES = 50;

/** A component's log. */
export interface LogFile {
  readonly path: string;
  write(line: string): void;
  recent(): readonly string[];
  flush(): void;
}

/** The log's path: `kubelet@worker-1` is `hosts/worker-1/var/log/kubelet.log`. */
export function logPath(dir: string, id: InstanceId, host: string): string {
  return join(dir, 'hosts', host, 'var', 'log', `${id.split('@')[0]}.log`);
}

/** Open a log for appending; the file is made at the first line. */
export function openLogFile(path: string, onLine?: (line: string) => void): LogFile {
  const recent: string[] = [];
  let waiting: string[] = [];
  let sizeBytes: number | undefined;

  const flush = (): void => {
    if (waiting.length === 0) return;
    const text = waiting.join('');
    waiting = [];
    try {
      mkdirSync(dirname(path), { recursive: true });
      sizeBytes ??= statSync(path, { throwIfNoEntry: false })?.size ?? 0;
      if (sizeBytes + text.length > MAX_BYTES && sizeBytes > 0) {
        renameSync(path, `${path}.1`);
        sizeBytes = 0;
      }
      appendFileSync(path, text);
      sizeBytes += text.length;
    } catch {
      // A log that cannot be written must not stop the component; `recent` still has the lines.
      sizeBytes = undefined;
    }
  };

  return {
    path,
    write: (line) => {
      recent.push(line);
      if (recent.length > RECENT_LINES) recent.shift();
      if (waiting.length === 0) setImmediate(flush);
      waiting.push(`${line}\n`);
      onLine?.(line);
    },
    recent: () => recent,
    flush,
  };
}

/**
 * The last lines of a log, both generations.
 * @param tail  how many; undefined for all that is kept
 */
export function readLog(path: string, tail?: number): string[] {
  const text = [`${path}.1`, path].map(readText).join('');
  const lines = text.split('\n');
  if (lines.at(-1) === '') lines.pop();
  return tail === undefined ? lines : lines.slice(Math.max(0, lines.length - tail));
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
