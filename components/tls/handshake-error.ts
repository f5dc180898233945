/**
 * A handshake that failed, as the client has it: a result, with everything that was seen.
 */
import type { Outcome, Trace } from './trace.ts';

/** Rejects `dial`, and every request over a connection that the server refused. */
export class HandshakeError extends Error {
  readonly #trace: Trace;
  /** What Go's client says: `tls: failed to verify certificate: x509: …`, `dial tcp …: connect: connection refused`. */
  readonly clientText: string;

  constructor(trace: Trace, clientText: string, cause?: unknown) {
    super(clientText, cause === undefined ? undefined : { cause });
    this.name = 'HandshakeError';
    this.#trace = trace;
    this.clientText = clientText;
  }

  /** The client's half of the connection, as it was then. Not a field: nobody wants it in a log. */
  get trace(): Trace {
    return this.#trace;
  }

  get outcome(): Outcome {
    return this.#trace.outcome;
  }
}
