/**
 * The API server's way to etcd: the v3 JSON gateway over mutual TLS, of the mock and of a real etcd alike.
 *
 * Connections for requests live one round at most; the watch keeps its own until it breaks, as in reality.
 *
 * @see etcd api/etcdserverpb/rpc.proto; all int64 are strings in JSON, and default values are left out
 */
import type { Readable } from 'node:stream';
import { type Dispatcher, request } from 'undici';
import { StatusError } from '../api/status.ts';
import type { StartContext } from '../component.ts';
import { createDispatcher, type DialOptions } from '../tls/client.ts';
import { connectionError, gatewayError } from './etcd-errors.ts';
import type { ApiserverFlags } from './flags.ts';

const REQUEST_TIMEOUT_MS = 7_000;
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;

/** One key of etcd. */
export interface KeyValue {
  readonly key: string;
  readonly value: Buffer;
  readonly modRevision: number;
  readonly createRevision: number;
}

/** What a range found. */
export interface RangeResult {
  readonly revision: number;
  readonly kvs: readonly KeyValue[];
  readonly count: number;
}

/** What a guarded write did; `current` is the key as it stood when the guard failed. */
export interface WriteResult {
  readonly succeeded: boolean;
  readonly revision: number;
  readonly current: KeyValue | undefined;
}

/** One change, in order. */
export interface Change {
  readonly deleted: boolean;
  readonly kv: KeyValue;
}

/** The etcd client. */
export interface EtcdGateway {
  range(
    key: string,
    options?: {
      readonly end?: string;
      readonly limit?: number;
      readonly revision?: number;
      readonly keysOnly?: boolean;
    },
  ): Promise<RangeResult>;
  /** Write or delete (`value` null) when the key's mod revision is as said; 0: when there is no such key. */
  write(key: string, modRevision: number, value: Buffer | null, leaseId?: string): Promise<WriteResult>;
  /** Write keys that must all be new, in one transaction; false: some key exists, and nothing was written. */
  createAll(entries: readonly { readonly key: string; readonly value: Buffer }[]): Promise<boolean>;
  grantLease(ttlSeconds: number): Promise<string>;
  /**
   * Follow all keys from a revision on. Resolves when the stream ends; rejects when it cannot begin or breaks.
   * @returns `compacted` when the revision is gone, `ended` otherwise
   */
  watch(
    from: number,
    onChanges: (revision: number, changes: readonly Change[]) => void,
    signal: AbortSignal,
  ): Promise<'compacted' | 'ended'>;
  /** Dial once afresh and ask for health; rejects with what etcd or the connection said. */
  health(): Promise<void>;
  /** Let connections of the last round end; the next request dials afresh. */
  rotate(): void;
  close(): Promise<void>;
}

/** Whom to dial: `--etcd-servers` and the three files. */
export interface EtcdOptions {
  readonly servers: readonly string[];
  readonly dial: Omit<DialOptions, 'url'>;
}

/** `/registry/pods/` -> `/registry/pods0`: the first key after everything with that prefix. */
export function prefixEnd(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1);
}

/** Open the client; dials nothing yet. */
export function openEtcd(options: EtcdOptions): EtcdGateway {
  let current = 0;
  let dispatchers = new Map<string, Dispatcher>();
  const open = (server: string): Dispatcher => createDispatcher({ ...options.dial, url: server });
  const ending = new Set<Dispatcher>();
  const end = (dispatcher: Dispatcher): void => {
    ending.add(dispatcher);
    dispatcher
      .close()
      .catch(() => undefined)
      .finally(() => ending.delete(dispatcher));
  };
  const serverAt = (index: number): string => options.servers[index % options.servers.length] ?? '';

  async function post(path: string, body: unknown): Promise<unknown> {
    let failure: unknown;
    for (let tried = 0; tried < Math.max(1, options.servers.length); tried++) {
      const server = serverAt(current);
      let dispatcher = dispatchers.get(server);
      if (!dispatcher) {
        dispatcher = open(server);
        dispatchers.set(server, dispatcher);
      }
      try {
        const answer = await request(`${server}${path}`, {
          dispatcher,
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json' },
          signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        });
        const text = await answer.body.text();
        if (answer.statusCode === 200) return JSON.parse(text.slice(0, MAX_ANSWER_BYTES));
        throw gatewayError(answer.statusCode, text);
      } catch (error) {
        failure = error;
        if (error instanceof StatusError) throw error;
        current += 1;
      }
    }
    throw connectionError(failure);
  }

  return {
    async range(key, { end: rangeEnd, limit, revision, keysOnly } = {}) {
      const answer = await post('/v3/kv/range', {
        key: base64(key),
        ...(rangeEnd === undefined ? {} : { range_end: base64(rangeEnd) }),
        ...(limit === undefined ? {} : { limit: String(limit) }),
        ...(revision === undefined ? {} : { revision: String(revision) }),
        ...(keysOnly ? { keys_only: true } : {}),
      });
      return readRange(answer);
    },
    async write(key, modRevision, value, leaseId) {
      const name = base64(key);
      const put = { key: name, value: value?.toString('base64'), ...(leaseId ? { lease: leaseId } : {}) };
      const answer = (await post('/v3/kv/txn', {
        compare: [{ key: name, target: 'MOD', result: 'EQUAL', mod_revision: String(modRevision) }],
        success: [value ? { request_put: put } : { request_delete_range: { key: name } }],
        failure: [{ request_range: { key: name } }],
      })) as { header?: Header; succeeded?: boolean; responses?: { response_range?: unknown }[] };
      const found = answer.succeeded ? undefined : readRange(answer.responses?.[0]?.response_range).kvs[0];
      return {
        succeeded: answer.succeeded === true,
        revision: Number(answer.header?.revision ?? 0),
        current: found,
      };
    },
    async createAll(entries) {
      const answer = (await post('/v3/kv/txn', {
        compare: entries.map(({ key }) => ({
          key: base64(key),
          target: 'MOD',
          result: 'EQUAL',
          mod_revision: '0',
        })),
        success: entries.map(({ key, value }) => ({
          request_put: { key: base64(key), value: value.toString('base64') },
        })),
      })) as { succeeded?: boolean };
      return answer.succeeded === true;
    },
    async grantLease(ttlSeconds) {
      const answer = (await post('/v3/lease/grant', { TTL: String(ttlSeconds) })) as { ID?: string };
      return answer.ID ?? '0';
    },
    async watch(from, onChanges, signal) {
      const server = serverAt(current);
      const dispatcher = open(server);
      try {
        const answer = await request(`${server}/v3/watch`, {
          dispatcher,
          method: 'POST',
          // The whole key space: then the cache knows of every revision, also of those that are not ours.
          body: JSON.stringify({
            create_request: { key: base64('\0'), range_end: base64('\0'), start_revision: String(from) },
          }),
          headers: { 'content-type': 'application/json' },
          headersTimeout: 0,
          bodyTimeout: 0,
          signal,
        });
        if (answer.statusCode !== 200) throw gatewayError(answer.statusCode, await answer.body.text());
        return await readWatch(answer.body, onChanges);
      } catch (error) {
        throw error instanceof StatusError ? error : connectionError(error);
      } finally {
        void dispatcher.destroy().catch(() => undefined);
      }
    },
    async health() {
      const server = serverAt(current);
      const dispatcher = open(server);
      try {
        const answer = await request(`${server}/health`, {
          dispatcher,
          signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        });
        const text = await answer.body.text();
        if (answer.statusCode !== 200) throw gatewayError(answer.statusCode, text);
      } catch (error) {
        throw error instanceof StatusError ? error : connectionError(error);
      } finally {
        await dispatcher.destroy().catch(() => undefined);
      }
    },
    rotate() {
      const old = dispatchers;
      dispatchers = new Map();
      for (const dispatcher of old.values()) end(dispatcher);
    },
    async close() {
      const all = [...dispatchers.values(), ...ending];
      dispatchers = new Map();
      await Promise.all(all.map((one) => one.destroy().catch(() => undefined)));
    },
  };
}

interface Header {
  readonly revision?: string;
}

interface WireKeyValue {
  readonly key?: string;
  readonly value?: string;
  readonly mod_revision?: string;
  readonly create_revision?: string;
}

interface WireWatch {
  readonly result?: {
    readonly header?: Header;
    readonly created?: boolean;
    readonly canceled?: boolean;
    readonly compact_revision?: string;
    readonly cancel_reason?: string;
    readonly events?: readonly { readonly type?: string; readonly kv?: WireKeyValue }[];
  };
  readonly error?: unknown;
}

async function readWatch(
  body: Readable,
  onChanges: (revision: number, changes: readonly Change[]) => void,
): Promise<'compacted' | 'ended'> {
  let rest = '';
  body.setEncoding('utf8');
  for await (const chunk of body) {
    const lines = (rest + String(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line.trim() === '') continue;
      const { result, error } = JSON.parse(line) as WireWatch;
      if (error !== undefined) throw gatewayError(503, JSON.stringify({ error }));
      if (!result) continue;
      if (Number(result.compact_revision ?? 0) > 0) return 'compacted';
      if (result.canceled) return 'ended';
      const changes = (result.events ?? []).map((event) => ({
        deleted: event.type === 'DELETE',
        kv: readKeyValue(event.kv ?? {}),
      }));
      const last = changes.at(-1)?.kv.modRevision ?? Number(result.header?.revision ?? 0);
      onChanges(result.created ? 0 : last, changes);
    }
  }
  return 'ended';
}

function readRange(answer: unknown): RangeResult {
  const { header, kvs, count } = (answer ?? {}) as { header?: Header; kvs?: WireKeyValue[]; count?: string };
  return {
    revision: Number(header?.revision ?? 0),
    kvs: (kvs ?? []).map(readKeyValue),
    count: Number(count ?? 0),
  };
}

function readKeyValue(kv: WireKeyValue): KeyValue {
  return {
    key: Buffer.from(kv.key ?? '', 'base64').toString('utf8'),
    value: Buffer.from(kv.value ?? '', 'base64'),
    modRevision: Number(kv.mod_revision ?? 0),
    createRevision: Number(kv.create_revision ?? 0),
  };
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

/** How the API server dials etcd, from its flags. */
export function dialOptionsOf(context: StartContext, flags: ApiserverFlags): Omit<DialOptions, 'url'> {
  return {
    host: context.host,
    component: context.id,
    server: 'etcd',
    settings: context.settings,
    ...(flags['etcd-cafile'] ? { ca: { file: flags['etcd-cafile'] } } : {}),
    ...(flags['etcd-certfile'] ? { cert: { file: flags['etcd-certfile'] } } : {}),
    ...(flags['etcd-keyfile'] ? { key: { file: flags['etcd-keyfile'] } } : {}),
  };
}
