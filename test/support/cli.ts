/**
 * The program as a user runs it: spawned, or, for what needs no process of its own, called in this one.
 */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { execute } from '../../lab/cli/main.ts';
import { emptyFolder } from './lab-directory.ts';

const BIN = resolve(import.meta.dirname, '../../scripts/mtls-lab.js');
const LIMIT_MS = 60_000;

/** What a command left behind. */
export interface Result {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs. */
export interface Session {
  /** Resolves when the text has appeared on standard output. */
  saw(text: string | RegExp): Promise<string>;
  kill(signal: NodeJS.Signals): void;
  readonly pid: number;
  readonly ended: Promise<Result>;
}

/** Run `node scripts/mtls-lab.js …` to its end. */
export function runLab(args: readonly string[], options: SpawnOptions = {}): Promise<Result> {
  return startProgram([...(options.nodeArgs ?? []), BIN, ...args], options).ended;
}

/** Start `node scripts/mtls-lab.js …`. */
export function startLabProcess(args: readonly string[], options: SpawnOptions = {}): Session {
  return startProgram([...(options.nodeArgs ?? []), BIN, ...args], options);
}

/** How to spawn. */
export interface SpawnOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeArgs?: readonly string[];
  readonly stdin?: string;
  /** Another program than this Node. */
  readonly program?: string;
}

/** Start a program and gather what it prints; killed after a minute. */
export function startProgram(args: readonly string[], options: SpawnOptions = {}): Session {
  const child = spawn(options.program ?? process.execPath, [...args], {
    cwd: options.cwd ?? tmpdir(),
    env: { ...process.env, FORCE_COLOR: undefined, ...options.env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  child.stdin.end(options.stdin ?? '');
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
    for (const look of watchers) look();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const timer = setTimeout(() => child.kill('SIGKILL'), LIMIT_MS);
  const ended = new Promise<Result>((done) => {
    child.on('close', (code) => {
      clearTimeout(timer);
      done({ code, stdout, stderr });
      for (const look of watchers) look();
    });
  });
  return {
    pid: child.pid ?? 0,
    ended,
    kill: (signal) => void child.kill(signal),
    saw: (text) =>
      new Promise((found, failed) => {
        const look = (): void => {
          const match = typeof text === 'string' ? stdout.includes(text) : text.test(stdout);
          if (match || child.exitCode !== null) watchers.delete(look);
          if (match) found(stdout);
          else if (child.exitCode !== null)
            failed(new Error(`ended with ${child.exitCode}: ${stdout}${stderr}`));
        };
        watchers.add(look);
        look();
      }),
  };
}

/** Carry out one command line in this process. */
export async function callCli(args: readonly string[]): Promise<Result> {
  let stdout = '';
  let stderr = '';
  const code = await execute(
    args,
    {
      isTty: false,
      columns: 100,
      print: (text) => {
        stdout += `${text}\n`;
      },
      write: (text) => {
        stdout += text;
      },
      complain: (text) => {
        stderr += `${text}\n`;
      },
      paint: (_, text) => text,
    },
    { prompt: false },
  );
  return { code, stdout, stderr };
}

/** An empty folder, removed by `remove`, or at the latest after the tests of the file. */
export function temporaryFolder(name: string): { readonly path: string; remove(): void } {
  const path = emptyFolder(name);
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
