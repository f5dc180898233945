/**
 * Everything that stands in etcd, kept current by one watch, and fanned out to the watches of clients in order.
 *
 * When the watch breaks it is taken up again after the last known revision; when that revision is gone, or etcd
 * came back empty, everything is read afresh and the difference is told as events.
 *
 * @see apiserver pkg/storage/cacher/{cacher,watch_cache}.go
 */
import { messageOf } from '../../certs/errors.ts';
import type { KubeObject } from '../api/object.ts';
import { expired, StatusError } from '../api/status.ts';
import { type Change, type EtcdGateway, type KeyValue, prefixEnd } from './etcd-gateway.ts';

const RING_EVENTS = 20_000;
const RETRY_MS = 500;
const REGISTRY = '/registry/';

/** One change of an object, as watches tell it. Objects are shared: never change one. */
export interface CacheEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly key: string;
  readonly object: KubeObject;
  /** The object before; undefined when it is new. */
  readonly previous: KubeObject | undefined;
  readonly revision: number;
  /** Rendered lines by representation, made once for all watchers. */
  readonly rendered: Map<string, string>;
}

/** An object in the cache. */
export interface Entry {
  readonly key: string;
  readonly object: KubeObject;
  readonly revision: number;
}

/** Called for each event under the prefix, in order; `null`: the cache started anew, list again. */
export type Follower = (event: CacheEvent | null) => void;

/** Turns stored bytes into an object; throws when they are none. */
export type Decode = (kv: KeyValue) => KubeObject;

/** The cache. */
export interface WatchCache {
  /** The revision up to which everything is known. */
  revision(): number;
  /** False until everything was read once. */
  ready(): boolean;
  get(key: string): Entry | undefined;
  /** All under a prefix, by key. */
  list(prefix: string): readonly Entry[];
  /** Resolves when the cache has reached a revision; false after the time given. */
  reached(revision: number, withinMs: number): Promise<boolean>;
  /**
   * Follow a prefix from just after a revision.
   * @throws StatusError 410 when events after that revision are gone
   */
  follow(prefix: string, after: number, follower: Follower): () => void;
  close(): Promise<void>;
}

/** What the cache is made with. */
export interface CacheOptions {
  readonly etcd: EtcdGateway;
  readonly decode: Decode;
  /** The link to etcd came up, or went down with these words. */
  readonly onLink: (problem: string | null) => void;
  /** Everything was read afresh: at the start, and when etcd had lost what we knew. */
  readonly onFresh: () => void;
  readonly onUnreadable: (key: string, text: string) => void;
}

/** Start the cache; it fills itself and goes on trying. */
export function openWatchCache(options: CacheOptions): WatchCache {
  const { etcd } = options;
  const entries = new Map<string, Entry>();
  const folders = new Map<string, Set<string>>();
  const sorted = new Map<string, readonly Entry[]>();
  const followers = new Map<string, Set<Follower>>();
  const waiters = new Set<{ readonly revision: number; readonly done: (reached: boolean) => void }>();
  const stop = new AbortController();
  let ring: CacheEvent[] = [];
  let oldest = 0;
  let revision = 0;
  let loaded = false;

  const setRevision = (to: number): void => {
    revision = to;
    for (const waiter of waiters) if (waiter.revision <= to) waiter.done(true);
  };

  const tell = (event: CacheEvent): void => {
    ring.push(event);
    if (ring.length > RING_EVENTS) {
      const dropped = ring.slice(0, ring.length - RING_EVENTS / 2);
      oldest = dropped.at(-1)?.revision ?? oldest;
      ring = ring.slice(dropped.length);
    }
    for (const [prefix, group] of followers) {
      if (event.key.startsWith(prefix)) for (const follower of group) follower(event);
    }
  };

  const store = (key: string, entry: Entry | undefined): void => {
    const folder = folderOf(key);
    const keys = folders.get(folder) ?? new Set();
    folders.set(folder, keys);
    if (entry) {
      entries.set(key, entry);
      keys.add(key);
    } else {
      entries.delete(key);
      keys.delete(key);
    }
    sorted.delete(folder);
  };

  const apply = (change: Change): void => {
    const { key, modRevision } = change.kv;
    if (!key.startsWith(REGISTRY)) return;
    const before = entries.get(key);
    if (change.deleted) {
      if (!before) return;
      store(key, undefined);
      const object = withRevision(before.object, modRevision);
      tell({
        type: 'DELETED',
        key,
        object,
        previous: before.object,
        revision: modRevision,
        rendered: new Map(),
      });
      return;
    }
    const object = readObject(change.kv);
    if (!object) return;
    store(key, { key, object, revision: modRevision });
    const type = before ? 'MODIFIED' : 'ADDED';
    tell({ type, key, object, previous: before?.object, revision: modRevision, rendered: new Map() });
  };

  const readObject = (kv: KeyValue): KubeObject | undefined => {
    try {
      return options.decode(kv);
    } catch (error) {
      options.onUnreadable(kv.key, messageOf(error));
      return undefined;
    }
  };

  /** Read everything; tell the difference as events, or start anew when etcd went back in time. */
  const load = async (): Promise<void> => {
    const found = await etcd.range(REGISTRY, { end: prefixEnd(REGISTRY) });
    const backwards = found.revision < revision;
    if (!loaded || backwards) {
      entries.clear();
      folders.clear();
      sorted.clear();
      ring = [];
      for (const kv of found.kvs) {
        const object = readObject(kv);
        if (object) store(kv.key, { key: kv.key, object, revision: kv.modRevision });
      }
      oldest = found.revision;
      const restart = loaded;
      loaded = true;
      revision = 0;
      setRevision(found.revision);
      if (restart)
        for (const group of [...followers.values()]) for (const follower of [...group]) follower(null);
    } else {
      const here = new Set(found.kvs.map((kv) => kv.key));
      for (const key of [...entries.keys()]) {
        const kv = { key, value: Buffer.alloc(0), modRevision: found.revision, createRevision: 0 };
        if (!here.has(key)) apply({ deleted: true, kv });
      }
      const changed = found.kvs.filter((kv) => entries.get(kv.key)?.revision !== kv.modRevision);
      for (const kv of changed.sort((a, b) => a.modRevision - b.modRevision)) apply({ deleted: false, kv });
      setRevision(found.revision);
    }
    options.onFresh();
  };

  const run = async (): Promise<void> => {
    let fresh = false;
    while (!stop.signal.aborted) {
      try {
        if (!fresh) await load();
        fresh = true;
        const end = await etcd.watch(
          revision + 1,
          (at, changes) => {
            if (at === 0) options.onLink(null);
            for (const change of changes) apply(change);
            if (at > revision) setRevision(at);
          },
          stop.signal,
        );
        if (end === 'compacted') fresh = false;
        else fresh = await stillThere();
      } catch (error) {
        if (stop.signal.aborted) return;
        options.onLink(messageOf(error));
        await pause(RETRY_MS, stop.signal);
        fresh = fresh && (await stillThere());
      }
    }
  };

  /** True when etcd still knows what we know: its revision has not gone back. */
  const stillThere = async (): Promise<boolean> => {
    try {
      return (await etcd.range(REGISTRY, { limit: 1, keysOnly: true })).revision >= revision;
    } catch {
      return false;
    }
  };

  const running = run();
  return {
    revision: () => revision,
    ready: () => loaded,
    get: (key) => entries.get(key),
    list(prefix) {
      const folder = folderOf(prefix);
      let all = sorted.get(folder);
      if (!all) {
        const keys = [...(folders.get(folder) ?? [])].sort();
        all = keys.map((key) => entries.get(key)).filter((entry) => entry !== undefined);
        sorted.set(folder, all);
      }
      return prefix === folder ? all : all.filter((entry) => entry.key.startsWith(prefix));
    },
    reached(wanted, withinMs) {
      if (revision >= wanted) return Promise.resolve(true);
      return new Promise((resolve) => {
        const done = (reached: boolean): void => {
          clearTimeout(timer);
          waiters.delete(waiter);
          resolve(reached);
        };
        const waiter = { revision: wanted, done };
        const timer = setTimeout(() => done(false), withinMs);
        waiters.add(waiter);
      });
    },
    follow(prefix, after, follower) {
      if (after < oldest) throw expired(`too old resource version: ${after} (${oldest})`);
      for (const event of ring) if (event.revision > after && event.key.startsWith(prefix)) follower(event);
      const group = followers.get(prefix) ?? new Set();
      followers.set(prefix, group);
      group.add(follower);
      return () => {
        group.delete(follower);
        if (group.size === 0 && followers.get(prefix) === group) followers.delete(prefix);
      };
    },
    async close() {
      stop.abort();
      for (const waiter of [...waiters]) waiter.done(false);
      await running;
    },
  };
}

/** `/registry/services/specs/default/web` -> `/registry/services/specs/`; else the first folder after /registry/. */
function folderOf(key: string): string {
  const parts = key.slice(REGISTRY.length).split('/');
  return REGISTRY + (parts[0] === 'services' ? `${parts[0]}/${parts[1]}/` : `${parts[0]}/`);
}

/** A copy with another resourceVersion; the rest is shared. */
export function withRevision(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

/** A cache that has not been filled yet cannot answer. */
export function notReady(problem: string | null): StatusError {
  return problem === null
    ? new StatusError(500, '', 'storage is (re)initializing')
    : new StatusError(500, '', problem);
}
