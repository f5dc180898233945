/**
 * Status: the one shape of every refusal of the API server, with the real reasons and texts.
 *
 * `StatusError` is thrown inside a request and answered as its Status; it never leaves the API server.
 *
 * @see apimachinery pkg/api/errors/errors.go (NewNotFound, NewInvalid, …), apiserver responsewriters/errors.go
 */
import type { Json, MutableObject } from './object.ts';

/** One cause in a Status' details. */
export interface StatusCause extends MutableObject {
  reason: string;
  message: string;
  field?: string;
}

/** What a Status is about. */
export interface StatusDetails extends MutableObject {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

/** The body of a refusal (or of a success without an object). */
export interface Status extends MutableObject {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: MutableObject;
  status: 'Failure' | 'Success';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code?: number;
}

/** A resource as Status texts name it: `pods`, `deployments.apps`. */
export interface GroupResource {
  readonly group: string;
  readonly resource: string;
}

/** A refusal on its way to the client. */
export class StatusError extends Error {
  readonly status: Status;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'StatusError';
    this.status = failure(code, reason, message, details);
  }

  /** The HTTP status. */
  get code(): number {
    return this.status.code ?? 500;
  }
}

/** The body of a refusal. */
export function failure(code: number, reason: string, message: string, details?: StatusDetails): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    ...(reason === '' ? {} : { reason }),
    ...(details === undefined ? {} : { details }),
    code,
  };
}

/** The body of a success that has no object to show, as a finished delete. */
export function success(details?: StatusDetails): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? {} : { details }),
  };
}

/** `pods`, or `deployments.apps`. */
export function qualified(of: GroupResource): string {
  return of.group === '' ? of.resource : `${of.resource}.${of.group}`;
}

function named(of: GroupResource, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(of.group === '' ? {} : { group: of.group }),
    kind: of.resource,
  };
}

/** 401: whoever it is, they were not believed. */
export function unauthorized(): StatusError {
  return new StatusError(401, 'Unauthorized', 'Unauthorized');
}

/** 403 about a resource. */
export function forbidden(of: GroupResource, name: string, why: string): StatusError {
  const subject = name === '' ? qualified(of) : `${qualified(of)} ${JSON.stringify(name)}`;
  return new StatusError(403, 'Forbidden', `${subject} is forbidden: ${why}`, named(of, name));
}

/** 403 about a path that is no resource. */
export function forbiddenPath(user: string, verb: string, path: string): StatusError {
  const what = `User ${JSON.stringify(user)} cannot ${verb} path ${JSON.stringify(path)}`;
  return new StatusError(403, 'Forbidden', `forbidden: ${what}`, {});
}

/** 404 about an object. */
export function notFound(of: GroupResource, name: string): StatusError {
  const message = `${qualified(of)} ${JSON.stringify(name)} not found`;
  return new StatusError(404, 'NotFound', message, named(of, name));
}

/** 404 about a path: no such resource, group or version. */
export function noSuchResource(): StatusError {
  return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 409: an object by this name is there already. */
export function alreadyExists(of: GroupResource, name: string): StatusError {
  const message = `${qualified(of)} ${JSON.stringify(name)} already exists`;
  return new StatusError(409, 'AlreadyExists', message, named(of, name));
}

const OPTIMISTIC_LOCK =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 409: the object has changed since the client read it, or `why`. */
export function conflict(of: GroupResource, name: string, why = OPTIMISTIC_LOCK): StatusError {
  const message = `Operation cannot be fulfilled on ${qualified(of)} ${JSON.stringify(name)}: ${why}`;
  return new StatusError(409, 'Conflict', message, named(of, name));
}

/** One fault of a field, as `field.Error` has it. */
export interface FieldFault {
  readonly type: 'invalid' | 'required' | 'not-supported' | 'forbidden' | 'duplicate' | 'too-long';
  readonly field: string;
  readonly value?: Json;
  readonly detail: string;
}

const FAULT_TYPES = {
  invalid: { reason: 'FieldValueInvalid', text: 'Invalid value', showsValue: true },
  required: { reason: 'FieldValueRequired', text: 'Required value', showsValue: false },
  'not-supported': { reason: 'FieldValueNotSupported', text: 'Unsupported value', showsValue: true },
  forbidden: { reason: 'FieldValueForbidden', text: 'Forbidden', showsValue: false },
  duplicate: { reason: 'FieldValueDuplicate', text: 'Duplicate value', showsValue: true },
  'too-long': { reason: 'FieldValueTooLong', text: 'Too long', showsValue: false },
} as const;

/** 422: fields that cannot be as they are. */
export function invalid(kind: GroupResource, name: string, faults: readonly FieldFault[]): StatusError {
  const causes = faults.map((fault) => {
    const type = FAULT_TYPES[fault.type];
    const value = type.showsValue ? `: ${JSON.stringify(fault.value ?? null)}` : '';
    const detail = fault.detail === '' ? '' : `: ${fault.detail}`;
    return { reason: type.reason, message: `${type.text}${value}${detail}`, field: fault.field };
  });
  const texts = [...new Set(causes.map((cause) => `${cause.field}: ${cause.message}`))];
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`;
  const message = `${qualified(kind)} ${JSON.stringify(name)} is invalid: ${list}`;
  return new StatusError(422, 'Invalid', message, { ...named(kind, name), causes });
}

/** 400. */
export function badRequest(message: string): StatusError {
  return new StatusError(400, 'BadRequest', message);
}

/** 405. */
export function methodNotAllowed(): StatusError {
  return new StatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

/** 415. */
export function unsupportedMediaType(accepted: readonly string[]): StatusError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`;
  return new StatusError(415, 'UnsupportedMediaType', message);
}

/** 410: the watch or list starts before what is still known. */
export function expired(message: string): StatusError {
  return new StatusError(410, 'Expired', message);
}

/** 500, with the inner error's text. */
export function internalError(message: string): StatusError {
  const text = `Internal error occurred: ${message}`;
  return new StatusError(500, 'InternalError', text, { causes: [{ reason: '', message }] });
}

/** 429: a disruption budget, or too many requests. */
export function tooManyRequests(message: string, retryAfterSeconds: number): StatusError {
  return new StatusError(429, 'TooManyRequests', message, { retryAfterSeconds });
}
