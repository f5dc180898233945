/**
 * What can go wrong with a request to the API server, in the words of client-go: a Status that came back
 * (`ApiError`), or no answer at all (`goErrorText` wraps the transport's text as Go's net/url does).
 */
import { isLabError, messageOf } from '../../certs/errors.ts';

/** The body of a refusal, as far as clients read it. */
export interface StatusBody {
  readonly message?: string;
  readonly reason?: string;
  readonly code?: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

/** The API server answered, and said no. `message` is the Status message, as client-go prints it. */
export class ApiError extends Error {
  readonly status: number;
  readonly reason: string;
  readonly body: StatusBody;

  constructor(status: number, body: StatusBody) {
    super(body.message ?? DEFAULT_MESSAGES[status] ?? `the server responded with the status code ${status}`);
    this.name = 'ApiError';
    this.status = status;
    this.reason = body.reason ?? '';
    this.body = body;
  }
}

/** client-go's words for a refusal whose body is no Status. apimachinery pkg/api/errors, NewGenericServerResponse. */
const DEFAULT_MESSAGES: Readonly<Record<number, string>> = {
  400: 'the server rejected our request for an unknown reason',
  401: 'the server has asked for the client to provide credentials',
  403: 'forbidden',
  404: 'the server could not find the requested resource',
  405: 'the server does not allow this method on the requested resource',
  409: 'the server reported a conflict',
  429: 'the server has received too many requests and has asked us to try again later',
  500: 'an error on the server has prevented the request from succeeding',
  503: 'the server is currently unable to handle the request',
  504: 'the server was unable to return a response in the time allotted, but may still be processing the request',
};

/** True for a refusal with that status. */
export function isStatus(error: unknown, status: number): error is ApiError {
  return error instanceof ApiError && error.status === status;
}

/** A request that got no answer. `message` is Go's whole text: `Get "https://…": remote error: tls: …`. */
export class RequestError extends Error {
  /** Go's text without the method and URL. */
  readonly inner: string;

  constructor(method: string, url: string, cause: unknown) {
    const inner = innerText(cause);
    super(`${goMethod(method)} "${url}": ${inner}`, { cause });
    this.name = 'RequestError';
    this.inner = inner;
  }
}

/** Errors of Node's sockets in Go's words, for connections that broke after their handshake. */
const SOCKET_TEXTS: Readonly<Record<string, string>> = {
  ECONNRESET: 'read: connection reset by peer',
  EPIPE: 'write: broken pipe',
  UND_ERR_SOCKET: 'EOF',
  UND_ERR_HEADERS_TIMEOUT: 'context deadline exceeded (Client.Timeout exceeded while awaiting headers)',
  UND_ERR_BODY_TIMEOUT:
    'context deadline exceeded (Client.Timeout or context cancellation while reading body)',
  UND_ERR_CONNECT_TIMEOUT: 'net/http: TLS handshake timeout',
  UND_ERR_ABORTED: 'context canceled',
  UND_ERR_DESTROYED: 'context canceled',
  UND_ERR_CLOSED: 'context canceled',
};

/** The transport's own words when it has them (`clientText`), else the socket error in Go's words. */
function innerText(error: unknown): string {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ('clientText' in at && typeof at.clientText === 'string' && at.clientText !== '') return at.clientText;
  }
  // A file that the transport could not use: Go's words are its cause.
  if (isLabError(error)) return error.cause instanceof Error ? error.cause.message : error.what;
  if (error instanceof Error) {
    if (error.name === 'TimeoutError') return 'context deadline exceeded';
    if (error.name === 'AbortError') return 'context canceled';
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    const known = SOCKET_TEXTS[code];
    if (known !== undefined) return known;
  }
  return messageOf(error);
}

/** `GET` -> `Get`, as net/url's Error prints it. */
function goMethod(method: string): string {
  return `${method.slice(0, 1)}${method.slice(1).toLowerCase()}`;
}
