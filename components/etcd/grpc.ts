/**
 * gRPC over HTTP/2: five bytes before each message, the status in the trailers.
 * @see gRPC over HTTP2 (grpc/doc/PROTOCOL-HTTP2.md)
 */
import type { Http2ServerRequest, Http2ServerResponse } from 'node:http2';
import { messageOf } from '../../certs/errors.ts';
import { noteHttp } from '../tls/server.ts';
import type { Engine } from './engine.ts';
import { EtcdError, GRPC_STATUS } from './errors.ts';
import { type Codec, loadCodec } from './protobuf.ts';
import { isStream, RPCS, type RpcName, type StreamName, type UnaryName } from './rpcs.ts';
import type { Message, MessageName, Reply } from './schema.ts';
import { openStream } from './streams.ts';

/** Compressed-flag(1) length(4, big-endian). */
const PREFIX_BYTES = 5;
/** etcd allows gRPC's own overhead beyond the request limit. */
const OVERHEAD_BYTES = 512 * 1024;

/** A response that goes to many watchers is written once. */
const frames = new WeakMap<object, Buffer>();

/** True for a request that gRPC answers; everything else over HTTP/2 is the gateway's. */
export function isGrpc(request: Http2ServerRequest): boolean {
  return request.headers['content-type']?.startsWith('application/grpc') ?? false;
}

/** The gRPC side of one engine. */
export function createGrpc(
  engine: Engine,
  requestBytes: number,
): (request: Http2ServerRequest, response: Http2ServerResponse) => void {
  const maxBytes = requestBytes + OVERHEAD_BYTES;
  return (request, response) => {
    response.writeHead(200, { 'content-type': 'application/grpc' });
    const call = { engine, request, response, maxBytes };
    const name = request.url;
    if (!isRpc(name)) {
      finish(call, unknownMethod(name));
      return;
    }
    loadCodec()
      .then((codec) => (isStream(name) ? answerStream(call, codec, name) : answerUnary(call, codec, name)))
      .catch((error: unknown) => finish(call, error));
  };
}

interface Call {
  readonly engine: Engine;
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  readonly maxBytes: number;
}

function isRpc(path: string): path is RpcName {
  return Object.hasOwn(RPCS, path);
}

/** grpc-go tells a service that it does not know from a method that it does not know. */
function unknownMethod(path: string): EtcdError {
  const [, service = '', method = ''] = path.split('/');
  const known = Object.keys(RPCS).some((name) => name.startsWith(`/${service}/`));
  return new EtcdError(
    'Unimplemented',
    known ? `unknown method ${method} for service ${service}` : `unknown service ${service}`,
  );
}

async function answerUnary(call: Call, codec: Codec, name: UnaryName): Promise<void> {
  const spec = RPCS[name];
  const message = await new Promise<Buffer>((resolve, reject) => {
    readFrames(call, resolve, reject, () => reject(new EtcdError('Internal', 'EOF')));
  });
  const request = decode(codec, spec.request, message);
  const reply = call.engine.call(name, request as never);
  await call.engine.settled();
  call.response.write(frame(codec.encode(spec.response, reply)));
  finish(call, undefined);
}

function answerStream(call: Call, codec: Codec, name: StreamName): void {
  const spec = RPCS[name];
  const { response } = call;
  const stream = openStream(call.engine, name, {
    send: (reply) => response.write(frameOf(codec, spec.response, reply)),
    end: () => finish(call, undefined),
  });
  response.on('drain', () => stream.drained());
  response.on('close', () => stream.close());
  const fail = (error: unknown): void => {
    stream.close();
    finish(call, error);
  };
  readFrames(
    call,
    (message) => stream.receive(decode(codec, spec.request, message)),
    fail,
    () => stream.received(),
  );
}

/** @throws EtcdError Internal in grpc-go's words */
function decode<N extends MessageName>(codec: Codec, type: N, bytes: Uint8Array): Message<N> {
  try {
    return codec.decode(type, bytes);
  } catch (error) {
    throw new EtcdError('Internal', `grpc: error unmarshalling request: ${messageOf(error)}`);
  }
}

/** Cut the request's body into messages. What `onMessage` throws goes to `onError`. */
function readFrames(
  call: Call,
  onMessage: (message: Buffer) => void,
  onError: (error: unknown) => void,
  onEnd: () => void,
): void {
  let held: Buffer = Buffer.alloc(0);
  call.request.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    try {
      while (held.length >= PREFIX_BYTES) {
        const length = held.readUInt32BE(1);
        if (length > call.maxBytes) throw tooLarge(length, call.maxBytes);
        if (held[0] !== 0) {
          throw new EtcdError('Unimplemented', 'grpc: Decompressor is not installed for grpc-encoding');
        }
        if (held.length < PREFIX_BYTES + length) return;
        const message = held.subarray(PREFIX_BYTES, PREFIX_BYTES + length);
        held = held.subarray(PREFIX_BYTES + length);
        onMessage(message);
      }
    } catch (error) {
      onError(error);
    }
  });
  call.request.on('end', onEnd);
}

function tooLarge(length: number, limit: number): EtcdError {
  return new EtcdError(
    'ResourceExhausted',
    `grpc: received message larger than max (${length} vs. ${limit})`,
  );
}

function frameOf<N extends MessageName>(codec: Codec, type: N, reply: Reply<N>): Buffer {
  let bytes = frames.get(reply);
  if (!bytes) {
    bytes = frame(codec.encode(type, reply));
    frames.set(reply, bytes);
  }
  return bytes;
}

function frame(message: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  bytes[0] = 0;
  bytes.writeUInt32BE(message.length, 1);
  bytes.set(message, PREFIX_BYTES);
  return bytes;
}

/** End the call with its status. */
function finish(call: Call, error: unknown): void {
  const { response } = call;
  if (response.writableEnded || response.stream.destroyed) return;
  const known =
    error === undefined || error instanceof EtcdError ? error : new EtcdError('Internal', 'internal error');
  response.addTrailers({
    'grpc-status': String(known?.code ?? GRPC_STATUS.OK[0]),
    'grpc-message': percentEncode(known?.message ?? ''),
  });
  response.end();
  const socket = call.request.stream.session?.socket;
  if (socket) noteHttp(socket, 200, known?.message ?? '');
}

/** Everything but printable ASCII, and the percent sign itself. */
function percentEncode(text: string): string {
  return text.replace(/[^\x20-\x24\x26-\x7e]/g, (letter) => encodeURIComponent(letter));
}
