/**
 * The procedures that answer with a stream, apart from how their messages are carried.
 */
import type { Engine } from './engine.ts';
import type { RPCS, StreamName } from './rpcs.ts';
import type { Message, Reply } from './schema.ts';

/** Where answers go. */
export interface StreamSink<N extends StreamName> {
  /** Returns false when the connection's buffer is full. */
  send(reply: Reply<(typeof RPCS)[N]['response']>): boolean;
  end(): void;
}

/** One open stream. */
export interface RpcStream<N extends StreamName> {
  receive(message: Message<(typeof RPCS)[N]['request']>): void;
  /** The client has sent its last message. */
  received(): void;
  drained(): void;
  close(): void;
}

type Openers = { readonly [N in StreamName]: (engine: Engine, sink: StreamSink<N>) => RpcStream<N> };

const OPENERS: Openers = {
  '/etcdserverpb.Watch/Watch': (engine, sink) => {
    const stream = engine.watches.open(sink);
    return {
      receive: (message) => stream.request(message),
      // A client that says nothing more still wants to be told.
      received: () => {},
      drained: () => stream.drained(),
      close: () => stream.close(),
    };
  },
  '/etcdserverpb.Lease/LeaseKeepAlive': (engine, sink) => ({
    receive: (message) => {
      sink.send(engine.keepAlive(message));
    },
    received: () => sink.end(),
    drained: () => {},
    close: () => {},
  }),
  '/etcdserverpb.Maintenance/Snapshot': (engine, sink) => {
    let messages: Iterator<Reply<'SnapshotResponse'>> | undefined;
    let begun = false;
    const pump = (): void => {
      for (let ready = true; ready && messages; ) {
        const { done, value } = messages.next();
        if (done) {
          messages = undefined;
          sink.end();
        } else ready = sink.send(value);
      }
    };
    const begin = (): void => {
      if (begun) return;
      begun = true;
      messages = engine.snapshot();
      pump();
    };
    return {
      receive: begin,
      // Over JSON an empty body is an empty message.
      received: begin,
      drained: pump,
      close: () => {
        messages = undefined;
      },
    };
  },
};

/** Open a stream of either kind. */
export function openStream<N extends StreamName>(engine: Engine, name: N, sink: StreamSink<N>): RpcStream<N> {
  const open: Openers[N] = OPENERS[name];
  return open(engine, sink);
}
