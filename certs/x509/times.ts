/**
 * UTCTime and GeneralizedTime, by the rules of Go's parser: seconds may be missing in UTCTime, an offset may
 * stand in place of Z, and whatever would be written differently is refused.
 *
 * @see golang/go vendored golang.org/x/crypto/cryptobyte/asn1.go, ReadASN1UTCTime and ReadASN1GeneralizedTime
 */
import { type Cursor, contentOf, latin1, MalformedError, peekTag, readElement, TAG } from '../der.ts';

/** A moment as a certificate gives it. */
export interface Instant {
  /** Milliseconds since the epoch. */
  readonly ms: number;
  /** RFC 3339 as Go prints it, in the offset that the certificate wrote: `2026-11-23T06:18:27Z`. */
  readonly text: string;
}

const UTC_TIME = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?(Z|[+-]\d{4})$/;
const GENERALIZED_TIME = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(Z|[+-]\d{4})$/;

/** Read a UTCTime or GeneralizedTime. @throws MalformedError with Go's text */
export function readTime(cursor: Cursor): Instant {
  const tag = peekTag(cursor);
  if (tag !== TAG.UTC_TIME && tag !== TAG.GENERALIZED_TIME) {
    throw new MalformedError('x509: unsupported time format', cursor.at, 'wanted UTCTime or GeneralizedTime');
  }
  const isUtc = tag === TAG.UTC_TIME;
  const goText = isUtc ? 'x509: malformed UTCTime' : 'x509: malformed GeneralizedTime';
  const start = cursor.at;
  const text = latin1(contentOf(cursor, readElement(cursor, tag, goText)));
  const instant = parseTime(text, isUtc);
  if (instant === undefined) {
    throw new MalformedError(goText, start, `wanted a moment, had ${JSON.stringify(text.slice(0, 40))}`);
  }
  return instant;
}

function parseTime(text: string, isUtc: boolean): Instant | undefined {
  const parts = (isUtc ? UTC_TIME : GENERALIZED_TIME).exec(text);
  if (parts === null) return undefined;
  const [written = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  // RFC 5280 section 4.1.2.5.1: 50 to 99 are of the last century.
  const year = isUtc ? written + (written >= 50 ? 1900 : 2000) : written;
  const offsetMinutes = parseOffset(parts[7] ?? 'Z');
  if (offsetMinutes === undefined || month < 1 || month > 12 || hour > 23 || minute > 59 || second > 59)
    return undefined;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCDate() !== day || day === 0) return undefined;
  date.setUTCHours(hour, minute, second);
  const ms = date.getTime() - offsetMinutes * 60_000;
  return { ms, text: rfc3339(ms, offsetMinutes) };
}

/** Minutes east of Greenwich; undefined for what Go would not write itself (`+0000`). */
function parseOffset(text: string): number | undefined {
  if (text === 'Z') return 0;
  const hours = Number(text.slice(1, 3));
  const minutes = Number(text.slice(3, 5));
  if (hours > 24 || minutes > 59 || hours + minutes === 0) return undefined;
  return (text.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * A moment in Go's time.RFC3339: whole seconds, `Z` or `+02:00`.
 * @param ms             milliseconds since the epoch; fractions of a second are cut off
 * @param offsetMinutes  minutes east of Greenwich, default 0
 */
export function rfc3339(ms: number, offsetMinutes = 0): string {
  const local = new Date(Math.floor(ms / 1000) * 1000 + offsetMinutes * 60_000);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${String(local.getUTCFullYear()).padStart(4, '0')}-${two(local.getUTCMonth() + 1)}-${two(local.getUTCDate())}`;
  const time = `${two(local.getUTCHours())}:${two(local.getUTCMinutes())}:${two(local.getUTCSeconds())}`;
  const away = Math.abs(offsetMinutes);
  const zone =
    offsetMinutes === 0
      ? 'Z'
      : `${offsetMinutes < 0 ? '-' : '+'}${two(Math.floor(away / 60))}:${two(away % 60)}`;
  return `${day}T${time}${zone}`;
}
