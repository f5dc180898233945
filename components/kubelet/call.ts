/**
 * What a simulated command is called with.
 */
import type { RunningContainer } from './containers.ts';
import type { FileSystem } from './files.ts';
import type { LocalPod } from './pods.ts';
import type { Terminal } from './terminal-size.ts';

/** Where a command runs, and whom it talks to. */
export interface CommandContext {
  readonly pod: LocalPod;
  readonly container: RunningContainer;
  readonly node: string;
  readonly now: () => Date;
  readonly stdout: (data: string | Uint8Array) => void;
  readonly stderr: (data: string | Uint8Array) => void;
  /** Null: nothing to read. */
  readonly stdin: AsyncIterable<Uint8Array> | null;
  /** Null: the streams are pipes. */
  readonly terminal: Terminal | null;
  readonly signal: AbortSignal;
  /** The longest that one `sleep` takes. */
  readonly maxSleepMs: number;
}

/** What a command of the table gets. */
export interface Call extends CommandContext {
  readonly args: readonly string[];
  readonly env: Map<string, string>;
  readonly files: FileSystem;
  readonly cwd: { path: string };
  /** Ends the shell with that code. */
  readonly leave: (code: number) => never;
}

/** Wait, unless interrupted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', interrupted);
      resolve();
    };
    const interrupted = (): void => {
      clearTimeout(timer);
      reject(new Error('interrupted'));
    };
    const timer = setTimeout(done, Math.min(ms, 2_147_483_647));
    signal.addEventListener('abort', interrupted, { once: true });
  });
}
