/** A recording as a trace: what the transport would have noted of it, without verdicts. */
import { createDecoder } from '../../components/tls/decoder.ts';
import type { Trace, TraceMessage, WireChunk } from '../../components/tls/trace.ts';
import type { Recording } from './handshake-recorder.ts';
import { traceOf } from './trace.ts';

/** Decode a recording as the server saw it, up to the end of what is decoded. */
export function recordedTrace(recording: Recording, change: Partial<Trace> = {}): Trace {
  const messages: TraceMessage[] = [];
  const wire: WireChunk[] = [];
  const keylog: string[] = [];
  const decoder = createDecoder({ onMessage: (message) => messages.push(message) });
  for (const event of recording.events) {
    if (event.kind === 'keylog') {
      if (event.by === 'server') {
        keylog.push(event.line);
        decoder.keylog(event.line);
      }
      continue;
    }
    if (decoder.stopped) break;
    decoder.push(event.from, event.bytes, event.atUs);
    wire.push({ from: event.from, atUs: event.atUs, bytes: event.bytes });
  }
  decoder.end();
  const alert = decoder.lastAlert.server ?? decoder.lastAlert.client;
  const failed = recording.clientError !== null || recording.serverError !== null;
  return traceOf({
    state: 'closed',
    clientRandom: decoder.clientRandom,
    protocol: decoder.protocol,
    cipher: decoder.cipher,
    sni: decoder.sni,
    alpn: decoder.alpn,
    messages,
    keylog,
    wire,
    outcome: failed
      ? { layer: 'tls', by: alert?.from ?? null, code: 'HANDSHAKE_FAILURE', alert }
      : { layer: 'ok', by: null, code: null, alert: null },
    ...change,
  });
}
