import { type ClientHttp2Session, connect } from 'node:http2';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { type Codec, loadCodec } from '../../../components/etcd/protobuf.ts';
import { ask, makeHost, startEtcd, type TestEtcd, type TestHost } from './fixture.ts';

let made: TestHost;
let etcd: TestEtcd;
let codec: Codec;
let session: ClientHttp2Session;
beforeAll(async () => {
  made = await makeHost();
  etcd = await startEtcd(made);
  codec = await loadCodec();
});
afterAll(async () => {
  await etcd.close();
  made.remove();
});
beforeEach(() => {
  const { ca, cert, key } = made.pem;
  session = connect(`https://127.0.0.1:${etcd.port}`, { ca, cert, key });
});
afterEach(() => {
  session.destroy();
});

interface Said {
  readonly status: string;
  readonly message: string;
  readonly frames: readonly Buffer[];
}

/** One message with its five bytes in front. */
function frame(message: Uint8Array, compressed = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = compressed;
  prefix.writeUInt32BE(message.length, 1);
  return Buffer.concat([prefix, message]);
}

/** Send bytes to a procedure and read its answer to the end. */
function call(path: string, ...chunks: readonly Uint8Array[]): Promise<Said> {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': path, 'content-type': 'application/grpc' });
    let held = Buffer.alloc(0);
    stream.on('data', (chunk: Buffer) => {
      held = Buffer.concat([held, chunk]);
    });
    stream.on('trailers', (trailers) => {
      const frames: Buffer[] = [];
      for (let at = 0; at < held.length; ) {
        const length = held.readUInt32BE(at + 1);
        frames.push(held.subarray(at + 5, at + 5 + length));
        at += 5 + length;
      }
      resolve({
        status: String(trailers['grpc-status']),
        message: decodeURIComponent(String(trailers['grpc-message'])),
        frames,
      });
    });
    stream.on('error', reject);
    for (const chunk of chunks) stream.write(chunk);
    stream.end();
  });
}

test('answers a call with one message and status 0', async () => {
  const put = codec.encode('PutRequest', { key: Buffer.from('a'), value: Buffer.from('1') });
  expect(await call('/etcdserverpb.KV/Put', frame(put))).toMatchObject({ status: '0', message: '' });
  const range = codec.encode('RangeRequest', { key: Buffer.from('a') });
  const said = await call('/etcdserverpb.KV/Range', frame(range));
  expect(codec.decode('RangeResponse', said.frames[0] ?? Buffer.alloc(0)).kvs).toMatchObject([
    { key: Buffer.from('a'), value: Buffer.from('1') },
  ]);
});

test('puts a message together that comes byte by byte', async () => {
  const bytes = frame(codec.encode('RangeRequest', { key: Buffer.from('nothing') }));
  const said = await call('/etcdserverpb.KV/Range', ...[...bytes].map((byte) => Buffer.from([byte])));
  expect(said.status).toBe('0');
});

const refusals = [
  {
    name: "etcd's own refusals",
    path: '/etcdserverpb.KV/Range',
    chunks: [frame(new Uint8Array())],
    status: '3',
    message: 'etcdserver: key is not provided',
  },
  {
    name: 'a method that it does not have',
    path: '/etcdserverpb.KV/Nothing',
    chunks: [],
    status: '12',
    message: 'unknown method Nothing for service etcdserverpb.KV',
  },
  {
    name: 'a service that it does not have',
    path: '/a.B/C',
    chunks: [],
    status: '12',
    message: 'unknown service a.B',
  },
  {
    name: 'bytes that are no message',
    path: '/etcdserverpb.KV/Range',
    chunks: [frame(Buffer.from('0aff', 'hex'))],
    status: '13',
    message: 'grpc: error unmarshalling request',
  },
  {
    name: 'a message that is longer than the limit',
    path: '/etcdserverpb.KV/Range',
    chunks: [Buffer.from('00ffffffff', 'hex')],
    status: '8',
    message: 'grpc: received message larger than max (4294967295 vs. 2097152)',
  },
  {
    name: 'a compressed message',
    path: '/etcdserverpb.KV/Range',
    chunks: [frame(Buffer.from('x'), 1)],
    status: '12',
    message: 'Decompressor is not installed',
  },
  {
    name: 'half a message',
    path: '/etcdserverpb.KV/Range',
    chunks: [Buffer.from('0000', 'hex')],
    status: '13',
    message: 'EOF',
  },
  {
    name: 'bytes that are no message, on a stream',
    path: '/etcdserverpb.Watch/Watch',
    chunks: [frame(Buffer.from('0aff', 'hex'))],
    status: '13',
    message: 'grpc: error unmarshalling request',
  },
] as const;

test.for(refusals)('answers $name with status $status', async ({ path, chunks, status, message }) => {
  const said = await call(path, ...chunks);
  expect(said).toMatchObject({ status, message: expect.stringContaining(message), frames: [] });
  expect((await ask(made, etcd.port, '/health')).status).toBe(200);
});

test('ends a keep-alive stream when the client has said all', async () => {
  const requests = [1n, 2n].map((ID) => frame(codec.encode('LeaseKeepAliveRequest', { ID })));
  const said = await call('/etcdserverpb.Lease/LeaseKeepAlive', ...requests);
  expect(said.status).toBe('0');
  expect(said.frames.map((bytes) => codec.decode('LeaseKeepAliveResponse', bytes).ID)).toEqual([1n, 2n]);
});

test('forgets the watches of a connection that is gone', async () => {
  const watchers = async (): Promise<string | undefined> =>
    /^etcd_debugging_mvcc_watcher_total (\d+)$/m.exec((await ask(made, etcd.port, '/metrics')).body)?.[1];
  const stream = session.request({
    ':method': 'POST',
    ':path': '/etcdserverpb.Watch/Watch',
    'content-type': 'application/grpc',
  });
  stream.on('error', () => {});
  stream.write(frame(codec.encode('WatchRequest', { create_request: { key: Buffer.from('a') } })));
  await new Promise((resolve) => stream.once('data', resolve));
  expect(await watchers()).toBe('1');
  session.destroy();
  await vi.waitFor(async () => expect(await watchers()).toBe('0'), 10_000);
});
