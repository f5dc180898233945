/**
 * etcd's errors: a gRPC status code and the exact text, and the HTTP status that the JSON gateway gives it.
 */

/** gRPC's status codes: number, and HTTP status of the gateway. Source: grpc-gateway 1.x, HTTPStatusFromCode. */
export const GRPC_STATUS = {
  OK: [0, 200],
  Canceled: [1, 408],
  Unknown: [2, 500],
  InvalidArgument: [3, 400],
  DeadlineExceeded: [4, 504],
  NotFound: [5, 404],
  ResourceExhausted: [8, 429],
  FailedPrecondition: [9, 412],
  OutOfRange: [11, 400],
  Unimplemented: [12, 501],
  Internal: [13, 500],
  Unavailable: [14, 503],
} as const satisfies Record<string, readonly [code: number, http: number]>;

/** A status by its gRPC name. */
export type GrpcStatus = keyof typeof GRPC_STATUS;

/** Source: etcd api/v3rpc/rpctypes/error.go; measured on etcd 3.4.23, 2026-11-24. */
const ERRORS = {
  EmptyKey: ['InvalidArgument', 'etcdserver: key is not provided'],
  KeyNotFound: ['InvalidArgument', 'etcdserver: key not found'],
  ValueProvided: ['InvalidArgument', 'etcdserver: value is provided'],
  LeaseProvided: ['InvalidArgument', 'etcdserver: lease is provided'],
  TooManyOps: ['InvalidArgument', 'etcdserver: too many operations in txn request'],
  DuplicateKey: ['InvalidArgument', 'etcdserver: duplicate key given in txn request'],
  RequestTooLarge: ['InvalidArgument', 'etcdserver: request is too large'],
  Compacted: ['OutOfRange', 'etcdserver: mvcc: required revision has been compacted'],
  FutureRev: ['OutOfRange', 'etcdserver: mvcc: required revision is a future revision'],
  NoSpace: ['ResourceExhausted', 'etcdserver: mvcc: database space exceeded'],
  LeaseNotFound: ['NotFound', 'etcdserver: requested lease not found'],
  LeaseExist: ['FailedPrecondition', 'etcdserver: lease already exists'],
  LeaseTTLTooLarge: ['OutOfRange', 'etcdserver: too large lease TTL'],
  MemberNotFound: ['NotFound', 'etcdserver: member not found'],
  MemberBadURLs: ['InvalidArgument', 'etcdserver: given member URLs are invalid'],
  MemberNotEnoughStarted: [
    'FailedPrecondition',
    'etcdserver: re-configuration failed due to not enough started members',
  ],
  BadLeaderTransferee: ['FailedPrecondition', 'etcdserver: bad leader transferee'],
  RootUserNotExist: ['FailedPrecondition', 'etcdserver: root user does not exist'],
  UserNotFound: ['FailedPrecondition', 'etcdserver: user name not found'],
  RoleNotFound: ['FailedPrecondition', 'etcdserver: role name not found'],
  AuthNotEnabled: ['FailedPrecondition', 'etcdserver: authentication is not enabled'],
  Stopped: ['Unavailable', 'etcdserver: server stopped'],
} as const satisfies Record<string, readonly [GrpcStatus, string]>;

/** A refusal that the client is told of: part of the protocol, not a broken lab. */
export class EtcdError extends Error {
  /** gRPC's number: 3, 5, 9, 11 … */
  readonly code: number;
  /** The gateway's HTTP status. */
  readonly http: number;

  constructor(status: GrpcStatus, message: string) {
    super(message);
    this.name = 'EtcdError';
    [this.code, this.http] = GRPC_STATUS[status];
  }
}

/** One of etcd's own errors, ready to throw. */
export function refusal(name: keyof typeof ERRORS): EtcdError {
  const [status, message] = ERRORS[name];
  return new EtcdError(status, message);
}
