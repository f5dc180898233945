/**
 * What each message of a handshake is for, in one sentence with the names and values of this connection: under the
 * rungs of the page's ladder, and in step mode.
 */
import type { HttpResult, MessageType, Side, Trace, TraceMessage } from '../components/tls/trace.ts';
import { nameOf } from './explain.ts';

interface Telling {
  readonly trace: Trace;
  readonly message: TraceMessage;
  /** Who says it, and who hears it. */
  readonly from: string;
  readonly to: string;
}

/** One sentence or two per message. @see RFC 8446 sections 4 and 6; RFC 5246 section 7 */
const WHY = {
  client_hello: ({ trace, from }) =>
    `${from} opens the conversation: what it can do, and ${
      trace.sni
        ? `that it wants "${trace.sni}"`
        : 'no host name, because it dialled an IP address (SNI holds names only)'
    }. Everybody on the wire can read this.`,
  server_hello: ({ trace, from }) =>
    trace.protocol === 'TLSv1.3' || trace.protocol === null
      ? `${from} picks version and cipher suite and adds its half of the key exchange. From here on all is encrypted.`
      : `${from} picks version and cipher suite. In TLS 1.2 the certificates that follow are still readable by everybody.`,
  hello_retry_request: ({ to }) => `The key exchange that was offered does not suit: ${to} has to ask again.`,
  encrypted_extensions: ({ from }) =>
    `What else ${from} agrees to, hidden from those who listen: the protocol inside (ALPN), say.`,
  certificate_request: ({ from, to }) =>
    `This is what makes it mutual: ${from} wants ${to} to show a certificate, too, and names the CAs that it takes.`,
  certificate: ({ message, from, to }) =>
    message.summary === 'no certificate'
      ? `${from} was asked and has nothing to show: an empty list. ${to} decides what to make of it.`
      : `${from} shows who it is. A certificate is public, so this proves nothing yet: the proof follows.`,
  certificate_status: ({ from }) => `${from} encloses what its CA says about revocation (OCSP).`,
  server_key_exchange: ({ from }) =>
    `${from}'s half of the key exchange, signed with the key of its certificate: that is its proof.`,
  server_hello_done: ({ to }) => `It is ${to}'s turn.`,
  client_key_exchange: ({ from }) =>
    `${from}'s half of the key exchange: both can now work out the same keys.`,
  certificate_verify: ({ from }) =>
    `The proof: ${from} signs the conversation so far with its private key. Whoever only copied the certificate cannot.`,
  finished: ({ trace, message, from }) =>
    message.from === 'client' && trace.protocol === 'TLSv1.3'
      ? `A checksum over all that was said. For ${from} the handshake is over now: it holds itself for connected, before the other side has judged its certificate.`
      : `A checksum over all that was said: nobody in between changed a byte.`,
  new_session_ticket: () =>
    'A ticket to shorten the next handshake. The lab never uses one: it would hide faults.',
  key_update: ({ from }) => `${from} changes its key.`,
  hello_request: ({ to }) => `${to} is asked to begin anew.`,
  change_cipher_spec: ({ trace, from }) =>
    trace.protocol === 'TLSv1.3'
      ? 'Sent only so that old boxes on the way, which expect it of TLS 1.2, keep quiet.'
      : `All that ${from} says from here on is encrypted.`,
  alert: ({ message, from, to }) =>
    message.bytes[1] === 0
      ? `${from} says goodbye, as it should.`
      : `${from} breaks off. The alert tells ${to} why in one number; it says "remote error" in ${to}'s log, for the other end decided.`,
  application_data: ({ trace, message, from, to }) =>
    message.from === 'server' && trace.http
      ? answerText(trace.http, from, to)
      : `What all this was for: the first words of ${from} over the protected connection.`,
  encrypted: () => 'A record whose keys the lab does not know: all that anybody on the wire ever sees.',
  unknown: () => 'Bytes that are no TLS message here.',
} as const satisfies Record<MessageType, (telling: Telling) => string>;

/** The first answer over a finished handshake. */
function answerText({ status, message }: HttpResult, from: string, to: string): string {
  const said = message === '' ? '' : ` (${message})`;
  if (status === 401)
    return `TLS is long over, and went well. Now ${from} answers HTTP 401${said}: it does not know who ${to} is.`;
  if (status === 403)
    return `TLS is long over, and went well. Now ${from} answers HTTP 403${said}: it knows who ${to} is, and that is not enough.`;
  return status >= 400
    ? `TLS went well; the answer over it is HTTP ${status}${said}.`
    : `The answer over the protected connection: HTTP ${status}.`;
}

const OTHER = { client: 'server', server: 'client' } as const satisfies Record<Side, Side>;

/** What a message is for, with the names of this connection. */
export function whyOf(trace: Trace, message: TraceMessage): string {
  const [from, to] = [message.from, OTHER[message.from]].map((side) => nameOf(trace, side));
  return WHY[message.type]({ trace, message, from: from ?? '', to: to ?? '' });
}

/** `ClientHello`: the RFC's spelling of a message's name. */
export function messageTitle(type: MessageType): string {
  return type
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('');
}
