/**
 * What a watch is told of a list of changes: filtered, as events, split where the client can put it together again.
 * @see etcd server/etcdserver/api/v3rpc/watch.go, sendFragments
 */
import { inRange, type KeyRange, keyRange } from './keys.ts';
import { keyValue } from './kv.ts';
import type { Message, Reply } from './schema.ts';
import type { Change, Store } from './store.ts';

/** A response may be this long before `fragment` splits it: etcd's request limit and 512 KiB. */
const FRAGMENT_BYTES = 1_572_864 + 512 * 1024;
/** About so many bytes of values go to a connection before it is asked whether it takes more. */
const SPAN_BYTES = 128 * 1024;
/** What an event costs beside its values. */
const EVENT_BYTES = 64;

/** What a watch asked for. */
export interface WatchedRange {
  readonly id: bigint;
  readonly range: KeyRange;
  readonly noPut: boolean;
  readonly noDelete: boolean;
  readonly prevKv: boolean;
  readonly fragment: boolean;
  /** Two watches of the same shape are told the same, to the letter. */
  readonly shape: string;
}

/** What is told in one go; those who are told the same are sent the same objects, which are written down once. */
export interface Telling {
  /** The last revision that may be told. */
  readonly to: number;
  /**
   * What a watch is told from a revision on: as much as one connection should hold at a time.
   * @returns  the responses, none when nothing is wanted; and the revision to go on from
   */
  tell(
    watched: WatchedRange,
    from: number,
  ): { readonly responses: readonly Reply<'WatchResponse'>[]; readonly next: number };
}

/** Changes in order, and the revisions (both inclusive) that are told. */
interface Span {
  readonly from: number;
  readonly to: number;
  readonly changes: readonly Change[];
  /** By the shape of the watch. */
  readonly responses: Map<string, readonly Reply<'WatchResponse'>[]>;
}

/** Read a request. An empty key means the first key there is. */
export function watchedRange(id: bigint, message: Message<'WatchCreateRequest'>): WatchedRange {
  const range = keyRange(message.key.length === 0 ? Buffer.from([0]) : message.key, message.range_end);
  const asked = {
    id,
    range,
    noPut: message.filters.includes('NOPUT'),
    noDelete: message.filters.includes('NODELETE'),
    prevKv: message.prev_kv,
    fragment: message.fragment,
  };
  const { start, end } = range;
  return { ...asked, shape: JSON.stringify([String(id), start, end, ...Object.values(asked).slice(2)]) };
}

/** True for a range that no key can lie in. */
export function isEmpty({ start, end }: KeyRange): boolean {
  return end !== null && end !== '' && start >= end;
}

/** Begin to tell, up to a revision. */
export function createTelling(
  store: Store,
  header: (revision: number) => Reply<'ResponseHeader'>,
  to: number,
): Telling {
  const spans = new Map<number, Span>();
  return {
    to,
    tell(watched, from) {
      let span = spans.get(from);
      if (!span) {
        span = spanFrom(store.changesSince(from), from, to);
        spans.set(from, span);
      }
      let responses = span.responses.get(watched.shape);
      if (!responses) {
        responses = responsesFor(store, header(span.to), watched, span);
        span.responses.set(watched.shape, responses);
      }
      return { responses, next: span.to + 1 };
    },
  };
}

/** Whole revisions, until they are many bytes. */
function spanFrom(changes: readonly Change[], from: number, to: number): Span {
  let bytes = 0;
  for (const [at, { key, record }] of changes.entries()) {
    const last = changes[at - 1]?.record.mod;
    if (last !== undefined && bytes > SPAN_BYTES && record.mod > last && last < to) {
      return { from, to: last, changes: changes.slice(0, at), responses: new Map() };
    }
    bytes += EVENT_BYTES + key.length + record.value.length;
  }
  return { from, to, changes, responses: new Map() };
}

function responsesFor(
  store: Store,
  header: Reply<'ResponseHeader'>,
  watched: WatchedRange,
  span: Span,
): readonly Reply<'WatchResponse'>[] {
  const events = span.changes
    .filter((change) => wanted(watched, span, change))
    .map((change) => eventOf(store, watched, change));
  if (events.length === 0) return [];
  const parts = watched.fragment ? split(events) : [events];
  return parts.map((part, index) => ({
    header,
    watch_id: watched.id,
    events: part,
    fragment: index < parts.length - 1,
  }));
}

function wanted(
  { range, noPut, noDelete }: WatchedRange,
  { from, to }: Span,
  { key, record }: Change,
): boolean {
  if (record.mod < from || record.mod > to) return false;
  return !(record.version === 0 ? noDelete : noPut) && inRange(range, key);
}

function eventOf(store: Store, { prevKv }: WatchedRange, { key, record }: Change): Reply<'Event'> {
  const before = prevKv ? store.peek(key, record.mod - 1) : undefined;
  return {
    type: record.version === 0 ? 'DELETE' : 'PUT',
    kv: keyValue(key, record),
    ...(before ? { prev_kv: keyValue(key, before) } : {}),
  };
}

function split(events: readonly Reply<'Event'>[]): readonly (readonly Reply<'Event'>[])[] {
  const parts: Reply<'Event'>[][] = [[]];
  let size = 0;
  for (const event of events) {
    const length = (event.kv?.value?.length ?? 0) + (event.prev_kv?.value?.length ?? 0) + EVENT_BYTES;
    if (size > 0 && size + length > FRAGMENT_BYTES) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)?.push(event);
    size += length;
  }
  return parts;
}
