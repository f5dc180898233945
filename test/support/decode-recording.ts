/** Plays a recording into a decoder, as one end of the connection saw it. */
import { createDecoder, type Decoder } from '../../components/tls/decoder.ts';
import type { Side, TraceMessage } from '../../components/tls/trace.ts';
import type { Recording } from './handshake-recorder.ts';

/** What a decoder made of a recording. */
export interface Decoded {
  readonly messages: readonly TraceMessage[];
  readonly decoder: Decoder;
}

/** How to play it. */
export interface PlayOptions {
  /** Whose key log lines are told; default the server's. `none`: nobody's. */
  readonly keylogOf?: Side | 'none';
  /** At most this many bytes at a time. */
  readonly pieceBytes?: number;
}

/** Decode a recording to its end. */
export function decodeRecording(recording: Recording, options: PlayOptions = {}): Decoded {
  const messages: TraceMessage[] = [];
  const decoder = createDecoder({ onMessage: (message) => messages.push(message) });
  const keylogOf = options.keylogOf ?? 'server';
  for (const event of recording.events) {
    if (event.kind === 'keylog') {
      if (event.by === keylogOf) decoder.keylog(event.line);
      continue;
    }
    const size = options.pieceBytes ?? event.bytes.length;
    for (let at = 0; at < event.bytes.length; at += size) {
      decoder.push(event.from, event.bytes.subarray(at, at + size), event.atUs);
    }
  }
  decoder.end();
  return { messages, decoder };
}

/** `C client_hello`, `S certificate*`: side, type, and a star where the record was encrypted. */
export function shorthand(messages: readonly TraceMessage[]): string[] {
  return messages.map(
    ({ from, type, encrypted }) => `${from === 'client' ? 'C' : 'S'} ${type}${encrypted ? '*' : ''}`,
  );
}
