/**
 * Watchers: each is told every change of its range, in order and once, from a revision on.
 *
 * A watcher remembers the next revision that it owes. When its connection takes no more bytes it falls behind
 * and costs no memory; when the connection drains it catches up from the store's history, or is cancelled when that
 * was compacted. etcd calls these two states synced and unsynced. Telling takes at most a third of the time: with
 * many watchers, several revisions go out in one response, so that writers are not starved.
 * @see etcd server/mvcc/watchable_store.go, server/etcdserver/api/v3rpc/watch.go
 */
import type { Message, Reply } from './schema.ts';
import type { Change, Store } from './store.ts';
import { isEmpty, responsesFor, type WatchedRange, watchedRange } from './watch-responses.ts';

/** After telling for t milliseconds, rest for so many times t, and never longer than the cap. */
const REST_FACTOR = 2;
const REST_CAP_MS = 1000;
/** A round of telling that is shorter than this needs no rest. */
const REST_FROM_MS = 1;

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
  const streams = new Set<{ pump(to: number, batch: Batch): void; progress(): void }>();
  /** Everything up to here may be told, and everything up to there has been. */
  let allowed = store.revision();
  let told = allowed;
  let watchers = 0;
  let restUntil = 0;
  let timer: NodeJS.Timeout | undefined;
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
      // Those who are told the same are sent the same objects, which are written down once.
      const shared = batch && watcher.next === batch.from ? batch.responses : undefined;
      let responses = shared?.get(watcher.shape);
      if (!responses) {
        const changes = shared && batch ? batch.changes : store.changesSince(watcher.next);
        responses = responsesFor(store, header(to), watcher, { from: watcher.next, to, changes });
        shared?.set(watcher.shape, responses);
      }
      watcher.next = to + 1;
      if (responses.length > 0) watcher.active = true;
      for (const response of responses) send(response);
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
      pump(watcher, allowed, undefined);
    };

    const catchUp = (): void => {
      for (const watcher of [...held.values()]) pump(watcher, allowed, undefined);
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
          // The report promises that nothing older is still to come.
          catchUp();
          send({ header: header(allowed), watch_id: -1n });
        }
      },
      drained(): void {
        ready = true;
        catchUp();
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

  const tell = (): void => {
    timer = undefined;
    const begunMs = performance.now();
    const batch: Batch = {
      from: told + 1,
      changes: store.changesSince(told + 1),
      responses: new Map(),
    };
    told = allowed;
    for (const stream of streams) stream.pump(allowed, batch);
    const tookMs = performance.now() - begunMs;
    if (tookMs > REST_FROM_MS) {
      restUntil = begunMs + tookMs + Math.min(REST_CAP_MS, REST_FACTOR * tookMs);
    }
  };

  return {
    open,
    advance(revision) {
      if (revision <= allowed) return;
      allowed = revision;
      if (timer) return;
      const restMs = restUntil - performance.now();
      if (restMs <= 0) tell();
      else timer = setTimeout(tell, restMs);
    },
    flush() {
      clearTimeout(timer);
      if (told < allowed) tell();
      timer = undefined;
    },
    count: () => watchers,
    close() {
      clearInterval(ticker);
      clearTimeout(timer);
      streams.clear();
    },
  };
}

/** The changes that are told in one go, and the revision that they begin with. */
interface Batch {
  readonly from: number;
  readonly changes: readonly Change[];
  /** Responses that were made already, by the shape of the watch. */
  readonly responses: Map<string, readonly Reply<'WatchResponse'>[]>;
}
