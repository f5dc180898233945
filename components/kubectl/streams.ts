/**
 * kubectl logs and exec: what comes from a kubelet, by way of the API server.
 */

import { ApiError, RequestError, type StatusBody } from '../api/api-error.ts';
import { dialOptions } from '../api/credentials.ts';
import type { KubeList, Pod } from '../api/kinds.ts';
import { dial } from '../tls/client.ts';
import { ExitCode } from './failure.ts';
import { findType, nameOf, pathOf, readTargets, type Session } from './session.ts';

const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io'];
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, close: 255 } as const;

/** Run `kubectl logs`. */
export async function logs(session: Session): Promise<void> {
  const { args, client } = session;
  const { pod, container } = await chosen(
    session,
    args.words[1],
    args.words[2] ?? args.text('container'),
    'is not valid for',
  );
  const { namespace, name } = pod.metadata;
  const query: Record<string, string> = { container };
  if (args.on('follow')) query['follow'] = 'true';
  if (args.on('timestamps')) query['timestamps'] = 'true';
  if (args.on('previous')) query['previous'] = 'true';
  const tail = args.text('tail');
  if (tail !== undefined && tail !== '-1') query['tailLines'] = tail;
  const since = args.text('since');
  if (since !== undefined) query['sinceSeconds'] = String(seconds(since));
  const sinceTime = args.text('since-time');
  if (sinceTime !== undefined) query['sinceTime'] = sinceTime;
  const limit = args.text('limit-bytes');
  if (limit !== undefined) query['limitBytes'] = limit;
  const body = await client.open('GET', `/api/v1/namespaces/${namespace}/pods/${name}/log`, undefined, {
    query,
  });
  const stop = (): void => {
    body.destroy();
  };
  session.signal.addEventListener('abort', stop, { once: true });
  try {
    for await (const chunk of body) session.stdout.write(chunk);
  } catch (error) {
    if (!session.signal.aborted) throw error;
  } finally {
    session.signal.removeEventListener('abort', stop);
  }
}

/** Run `kubectl exec POD [-c CONTAINER] [-i] -- COMMAND…`. */
export async function exec(session: Session): Promise<void> {
  const { args } = session;
  const command = args.rest ?? [];
  if (command.length === 0) throw new Error('you must specify at least one command for the container');
  const { pod, container } = await chosen(session, args.words[1], args.text('container'), 'not found in');
  const { namespace, name } = pod.metadata;
  const phase = pod.status?.phase;
  if (phase === 'Succeeded' || phase === 'Failed') {
    throw new Error(`cannot exec into a container in a completed pod; current phase is ${phase}`);
  }
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' });
  if (args.on('stdin')) query.set('stdin', 'true');
  for (const word of command) query.append('command', word);
  const path = `/api/v1/namespaces/${namespace}/pods/${name}/exec?${query}`;
  const status = await converse(session, path, args.on('stdin'));
  if (status.reason === undefined || status.reason === '') return;
  const code = (status.details?.['causes'] as { reason: string; message: string }[] | undefined)?.find(
    (cause) => cause.reason === 'ExitCode',
  )?.message;
  if (code === undefined) throw new Error(status.message ?? 'unknown error');
  throw new ExitCode(Number(code), `command terminated with exit code ${code}`);
}

/** Open the WebSocket, pass the streams through, and give back the Status that ends it. */
async function converse(session: Session, path: string, withStdin: boolean): Promise<StatusBody> {
  // Loaded when needed: the start of every other command is quicker without it.
  const { WebSocket } = await import('ws');
  const { credentials, host, settings } = session;
  const url = `${credentials.server}${path}`;
  const connection = await dial(dialOptions(host, 'kubectl', settings, credentials)).catch(
    (error: unknown) => {
      throw new RequestError('GET', url, error);
    },
  );
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url.replace(/^https:/, 'ws:'), PROTOCOLS, {
      createConnection: () => connection.socket,
      perMessageDeflate: false,
      ...(credentials.token === undefined
        ? {}
        : { headers: { authorization: `Bearer ${credentials.token}` } }),
    });
    let status: StatusBody = {};
    const leave = (): void => socket.terminate();
    session.signal.addEventListener('abort', leave, { once: true });
    socket.on('message', (data) => {
      const bytes = Buffer.isBuffer(data) ? data : Buffer.from(data as ArrayBuffer);
      const rest = bytes.subarray(1);
      if (bytes[0] === CHANNEL.stdout) session.stdout.write(rest);
      else if (bytes[0] === CHANNEL.stderr) session.stderr.write(rest);
      else if (bytes[0] === CHANNEL.status) status = JSON.parse(rest.toString('utf8')) as StatusBody;
    });
    socket.on('open', () => {
      if (!withStdin || !session.stdin) return;
      session.stdin.on('data', (chunk: Uint8Array | string) => {
        socket.send(Buffer.concat([Buffer.from([CHANNEL.stdin]), Buffer.from(chunk)]));
      });
      session.stdin.on('end', () => socket.send(Buffer.from([CHANNEL.close, CHANNEL.stdin])));
    });
    socket.on('unexpected-response', (_request, response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => {
        text += chunk.toString('utf8');
      });
      response.on('end', () => reject(new ApiError(response.statusCode ?? 500, parsed(text))));
    });
    socket.on('error', (error) => reject(connection.refused() ?? error));
    socket.on('close', () => {
      session.signal.removeEventListener('abort', leave);
      connection.socket.destroy();
      resolve(status);
    });
  });
}

/** The pod that a word means (`web-…`, `pod/web-…`, `deployment/web`), and one of its containers. */
async function chosen(
  session: Session,
  word: string | undefined,
  container: string | undefined,
  unknown: string,
): Promise<{ readonly pod: Pod; readonly container: string }> {
  if (word === undefined) throw new Error('pod, type/name or --filename must be specified');
  const { client, namespace } = session;
  const [target] = word.includes('/') ? readTargets([word]) : [{ resource: findType('pods'), name: word }];
  const { resource = findType('pods'), name = '' } = target ?? {};
  let pod: Pod | undefined;
  if (resource.kind === 'Pod') pod = await client.request<Pod>('GET', pathOf(resource, namespace, name));
  else {
    const owner = await client.request<{
      metadata: { name: string };
      spec?: { selector?: { matchLabels?: Record<string, string> } | Record<string, string> };
    }>('GET', pathOf(resource, namespace, name));
    const selector = owner.spec?.selector ?? {};
    const labels = ('matchLabels' in selector ? selector.matchLabels : selector) as Record<string, string>;
    const labelSelector = Object.entries(labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join(',');
    const query = { labelSelector };
    const { items } = await client.request<KubeList<Pod>>(
      'GET',
      pathOf(findType('pods'), namespace),
      undefined,
      { query },
    );
    pod = items.find((one) => one.status?.phase === 'Running') ?? items[0];
    if (!pod) throw new Error(`no pods found for ${nameOf(resource, name)}`);
  }
  const [first] = pod.spec.containers;
  const names = pod.spec.containers.map((one) => one.name);
  if (container !== undefined && !names.includes(container)) {
    throw new Error(`container ${container} ${unknown} pod ${pod.metadata.name}`);
  }
  if (container === undefined && names.length > 1) {
    session.stderr.write(`Defaulted container "${first?.name}" out of: ${names.join(', ')}\n`);
  }
  return { pod, container: container ?? first?.name ?? '' };
}

/** A Go duration in whole seconds. */
function seconds(duration: string): number {
  const unit = { s: 1, m: 60, h: 3600 } as const;
  const parts = duration.match(/\d+[smh]/g) ?? [];
  if (parts.join('') !== duration || duration === '')
    throw new Error(`invalid argument "${duration}" for "--since" flag`);
  return parts.reduce(
    (sum, part) => sum + Number(part.slice(0, -1)) * unit[part.at(-1) as keyof typeof unit],
    0,
  );
}

function parsed(text: string): StatusBody {
  try {
    return JSON.parse(text) as StatusBody;
  } catch {
    return text === '' ? {} : { message: text.trim() };
  }
}
