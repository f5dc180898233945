/**
 * Requests that the API server passes on to a kubelet: logs and plain proxies. Streams are in `kubelet-upgrade.ts`.
 *
 * What the kubelet or the connection to it says is passed on in the real words.
 *
 * @see k8s.io/kubernetes pkg/registry/core/{pod,node}/rest, apiserver pkg/registry/generic/rest/{streamer,response_checker}.go
 */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { at, isObject, type KubeObject, listAt, textAt } from '../api/object.ts';
import { resource } from '../api/resources.ts';
import { badRequest, internalError, StatusError } from '../api/status.ts';
import { asks, type Call } from './call.ts';
import { dialKubelet, dialText, isOwnNode, type KubeletAddress, kubeletOf } from './kubelet-address.ts';
import { note, sendText } from './negotiate.ts';
import type { Pipeline } from './server.ts';
import type { ApiServer } from './server-context.ts';

const PODS = resource('', 'pods');
const TEXT_LIMIT_BYTES = 50_000;
const LOG_OPTIONS = [
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
  'stream',
] as const;

/** GET of logs, or any method on nodes/proxy. */
export async function proxyToKubelet(_pipeline: Pipeline, call: Call): Promise<void> {
  const { api, info, resource: of } = call;
  if (info.subresource === 'log') return podLog(call);
  if (info.subresource !== 'proxy') throw badRequest('Upgrade request required');
  if (of.kind === 'Node') {
    const kubelet = await kubeletOf(api, info.name.split(':')[0] ?? '');
    const query = info.query.toString();
    const path = `${info.rest === '' ? '/' : info.rest}${query === '' ? '' : `?${query}`}`;
    const answer = await askKubelet(api, kubelet, call.request.method ?? 'GET', path, call.request);
    return passOn(call, answer);
  }
  throw new StatusError(
    503,
    'ServiceUnavailable',
    'error trying to reach service: no container listens in this lab',
  );
}

/** The pod of a request, and the container that it means. */
export async function podAndContainer(api: ApiServer, namespace: string, name: string, asked: string) {
  const pod = await api.store.get({ resource: PODS, namespace, name });
  const names = (list: string): string[] => listAt(pod, 'spec', list).map((one) => textAt(one, 'name'));
  const main = names('containers');
  const all = [...main, ...names('initContainers'), ...names('ephemeralContainers')];
  if (asked !== '') {
    if (!all.includes(asked)) throw badRequest(`container ${asked} is not valid for pod ${name}`);
    return { pod, container: asked };
  }
  const preferred = at(pod, 'metadata', 'annotations', 'kubectl.kubernetes.io/default-container');
  if (typeof preferred === 'string' && all.includes(preferred)) return { pod, container: preferred };
  if (main.length !== 1) {
    throw badRequest(
      `a container name must be specified for pod ${name}, choose one of: [${main.join(' ')}]`,
    );
  }
  return { pod, container: main[0] ?? '' };
}

async function podLog(call: Call): Promise<void> {
  const { api, info } = call;
  const { pod, container } = await podAndContainer(
    api,
    info.namespace,
    info.name,
    info.query.get('container') ?? '',
  );
  const node = textAt(pod, 'spec', 'nodeName');
  // A pod without a node has no log yet: the answer is empty, as in reality.
  if (node === '') return sendText(call.request, call.response, 200, '');
  if (isOwnNode(api, node)) {
    const { ownLog } = await import('./own-log.ts');
    return ownLog(call, pod);
  }
  refuseUnstarted(pod, container, asks(call, 'previous'));
  const query = new URLSearchParams();
  for (const option of LOG_OPTIONS) {
    const value = info.query.get(option);
    if (value !== null && value !== 'false') query.set(option, value);
  }
  const text = query.toString();
  const path = `/containerLogs/${info.namespace}/${info.name}/${container}${text === '' ? '' : `?${text}`}`;
  const answer = await askKubelet(api, await kubeletOf(api, node), 'GET', path);
  const code = answer.statusCode ?? 500;
  if (code < 200 || code > 206) throw kubeletRefusal(code, await textOf(answer), `pods/log ${info.name}`);
  await passOn(call, answer);
}

/** A container that has not begun has nothing to show: the kubelet's words. */
function refuseUnstarted(pod: KubeObject, container: string, previous: boolean): void {
  const name = pod.metadata.name ?? '';
  const status = listAt(pod, 'status', 'containerStatuses').find((one) => textAt(one, 'name') === container);
  if (previous && status !== undefined && !isObject(at(status, 'lastState', 'terminated'))) {
    throw badRequest(
      `previous terminated container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} not found`,
    );
  }
  const waiting = textAt(status, 'state', 'waiting', 'reason');
  if (waiting === '') return;
  throw badRequest(
    `container ${JSON.stringify(container)} in pod ${JSON.stringify(name)} is waiting to start: ${waiting}`,
  );
}

/**
 * One request to a kubelet over a connection of its own.
 * @throws StatusError 500 with Go's text: `Get "https://worker-1:10250/…": tls: failed to verify certificate: …`
 */
async function askKubelet(
  api: ApiServer,
  kubelet: KubeletAddress,
  method: string,
  path: string,
  body?: IncomingMessage,
): Promise<IncomingMessage> {
  const goMethod = method.slice(0, 1) + method.slice(1).toLowerCase();
  const failed = (text: string): StatusError =>
    new StatusError(500, '', `${goMethod} ${JSON.stringify(`https://${kubelet.authority}${path}`)}: ${text}`);
  const connection = await dialKubelet(api, kubelet).catch((error: unknown) => {
    throw failed(dialText(error));
  });
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      createConnection: () => connection.socket,
      method,
      path,
      headers: { host: kubelet.authority, connection: 'close', ...lengthOf(body) },
    });
    outgoing.once('response', resolve);
    outgoing.once('error', (error) => {
      connection.socket.destroy();
      reject(failed(dialText(error, connection)));
    });
    if (body) body.pipe(outgoing);
    else outgoing.end();
  });
}

function lengthOf(body: IncomingMessage | undefined): Record<string, string> {
  const { 'content-length': length, 'content-type': type } = body?.headers ?? {};
  return { ...(length ? { 'content-length': length } : {}), ...(type ? { 'content-type': type } : {}) };
}

/** The kubelet's answer, as it comes. */
function passOn(call: Call, answer: IncomingMessage): Promise<void> {
  const { request, response } = call;
  note(request, answer.statusCode ?? 500, '');
  response.writeHead(answer.statusCode ?? 500, {
    'content-type': answer.headers['content-type'] ?? 'text/plain',
  });
  response.flushHeaders();
  return new Promise((resolve) => {
    const stop = (): void => {
      answer.destroy();
    };
    call.api.closing.addEventListener('abort', stop);
    response.once('close', () => {
      call.api.closing.removeEventListener('abort', stop);
      answer.destroy();
      resolve();
    });
    answer.on('data', (chunk: Buffer) => {
      if (!response.write(chunk)) {
        answer.pause();
        response.once('drain', () => answer.resume());
      }
    });
    answer.once('end', () => response.end());
    answer.once('error', () => response.destroy());
  });
}

/** What was asked of a kubelet, and where its answer goes. */
async function textOf(answer: IncomingMessage): Promise<string> {
  let text = '';
  answer.setEncoding('utf8');
  for await (const chunk of answer) if (text.length < TEXT_LIMIT_BYTES) text += String(chunk);
  return text;
}

/** GenericHttpResponseChecker and NewGenericServerResponse: a kubelet's refusal as a Status. */
export function kubeletRefusal(code: number, body: string, what: string): StatusError {
  const text = body.trim();
  const details = { name: what.split(' ')[1] ?? '', kind: what.split(' ')[0] ?? '', causes: [] };
  switch (code) {
    case 500:
      return internalError(text);
    case 400:
      return badRequest(text);
    case 401:
      return new StatusError(
        401,
        'Unauthorized',
        `the server has asked for the client to provide credentials ( ${what})`,
        details,
      );
    case 403:
      return new StatusError(403, 'Forbidden', `${text} ( ${what})`, details);
    case 404:
      return new StatusError(
        404,
        'NotFound',
        `the server could not find the requested resource ( ${what})`,
        details,
      );
    default:
      return new StatusError(
        code,
        code === 503 ? 'ServiceUnavailable' : 'InternalError',
        `an error on the server (${JSON.stringify(text)}) has prevented the request from succeeding ( ${what})`,
        details,
      );
  }
}
