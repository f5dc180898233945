/**
 * List and watch: keep a local copy of a collection, as client-go's reflector and informers do.
 *
 * Lists go over the current round's connection. The watch has a long-lived connection of its own, which stays open
 * when the server's certificate changes: TLS checks only at the start.
 */
import type { Readable } from 'node:stream';
import { messageOf } from '../../certs/errors.ts';
import { ApiError, isStatus, type StatusBody } from './api-error.ts';
import { type KubeList, type KubeObject, keyOf } from './kinds.ts';

/** What happened to one object. `old` is the copy before, when there was one. */
export interface Change<T extends KubeObject> {
  readonly type: 'added' | 'modified' | 'deleted';
  readonly object: T;
  readonly old?: T;
}

/** What to watch. */
export interface WatchOptions<T extends KubeObject> {
  /** Go's type, for log lines: `*v1.Pod`. */
  readonly type: string;
  /** Selectors: `fieldSelector`, `labelSelector`. */
  readonly query?: Readonly<Record<string, string>>;
  readonly onChange?: (change: Change<T>) => void;
}

/** A local copy that follows the API server. */
export interface Watch<T extends KubeObject = KubeObject> {
  /** All objects of the copy. */
  list(): readonly T[];
  /** By `namespace/name`, or the bare name. */
  get(key: string): T | undefined;
  /** True once a list has been received. */
  synced(): boolean;
  /** Keep what a write answered, when it is newer than the copy. */
  remember(object: T): void;
  close(): Promise<void>;
}

/** What a reflector needs of its client. */
export interface ReflectorSource {
  readonly path: string;
  list(query: Readonly<Record<string, string>>): Promise<KubeList>;
  /** Open a watch over a connection of its own; the stream is newline-separated JSON. */
  open(query: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Readable>;
  /** One failed attempt, to be logged. */
  failed(type: string, what: 'list' | 'watch', error: unknown): void;
  readonly backoffCapMs: number;
}

/** A reflector, with the strings by which its client moves it. */
export interface Reflector<T extends KubeObject> extends Watch<T> {
  /** End the waiting after a failure: the server answers again. */
  kick(): void;
  /** Close the connection and dial again, from where it stood. */
  redial(): void;
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubeObject & StatusBody;
}

const FIRST_BACKOFF_MS = 800;
const WATCH_SECONDS = 300;

/**
 * Start following a collection.
 * @see client-go tools/cache/reflector.go, ListAndWatch (without WatchList)
 */
export function startReflector<T extends KubeObject>(
  source: ReflectorSource,
  options: WatchOptions<T>,
): Reflector<T> {
  const copy = new Map<string, T>();
  let resourceVersion: string | null = null;
  let synced = false;
  let closed = false;
  let connection = new AbortController();
  let wake: () => void = () => undefined;

  const change = (type: Change<T>['type'], object: T): void => {
    const key = keyOf(object);
    const old = copy.get(key);
    if (type === 'deleted') copy.delete(key);
    else copy.set(key, object);
    const told = type === 'deleted' ? type : old ? 'modified' : 'added';
    options.onChange?.({ type: told, object, ...(old ? { old } : {}) });
  };

  const relist = async (): Promise<void> => {
    const items: T[] = [];
    let page: KubeList | undefined;
    do {
      const next: string | undefined = page?.metadata.continue;
      page = await source.list({
        ...options.query,
        limit: '500',
        ...(next ? { continue: next } : { resourceVersion: '0' }),
      });
      items.push(...(page.items as readonly T[]));
    } while (page.metadata.continue);
    resourceVersion = page.metadata.resourceVersion ?? '0';
    const present = new Set(items.map(keyOf));
    for (const [key, old] of [...copy]) if (!present.has(key)) change('deleted', old);
    for (const item of items) {
      const old = copy.get(keyOf(item));
      if (old?.metadata.resourceVersion !== item.metadata.resourceVersion || !old) change('added', item);
    }
    synced = true;
  };

  const take = (event: WatchEvent): void => {
    if (event.type === 'ERROR') throw new ApiError(event.object.code ?? 500, event.object);
    resourceVersion = event.object.metadata.resourceVersion ?? resourceVersion;
    if (event.type === 'BOOKMARK') return;
    change(event.type === 'DELETED' ? 'deleted' : 'added', event.object as unknown as T);
  };

  const stream = async (): Promise<void> => {
    // Closed while the list was being read: a watch opened now would outlive its owner by minutes.
    if (closed) return;
    connection = new AbortController();
    const query = {
      ...options.query,
      allowWatchBookmarks: 'true',
      resourceVersion: resourceVersion ?? '0',
      timeoutSeconds: String(WATCH_SECONDS + Math.floor(Math.random() * WATCH_SECONDS)),
      watch: 'true',
    };
    const body = await source.open(query, connection.signal);
    for await (const line of linesOf(body)) take(JSON.parse(line) as WatchEvent);
  };

  const run = async (): Promise<void> => {
    let failures = 0;
    while (!closed) {
      let doing: 'list' | 'watch' = 'list';
      const begunAt = performance.now();
      try {
        if (resourceVersion === null) await relist();
        doing = 'watch';
        await stream();
        failures = performance.now() - begunAt < FIRST_BACKOFF_MS ? failures + 1 : 0;
      } catch (error) {
        if (closed) return;
        const redialled = connection.signal.aborted;
        if (!redialled) source.failed(options.type, doing, error);
        if (doing === 'watch' && !redialled) resourceVersion = null;
        const lived = doing === 'watch' && performance.now() - begunAt > source.backoffCapMs;
        failures = redialled || lived || isStatus(error, 410) ? 0 : failures + 1;
      }
      if (failures > 0) await pause(failures);
    }
  };

  const pause = (failures: number): Promise<void> => {
    const delayMs = Math.min(source.backoffCapMs, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10));
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, delayMs * (0.75 + Math.random() * 0.25));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  };

  const running = run();
  return {
    list: () => [...copy.values()],
    get: (key) => copy.get(key),
    synced: () => synced,
    remember: (object) => {
      const old = copy.get(keyOf(object));
      const version = (one: KubeObject): number => Number(one.metadata.resourceVersion ?? 0);
      if (old && version(old) < version(object)) copy.set(keyOf(object), object);
    },
    kick: () => wake(),
    redial: () => {
      connection.abort();
      wake();
    },
    close: async () => {
      closed = true;
      connection.abort();
      wake();
      await running;
    },
  };
}

/** The lines of a stream, as they arrive; an unfinished last line is dropped. */
async function* linesOf(body: Readable): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line !== '') yield line;
  }
}

/** The text of a reflector's failure: `failed to list *v1.Pod: Get "https://…": …`. */
export function reflectorText(type: string, what: 'list' | 'watch', error: unknown): string {
  return `failed to ${what} ${type}: ${messageOf(error)}`;
}
