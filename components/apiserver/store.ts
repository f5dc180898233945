/**
 * Objects in etcd: read, list, and write with optimistic concurrency (a transaction that compares the revision).
 *
 * Single reads go to etcd; lists ask etcd for its revision and are answered from the cache once it is as fresh,
 * as the real one does since 1.31. A list or watch at resourceVersion 0 takes the cache as it is.
 *
 * @see apiserver pkg/storage/etcd3/store.go, pkg/storage/cacher/cacher.go
 */
import { messageOf } from '../../certs/errors.ts';
import { isObject, type KubeObject } from '../api/object.ts';
import { etcdFolder, etcdKey, type Resource } from '../api/resources.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  expired,
  type GroupResource,
  notFound,
  StatusError,
} from '../api/status.ts';
import { type EtcdGateway, type KeyValue, prefixEnd } from './etcd-gateway.ts';
import { type Entry, notReady, openWatchCache, type WatchCache } from './watch-cache.ts';

const FRESHNESS_WAIT_MS = 3_000;
const EVENT_TTL_SECONDS = 3_600;
const EVENT_LEASE_REUSE_MS = 60_000;
const WRITE_TRIES = 20;
/** A real etcd takes 128 operations in a transaction. */
const TRANSACTION_KEYS = 100;

/** Turns an object into stored bytes and back: plain JSON, or encrypted. */
export interface Codec {
  encode(key: string, json: string): Buffer;
  decode(key: string, value: Buffer): string;
}

/** Where an object is. */
export interface Place {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
}

/** What a list asks for. */
export interface ListOptions {
  readonly resourceVersion: string;
  readonly resourceVersionMatch: string;
  readonly limit: number;
  readonly continueToken: string;
  readonly matches: (object: KubeObject) => boolean;
  /** True when nothing selects: then what remains can be counted. */
  readonly unfiltered: boolean;
}

/** What a list found. */
export interface ListResult {
  readonly items: readonly KubeObject[];
  readonly revision: number;
  readonly continueToken: string;
  readonly remaining: number | undefined;
}

/** The store. */
export interface Store {
  readonly cache: WatchCache;
  /** What is wrong with the link to etcd; null: nothing. */
  problem(): string | null;
  get(place: Place, options?: { readonly cached?: boolean }): Promise<KubeObject>;
  list(resource: Resource, namespace: string, options: ListOptions): Promise<ListResult>;
  create(place: Place, object: KubeObject): Promise<KubeObject>;
  /** Store objects that are all new, in few transactions; those that exist by then stay as they are. */
  createMany(objects: readonly { readonly place: Place; readonly object: KubeObject }[]): Promise<void>;
  /**
   * Change an object, again from its newest state when another write came first.
   * @param change  gets a copy that it may change; returns the new state, or null to delete. The given
   *                resourceVersion of the result, when it is one, must be the current one.
   */
  update(
    place: Place,
    change: (current: KubeObject) => KubeObject | null | Promise<KubeObject | null>,
  ): Promise<KubeObject>;
  close(): Promise<void>;
}

/** What the store needs besides etcd. */
export interface StoreOptions {
  readonly etcd: EtcdGateway;
  readonly codec: Codec;
  readonly onLink: (problem: string | null) => void;
  readonly onFresh: () => void;
  readonly onUnreadable: (key: string, text: string) => void;
}

/** Open the store over a client of etcd. */
export function openStore(options: StoreOptions): Store {
  const { etcd, codec } = options;
  let problem: string | null = 'no connection to etcd yet';
  const decode = (kv: KeyValue): KubeObject => readObject(codec.decode(kv.key, kv.value), kv.modRevision);
  const cache = openWatchCache({
    ...options,
    decode,
    onLink: (now) => {
      problem = now;
      options.onLink(now);
    },
  });
  let eventLease: { readonly id: string; readonly until: number } | undefined;
  let asking: Promise<number> | undefined;
  let next: Promise<number> | undefined;

  /** etcd's revision, asked after this call: callers that come while a question is under way share the next. */
  const currentRevision = (): Promise<number> => {
    const ask = async (): Promise<number> =>
      (await etcd.range('/registry/', { limit: 1, keysOnly: true })).revision;
    if (!asking) {
      asking = ask().finally(() => {
        asking = undefined;
      });
      return asking;
    }
    next ??= asking
      .catch(() => 0)
      .then(() => {
        next = undefined;
        asking = ask().finally(() => {
          asking = undefined;
        });
        return asking;
      });
    return next;
  };

  const leaseFor = async (resource: Resource): Promise<string | undefined> => {
    if (resource.plural !== 'events') return undefined;
    if (!eventLease || performance.now() > eventLease.until) {
      const id = await etcd.grantLease(EVENT_TTL_SECONDS + EVENT_LEASE_REUSE_MS / 1000);
      eventLease = { id, until: performance.now() + EVENT_LEASE_REUSE_MS };
    }
    return eventLease.id;
  };

  const write = async (resource: Resource, key: string, guard: number, object: KubeObject | null) => {
    const value = object === null ? null : codec.encode(key, JSON.stringify(withoutRevision(object)));
    return etcd.write(key, guard, value, object === null ? undefined : await leaseFor(resource));
  };

  return {
    cache,
    problem: () => problem,
    async get({ resource, namespace, name }, { cached } = {}) {
      const key = etcdKey(resource, namespace, name);
      if (cached) {
        const entry = cache.get(key);
        if (entry) return entry.object;
        if (cache.ready()) throw notFound(groupResource(resource), name);
        throw notReady(problem);
      }
      const kv = (await etcd.range(key)).kvs[0];
      if (!kv) throw notFound(groupResource(resource), name);
      return decode(kv);
    },
    async list(resource, namespace, wanted) {
      const prefix = etcdFolder(resource) + (resource.namespaced && namespace !== '' ? `${namespace}/` : '');
      if (wanted.continueToken !== '') return listFurther(prefix, wanted);
      if (wanted.resourceVersionMatch === 'Exact')
        return listAt(prefix, prefix, Number(wanted.resourceVersion), wanted);
      const stale = wanted.resourceVersion === '0';
      const revision = stale
        ? 0
        : wanted.resourceVersion === ''
          ? await currentRevision()
          : Number(wanted.resourceVersion);
      if (!cache.ready() && stale) throw notReady(problem);
      if (!(await cache.reached(revision, FRESHNESS_WAIT_MS)) || !cache.ready()) {
        if (wanted.resourceVersion !== '' && revision > cache.revision())
          throw tooLarge(revision, cache.revision());
        return listAt(prefix, prefix, 0, wanted);
      }
      const entries = cache.list(prefix);
      return page(entries, cache.revision(), wanted, prefix);
    },
    async create({ resource, namespace, name }, object) {
      const key = etcdKey(resource, namespace, name);
      const result = await write(resource, key, 0, object);
      if (!result.succeeded) throw alreadyExists(groupResource(resource), name);
      return stamp(object, result.revision);
    },
    async createMany(objects) {
      for (let start = 0; start < objects.length; start += TRANSACTION_KEYS) {
        const some = objects.slice(start, start + TRANSACTION_KEYS);
        const entries = some.map(({ place, object }) => {
          const key = etcdKey(place.resource, place.namespace, place.name);
          return { key, value: codec.encode(key, JSON.stringify(withoutRevision(object))) };
        });
        if (await etcd.createAll(entries)) continue;
        for (const { key, value } of entries) await etcd.write(key, 0, value);
      }
    },
    async update({ resource, namespace, name }, change) {
      const key = etcdKey(resource, namespace, name);
      const fresh = async (): Promise<Entry> => {
        const kv = (await etcd.range(key)).kvs[0];
        if (!kv) throw notFound(groupResource(resource), name);
        return { key, object: decode(kv), revision: kv.modRevision };
      };
      const cached = problem === null ? cache.get(key) : undefined;
      let entry = cached ?? (await fresh());
      // A refusal or a change of nothing that rests on the cache alone is tried again on what etcd has.
      let certain = cached === undefined;
      for (let tried = 0; tried < WRITE_TRIES; tried++) {
        let wanted: KubeObject | null = null;
        let refusal: unknown;
        try {
          wanted = await change(structuredClone(entry.object));
        } catch (error) {
          refusal = error;
        }
        const idle = refusal !== undefined || (wanted !== null && sameContent(wanted, entry.object));
        if (idle && certain) {
          if (refusal !== undefined) throw refusal;
          return entry.object;
        }
        if (idle) {
          entry = await fresh();
          certain = true;
          continue;
        }
        const result = await write(resource, key, entry.revision, wanted);
        if (result.succeeded) return stamp(wanted ?? entry.object, result.revision);
        if (!result.current) throw notFound(groupResource(resource), name);
        entry = { key, object: decode(result.current), revision: result.current.modRevision };
        certain = true;
      }
      throw conflict(groupResource(resource), name);
    },
    close: () => cache.close(),
  };

  async function listFurther(prefix: string, wanted: ListOptions): Promise<ListResult> {
    const token = readToken(wanted.continueToken);
    return listAt(prefix, prefix + token.start, token.rv, wanted);
  }

  /** A list straight from etcd, at a revision (0: the newest). */
  async function listAt(
    prefix: string,
    start: string,
    revision: number,
    wanted: ListOptions,
  ): Promise<ListResult> {
    try {
      const found = await etcd.range(start, {
        end: prefixEnd(prefix),
        ...(revision > 0 ? { revision } : {}),
      });
      const entries = found.kvs.map((kv) => ({ key: kv.key, object: decode(kv), revision: kv.modRevision }));
      return page(entries, revision > 0 ? revision : found.revision, wanted, prefix);
    } catch (error) {
      if (/compacted/.test(messageOf(error))) throw expired(CONTINUE_TOO_OLD);
      throw error;
    }
  }
}

const CONTINUE_TOO_OLD =
  'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter.';

function page(entries: readonly Entry[], revision: number, wanted: ListOptions, prefix: string): ListResult {
  const items: KubeObject[] = [];
  for (const [index, entry] of entries.entries()) {
    if (!wanted.matches(entry.object)) continue;
    if (wanted.limit > 0 && items.length === wanted.limit) {
      const start = entry.key.slice(prefix.length);
      return {
        items,
        revision,
        continueToken: Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: revision, start })).toString(
          'base64url',
        ),
        remaining: wanted.unfiltered ? entries.length - index : undefined,
      };
    }
    items.push(entry.object);
  }
  return { items, revision, continueToken: '', remaining: undefined };
}

function readToken(token: string): { readonly rv: number; readonly start: string } {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'));
    if (isObject(parsed) && typeof parsed['rv'] === 'number' && typeof parsed['start'] === 'string') {
      return { rv: parsed['rv'], start: parsed['start'] };
    }
  } catch {
    // Falls through to the refusal.
  }
  throw badRequest('continue key is not valid: illegal base64 data');
}

function tooLarge(wanted: number, current: number): StatusError {
  return new StatusError(
    504,
    'Timeout',
    `Timeout: Too large resource version: ${wanted}, current: ${current}`,
    {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
  );
}

/** The group and plural of a resource, for Status texts. */
export function groupResource(resource: Resource): GroupResource {
  return { group: resource.group, resource: resource.plural };
}

function readObject(json: string, revision: number): KubeObject {
  const parsed: unknown = JSON.parse(json);
  if (!isObject(parsed) || !isObject(parsed['metadata'])) throw new Error('not an object of Kubernetes');
  const object = parsed as KubeObject;
  object.metadata.resourceVersion = String(revision);
  return object;
}

function withoutRevision(object: KubeObject): KubeObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

function stamp(object: KubeObject, revision: number): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

function sameContent(a: KubeObject, b: KubeObject): boolean {
  return JSON.stringify(withoutRevision(a)) === JSON.stringify(withoutRevision(b));
}
