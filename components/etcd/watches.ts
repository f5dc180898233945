/**
 * Watchers: each is told every change of its range, in order and once, from a revision on.
 *
 * A watcher remembers the next revision that it owes. When its connection takes no more bytes it falls behind
 * and costs no memory; when the connection drains it catches up from the store's history, or is cancelled when that
 * was compacted. etcd calls these two states synced and unsynced.
 * @see etcd server/mvcc/watchable_store.go, server/etcdserver/api/v3rpc/watch.go
 */
import { inRange, type KeyRange, keyRange } from './keys.ts';
import { keyValue } from './kv.ts';
import type { Message, Reply } from './schema.ts';
import type { Change, Store } from './store.ts';

/** A response may be this long before `fragment` splits it: etcd's request limit and 512 KiB. */
const FRAGMENT_BYTES = 1_572_864 + 512 * 1024;

/** One client's stream of watch requests and responses. */
export interface WatchStream {
  request(message: Message<'WatchRequest'>): void;
  /** The connection takes bytes again. */
  drained(): void;
  close(): void;
}

/** How a stream's responses leave. */
export interface WatchSink {
  /** Returns false when the connection's buffer is full. */
  send(response: Reply<'WatchResponse'>): boolean;
}

export interface Watches {
  open(sink: WatchSink): WatchStream;
  /** Changes up to a revision may be told now: they are safe on disk. */
  advance(revision: number): void;
  count(): number;
  close(): void;
}

export interface WatchesOptions {
  readonly store: Store;
  readonly header: (revision: number) => Reply<'ResponseHeader'>;
  readonly progressMs: number;
}

interface Watcher {
  readonly id: bigint;
  readonly range: KeyRange;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  readonly prevKv: boolean;
  readonly fragment: boolean;
  readonly progress: boolean;
  /** The first revision that it has not been told. */
  next: number;
  /** Something was sent since the last progress report. */
  active: boolean;
}

/** No watchers yet. */
export function createWatches({ store, header, progressMs }: WatchesOptions): Watches {
  const streams = new Set<{ pump(to: number, batch: Batch): void; progress(): void }>();
  let told = store.revision();
  let watchers = 0;
  const ticker = setInterval(() => {
    for (const stream of streams) stream.progress();
  }, progressMs);
  ticker.unref();

  const open = (sink: WatchSink): WatchStream => {
    const held = new Map<bigint, Watcher>();
    let ready = true;
    let nextId = 0n;

    const send = (response: Reply<'WatchResponse'>): void => {
      ready = sink.send(response);
    };

    const drop = (watcher: Watcher): void => {
      if (held.delete(watcher.id)) watchers -= 1;
    };

    /** Bring one watcher up to a revision. */
    const pump = (watcher: Watcher, to: number, batch: Batch | undefined): void => {
      if (!ready || watcher.next > to) return;
      if (watcher.next < store.compacted()) {
        drop(watcher);
        send({
          header: { ...header(0) },
          watch_id: watcher.id,
          canceled: true,
          compact_revision: BigInt(store.compacted()),
        });
        return;
      }
      const changes = batch && watcher.next >= batch.from ? batch.changes : store.changesSince(watcher.next);
      const events = changes
        .filter(
          ({ key, record }) => record.mod >= watcher.next && record.mod <= to && wanted(watcher, key, record),
        )
        .map((change) => eventOf(store, watcher, change));
      watcher.next = to + 1;
      if (events.length === 0) return;
      watcher.active = true;
      for (const [index, part] of splitEvents(watcher, events).entries()) {
        send({
          header: header(to),
          watch_id: watcher.id,
          events: part.events,
          fragment: index < part.of - 1,
        });
      }
    };

    const create = (message: Message<'WatchCreateRequest'>): void => {
      const range = watchRange(message);
      const id = message.watch_id !== 0n ? message.watch_id : freeId();
      const problem = isEmpty(range)
        ? 'mvcc: watcher range is empty'
        : held.has(id)
          ? 'mvcc: duplicate watch ID provided on the WatchStream'
          : undefined;
      if (problem !== undefined) {
        send({ header: header(told), watch_id: -1n, created: true, canceled: true, cancel_reason: problem });
        return;
      }
      const watcher: Watcher = {
        id,
        range,
        noPut: message.filters.includes('NOPUT'),
        noDelete: message.filters.includes('NODELETE'),
        prevKv: message.prev_kv,
        fragment: message.fragment,
        progress: message.progress_notify,
        next: message.start_revision > 0n ? Number(message.start_revision) : told + 1,
        active: false,
      };
      held.set(id, watcher);
      watchers += 1;
      send({ header: header(told), watch_id: id, created: true });
      pump(watcher, told, undefined);
    };

    const freeId = (): bigint => {
      while (held.has(nextId)) nextId += 1n;
      return nextId++;
    };

    const stream = {
      request(message: Message<'WatchRequest'>): void {
        if (message.create_request) create(message.create_request);
        else if (message.cancel_request) {
          const watcher = held.get(message.cancel_request.watch_id);
          if (!watcher) return;
          drop(watcher);
          send({ header: header(told), watch_id: watcher.id, canceled: true });
        } else if (message.progress_request) send({ header: header(told), watch_id: -1n });
      },
      drained(): void {
        ready = true;
        for (const watcher of [...held.values()]) pump(watcher, told, undefined);
      },
      close(): void {
        streams.delete(stream);
        watchers -= held.size;
        held.clear();
      },
      pump(to: number, batch: Batch): void {
        for (const watcher of [...held.values()]) pump(watcher, to, batch);
      },
      progress(): void {
        for (const watcher of held.values()) {
          if (watcher.progress && !watcher.active && ready && watcher.next > told) {
            send({ header: header(told), watch_id: watcher.id });
          }
          watcher.active = false;
        }
      },
    };
    streams.add(stream);
    return stream;
  };

  return {
    open,
    advance(revision) {
      if (revision <= told) return;
      const from = told + 1;
      told = revision;
      const batch = { from, changes: store.changesSince(from) };
      for (const stream of streams) stream.pump(revision, batch);
    },
    count: () => watchers,
    close() {
      clearInterval(ticker);
      streams.clear();
    },
  };
}

/** The changes that are told in one go, and the revision that they begin with. */
interface Batch {
  readonly from: number;
  readonly changes: readonly Change[];
}

/** An empty key means the first key there is. */
function watchRange(message: Message<'WatchCreateRequest'>): KeyRange {
  return keyRange(message.key.length === 0 ? Buffer.from([0]) : message.key, message.range_end);
}

function isEmpty(range: KeyRange): boolean {
  return range.end !== null && range.end !== '' && range.start >= range.end;
}

function wanted(watcher: Watcher, key: string, record: Change['record']): boolean {
  return !(record.version === 0 ? watcher.noDelete : watcher.noPut) && inRange(watcher.range, key);
}

function eventOf(store: Store, watcher: Watcher, { key, record }: Change): Reply<'Event'> {
  const before = watcher.prevKv ? store.peek(key, record.mod - 1) : undefined;
  return {
    type: record.version === 0 ? 'DELETE' : 'PUT',
    kv: keyValue(key, record),
    ...(before ? { prev_kv: keyValue(key, before) } : {}),
  };
}

function splitEvents(
  watcher: Watcher,
  events: readonly Reply<'Event'>[],
): readonly { readonly events: readonly Reply<'Event'>[]; readonly of: number }[] {
  if (!watcher.fragment) return [{ events, of: 1 }];
  const parts: Reply<'Event'>[][] = [[]];
  let size = 0;
  for (const event of events) {
    const length = (event.kv?.value?.length ?? 0) + (event.prev_kv?.value?.length ?? 0) + 64;
    if (size > 0 && size + length > FRAGMENT_BYTES) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(event);
    size += length;
  }
  return parts.map((part) => ({ events: part, of: parts.length }));
}
