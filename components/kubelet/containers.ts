/**
 * Simulated containers: what a container of an image does when it starts, and the log it would have written.
 * No process is ever spawned; a container is a record with a clock.
 */
import { createHash } from 'node:crypto';
import type { Container } from '../api/kinds.ts';

/** One line of a container's log. */
export interface LogLine {
  /** Host time, milliseconds since the epoch. */
  readonly atMs: number;
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/** A container that runs or ran. */
export interface RunningContainer {
  readonly spec: Container;
  /** 64 hex digits. */
  readonly id: string;
  startedAtMs: number;
  restarts: number;
  /** Null while it runs. */
  exit: { readonly code: number; readonly atMs: number } | null;
  /** The most recent lines that it wrote since the start-up lines. */
  readonly written: LogLine[];
  readonly followers: Set<(line: LogLine) => void>;
  /** Files that exec wrote; undefined until the first one. */
  files: Map<string, Uint8Array> | undefined;
  /** Aborted when the container has ended or is to end: stops its command and those who follow its log. */
  readonly ended: AbortController;
}

const KEPT_LINES = 500;

/** What the image of a server prints when it starts. Images are matched by their name without registry and tag. */
const STARTUP: Readonly<Record<string, (at: Date) => readonly string[]>> = {
  nginx: (at) => {
    const stamp = at.toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ');
    return [
      '/docker-entrypoint.sh: /docker-entrypoint.d/ is not empty, will attempt to perform configuration',
      '/docker-entrypoint.sh: Looking for shell scripts in /docker-entrypoint.d/',
      '/docker-entrypoint.sh: Configuration complete; ready for start up',
      `${stamp} [notice] 1#1: using the "epoll" event method`,
      `${stamp} [notice] 1#1: nginx/1.27.3`,
      `${stamp} [notice] 1#1: start worker processes`,
      `${stamp} [notice] 1#1: start worker process 29`,
    ];
  },
  httpd: (at) => [`[${at.toUTCString()}] [core:notice] [pid 1] AH00094: Command line: 'httpd -D FOREGROUND'`],
  redis: () => ['1:M * Ready to accept connections tcp'],
  pause: () => [],
};

/** Images whose default command is a shell or nothing: they end at once without a terminal. */
const SHELLS = new Set(['busybox', 'alpine', 'debian', 'ubuntu', 'bash']);

/** `docker.io/library/nginx:1.27` -> `nginx`. */
export function imageName(image: string): string {
  return (image.split('/').at(-1) ?? '').replace(/[:@].*$/, '');
}

/** A reference that could be pulled: pkg/util/parsers, ParseImageName, in short. */
export function isImageReference(image: string): boolean {
  return /^([a-z0-9.-]+(:\d+)?\/)?[a-z0-9._/-]+(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?$/.test(image);
}

/** What the container runs: its own command, or null for a server that runs until it is stopped. */
export function mainCommand(container: Container): readonly string[] | null {
  const words = [...(container.command ?? []), ...(container.args ?? [])];
  if (container.command && container.command.length > 0) return words;
  const shell = SHELLS.has(imageName(container.image));
  if (words.length > 0) return shell || !STARTUP[imageName(container.image)] ? words : null;
  return shell && !container.stdin ? ['true'] : null;
}

/** The image's id: a digest of its name, always the same. */
export function imageId(image: string): string {
  const repository = image.replace(/[:@][^/]*$/, '');
  const full = repository.includes('/') ? repository : `docker.io/library/${repository}`;
  return `${full}@sha256:${createHash('sha256').update(image).digest('hex')}`;
}

/** Start a container. */
export function startContainer(
  spec: Container,
  podUid: string,
  nowMs: number,
  restarts: number,
): RunningContainer {
  const id = createHash('sha256').update(`${podUid}/${spec.name}/${restarts}`).digest('hex');
  return {
    spec,
    id,
    startedAtMs: nowMs,
    restarts,
    exit: null,
    written: [],
    followers: new Set(),
    files: undefined,
    ended: new AbortController(),
  };
}

/** The whole log: what the image prints at its start, then what was written since. */
export function logOf(container: RunningContainer): readonly LogLine[] {
  const words = mainCommand(container.spec);
  const at = new Date(container.startedAtMs);
  const lines = words ? [] : (STARTUP[imageName(container.spec.image)]?.(at) ?? []);
  const startup = lines.map(
    (text, index): LogLine => ({
      atMs: container.startedAtMs + index * 3,
      stream: 'stdout',
      text,
    }),
  );
  return [...startup, ...container.written];
}

/** Add a line to a container's log, and tell those who follow it. */
export function writeLog(container: RunningContainer, line: LogLine): void {
  container.written.push(line);
  if (container.written.length > KEPT_LINES) container.written.shift();
  for (const follower of container.followers) follower(line);
}
