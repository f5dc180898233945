/**
 * A trace as JSON and back: bytes become base64. For the API between the running lab and other commands.
 */
import type { Trace } from '../components/tls/trace.ts';

/** Marks bytes in JSON. */
const BYTES = 'base64:';

/** A trace that survives JSON.stringify. */
export function traceToJson(trace: Trace): unknown {
  return bytesToJson(trace);
}

/** Anything with bytes in it, so that it survives JSON.stringify. */
export function bytesToJson(whole: unknown): unknown {
  return JSON.parse(
    JSON.stringify(whole, (_, value: unknown) => {
      if (isBufferJson(value)) return BYTES + Buffer.from(value.data).toString('base64');
      return value instanceof Uint8Array ? BYTES + Buffer.from(value).toString('base64') : value;
    }),
  );
}

/** The trace that `traceToJson` was given. The value must come from this project's own API. */
export function traceFromJson(value: unknown): Trace {
  return bytesFromJson(value) as Trace;
}

/** What `bytesToJson` was given. */
export function bytesFromJson(value: unknown): unknown {
  if (typeof value === 'string') {
    return value.startsWith(BYTES) ? new Uint8Array(Buffer.from(value.slice(BYTES.length), 'base64')) : value;
  }
  if (Array.isArray(value)) return value.map(bytesFromJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, bytesFromJson(child)]));
}

/** JSON.stringify asks a Buffer for its own JSON form before the replacer sees it. */
function isBufferJson(value: unknown): value is { type: 'Buffer'; data: number[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value &&
    Array.isArray(value.data)
  );
}
