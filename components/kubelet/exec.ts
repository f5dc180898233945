/**
 * exec and attach, whatever carries the streams: run a simulated command, answer with a Status.
 */
import { randomBytes } from 'node:crypto';
import type { ByteQueue } from './byte-queue.ts';
import { COMMANDS } from './commands.ts';
import { logOf, type RunningContainer } from './containers.ts';
import type { LocalPod } from './pods.ts';
import { runCommand } from './shell.ts';
import { runTerminal } from './terminal.ts';
import { onTerminal, type Terminal } from './terminal-size.ts';

/** The streams of one session. */
export interface ExecStreams {
  readonly stdin: ByteQueue | null;
  readonly stdout: (data: string | Uint8Array) => void;
  readonly stderr: (data: string | Uint8Array) => void;
  /** Null: no terminal was asked for. */
  readonly terminal: Terminal | null;
  readonly signal: AbortSignal;
}

/** Which container, and where it is. */
export interface ExecTarget {
  readonly pod: LocalPod;
  readonly container: RunningContainer;
  readonly node: string;
  readonly now: () => Date;
}

/** How a session ended: a v1.Status, sent on the error stream. */
export interface ExecStatus {
  readonly metadata: Readonly<Record<string, never>>;
  readonly status: 'Success' | 'Failure';
  readonly message?: string;
  readonly reason?: string;
  readonly details?: { readonly causes: readonly { readonly reason: string; readonly message: string }[] };
  readonly code?: number;
}

const SUCCESS: ExecStatus = { metadata: {}, status: 'Success' };
const SHELLS = ['sh', 'bash', 'ash'];
const MAX_SLEEP_MS = 3_600_000;

/**
 * Run a command in a container.
 * @see k8s.io/kubelet pkg/cri/streaming/remotecommand/exec.go, ServeExec (the Status)
 */
export async function exec(
  target: ExecTarget,
  command: readonly string[],
  streams: ExecStreams,
): Promise<ExecStatus> {
  const [program = ''] = command;
  const name = program.startsWith('/') ? (program.split('/').at(-1) ?? '') : program;
  if (!COMMANDS[name] && !SHELLS.includes(name)) return notFound(program);
  const stdout = stdoutOf(streams);
  const context = {
    ...target,
    stdout,
    stderr: streams.terminal ? stdout : streams.stderr,
    stdin: streams.stdin,
    terminal: streams.terminal,
    signal: streams.signal,
    maxSleepMs: MAX_SLEEP_MS,
  };
  const interactive = SHELLS.includes(name) && command.slice(1).every((word) => /^-[il]+$/.test(word));
  const code =
    interactive && streams.stdin
      ? await runTerminal(context, streams.stdin, streams.terminal !== null)
      : await runCommand(command, context);
  if (code === 0) return SUCCESS;
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

/** Attach to a container: its log so far and as it goes on, until the client leaves or the container ends. */
export async function attach(target: ExecTarget, streams: ExecStreams): Promise<ExecStatus> {
  const { container } = target;
  const stdout = stdoutOf(streams);
  if (container.exit) {
    for (const line of logOf(container)) stdout(`${line.text}\n`);
    return SUCCESS;
  }
  const follow = (line: { readonly text: string }): void => stdout(`${line.text}\n`);
  container.followers.add(follow);
  await new Promise<void>((resolve) => {
    streams.signal.addEventListener('abort', () => resolve(), { once: true });
    container.ended.signal.addEventListener('abort', () => resolve(), { once: true });
  });
  container.followers.delete(follow);
  return SUCCESS;
}

function stdoutOf({ stdout, terminal }: ExecStreams): ExecStreams['stdout'] {
  return terminal ? onTerminal(stdout) : stdout;
}

/** What containerd and runc say about a program that is not there. */
function notFound(program: string): ExecStatus {
  const id = randomBytes(32).toString('hex');
  const runc = `OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": executable file not found in $PATH: unknown`;
  const message = `Internal error occurred: error executing command in container: failed to exec in container: failed to start exec "${id}": ${runc}`;
  return {
    metadata: {},
    status: 'Failure',
    message,
    reason: 'InternalError',
    details: { causes: [{ reason: '', message }] },
    code: 500,
  };
}
