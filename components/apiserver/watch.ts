/**
 * Watches of clients: events from the cache as lines of JSON, in order, filtered by selectors.
 *
 * @see apiserver pkg/endpoints/handlers/watch.go, pkg/storage/cacher/cache_watcher.go (convertToWatchEvent)
 */
import type { KubeObject } from '../api/object.ts';
import { apiVersionOf, etcdFolder } from '../api/resources.ts';
import { expired, type Status } from '../api/status.ts';
import { apiVersionFor, asks, type Call, partialOf } from './call.ts';
import { type Form, formOf, goJson, note } from './negotiate.ts';
import { present } from './present.ts';
import { matcherOf } from './read.ts';
import type { CacheEvent } from './watch-cache.ts';
import { notReady } from './watch-cache.ts';

const BOOKMARK_MS = 60_000;
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const INITIAL_EVENTS_END = 'k8s.io/initial-events-end';

type Render = (object: KubeObject) => unknown;

/** GET ?watch=true of a collection. Resolves when the watch is over. */
export async function watchObjects(call: Call): Promise<void> {
  const { api, info, request, response, resource } = call;
  const { cache } = api.store;
  if (!cache.ready()) throw notReady(api.store.problem());
  const { matches, unfiltered } = matcherOf(call);
  const form = formOf(request);
  const render = await rendererOf(call, form);
  const cacheKey = `${apiVersionFor(call)} ${form} ${info.query.get('includeObject') ?? ''}`;
  const prefix =
    etcdFolder(resource) + (resource.namespaced && info.namespace !== '' ? `${info.namespace}/` : '');
  const asked = info.query.get('resourceVersion') ?? '';
  const initial = asks(call, 'sendInitialEvents');
  const fromStart = asked === '' || asked === '0' || initial;
  const after = fromStart ? cache.revision() : Number(asked);
  const seconds =
    Number(info.query.get('timeoutSeconds') ?? 0) || api.flags['min-request-timeout'] * (1 + Math.random());

  let sent = after;
  const write = (line: string): void => {
    // Ended, and its peer has not closed yet: nothing more may be written.
    if (response.writableEnded || response.destroyed) return;
    if (response.writableLength > MAX_BUFFERED_BYTES) response.destroy();
    else response.write(line);
  };
  const line = (type: string, object: unknown): string => `${goJson({ type, object })}\n`;

  // Followed first, so that a watch which cannot begin is answered with 410 as its only event.
  let unfollow = (): void => undefined;
  const begin = (): void => {
    response.writeHead(200, { 'content-type': 'application/json', 'transfer-encoding': 'chunked' });
    response.flushHeaders();
    note(request, 200, '');
  };
  const bookmark = (annotations?: Readonly<Record<string, string>>): void => {
    const metadata = {
      resourceVersion: String(Math.max(sent, cache.revision())),
      creationTimestamp: null,
      ...(annotations ? { annotations } : {}),
    };
    const object = {
      kind: resource.kind,
      apiVersion: apiVersionOf(resource.group, info.version),
      metadata,
    } as unknown as KubeObject;
    write(line('BOOKMARK', form === 'object' ? object : render(object)));
  };
  const onEvent = (event: CacheEvent | null): void => {
    if (event === null) {
      write(line('ERROR', expired('too old resource version: the store was read anew').status));
      response.end();
      return;
    }
    const type = unfiltered ? event.type : typeFor(event, matches);
    if (type === undefined) return;
    sent = event.revision;
    const key = `${cacheKey} ${type}`;
    let text = event.rendered.get(key);
    if (text === undefined) {
      text = line(type, render(present(call, event.object)));
      event.rendered.set(key, text);
    }
    write(text);
  };

  begin();
  if (fromStart) {
    for (const entry of cache.list(prefix)) {
      if (matches(entry.object)) write(line('ADDED', render(present(call, entry.object))));
    }
    if (initial) bookmark({ [INITIAL_EVENTS_END]: 'true' });
  }
  try {
    unfollow = cache.follow(prefix, after, onEvent);
  } catch (error) {
    const status: Status | undefined =
      error instanceof Error && 'status' in error ? (error.status as Status) : undefined;
    write(line('ERROR', status ?? expired('too old resource version').status));
    response.end();
    return;
  }
  const bookmarks = asks(call, 'allowWatchBookmarks')
    ? setInterval(() => bookmark(), BOOKMARK_MS)
    : undefined;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => response.end(), seconds * 1000);
    const stop = (): void => {
      response.end();
    };
    api.closing.addEventListener('abort', stop);
    response.once('close', () => {
      clearTimeout(timer);
      clearInterval(bookmarks);
      api.closing.removeEventListener('abort', stop);
      unfollow();
      resolve();
    });
  });
}

/** What a selective watch is told: an object that begins to match is new to it, one that ceases is gone. */
function typeFor(
  event: CacheEvent,
  matches: (object: KubeObject) => boolean,
): CacheEvent['type'] | undefined {
  const now = event.type !== 'DELETED' && matches(event.object);
  const before = event.previous !== undefined && matches(event.previous);
  if (now) return before ? 'MODIFIED' : 'ADDED';
  return before ? 'DELETED' : undefined;
}

async function rendererOf(call: Call, form: Form): Promise<Render> {
  if (form === 'object') return (object) => object;
  if (form === 'partial') return partialOf;
  const { tableOf } = await import('../api/table.ts');
  const include = call.info.query.get('includeObject') ?? 'Metadata';
  return (object) =>
    tableOf(
      call.resource,
      [object],
      { resourceVersion: object.metadata.resourceVersion ?? '' },
      call.api.now(),
      include,
    );
}
