/**
 * What is wrong with etcd, in the words that the real API server passes on.
 *
 * @see etcd client/v3 (toErr), google.golang.org/grpc (connection errors), apiserver responsewriters/status.go
 */
import { messageOf } from '../../certs/errors.ts';
import { StatusError } from '../api/status.ts';
import { HandshakeError } from '../tls/client.ts';

/** etcd answered, and said no: its words are passed on as the real API server does, without a reason. */
export function gatewayError(status: number, body: string): StatusError {
  let message = body.trim();
  try {
    const parsed = JSON.parse(body) as { error?: unknown; message?: unknown };
    const error = parsed.error ?? parsed.message;
    message = typeof error === 'string' ? error : JSON.stringify(error ?? parsed);
  } catch {
    // Not JSON: the text itself is the message.
  }
  return new StatusError(500, '', message === '' ? `etcd answered with HTTP status ${status}` : message);
}

/** etcd cannot be reached: gRPC's words, which the real API server passes on. */
export function connectionError(error: unknown): StatusError {
  const cause = handshakeErrorIn(error);
  if (cause) {
    const tcp = cause.outcome.layer === 'tcp';
    const what = tcp
      ? `Error while dialing: ${cause.clientText}`
      : `authentication handshake failed: ${cause.clientText}`;
    const remote = cause.clientText.startsWith('remote error:');
    const desc = remote
      ? `error reading server preface: ${cause.clientText}`
      : `connection error: desc = "transport: ${what}"`;
    return new StatusError(500, '', `rpc error: code = Unavailable desc = ${desc}`);
  }
  if (error instanceof Error && error.name === 'TimeoutError') {
    const message = 'Timeout: request did not complete within requested timeout - context deadline exceeded';
    return new StatusError(504, 'Timeout', message, {});
  }
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const text =
    code === 'UND_ERR_SOCKET' || code === 'ECONNRESET' ? 'error reading from server: EOF' : messageOf(error);
  return new StatusError(500, '', `rpc error: code = Unavailable desc = ${text}`);
}

function handshakeErrorIn(error: unknown): HandshakeError | undefined {
  for (let here = error; here instanceof Error; here = here.cause) {
    if (here instanceof HandshakeError) return here;
  }
  return undefined;
}
