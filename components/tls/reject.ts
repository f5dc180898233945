/**
 * A refusal on the wire: the alert, sealed with the connection's own keys, in place of the last flight.
 *
 * Node reports a finished handshake before it flushes that flight, so the alert comes first and the flight never
 * gets out. TLS 1.2 and older: in the clear, for neither side has changed its cipher yet.
 */
import type { Decoder } from './decoder.ts';
import { sealRecord13 } from './secrets.ts';
import type { Side } from './trace.ts';

const ALERT = 21;
const FATAL = 2;
/** What a client in compatibility mode sends before its first encrypted record. RFC 8446 appendix D.4 */
const CHANGE_CIPHER_SPEC = Buffer.from('140303000101', 'hex');

/**
 * The bytes that end a handshake.
 * @param by      who refuses
 * @param number  of the alert
 * @returns       one alert record, after a ChangeCipherSpec where a client of TLS 1.3 owes one
 */
export function alertBytes(decoder: Decoder, by: Side, number: number): Buffer {
  const payload = Buffer.of(FATAL, number);
  const sealing = decoder.sealing(by);
  if (sealing) {
    const record = sealRecord13({
      cipher: sealing.cipher,
      secret: sealing.secret,
      sequence: sealing.sequence,
      innerType: ALERT,
      payload,
    });
    return by === 'client' ? Buffer.concat([CHANGE_CIPHER_SPEC, record]) : Buffer.from(record);
  }
  return plainAlert(number);
}

/** An alert in the clear: `15 03 03 00 02 02 N`. */
export function plainAlert(number: number): Buffer {
  return Buffer.of(ALERT, 3, 3, 0, 2, FATAL, number);
}
