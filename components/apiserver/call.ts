/**
 * One request for a resource, on its way through the handlers, and how its answer is written.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { UserInfo } from '../api/identity.ts';
import { isObject, type KubeObject } from '../api/object.ts';
import { apiVersionOf, type Resource } from '../api/resources.ts';
import { badRequest, StatusError } from '../api/status.ts';
import { type Form, formOf, isPretty, sendJson } from './negotiate.ts';
import { isTrue, type RequestInfo } from './request-info.ts';
import type { ApiServer } from './server-context.ts';

const BODY_LIMIT_BYTES = 3 * 1024 * 1024;

/** One request. */
export interface Call {
  readonly api: ApiServer;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly resource: Resource;
}

/** The `apiVersion` of the answer: the version that was asked for. */
export function apiVersionFor({ info, resource }: Pick<Call, 'info' | 'resource'>): string {
  return apiVersionOf(resource.group, info.version);
}

/** Whether nothing is to be written: `?dryRun=All`. */
export function isDryRun(call: Call): boolean {
  const asked = call.info.query.getAll('dryRun');
  if (asked.some((one) => one !== 'All' && one !== '')) {
    throw new StatusError(
      422,
      'Invalid',
      `PatchOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: ${JSON.stringify(asked)}: supported values: "All"`,
    );
  }
  return asked.includes('All');
}

/** The body's bytes. A body beyond the limit is refused; what is left of it stays unread. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      chunks.push(chunk);
      if (length <= BODY_LIMIT_BYTES) return;
      request.off('data', onData);
      request.pause();
      reject(
        new StatusError(
          413,
          'RequestEntityTooLarge',
          `Request entity too large: limit is ${BODY_LIMIT_BYTES}`,
        ),
      );
    };
    request.on('data', onData);
    request.once('end', () => resolve(Buffer.concat(chunks)));
    request.once('error', reject);
    request.once('aborted', () => reject(badRequest('the client went away')));
  });
}

/** The body as an object, from JSON, YAML or protobuf; undefined when there is none. */
export async function readObject(request: IncomingMessage): Promise<KubeObject | undefined> {
  const bytes = await readBody(request);
  if (bytes.length === 0) return undefined;
  const type = (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim();
  let value: unknown;
  if (type === 'application/vnd.kubernetes.protobuf') {
    const { decodeProtobuf } = await import('../api/protobuf.ts');
    value = decodeProtobuf(bytes);
  } else if (type === 'application/yaml') {
    const { parse } = await import('yaml');
    value = parse(bytes.toString('utf8'));
  } else {
    try {
      value = JSON.parse(bytes.toString('utf8'));
    } catch (error) {
      const detail = error instanceof Error ? error.message : 'invalid character';
      throw badRequest(
        `the object provided is unrecognized (must be of type Status): couldn't get version/kind; json parse error: ${detail}`,
      );
    }
  }
  if (!isObject(value)) throw badRequest('the object provided is unrecognized: it is no JSON object');
  const metadata = isObject(value['metadata']) ? value['metadata'] : {};
  return { ...value, metadata } as KubeObject;
}

/** Answer with one object, in the form that the client asked for. */
export async function sendObject(call: Call, code: number, object: unknown): Promise<void> {
  const form = formOf(call.request);
  const shown = form === 'object' ? object : await inForm(call, form, object);
  sendJson(call.request, call.response, code, shown, isPretty(call.request, call.info.query));
}

/** One object as a Table or as its metadata alone. */
export async function inForm(call: Call, form: Form, object: unknown): Promise<unknown> {
  if (form === 'object' || !isObject(object) || object['kind'] === 'Status') return object;
  if (form === 'partial') return partialOf(object as KubeObject);
  const { tableOf } = await import('../api/table.ts');
  const { metadata } = object as KubeObject;
  const include = call.info.query.get('includeObject') ?? 'Metadata';
  return tableOf(
    call.resource,
    [object as KubeObject],
    { resourceVersion: metadata.resourceVersion ?? '' },
    call.api.now(),
    include,
  );
}

/** PartialObjectMetadata of an object. */
export function partialOf(object: KubeObject): unknown {
  return { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1', metadata: object.metadata };
}

/** Whether the client asks to see more than it must: `?watch=true`, `?follow=true`. */
export function asks(call: Call, name: string): boolean {
  return isTrue(call.info.query.get(name));
}
