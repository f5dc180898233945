/**
 * Watchers: each is told every change of its range, in order and once, from a revision on.
 *
 * A watcher remembers the next revision that it owes. When its connection takes no more bytes it falls behind
 * and costs no memory; when the connection drains it catches up from the store's history, or is cancelled when that
 * was compacted. etcd calls these two states synced and unsynced.
 * @see etcd server/mvcc/watchable_store.go, server/etcdserver/api/v3rpc/watch.go
 */
import type { Message, Reply } from './schema.ts';
import type { Store } from './store.ts';
import { createTelling, isEmpty, type Telling, type WatchedRange, watchedRange } from './watch-responses.ts';
import { createRounds } from './watch-rounds.ts';

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
  /** Tell now what may be told: the past is about to be compacted. */
  flush(): void;
  count(): number;
  close(): void;
}

export interface WatchesOptions {
  readonly store: Store;
  readonly header: (revision: number) => Reply<'ResponseHeader'>;
  readonly progressMs: number;
}

interface Watcher extends WatchedRange {
  readonly progress: boolean;
  /** The first revision that it has not been told. */
  next: number;
  /** Something was sent since the last progress report. */
  active: boolean;
}

/** No watchers yet. */
export function createWatches({ store, header, progressMs }: WatchesOptions): Watches {
  const streams = new Set<{ pump(telling: Telling): void; progress(): void }>();
  /** Everything up to here may be told. */
  let allowed = store.revision();
  let watchers = 0;
  const telling = (): Telling => createTelling(store, header, allowed);
  const rounds = createRounds(function* () {
    const round = telling();
    for (const stream of streams) yield stream.pump(round);
  });
  const ticker = setInterval(() => {
    for (const stream of streams) stream.progress();
  }, progressMs);
  ticker.unref();

  const open = (sink: WatchSink): WatchStream => {
    const held = new Map<bigint, Watcher>();
    let ready = true;
    /** A report of progress is owed. */
    let asked = false;
    let nextId = 0n;

    const send = (response: Reply<'WatchResponse'>): void => {
      ready = sink.send(response);
    };

    const drop = (watcher: Watcher): void => {
      if (held.delete(watcher.id)) watchers -= 1;
    };

    /** Tell one watcher as much as its connection takes. */
    const pump = (watcher: Watcher, telling: Telling): void => {
      while (ready && watcher.next <= telling.to) {
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
        const { responses, next } = telling.tell(watcher, watcher.next);
        watcher.next = next;
        if (responses.length > 0) watcher.active = true;
        for (const response of responses) send(response);
      }
    };

    /** The report promises that nothing older is still to come. */
    const reportProgress = (): void => {
      if (!asked || !ready || [...held.values()].some(({ next }) => next <= allowed)) return;
      asked = false;
      send({ header: header(allowed), watch_id: -1n });
    };

    const create = (message: Message<'WatchCreateRequest'>): void => {
      const id = message.watch_id !== 0n ? message.watch_id : freeId();
      const watched = watchedRange(id, message);
      const problem = isEmpty(watched.range)
        ? 'mvcc: watcher range is empty'
        : held.has(id)
          ? 'mvcc: duplicate watch ID provided on the WatchStream'
          : undefined;
      if (problem !== undefined) {
        send({
          header: header(allowed),
          watch_id: -1n,
          created: true,
          canceled: true,
          cancel_reason: problem,
        });
        return;
      }
      const watcher: Watcher = {
        ...watched,
        progress: message.progress_notify,
        next: message.start_revision > 0n ? Number(message.start_revision) : allowed + 1,
        active: false,
      };
      held.set(id, watcher);
      watchers += 1;
      send({ header: header(allowed), watch_id: id, created: true });
      pump(watcher, telling());
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
          send({ header: header(allowed), watch_id: watcher.id, canceled: true });
        } else if (message.progress_request) {
          asked = true;
          stream.pump(telling());
        }
      },
      drained(): void {
        ready = true;
        rounds.wanted();
      },
      close(): void {
        streams.delete(stream);
        watchers -= held.size;
        held.clear();
      },
      pump(telling: Telling): void {
        for (const watcher of [...held.values()]) pump(watcher, telling);
        reportProgress();
      },
      progress(): void {
        for (const watcher of held.values()) {
          if (watcher.progress && !watcher.active && ready && watcher.next > allowed) {
            send({ header: header(allowed), watch_id: watcher.id });
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
      if (revision <= allowed) return;
      allowed = revision;
      rounds.wanted();
    },
    flush() {
      const all = telling();
      for (const stream of streams) stream.pump(all);
    },
    count: () => watchers,
    close() {
      clearInterval(ticker);
      rounds.close();
      streams.clear();
    },
  };
}
