/**
 * SPDY/3.1, the server's half, as far as kubectl before 1.30 uses it: streams with headers over one connection.
 *
 * Source: draft-mbelshe-httpbis-spdy-00 section 2.6; github.com/moby/spdystream (what kubectl speaks).
 */
import type { Duplex } from 'node:stream';
import { constants, createDeflate, createInflate } from 'node:zlib';
import { SPDY_DICTIONARY } from './spdy-dictionary.ts';

/** One stream that the client opened. */
export interface SpdyStream {
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
  onData: (bytes: Uint8Array) => void;
  /** The client has finished sending, or the connection is gone. */
  onEnd: () => void;
  send(data: string | Uint8Array): void;
  end(): void;
}

const TYPE = { SYN_STREAM: 1, SYN_REPLY: 2, RST_STREAM: 3, PING: 6, GOAWAY: 7 } as const;
const FLAG_FIN = 1;
const HEADER_BYTES = 8;
const MAX_FRAME_BYTES = 1024 * 1024;
const MAX_HEADERS = 100;
const DATA_CHUNK_BYTES = 64 * 1024;

/**
 * Speak SPDY on a connection whose upgrade has been answered.
 * @param head      bytes that came with the upgrade
 * @param onStream  called for each stream of the client, after it was accepted
 * @param onClose   called once, when the connection is over
 */
export function serveSpdy(
  socket: Duplex,
  head: Uint8Array,
  onStream: (stream: SpdyStream) => void,
  onClose: () => void,
): void {
  const inflate = headerInflater();
  const deflate = headerDeflater();
  const streams = new Map<number, SpdyStream>();
  let buffered: Buffer = Buffer.from(head);
  let tail: Promise<void> = Promise.resolve();
  let closed = false;

  const close = (): void => {
    if (closed) return;
    closed = true;
    inflate.close();
    deflate.close();
    for (const stream of streams.values()) stream.onEnd();
    socket.destroy();
    onClose();
  };
  const write = (bytes: Uint8Array): void => {
    if (!closed && socket.writable) socket.write(bytes);
  };

  const open = async (id: number, fin: boolean, block: Buffer): Promise<void> => {
    const headers = parseHeaders(await inflate.run(block));
    const stream: SpdyStream = {
      headers,
      onData: () => undefined,
      onEnd: () => undefined,
      send: (data) => {
        const bytes = typeof data === 'string' ? Buffer.from(data) : data;
        for (let at = 0; at < bytes.length; at += DATA_CHUNK_BYTES) {
          write(dataFrame(id, 0, bytes.subarray(at, at + DATA_CHUNK_BYTES)));
        }
      },
      end: () => write(dataFrame(id, FLAG_FIN, new Uint8Array())),
    };
    streams.set(id, stream);
    write(controlFrame(TYPE.SYN_REPLY, 0, Buffer.concat([uint32(id), await deflate.run(uint32(0))])));
    onStream(stream);
    if (fin) stream.onEnd();
  };

  const control = async (type: number, flags: number, payload: Buffer): Promise<void> => {
    const id = payload.length >= 4 ? payload.readUInt32BE(0) & 0x7fffffff : 0;
    switch (type) {
      case TYPE.SYN_STREAM:
        return open(id, (flags & FLAG_FIN) !== 0, payload.subarray(10));
      case TYPE.RST_STREAM:
        streams.get(id)?.onEnd();
        streams.delete(id);
        return;
      case TYPE.PING:
        write(controlFrame(TYPE.PING, 0, payload));
        return;
      case TYPE.GOAWAY:
        close();
        return;
      default:
        return;
    }
  };

  const frame = async (bytes: Buffer): Promise<void> => {
    if (closed) return;
    const first = bytes.readUInt32BE(0);
    const flags = bytes[4] ?? 0;
    const payload = bytes.subarray(HEADER_BYTES);
    if (first & 0x80000000) return control(first & 0xffff, flags, payload);
    const stream = streams.get(first);
    if (payload.length > 0) stream?.onData(payload);
    if (flags & FLAG_FIN) stream?.onEnd();
  };

  const take = (bytes: Buffer): void => {
    buffered = buffered.length === 0 ? bytes : Buffer.concat([buffered, bytes]);
    while (buffered.length >= HEADER_BYTES) {
      const length = buffered.readUIntBE(5, 3);
      if (length > MAX_FRAME_BYTES) {
        close();
        return;
      }
      if (buffered.length < HEADER_BYTES + length) return;
      const whole = buffered.subarray(0, HEADER_BYTES + length);
      buffered = buffered.subarray(HEADER_BYTES + length);
      tail = tail.then(() => frame(whole)).catch(close);
    }
  };

  socket.on('data', take);
  socket.on('end', close);
  socket.on('close', close);
  socket.on('error', close);
  take(Buffer.alloc(0));
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Control bit, version 3, type, flags, length. */
function controlFrame(type: number, flags: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(0x8003, 0);
  header.writeUInt16BE(type, 2);
  header[4] = flags;
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
}

function dataFrame(id: number, flags: number, payload: Uint8Array): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt32BE(id, 0);
  header[4] = flags;
  header.writeUIntBE(payload.length, 5, 3);
  return Buffer.concat([header, payload]);
}

/** Count, then name and value, each after its length. */
function parseHeaders(block: Buffer): Map<string, string> {
  let at = 0;
  const number = (): number => {
    const value = block.readUInt32BE(at);
    at += 4;
    return value;
  };
  const text = (): string => {
    const length = number();
    if (at + length > block.length) throw new Error('a header leads out of its block');
    const value = block.subarray(at, at + length).toString('utf8');
    at += length;
    return value;
  };
  const count = number();
  if (count > MAX_HEADERS) throw new Error(`${count} headers`);
  const headers = new Map<string, string>();
  for (let index = 0; index < count; index++) headers.set(text().toLowerCase(), text());
  return headers;
}

/** Header compression goes on through the whole connection: one stream per direction, never reset. */
function headerInflater(): { run: (block: Buffer) => Promise<Buffer>; close: () => void } {
  const inflate = createInflate({ dictionary: SPDY_DICTIONARY });
  let chunks: Buffer[] = [];
  inflate.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    run: (block) =>
      new Promise((resolve, reject) => {
        inflate.once('error', reject);
        inflate.write(block, () => {
          inflate.flush(constants.Z_SYNC_FLUSH, () => {
            inflate.off('error', reject);
            resolve(Buffer.concat(chunks));
            chunks = [];
          });
        });
      }),
    close: () => inflate.destroy(),
  };
}

function headerDeflater(): { run: (block: Buffer) => Promise<Buffer>; close: () => void } {
  const deflate = createDeflate({ dictionary: SPDY_DICTIONARY });
  let chunks: Buffer[] = [];
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk));
  return {
    run: (block) =>
      new Promise((resolve, reject) => {
        deflate.once('error', reject);
        deflate.write(block);
        deflate.flush(constants.Z_SYNC_FLUSH, () => {
          deflate.off('error', reject);
          resolve(Buffer.concat(chunks));
          chunks = [];
        });
      }),
    close: () => deflate.destroy(),
  };
}
