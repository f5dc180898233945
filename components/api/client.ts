/**
 * The one API client of all Kubernetes clients of the lab: scheduler, controller manager, kubelet, kube-proxy, kubectl.
 *
 * It dials afresh in every round; lists and writes use the round's connection, watches have long-lived ones. When the
 * client's own certificate changes on disk it closes all of them and dials again, as client-go does.
 */
import { statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { type Dispatcher, request as undiciRequest } from 'undici';
import { isLabError, messageOf } from '../../certs/errors.ts';
import { KubeconfigError } from '../../certs/kubeconfig-file.ts';
import type { FileState, Settings } from '../component.ts';
import type { Host } from '../host.ts';
import { klogLine, type Severity } from '../log.ts';
import { createDispatcher, noteNotDialled } from '../tls/client.ts';
import { programOf } from '../tls/real-texts.ts';
import { ApiError, RequestError, type StatusBody } from './api-error.ts';
import {
  type Credentials,
  credentialFiles,
  dialOptions,
  fileState,
  hashFile,
  readCredentials,
} from './credentials.ts';
import type { KubeList, KubeObject } from './kinds.ts';
import { type Reflector, reflectorText, startReflector, type Watch, type WatchOptions } from './reflector.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

/** Which client this is. */
export interface ApiClientOptions {
  readonly host: Host;
  /** Instance id: `kube-scheduler`, `kubelet@worker-1`. */
  readonly component: string;
  /** Path inside the host. */
  readonly kubeconfig: string;
  readonly settings: Settings;
  /** Milliseconds between two rounds; also the longest wait between two attempts of a watch. */
  readonly roundMs: number;
  readonly log: (line: string) => void;
  /** The kubeconfig's context; default its current one. */
  readonly context?: string;
  /** A file with certificate and key that stands in place of the kubeconfig's: a kubelet's that rotates them. */
  readonly pairFile?: string;
}

/** Parts of a request that are not always needed. */
export interface RequestExtras {
  readonly query?: Readonly<Record<string, string>>;
  readonly contentType?: string;
  readonly accept?: string;
  readonly timeoutMs?: number;
}

/** A client of the API server. */
export interface ApiClient {
  /** `https://127.0.0.1:6443`, and the rest of the kubeconfig. Throws LabError when it cannot be read. */
  credentials(): Credentials;
  /**
   * One request over the round's connection.
   * @returns the JSON answer
   * @throws  ApiError (a Status came back), RequestError (no answer), LabError (unusable kubeconfig)
   */
  request<T = KubeObject>(method: Method, path: string, body?: unknown, extras?: RequestExtras): Promise<T>;
  /** Like `request`, but the answer's body is given as it comes; the caller reads it to the end or destroys it. */
  open(method: Method, path: string, body?: unknown, extras?: RequestExtras): Promise<Readable>;
  list<T extends KubeObject>(path: string, query?: Readonly<Record<string, string>>): Promise<KubeList<T>>;
  /** Follow a collection; see `reflector.ts`. Closed with the client. */
  watch<T extends KubeObject>(path: string, options: WatchOptions<T>): Watch<T>;
  /** From now on requests use a fresh connection. */
  newRound(): void;
  /** The round's work is done: close its connection when it is idle, the next request opens another. */
  endRound(): void;
  /** One klog line of this component, dated by its host. */
  klog(severity: Severity, source: string, message: string, fields?: Readonly<Record<string, unknown>>): void;
  /** The host's time. */
  now(): Date;
  files(): readonly FileState[];
  /** Called after a change of the client's own certificate, key or kubeconfig has been taken up. */
  onRotate(listener: () => void): void;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 10_000;
/** How often the own certificate's file is looked at; more rarely where very many clients share a process. */
const ROTATION_POLL_MS = 500;
const ROTATION_POLL_MAX_MS = 5000;

/** Make a client. It dials nothing until the first request. */
export function createApiClient(options: ApiClientOptions): ApiClient {
  const { host, component, settings } = options;
  const reflectors = new Set<Reflector<KubeObject>>();
  const streams = new Set<Dispatcher>();
  const listeners: (() => void)[] = [];
  let credentials: Credentials | undefined;
  let round: Dispatcher | undefined;
  let held = new Map<string, string | null>();
  let stamp = '';
  let changing = '';
  let closed = false;

  const klog: ApiClient['klog'] = (severity, source, message, fields) =>
    options.log(klogLine(severity, host.now(), source, message, fields));

  const load = (): Credentials => {
    if (credentials) return credentials;
    try {
      credentials = readCredentials(host, options.kubeconfig, options);
    } catch (error) {
      const said = { program: programOf(component), level: 'error', text: unusableText(component, error) };
      const code = isLabError(error) ? error.code : 'INTERNAL';
      noteNotDialled({ host, component, server: 'kube-apiserver' }, code, said);
      throw error;
    }
    const files = credentialFiles(options.kubeconfig, credentials);
    held = new Map(files.map((file) => [file.path, hashFile(host, file.path)]));
    watched = files
      .filter((file) => file.flag !== 'certificate-authority')
      .map((file) => host.path(file.path));
    // A change that a new round reads before a poll has seen it is a change all the same.
    stamp ||= watched.map(stampFile).join(' ');
    return credentials;
  };

  /** What polls look at: resolving a path inside the host costs more than looking at the file. */
  let watched: readonly string[] = [];

  // One connection, as client-go has one for all requests of a client: a round is one handshake.
  const dispatcher = (): Dispatcher => createDispatcher(dialOptions(host, component, settings, load()), 1);

  const endRound = (): void => {
    const old = round;
    round = undefined;
    if (old) void old.close().catch(() => undefined);
  };

  const newRound = (): void => {
    endRound();
    if (settings.autoReload === 'all') credentials = undefined;
  };

  const send = async (
    through: Dispatcher,
    method: Method,
    path: string,
    body: unknown,
    extras: RequestExtras & { signal?: AbortSignal; stream?: boolean },
  ): Promise<Dispatcher.ResponseData> => {
    const { server, token } = load();
    const url = `${server}${path}${queryText(extras.query)}`;
    const timeoutMs = extras.timeoutMs ?? REQUEST_TIMEOUT_MS;
    try {
      return await undiciRequest(url, {
        dispatcher: through,
        method,
        headers: {
          accept: extras.accept ?? 'application/json',
          'user-agent': `${component.split('@')[0]}/v1.33.0 (linux/amd64) kubernetes/mtls-lab`,
          ...(body === undefined ? {} : { 'content-type': extras.contentType ?? 'application/json' }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        },
        body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
        headersTimeout: timeoutMs,
        bodyTimeout: extras.stream ? 0 : timeoutMs,
        ...(extras.signal ? { signal: extras.signal } : {}),
      });
    } catch (error) {
      throw new RequestError(method, url, error);
    }
  };

  const request = async <T>(
    method: Method,
    path: string,
    body?: unknown,
    extras: RequestExtras = {},
  ): Promise<T> => {
    round ??= dispatcher();
    const answer = await send(round, method, path, body, extras);
    const text = await answer.body.text();
    // undici frees the connection a turn after the body's end: a request made before would open a second one.
    await new Promise((resolve) => setImmediate(resolve));
    if (answer.statusCode >= 400) throw new ApiError(answer.statusCode, statusBody(text));
    for (const reflector of reflectors) reflector.kick();
    return (text === '' ? {} : parseAnswer(text)) as T;
  };

  const stream = async (
    method: Method,
    path: string,
    body: unknown,
    extras: RequestExtras & { signal?: AbortSignal },
  ): Promise<Readable> => {
    const own = dispatcher();
    streams.add(own);
    const done = (): void => {
      streams.delete(own);
      void own.destroy().catch(() => undefined);
    };
    try {
      const answer = await send(own, method, path, body, { ...extras, stream: true });
      if (answer.statusCode >= 400)
        throw new ApiError(answer.statusCode, statusBody(await answer.body.text()));
      answer.body.once('close', done);
      return answer.body;
    } catch (error) {
      done();
      throw error;
    }
  };

  const rotate = (): void => {
    klog(
      'I',
      'cert_rotation.go:91',
      'Certificate rotation detected, shutting down client connections to start using new credentials',
      {
        logger: 'tls-transport-cache',
      },
    );
    const old = round;
    round = undefined;
    if (settings.autoReload === 'all') credentials = undefined;
    if (old) void old.destroy().catch(() => undefined);
    for (const reflector of reflectors) reflector.redial();
    for (const listener of listeners) listener();
  };

  /** A change is taken up when it has stood still for one poll: key and certificate arrive one after the other. */
  const poll = (): void => {
    const now = watched.map(stampFile).join(' ');
    if (stamp === '' || now === stamp) changing = '';
    else if (now !== changing) changing = now;
    else {
      stamp = now;
      changing = '';
      rotate();
    }
  };
  const poller = setInterval(
    poll,
    Math.min(ROTATION_POLL_MAX_MS, Math.max(ROTATION_POLL_MS, options.roundMs / 10)),
  );

  const failed = (type: string, what: 'list' | 'watch', error: unknown): void => {
    if (error instanceof ApiError && error.status === 410) {
      klog('I', 'reflector.go:478', 'Watch closed', { type, err: error.message });
      return;
    }
    if (closed) return;
    klog('E', 'reflector.go:200', 'Failed to watch', {
      err: reflectorText(type, what, error),
      logger: 'UnhandledError',
      reflector: 'k8s.io/client-go/informers/factory.go:160',
      type,
    });
  };

  return {
    credentials: load,
    request,
    open: (method, path, body, extras = {}) => stream(method, path, body, extras),
    list: <T extends KubeObject>(path: string, query = {}) =>
      request<KubeList<T>>('GET', path, undefined, { query }),
    watch: <T extends KubeObject>(path: string, watchOptions: WatchOptions<T>): Watch<T> => {
      const reflector = startReflector<T>(
        {
          path,
          list: (query) => request<KubeList>('GET', path, undefined, { query }),
          open: (query, signal) => stream('GET', path, undefined, { query, signal, timeoutMs: 30_000 }),
          failed,
          backoffCapMs: Math.min(30_000, options.roundMs),
        },
        watchOptions,
      );
      reflectors.add(reflector as unknown as Reflector<KubeObject>);
      return reflector;
    },
    newRound,
    endRound,
    klog,
    now: () => host.now(),
    files: () =>
      credentialFiles(options.kubeconfig, credentials).map((file) =>
        fileState(host, file, held.get(file.path) ?? null),
      ),
    onRotate: (listener) => {
      listeners.push(listener);
    },
    close: async () => {
      closed = true;
      clearInterval(poller);
      const open = [...streams, ...(round ? [round] : [])];
      const ended = [...reflectors].map((reflector) => reflector.close());
      await Promise.all(open.map((one) => one.destroy().catch(() => undefined)));
      await Promise.all(ended);
    },
  };
}

/** What the program says of a kubeconfig that it cannot use. */
function unusableText(component: string, error: unknown): string {
  return component === 'kubectl' && error instanceof KubeconfigError ? error.kubectlText : messageOf(error);
}

/** `?a=b&c=d`, or nothing. */
function queryText(query: Readonly<Record<string, string>> = {}): string {
  const text = new URLSearchParams(query).toString();
  return text === '' ? '' : `?${text}`;
}

function parseAnswer(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function statusBody(text: string): StatusBody {
  const body = parseAnswer(text);
  return typeof body === 'object' && body !== null ? (body as StatusBody) : {};
}

function stampFile(path: string): string {
  try {
    const { mtimeMs, size, ino } = statSync(path);
    return `${mtimeMs}/${size}/${ino}`;
  } catch {
    return 'missing';
  }
}
