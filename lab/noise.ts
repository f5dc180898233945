/**
 * Harmless callers: whoever lab.yaml lists under `noise:` knocks at a server's port every few seconds, and leaves lines in
 * its log that look like trouble.
 */
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Cluster } from './cluster.ts';
import { type LabDirectory, type Noise, readDirectory } from './directory.ts';
import { stampOf } from './settings.ts';

/** Real load balancers knock every 2 to 10 s, from several addresses. */
const EVERY_MS = 2000;
const LIMIT_MS = 1500;

/** A ClientHello as HAProxy's `option ssl-hello-chk` sends it: SSL 3.0, RFC 6101 section 5.6.1.2. */
const SSL3_HELLO = Buffer.concat([
  Buffer.from('160300002f' /* record: handshake, 3.0, 47 bytes */, 'hex'),
  Buffer.from('0100002b' /* client_hello, 43 bytes */, 'hex'),
  Buffer.from('0300' /* SSL 3.0 */, 'hex'),
  Buffer.alloc(32, 'mtls-lab'),
  Buffer.from('00' /* no session */, 'hex'),
  Buffer.from('0004000a0005' /* two suites: 3DES, RC4 */, 'hex'),
  Buffer.from('0100' /* no compression */, 'hex'),
]);

/** What each says once it is connected; null: nothing, it closes at once. */
const SAYS: Readonly<Record<Noise, string | Buffer | null>> = {
  'tcp-probe': null,
  'port-scan': 'GET / HTTP/1.0\r\n\r\n',
  'old-hello': SSL3_HELLO,
};

/** Let them knock as long as the lab runs; lab.yaml is read anew when it changes. */
export function startNoise(directory: LabDirectory, cluster: Cluster): { close(): void } {
  const file = join(directory.dir, 'lab.yaml');
  let { noise } = directory;
  let seen = stampOf(file);
  const timer = setInterval(() => {
    const now = stampOf(file);
    if (now !== seen) {
      seen = now;
      try {
        noise = readDirectory(directory.dir).noise;
      } catch {
        // Half-written: `status` says what is wrong with it.
      }
    }
    for (const [server, kinds] of Object.entries(noise)) {
      const url = cluster.supervisor(server)?.state().url;
      if (url) for (const kind of kinds) knock(Number(new URL(url).port), SAYS[kind]);
    }
  }, EVERY_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}

function knock(port: number, words: string | Buffer | null): void {
  const socket = connect({ host: '127.0.0.1', port });
  socket.setTimeout(LIMIT_MS, () => socket.destroy());
  socket.on('error', () => undefined);
  socket.on('data', () => undefined);
  socket.once('connect', () => {
    if (words === null) socket.end();
    else socket.write(words);
  });
}
