/**
 * The real kubectl, in a home of its own: no cache and no configuration of this computer reaches it.
 */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import { type OnTerminal, startOnTerminal } from './terminal.ts';
import { requireKubectl } from './tools.ts';

/** Longer than any `--timeout` of a test: kubectl itself says what it waited for. */
const LIMIT_MS = 120_000;

/** What a command left behind. */
export interface KubectlResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A kubectl that is bound to one kubeconfig. */
export interface Kubectl {
  (args: readonly string[], stdin?: string): Promise<KubectlResult>;
  /** Start one and leave it running. */
  start(args: readonly string[]): RunningKubectl;
  /** Start one on a terminal. @param python  path of python3 */
  startOnTerminal(
    python: string,
    args: readonly string[],
    size: { readonly rows: number; readonly columns: number },
  ): OnTerminal;
}

/** A kubectl that runs. */
export interface RunningKubectl {
  readonly output: () => string;
  readonly errors: () => string;
  readonly ended: Promise<KubectlResult>;
  write(text: string): void;
  closeInput(): void;
  stop(): Promise<void>;
}

/** One release bound to the laptop's kubeconfig of a cluster directory; skips the test when it is missing. */
export function kubectlFor(context: TestContext, dir: string, release: string): Kubectl {
  const path = requireKubectl(context, release);
  return bindKubectl(path, join(dir, 'hosts/laptop/.kube/config'), join(dir, 'run', `kubectl-${release}`));
}

/**
 * Bind a kubectl to a kubeconfig.
 * @param path   of the program
 * @param home   a folder for its cache; removed by whoever made it
 */
export function bindKubectl(path: string, kubeconfig: string, home: string): Kubectl {
  mkdirSync(home, { recursive: true });
  const env = {
    HOME: home,
    KUBECONFIG: kubeconfig,
    PATH: process.env['PATH'] ?? '',
    TERM: 'dumb',
    TZ: 'UTC',
  };
  const cache = `--cache-dir=${join(home, 'cache')}`;
  const start = (args: readonly string[]): RunningKubectl => {
    const child = spawn(path, [cache, ...args], { env, stdio: 'pipe' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.stdin.on('error', () => undefined);
    const limit = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
    const ended = new Promise<KubectlResult>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        clearTimeout(limit);
        resolve({ code, stdout, stderr });
      });
    });
    return {
      output: () => stdout,
      errors: () => stderr,
      ended,
      write: (text) => child.stdin.write(text),
      closeInput: () => child.stdin.end(),
      async stop() {
        child.stdin.end();
        child.kill('SIGTERM');
        await ended;
      },
    };
  };
  const run = (args: readonly string[], stdin?: string): Promise<KubectlResult> => {
    const running = start(args);
    if (stdin !== undefined) running.write(stdin);
    running.closeInput();
    return running.ended;
  };
  return Object.assign(run, {
    start,
    startOnTerminal: (
      python: string,
      args: readonly string[],
      size: { readonly rows: number; readonly columns: number },
    ) => startOnTerminal(python, [path, cache, ...args], env, size),
  });
}
