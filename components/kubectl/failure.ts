/**
 * How kubectl words what went wrong, and with which code it ends.
 *
 * @see k8s.io/kubectl pkg/cmd/util/helpers.go, checkErr and StandardErrorMessage
 */
import { isLabError, messageOf } from '../../certs/errors.ts';
import { ApiError, RequestError } from '../api/api-error.ts';

/** The text of a failed command, without its line end. */
export function failureText(error: unknown, server: string): string {
  if (error instanceof ApiError) {
    if (error.status === 401) return `error: You must be logged in to the server (${error.message})`;
    return `Error from server${error.reason === '' ? '' : ` (${error.reason})`}: ${error.message}`;
  }
  if (error instanceof RequestError) {
    if (error.inner.endsWith('connect: connection refused')) {
      const { host } = new URL(server);
      return `The connection to the server ${host} was refused - did you specify the right host or port?`;
    }
    return `Unable to connect to the server: ${error.inner}`;
  }
  if (isLabError(error)) return `error: ${error.what}`;
  return `error: ${messageOf(error)}`;
}

/**
 * What discovery makes of a refusal: it does not decode the Status, so only the code speaks.
 * @returns the error as it is when it is no answer of the server
 */
export function discoveryError(error: unknown): unknown {
  if (!(error instanceof ApiError)) return error;
  if (error.status === 401) {
    return new ApiError(401, { message: 'the server has asked for the client to provide credentials' });
  }
  if (error.status === 403) return new ApiError(403, { message: 'unknown', reason: 'Forbidden' });
  return new ApiError(error.status, {
    reason: error.reason || (error.status === 400 ? 'BadRequest' : 'InternalError'),
  });
}

/** A command that ends with a code and has said everything itself. */
export class ExitCode extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.name = 'ExitCode';
    this.code = code;
  }
}
