/**
 * A queue of bytes between an event emitter that pushes and a reader that awaits.
 */

/** What arrives, in order; ends when `end` was called and all is read. */
export interface ByteQueue extends AsyncIterable<Uint8Array> {
  push(bytes: Uint8Array): void;
  end(): void;
}

/** Make an empty queue. One reader at a time. */
export function byteQueue(): ByteQueue {
  const waiting: Uint8Array[] = [];
  let ended = false;
  let wake: () => void = () => undefined;
  return {
    push: (bytes) => {
      if (ended || bytes.length === 0) return;
      waiting.push(bytes);
      wake();
    },
    end: () => {
      ended = true;
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = waiting.shift();
        if (next) yield next;
        else if (ended) return;
        else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}
