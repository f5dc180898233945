/**
 * Many watchers in a process of their own: the load of reading must not slow down the server or the writers.
 *
 * Each watcher has its own TLS connection, sees every change of `load/` and checks that each revision follows the one
 * before. Speaks with `watch-load.ts` over IPC.
 */
import { Agent, request } from 'node:https';

/** First message to this process. */
export interface WatchOrder {
  readonly port: number;
  readonly watchers: number;
  readonly pem: { readonly ca: string; readonly cert: string; readonly key: string };
  /** The newest revision before any write. */
  readonly revision: number;
}

/** Later ones: tell when every watcher has seen this revision, or when time is up. */
export interface WatchWait {
  readonly upTo: number;
  readonly patienceMs: number;
}

/** What comes back, first when all watch, then once for each wait. */
export interface WatchSeen {
  /** Events that all watchers together were told of. */
  readonly events: number;
  /** What was missed, repeated or out of order; the first few. */
  readonly faults: readonly string[];
}

interface Watcher {
  seen: number;
}

const MARK = Buffer.from('"mod_revision":"');
const QUOTE = 0x22;
const MAX_FAULTS = 5;

const watchers: Watcher[] = [];
const faults: string[] = [];
let events = 0;

process.on('message', (message: WatchOrder | WatchWait) => {
  const done = 'port' in message ? openAll(message) : waitFor(message);
  done
    .then((seen) => process.send?.(seen))
    .catch((error: unknown) => {
      faults.push(String(error));
      process.send?.(seenSoFar());
    });
});

// The test is gone.
process.on('disconnect', () => process.exit());

async function openAll({ port, watchers: wanted, pem, revision }: WatchOrder): Promise<WatchSeen> {
  const agent = new Agent({ keepAlive: true, ...pem, maxSockets: wanted });
  for (let at = 0; at < wanted; at++) await openWatcher(agent, port, revision);
  return seenSoFar();
}

async function waitFor({ upTo, patienceMs }: WatchWait): Promise<WatchSeen> {
  const deadline = performance.now() + patienceMs;
  while (watchers.some(({ seen }) => seen < upTo) && performance.now() < deadline) {
    await new Promise((done) => setTimeout(done, 10));
  }
  for (const [at, { seen }] of watchers.entries()) {
    if (seen !== upTo) report(`watcher ${at} saw ${seen} of ${upTo}`);
  }
  return seenSoFar();
}

function seenSoFar(): WatchSeen {
  return { events, faults };
}

function report(fault: string): void {
  if (faults.length < MAX_FAULTS) faults.push(fault);
}

/** Watch `load/`; resolves when the watch is created. */
function openWatcher(agent: Agent, port: number, revision: number): Promise<void> {
  const watcher: Watcher = { seen: revision };
  const name = `watcher ${watchers.push(watcher) - 1}`;
  return new Promise((created, failed) => {
    const sent = request(
      { host: '127.0.0.1', port, path: '/v3/watch', method: 'POST', agent },
      (response) => {
        response.once('data', (first: Buffer) => {
          if (first.includes('"created":true')) created();
          else failed(new Error(`${name}: ${first}`));
          let held: Buffer = Buffer.alloc(0);
          response.on('data', (chunk: Buffer) => {
            held = read(name, watcher, held.length === 0 ? chunk : Buffer.concat([held, chunk]));
          });
        });
        response.on('close', () => report(`${name}: the connection ended`));
      },
    );
    sent.on('error', failed);
    const create_request = { key: base64('load/'), range_end: base64('load0') };
    sent.end(JSON.stringify({ create_request }));
  });
}

/** Take the revisions out of some bytes; returns those that belong to one that is not whole yet. */
function read(name: string, watcher: Watcher, bytes: Buffer): Buffer {
  let at = bytes.indexOf(MARK);
  let done = Math.max(0, bytes.length - MARK.length);
  while (at >= 0) {
    const begin = at + MARK.length;
    const end = bytes.indexOf(QUOTE, begin);
    if (end < 0) return bytes.subarray(at);
    const revision = Number(bytes.toString('latin1', begin, end));
    if (revision !== watcher.seen + 1) report(`${name}: ${revision} after ${watcher.seen}`);
    watcher.seen = revision;
    events += 1;
    done = Math.max(done, end);
    at = bytes.indexOf(MARK, end);
  }
  return bytes.subarray(done);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
